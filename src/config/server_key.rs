use std::sync::Arc;

use super::reader::Reader;
use crate::aws::ServerKeySetting;
use crate::token::ServerKeys;

impl<V: Fn(&str) -> Option<String>> Reader<V> {
    pub(super) fn server_key(&mut self) -> Option<ServerKeySetting> {
        let keys = self.parse("SERVER_KEY", |text| {
            Some(text.to_owned()).filter(|text| !text.trim().is_empty())
        });
        let keys = keys.and_then(|text| self.server_keys(&text));
        let secret = self.parse("SERVER_KEY_SECRET", |text| match text {
            "none" => Some(ServerKeySetting::None),
            _ if text.len() > 2048 => None,
            _ => Some(ServerKeySetting::Secret(text.to_owned())),
        });
        match (keys?, secret?) {
            (ServerKeySetting::None, secret) => Some(secret),
            (keys, ServerKeySetting::None) => Some(keys),
            _ => {
                self.fault("SERVER_KEY_SECRET", "can't be set beside SERVER_KEY");
                None
            }
        }
    }

    fn server_keys(&mut self, text: &str) -> Option<ServerKeySetting> {
        if text == "none" {
            return Some(ServerKeySetting::None);
        }
        match ServerKeys::parse(text) {
            Ok(keys) => Some(ServerKeySetting::Keys(Arc::new(keys))),
            Err(invalid) => {
                self.fault("SERVER_KEY", invalid.reason);
                None
            }
        }
    }
}
