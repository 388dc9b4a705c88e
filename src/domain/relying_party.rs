/// The domain that credentials of WebAuthn are bound to: a host name in lower case.
/// <https://www.w3.org/TR/webauthn-3/#rp-id>
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RpId(String);

impl RpId {
    /// One that was stored, or was checked before.
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}
