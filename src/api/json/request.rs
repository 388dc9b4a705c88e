use std::collections::BTreeMap;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::tree::{self, Tree};
use crate::domain::{Invalid, LoginName, Metadata, Password, UserId, UserSearch};
use crate::error::Error;
use crate::service::CreateSession;

/// Reads a `CreateSessionRequest` of v2alpha.
///
/// # Errors
///
/// - [`Error::Malformed`]: not JSON, not an object, a name twice.
/// - [`Error::InvalidArgument`]: a field of another type, or over its limits.
pub fn decode_create_session(body: &[u8]) -> Result<CreateSession, Error> {
    let mut message = match tree::parse(body)? {
        None => return Ok(CreateSession::default()),
        Some(Tree::Object(entries)) => Message::new("the request", entries),
        Some(_) => return Err(Error::Malformed("the body is not a JSON object".into())),
    };
    let (user, password) = match message.message("checks", "checks")? {
        None => (None, None),
        Some(mut checks) => (
            checks.message("user", "user")?.map(user).transpose()?,
            checks
                .message("password", "password")?
                .map(password)
                .transpose()?,
        ),
    };
    let metadata = match message.take("metadata", "metadata")? {
        None => Metadata::default(),
        Some(Tree::Object(entries)) => metadata(entries)?,
        Some(_) => return Err(Invalid::new("metadata", "must be an object").into()),
    };
    Ok(CreateSession {
        user,
        password,
        metadata,
    })
}

fn user(mut user: Message) -> Result<UserSearch, Error> {
    let id = user.string("userId", "user_id", "user_id")?;
    let name = user.string("loginName", "login_name", "login_name")?;
    let id = id.map(UserId::parse).transpose()?;
    let name = name.map(LoginName::parse).transpose()?;
    // The published example sends both members of the oneof.
    match (id, name) {
        (Some(id), Some(name)) => Ok(UserSearch::Both(id, name)),
        (Some(id), None) => Ok(UserSearch::Id(id)),
        (None, Some(name)) => Ok(UserSearch::LoginName(name)),
        (None, None) => {
            Err(Invalid::new("checks.user", "must have a user_id or a login_name").into())
        }
    }
}

fn password(mut check: Message) -> Result<Password, Error> {
    let password = check.string("password", "password", "password")?;
    Ok(Password::parse(password.unwrap_or_default())?)
}

fn metadata(entries: Vec<(String, Tree)>) -> Result<Metadata, Error> {
    let invalid = Invalid::new("metadata", "has a value that is not base64");
    let mut decoded = BTreeMap::new();
    for (key, value) in entries {
        let Tree::String(value) = value else {
            return Err(invalid.into());
        };
        let value = decode_base64(&value).ok_or_else(|| invalid.clone())?;
        decoded.insert(key, value);
    }
    Ok(Metadata::parse(decoded)?)
}

/// Standard or URL alphabet, padded or not, as protobuf's parsers take it; bits beyond
/// the last byte are let pass, as most of them do.
fn decode_base64(text: &str) -> Option<Vec<u8>> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true),
    );
    if text.contains(['-', '_']) {
        if text.contains(['+', '/']) {
            return None;
        }
        return LENIENT
            .decode(text.replace('-', "+").replace('_', "/"))
            .ok();
    }
    LENIENT.decode(text).ok()
}

/// A message's fields. Unknown ones are left alone; `null` is as if absent.
struct Message {
    name: &'static str,
    entries: Vec<(String, Tree)>,
}

impl Message {
    fn new(name: &'static str, entries: Vec<(String, Tree)>) -> Self {
        Self { name, entries }
    }

    /// The field with this name in either spelling, `lowerCamelCase` or `snake_case`.
    fn take(&mut self, camel: &str, snake: &str) -> Result<Option<Tree>, Error> {
        let named = |(name, _): &mut (String, Tree)| name == camel || name == snake;
        let mut found = self.entries.extract_if(.., named).map(|(_, value)| value);
        let value = found.next();
        if found.next().is_some() {
            let reason = format!("{} has {snake} in both spellings", self.name);
            return Err(Error::Malformed(reason));
        }
        Ok(value.filter(|value| !matches!(value, Tree::Null)))
    }

    fn message(&mut self, camel: &str, name: &'static str) -> Result<Option<Self>, Error> {
        match self.take(camel, name)? {
            None => Ok(None),
            Some(Tree::Object(entries)) => Ok(Some(Self::new(name, entries))),
            Some(_) => Err(Invalid::new(name, "must be an object").into()),
        }
    }

    fn string(
        &mut self,
        camel: &str,
        snake: &str,
        name: &'static str,
    ) -> Result<Option<String>, Error> {
        match self.take(camel, snake)? {
            None => Ok(None),
            Some(Tree::String(text)) => Ok(Some(text)),
            Some(_) => Err(Invalid::new(name, "must be a string").into()),
        }
    }
}
