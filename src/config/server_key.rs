use super::reader::Reader;
use crate::aws::{Endpoint, HttpClient, KeySource};
use crate::token::ServerKey;

/// The setting of the key from which tokens are derived.
#[derive(Clone, Debug)]
pub enum ServerKeySetting {
    None,
    Key(ServerKey),
    /// The name or ARN of a secret of AWS Secrets Manager whose text is the key.
    Secret(String),
}

impl ServerKeySetting {
    /// Where the service gets the key from. A secret is in the region of `endpoint`, and read over
    /// `http`; a `url` replaces Secrets Manager's own.
    pub fn open(&self, endpoint: &Endpoint, url: Option<String>, http: HttpClient) -> KeySource {
        match self {
            Self::None => KeySource::None,
            Self::Key(key) => KeySource::Key(key.clone()),
            Self::Secret(id) => KeySource::secret(id.clone(), endpoint, url, http),
        }
    }
}

impl<V: Fn(&str) -> Option<String>> Reader<V> {
    pub(super) fn server_key(&mut self) -> Option<ServerKeySetting> {
        let wanted = "none or at least 32 characters";
        let key = self.parse("SERVER_KEY", wanted, |text| match text {
            "none" => Some(ServerKeySetting::None),
            _ => ServerKey::parse(text.into())
                .ok()
                .map(ServerKeySetting::Key),
        });
        let wanted = "none or the name or ARN of a secret, up to 2048 characters";
        let secret = self.parse("SERVER_KEY_SECRET", wanted, |text| match text {
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
