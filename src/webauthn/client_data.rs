use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{Fault, require};
use crate::domain::Challenge;

const MALFORMED: Fault = Fault("the client data is malformed");

/// What a browser says of a ceremony. Members that aren't known are ignored, since there may be more
/// in the future; none of those that are may be there twice.
/// <https://www.w3.org/TR/webauthn-3/#dictionary-client-data>
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClientData<'a> {
    #[serde(borrow)]
    pub r#type: Cow<'a, str>,
    #[serde(borrow)]
    challenge: Cow<'a, str>,
    #[serde(borrow)]
    pub origin: Cow<'a, str>,
    pub cross_origin: Option<bool>,
    /// `Some`: that of the page around this one is another.
    pub top_origin: Option<IgnoredAny>,
}

impl<'a> ClientData<'a> {
    /// Reads the JSON, and drops a byte order mark before it. A value that is read and isn't UTF-8 is
    /// refused; the standard's decoder makes it another text, which is refused then.
    ///
    /// # Errors
    ///
    /// It isn't the JSON of client data.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Fault> {
        let json = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        // `serde` would read a list, too.
        require(json.trim_ascii_start().starts_with(b"{"), MALFORMED.0)?;
        serde_json::from_slice(json).map_err(|_| MALFORMED)
    }

    /// `None`: it is none of this service, whose all have the same length. A challenge has one
    /// spelling.
    pub fn challenge(&self) -> Option<Challenge> {
        let bytes = URL_SAFE_NO_PAD.decode(&*self.challenge).ok()?;
        bytes.try_into().ok().map(Challenge)
    }
}
