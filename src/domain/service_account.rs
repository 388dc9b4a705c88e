use std::fmt;

use super::text::{Invalid, bounded};
use super::{Permissions, Timestamp};

/// The name of a service account: 1 to 200 characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ServiceAccountName(String);

impl ServiceAccountName {
    pub fn parse(text: String) -> Result<Self, Invalid> {
        bounded("name", text).map(Self)
    }

    /// A stored name. It is not checked, because it may have been stored under other rules.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ServiceAccountName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A service account, as it is stored under its token's hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceAccount {
    pub name: ServiceAccountName,
    pub permissions: Permissions,
    pub created_at: Timestamp,
    /// The instant from which the token is invalid.
    pub expires_at: Timestamp,
}
