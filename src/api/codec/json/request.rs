use std::collections::BTreeMap;

use super::duration;
use super::fields::JsonObject;
use super::list::list_sessions;
use super::tree::{self, Tree};
use crate::api::proto::zitadel::session::v2;
use crate::api::{MatchedRoute, Request, RequestHeaders, Version, messages};
use crate::base64;
use crate::domain::{Invalid, Operation};
use crate::error::Error;
use crate::service::{Call, CreateSession, SetSession};

/// The fields of a request's message that stand in the path or in the query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BoundFields {
    pub session_id: Option<String>,
    pub session_token: Option<String>,
}

impl BoundFields {
    /// Reads the fields from the route and from the query.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`]: the query has a field twice.
    pub(in crate::api) fn read(route: &MatchedRoute, request: &Request) -> Result<Self, Error> {
        // No other message has a field in the query.
        let is_get = route.operation == Operation::GetSession;
        let fields = request.query.iter().filter(|_| is_get);
        let mut tokens = fields
            .filter(|(name, _)| ["sessionToken", "session_token"].contains(&name.as_str()))
            .map(|(_, token)| token.clone());
        let session_token = tokens.next();
        if tokens.next().is_some() {
            return Err(Error::Malformed("the query has session_token twice".into()));
        }
        Ok(Self {
            session_id: route.params.session_id.clone(),
            session_token,
        })
    }
}

/// Decodes the request of an operation.
///
/// # Errors
///
/// - [`Error::Malformed`]: not JSON, not an object, a name twice.
/// - [`Error::InvalidArgument`]: a field of another type, or over its limits.
/// - [`Error::Unimplemented`]: a check or challenge that this service doesn't know.
pub fn decode(
    operation: Operation,
    version: Version,
    bound: BoundFields,
    headers: RequestHeaders,
    body: &[u8],
) -> Result<Call, Error> {
    let object = match tree::parse(body)? {
        None => JsonObject::new("the request", Vec::new()),
        Some(Tree::Object(entries)) => JsonObject::new("the request", entries),
        Some(_) => return Err(Error::Malformed("the body is not a JSON object".into())),
    };
    let object = object.bind("sessionId", "session_id", bound.session_id)?;
    let mut object = object.bind("sessionToken", "session_token", bound.session_token)?;
    Ok(match operation {
        Operation::CreateSession => Call::CreateSession(create_session(object, version, headers)?),
        Operation::SetSession => Call::SetSession(set_session(object, version, headers)?),
        Operation::GetSession => Call::GetSession(messages::get_session(v2::GetSessionRequest {
            session_id: session_id(&mut object)?,
            session_token: session_token(&mut object)?,
        })?),
        Operation::DeleteSession => {
            Call::DeleteSession(messages::delete_session(v2::DeleteSessionRequest {
                session_id: session_id(&mut object)?,
                session_token: session_token(&mut object)?,
            })?)
        }
        Operation::ListSessions => Call::ListSessions(list_sessions(object, version)?),
    })
}

fn create_session(
    mut object: JsonObject,
    version: Version,
    headers: RequestHeaders,
) -> Result<CreateSession, Error> {
    let (checks, user_id) = checks(&mut object)?;
    refuse_challenges(&mut object)?;
    let mut request = v2::CreateSessionRequest {
        checks,
        metadata: metadata(&mut object)?,
        ..v2::CreateSessionRequest::default()
    };
    if version > Version::V2alpha {
        request.user_agent = user_agent(&mut object)?;
        request.lifetime = lifetime(&mut object)?;
    }
    messages::create_session(request, user_id, headers)
}

fn set_session(
    mut object: JsonObject,
    version: Version,
    headers: RequestHeaders,
) -> Result<SetSession, Error> {
    let mut request = v2::SetSessionRequest {
        session_id: session_id(&mut object)?,
        session_token: session_token(&mut object)?.unwrap_or_default(),
        ..v2::SetSessionRequest::default()
    };
    let (checks, user_id) = checks(&mut object)?;
    refuse_challenges(&mut object)?;
    request.checks = checks;
    request.metadata = metadata(&mut object)?;
    if version > Version::V2alpha {
        request.lifetime = lifetime(&mut object)?;
    }
    messages::set_session(request, user_id, version, headers)
}

fn session_id(object: &mut JsonObject) -> Result<String, Error> {
    let id = object.string("sessionId", "session_id", "session_id")?;
    Ok(id.unwrap_or_default())
}

fn session_token(object: &mut JsonObject) -> Result<Option<String>, Error> {
    object.string("sessionToken", "session_token", "session_token")
}

/// Reads the checks, and the id of a user who is named by login name as well.
fn checks(object: &mut JsonObject) -> Result<(Option<v2::Checks>, Option<String>), Error> {
    let Some(mut checks) = object.object("checks", "checks")? else {
        return Ok((None, None));
    };
    let mut read = v2::Checks::default();
    let mut user_id = None;
    if let Some(found) = checks.object("user", "user")? {
        let (user, id) = user(found)?;
        read.user = Some(user);
        user_id = id;
    }
    if let Some(mut check) = checks.object("password", "password")? {
        let password = check.string("password", "password", "password")?;
        read.password = Some(v2::CheckPassword {
            password: password.unwrap_or_default(),
        });
    }
    // All other checks are refused, even unknown ones: a login page takes a response without an
    // error for a passed check.
    checks.refuse_remaining(&[
        ("webAuthN", "web_auth_n"),
        ("idpIntent", "idp_intent"),
        ("totp", "totp"),
        ("otpSms", "otp_sms"),
        ("otpEmail", "otp_email"),
        ("recoveryCode", "recovery_code"),
    ])?;
    Ok((Some(read), user_id))
}

/// Refuses challenges. An empty object asks for none.
fn refuse_challenges(request: &mut JsonObject) -> Result<(), Error> {
    match request.object_or_enums("challenges", "challenges")? {
        Some(mut challenges) => challenges.refuse_remaining(&[
            ("webAuthN", "web_auth_n"),
            ("otpSms", "otp_sms"),
            ("otpEmail", "otp_email"),
        ]),
        None => Ok(()),
    }
}

/// Reads the user, and the id of a user who is named by login name as well: the published
/// example has both members of the oneof.
fn user(mut user: JsonObject) -> Result<(v2::CheckUser, Option<String>), Error> {
    use v2::check_user::Search;

    let id = user.string("userId", "user_id", "user_id")?;
    let name = user.string("loginName", "login_name", "login_name")?;
    let (search, user_id) = match (name, id) {
        (Some(name), id) => (Some(Search::LoginName(name)), id),
        (None, Some(id)) => (Some(Search::UserId(id)), None),
        (None, None) => (None, None),
    };
    Ok((v2::CheckUser { search }, user_id))
}

fn user_agent(request: &mut JsonObject) -> Result<Option<v2::UserAgent>, Error> {
    let Some(mut agent) = request.object("userAgent", "user_agent")? else {
        return Ok(None);
    };
    let mut header = BTreeMap::new();
    for (name, list) in agent.map("header", "user_agent.header")? {
        let Tree::Object(entries) = list else {
            return Err(Invalid::new("user_agent.header", "has a value that is no object").into());
        };
        let mut list = JsonObject::new("a value of user_agent.header", entries);
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

fn lifetime(request: &mut JsonObject) -> Result<Option<prost_types::Duration>, Error> {
    let Some(text) = request.string("lifetime", "lifetime", "lifetime")? else {
        return Ok(None);
    };
    match duration::parse(&text) {
        Some(lifetime) => Ok(Some(lifetime)),
        None => Err(Invalid::new("lifetime", "must be seconds, such as \"3600s\"").into()),
    }
}

fn metadata(request: &mut JsonObject) -> Result<BTreeMap<String, Vec<u8>>, Error> {
    let invalid = Invalid::new("metadata", "has a value that is not base64");
    let mut decoded = BTreeMap::new();
    for (key, value) in request.map("metadata", "metadata")? {
        let Tree::String(value) = value else {
            return Err(invalid.into());
        };
        let mut bytes = Vec::new();
        base64::decode_either(&value, &mut bytes).ok_or_else(|| invalid.clone())?;
        decoded.insert(key, bytes);
    }
    Ok(decoded)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, Method};

    use super::*;
    use crate::api::request::RequestContext;

    #[test]
    fn fields_stand_in_the_path_and_in_the_query() {
        let bound = |method, path: &str, query: &[(&str, &str)]| {
            let text = |text: &str| text.to_owned();
            let query = query.iter().map(|(name, value)| (text(name), text(value)));
            let request = Request {
                method,
                path: path.to_owned(),
                query: query.collect(),
                headers: HeaderMap::new(),
                body: Bytes::new(),
                context: RequestContext::default(),
            };
            let route = MatchedRoute::find(&request).unwrap();
            BoundFields::read(&route, &request)
                .map(|bound| (bound.session_id, bound.session_token))
                .map_err(drop)
        };
        let some = |text: &str| Some(text.to_owned());
        let token = ("sessionToken", "t");

        for (method, path, query, want) in [
            (
                Method::GET,
                "/v2/sessions/1",
                &[][..],
                Ok((some("1"), None)),
            ),
            (
                Method::GET,
                "/v2/sessions/1",
                &[("x", "y"), token],
                Ok((some("1"), some("t"))),
            ),
            (
                Method::GET,
                "/v2/sessions/%C3%A4%2f",
                &[("session_token", "t")],
                Ok((some("ä/"), some("t"))),
            ),
            (
                Method::GET,
                "/v2/sessions/1",
                &[token, ("session_token", "t")],
                Err(()),
            ),
            (
                Method::DELETE,
                "/v2/sessions/1",
                &[token],
                Ok((some("1"), None)),
            ),
            (Method::POST, "/v2/sessions", &[token], Ok((None, None))),
            (
                Method::POST,
                "/v2/sessions/search",
                &[token],
                Ok((None, None)),
            ),
        ] {
            let got = bound(method.clone(), path, query);
            assert_eq!(got, want, "{method} {path} {query:?}");
        }
    }
}
