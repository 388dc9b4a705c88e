use crate::error::Error;
use crate::token::ServerKey;

/// Where the key is from which tokens are derived that must be given again.
#[derive(Clone, Debug)]
pub enum KeySource {
    /// There is none.
    None,
    Key(ServerKey),
}

impl KeySource {
    pub async fn get(&self) -> Result<Option<ServerKey>, Error> {
        match self {
            Self::None => Ok(None),
            Self::Key(key) => Ok(Some(key.clone())),
        }
    }
}
