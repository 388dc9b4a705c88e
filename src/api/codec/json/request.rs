use std::collections::BTreeMap;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::duration;
use super::fields::Message;
use super::list::list_sessions;
use super::tree::{self, Tree};
use crate::api::messages as message;
use crate::api::proto::zitadel::session::v2;
use crate::api::route::{Bound, Route, Version};
use crate::domain::Operation;
use crate::domain::{Invalid, UserId, UserSearch};
use crate::error::Error;
use crate::service::{Call, CreateSession, DeleteSession, GetSession, SetSession};

/// Reads the request of a call, some fields of which may be `bound`.
///
/// # Errors
///
/// - [`Error::Malformed`]: not JSON, not an object, a name twice.
/// - [`Error::InvalidArgument`]: a field of another type, or over its limits.
/// - [`Error::Unimplemented`]: a check or challenge that this service doesn't know.
pub fn decode(route: Route, body: &[u8], bound: Bound) -> Result<Call, Error> {
    let message = match tree::parse(body)? {
        None => Message::new("the request", Vec::new()),
        Some(Tree::Object(entries)) => Message::new("the request", entries),
        Some(_) => return Err(Error::Malformed("the body is not a JSON object".into())),
    };
    let message = message.bind("sessionId", "session_id", bound.session_id)?;
    let message = message.bind("sessionToken", "session_token", bound.session_token)?;
    let version = route.version;
    match route.rpc {
        Operation::CreateSession => create_session(message, version).map(Call::CreateSession),
        Operation::SetSession => set_session(message, version).map(Call::SetSession),
        Operation::GetSession => get_session(message).map(Call::GetSession),
        Operation::DeleteSession => delete_session(message).map(Call::DeleteSession),
        Operation::ListSessions => list_sessions(message, version).map(Call::ListSessions),
    }
}

fn create_session(mut message: Message, version: Version) -> Result<CreateSession, Error> {
    let mut request = v2::CreateSessionRequest::default();
    let (checks, also_by_id) = checks(&mut message)?;
    refuse_challenges(&mut message)?;
    request.checks = checks;
    request.metadata = metadata(&mut message)?;
    if version > Version::V2alpha {
        request.user_agent = user_agent(&mut message)?;
        request.lifetime = lifetime(&mut message)?;
    }
    let mut call = message::create_session(request)?;
    call.user = both(call.user, also_by_id)?;
    Ok(call)
}

fn set_session(mut message: Message, version: Version) -> Result<SetSession, Error> {
    let mut request = v2::SetSessionRequest {
        session_id: session_id(&mut message)?,
        session_token: session_token(&mut message)?.unwrap_or_default(),
        ..v2::SetSessionRequest::default()
    };
    let (checks, also_by_id) = checks(&mut message)?;
    refuse_challenges(&mut message)?;
    request.checks = checks;
    request.metadata = metadata(&mut message)?;
    if version > Version::V2alpha {
        request.lifetime = lifetime(&mut message)?;
    }
    let mut call = message::set_session(request, version)?;
    call.user = both(call.user, also_by_id)?;
    Ok(call)
}

fn get_session(mut message: Message) -> Result<GetSession, Error> {
    message::get_session(&v2::GetSessionRequest {
        session_id: session_id(&mut message)?,
        session_token: session_token(&mut message)?,
    })
}

fn delete_session(mut message: Message) -> Result<DeleteSession, Error> {
    message::delete_session(&v2::DeleteSessionRequest {
        session_id: session_id(&mut message)?,
        session_token: session_token(&mut message)?,
    })
}

fn session_id(message: &mut Message) -> Result<String, Error> {
    let id = message.string("sessionId", "session_id", "session_id")?;
    Ok(id.unwrap_or_default())
}

fn session_token(message: &mut Message) -> Result<Option<String>, Error> {
    message.string("sessionToken", "session_token", "session_token")
}

/// The checks, and the user id of one who is given by login name as well.
fn checks(message: &mut Message) -> Result<(Option<v2::Checks>, Option<String>), Error> {
    let Some(mut checks) = message.message("checks", "checks")? else {
        return Ok((None, None));
    };
    let mut read = v2::Checks::default();
    let mut also_by_id = None;
    if let Some(found) = checks.message("user", "user")? {
        let (user, id) = user(found)?;
        read.user = Some(user);
        also_by_id = id;
    }
    if let Some(mut check) = checks.message("password", "password")? {
        let password = check.string("password", "password", "password")?;
        read.password = Some(v2::CheckPassword {
            password: password.unwrap_or_default(),
        });
    }
    // What is in the others is not looked at, known to us or not: a login page takes an answer
    // without an error for a passed check.
    checks.refuse(&[
        ("webAuthN", "web_auth_n"),
        ("idpIntent", "idp_intent"),
        ("totp", "totp"),
        ("otpSms", "otp_sms"),
        ("otpEmail", "otp_email"),
        ("recoveryCode", "recovery_code"),
    ])?;
    Ok((Some(read), also_by_id))
}

/// An empty request for challenges asks for none.
fn refuse_challenges(request: &mut Message) -> Result<(), Error> {
    match request.message_or_enums("challenges", "challenges")? {
        Some(mut challenges) => challenges.refuse(&[
            ("webAuthN", "web_auth_n"),
            ("otpSms", "otp_sms"),
            ("otpEmail", "otp_email"),
        ]),
        None => Ok(()),
    }
}

fn both(user: Option<UserSearch>, also_by_id: Option<String>) -> Result<Option<UserSearch>, Error> {
    match (user, also_by_id) {
        (Some(UserSearch::LoginName(name)), Some(id)) => {
            Ok(Some(UserSearch::Both(UserId::parse(id)?, name)))
        }
        (user, _) => Ok(user),
    }
}

/// The user, and the user id of one who is given by login name as well: the published
/// example sends both members of the oneof.
fn user(mut user: Message) -> Result<(v2::CheckUser, Option<String>), Error> {
    use v2::check_user::Search;

    let id = user.string("userId", "user_id", "user_id")?;
    let name = user.string("loginName", "login_name", "login_name")?;
    let (search, also_by_id) = match (name, id) {
        (Some(name), id) => (Some(Search::LoginName(name)), id),
        (None, Some(id)) => (Some(Search::UserId(id)), None),
        (None, None) => (None, None),
    };
    Ok((v2::CheckUser { search }, also_by_id))
}

fn user_agent(request: &mut Message) -> Result<Option<v2::UserAgent>, Error> {
    let Some(mut agent) = request.message("userAgent", "user_agent")? else {
        return Ok(None);
    };
    let mut header = BTreeMap::new();
    for (name, list) in agent.map("header", "user_agent.header")? {
        let Tree::Object(entries) = list else {
            return Err(Invalid::new("user_agent.header", "has a value that is no object").into());
        };
        let mut list = Message::new("a value of user_agent.header", entries);
        let values = list.strings("values", "user_agent.header.values")?;
        header.insert(name, v2::user_agent::HeaderValues { values });
    }
    Ok(Some(v2::UserAgent {
        fingerprint_id: agent.string("fingerprintId", "fingerprint_id", "fingerprint_id")?,
        ip: agent.string("ip", "ip", "ip")?,
        description: agent.string("description", "description", "description")?,
        header,
    }))
}

fn lifetime(request: &mut Message) -> Result<Option<prost_types::Duration>, Error> {
    let Some(text) = request.string("lifetime", "lifetime", "lifetime")? else {
        return Ok(None);
    };
    match duration::parse(&text) {
        Some(lifetime) => Ok(Some(lifetime)),
        None => Err(Invalid::new("lifetime", "must be seconds, such as \"3600s\"").into()),
    }
}

fn metadata(request: &mut Message) -> Result<BTreeMap<String, Vec<u8>>, Error> {
    let invalid = Invalid::new("metadata", "has a value that is not base64");
    let mut decoded = BTreeMap::new();
    for (key, value) in request.map("metadata", "metadata")? {
        let Tree::String(value) = value else {
            return Err(invalid.into());
        };
        let value = decode_base64(&value).ok_or_else(|| invalid.clone())?;
        decoded.insert(key, value);
    }
    Ok(decoded)
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
