use super::text::text_type;
use super::{Permissions, Timestamp};

text_type! {
    /// The name of a service account: 1 to 200 characters.
    pub struct ServiceAccountName = "name";
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
