use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::{ClientData, Fault, require};
use crate::base64;
use crate::domain::{Challenge, CredentialId, hide_in_debug};

/// Why the JSON of a credential can't be read, for the log.
pub type Malformed = Fault;

/// The answer of an authenticator to the options of a registration.
/// <https://www.w3.org/TR/webauthn-3/#dictdef-registrationresponsejson>
pub struct RegistrationResponse {
    pub id: CredentialId,
    pub(super) client_data: Vec<u8>,
    pub(super) attestation_object: Vec<u8>,
    /// How the client says that the authenticator is reached.
    pub transports: Vec<String>,
}

/// The answer of an authenticator to the options of a login.
/// <https://www.w3.org/TR/webauthn-3/#dictdef-authenticationresponsejson>
#[derive(Clone, PartialEq, Eq)]
pub struct AssertionResponse {
    pub id: CredentialId,
    pub(super) client_data: Vec<u8>,
    pub(super) authenticator_data: Vec<u8>,
    pub(super) signature: Vec<u8>,
    /// `None`: there is none, or it is empty.
    pub user_handle: Option<Vec<u8>>,
}

hide_in_debug!(RegistrationResponse);
hide_in_debug!(AssertionResponse);

impl RegistrationResponse {
    /// Reads what `toJSON()` of a credential returns, or what was written before there was one.
    /// Members that aren't known are ignored.
    ///
    /// # Errors
    ///
    /// A member is missing, or is not of its form.
    pub fn parse(json: &Value) -> Result<Self, Malformed> {
        let mut reader = Reader::new(json)?;
        Ok(Self {
            id: reader.id()?,
            client_data: reader.response("clientDataJSON")?,
            attestation_object: reader.response("attestationObject")?,
            transports: reader.transports(),
        })
    }

    /// The challenge that its client data names. `None`: none of this service.
    pub fn challenge(&self) -> Option<Challenge> {
        ClientData::parse(&self.client_data).ok()?.challenge()
    }
}

impl AssertionResponse {
    /// As [`RegistrationResponse::parse`].
    ///
    /// # Errors
    ///
    /// A member is missing, or is not of its form.
    pub fn parse(json: &Value) -> Result<Self, Malformed> {
        let mut reader = Reader::new(json)?;
        Ok(Self {
            id: reader.id()?,
            client_data: reader.response("clientDataJSON")?,
            authenticator_data: reader.response("authenticatorData")?,
            signature: reader.response("signature")?,
            user_handle: reader.decode(reader.response.get("userHandle"))?,
        })
    }

    /// The challenge that its client data names. `None`: none of this service.
    pub fn challenge(&self) -> Option<Challenge> {
        ClientData::parse(&self.client_data).ok()?.challenge()
    }

    /// What its signature is over.
    pub(super) fn signed(&self) -> Vec<u8> {
        let hash = Sha256::digest(&self.client_data);
        [&self.authenticator_data, &hash[..]].concat()
    }
}

/// Reads the JSON of a credential.
struct Reader<'a> {
    credential: &'a Map<String, Value>,
    response: &'a Map<String, Value>,
    /// How many characters may still be decoded.
    left: usize,
}

impl<'a> Reader<'a> {
    /// In characters, of all that is decoded.
    const MAX_TEXT: usize = 64 * 1024;
    const MAX_TRANSPORTS: usize = 10;
    /// In bytes.
    const MAX_TRANSPORT: usize = 32;

    fn new(json: &'a Value) -> Result<Self, Malformed> {
        let credential = json.as_object();
        let credential = credential.ok_or(Fault("the credential is no object"))?;
        let is_of_type = credential
            .get("type")
            .is_some_and(|text| text == "public-key");
        require(is_of_type, "the credential's type is not public-key")?;
        let response = credential.get("response").and_then(Value::as_object);
        Ok(Self {
            credential,
            response: response.ok_or(Fault("the credential has no response"))?,
            left: Self::MAX_TEXT,
        })
    }

    /// `id` and `rawId` are the same, and one of them is enough.
    fn id(&mut self) -> Result<CredentialId, Malformed> {
        let (id, raw_id) = (self.credential.get("id"), self.credential.get("rawId"));
        let (id, raw_id) = (self.decode(id)?, self.decode(raw_id)?);
        let is_same = id.is_none() || raw_id.is_none() || id == raw_id;
        require(is_same, "id and rawId are not the same")?;
        let id = id.or(raw_id).unwrap_or_default();
        CredentialId::new(id).map_err(|_| Fault("the id is missing, empty or too long"))
    }

    /// A member that a response must have.
    fn response(&mut self, name: &str) -> Result<Vec<u8>, Malformed> {
        let bytes = self.decode(self.response.get(name))?;
        bytes.ok_or(Fault("the response lacks a member"))
    }

    /// Whatever isn't like the words of WebAuthn is left out: it is a hint for browsers alone.
    fn transports(&self) -> Vec<String> {
        let listed = self.response.get("transports").and_then(Value::as_array);
        let is_short = |text: &&str| (1..=Self::MAX_TRANSPORT).contains(&text.len());
        let is_plain = |text: &&str| text.bytes().all(|byte| byte.is_ascii_graphic());
        let texts = listed.into_iter().flatten().filter_map(Value::as_str);
        let plain = texts.filter(is_short).filter(is_plain).map(str::to_owned);
        plain.take(Self::MAX_TRANSPORTS).collect()
    }

    /// Decodes either alphabet of base64, with padding or without. `None`: it is
    /// not there, null or empty.
    fn decode(&mut self, value: Option<&Value>) -> Result<Option<Vec<u8>>, Malformed> {
        let text = match value {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::String(text)) if text.is_empty() => return Ok(None),
            Some(Value::String(text)) => text,
            Some(_) => return Err(Fault("a member is no text")),
        };
        let left = self.left.checked_sub(text.len());
        self.left = left.ok_or(Fault("the credential is too long"))?;
        let mut bytes = Vec::new();
        base64::decode_either(text, &mut bytes).ok_or(Fault("a member is not base64"))?;
        Ok(Some(bytes))
    }
}
