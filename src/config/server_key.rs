use super::reader::Reader;
use crate::aws::ServerKeySetting;
use crate::token::ServerKey;

impl<V: Fn(&str) -> Option<String>> Reader<V> {
    pub(super) fn server_key(&mut self) -> Option<ServerKeySetting> {
        let key = self.parse("SERVER_KEY", |text| match text {
            "none" => Some(ServerKeySetting::None),
            _ => ServerKey::parse(text.into())
                .ok()
                .map(ServerKeySetting::Key),
        });
        let secret = self.parse("SERVER_KEY_SECRET", |text| match text {
            "none" => Some(ServerKeySetting::None),
            _ if text.len() > 2048 => None,
            _ => Some(ServerKeySetting::Secret(text.to_owned())),
        });
        match (key?, secret?) {
            (ServerKeySetting::None, secret) => Some(secret),
            (key, ServerKeySetting::None) => Some(key),
            _ => {
                self.fault("SERVER_KEY_SECRET", "can't be set beside SERVER_KEY");
                None
            }
        }
    }
}
