use std::time::Duration;

use super::list::list_sessions;
use super::unsupported;
use crate::api::proto::zitadel::session::{v2, v2alpha, v2beta};
use crate::api::{RequestHeaders, Version};
use crate::domain::{
    Invalid, LoginName, Metadata, MetadataChanges, Operation, Password, SessionId, UserAgent,
    UserId, UserSearch,
};
use crate::error::Error;
use crate::service::{
    Call, Checks, CreateSession, DeleteSession, GetSession, PresentedSessionToken, SetSession,
};
use crate::token::SessionToken;

/// The longest text that is taken for a session's token, in characters.
const MAX_TOKEN_LENGTH: usize = 200;

/// Decodes the request of an operation.
///
/// # Errors
///
/// - [`Error::Malformed`]: not that message.
/// - [`Error::InvalidArgument`]: a field over its limits.
/// - [`Error::Unimplemented`]: a check or challenge that this service doesn't know.
pub fn decode(
    operation: Operation,
    version: Version,
    headers: RequestHeaders,
    message: &[u8],
) -> Result<Call, Error> {
    unsupported::refuse(operation, message)?;
    // Where two versions share an arm, the message has one shape in both.
    Ok(match (operation, version) {
        (Operation::CreateSession, Version::V2alpha) => {
            let request = read::<v2alpha::CreateSessionRequest>(message)?;
            Call::CreateSession(create_session(request.into(), None, headers)?)
        }
        (Operation::CreateSession, Version::V2beta | Version::V2) => {
            Call::CreateSession(create_session(read(message)?, None, headers)?)
        }
        (Operation::SetSession, Version::V2alpha) => {
            let request = read::<v2alpha::SetSessionRequest>(message)?;
            Call::SetSession(set_session(request.into(), None, version, headers)?)
        }
        (Operation::SetSession, Version::V2beta | Version::V2) => {
            Call::SetSession(set_session(read(message)?, None, version, headers)?)
        }
        (Operation::GetSession, _) => Call::GetSession(get_session(read(message)?)?),
        (Operation::DeleteSession, _) => Call::DeleteSession(delete_session(read(message)?)?),
        (Operation::ListSessions, Version::V2alpha) => {
            let request = read::<v2alpha::ListSessionsRequest>(message)?;
            Call::ListSessions(list_sessions(request.into())?)
        }
        (Operation::ListSessions, Version::V2beta) => {
            let request = read::<v2beta::ListSessionsRequest>(message)?;
            Call::ListSessions(list_sessions(request.into())?)
        }
        (Operation::ListSessions, Version::V2) => {
            Call::ListSessions(list_sessions(read(message)?)?)
        }
    })
}

/// Decodes a message. The decoder's errors name fields and wire types, and quote nothing.
fn read<M: prost::Message + Default>(message: &[u8]) -> Result<M, Error> {
    M::decode(message)
        .map_err(|error| Error::Malformed(format!("the message can't be read: {error}")))
}

impl From<v2alpha::CreateSessionRequest> for v2::CreateSessionRequest {
    fn from(request: v2alpha::CreateSessionRequest) -> Self {
        Self {
            checks: request.checks,
            metadata: request.metadata,
            ..Self::default()
        }
    }
}

impl From<v2alpha::SetSessionRequest> for v2::SetSessionRequest {
    fn from(request: v2alpha::SetSessionRequest) -> Self {
        Self {
            session_id: request.session_id,
            session_token: request.session_token,
            checks: request.checks,
            metadata: request.metadata,
            ..Self::default()
        }
    }
}

/// `user_id` is the id of a user who is named by login name as well: in JSON, a request may have
/// both members of the oneof, as the API's published example has.
pub(in crate::api) fn create_session(
    request: v2::CreateSessionRequest,
    user_id: Option<String>,
    headers: RequestHeaders,
) -> Result<CreateSession, Error> {
    Ok(CreateSession {
        checks: checks(request.checks, user_id)?,
        metadata: Metadata::parse(request.metadata)?,
        user_agent: request.user_agent.map(user_agent).transpose()?,
        lifetime: request.lifetime.map(lifetime).transpose()?,
        idempotency_key: headers.idempotency_key?,
    })
}

/// Before v2, the token must be there; in v2, a permission may stand in for it. `user_id` as in
/// [`create_session`].
pub(in crate::api) fn set_session(
    request: v2::SetSessionRequest,
    user_id: Option<String>,
    version: Version,
    headers: RequestHeaders,
) -> Result<SetSession, Error> {
    let session_id = SessionId::find(&request.session_id)?;
    let length = request.session_token.chars().count();
    if length > MAX_TOKEN_LENGTH || length == 0 && version < Version::V2 {
        return Err(Invalid::new("session_token", "must be 1 to 200 characters long").into());
    }
    Ok(SetSession {
        session_id,
        session_token: presented(Some(request.session_token)),
        checks: checks(request.checks, user_id)?,
        metadata: MetadataChanges::parse(request.metadata)?,
        lifetime: request.lifetime.map(lifetime).transpose()?,
        precondition: headers.precondition?,
    })
}

pub(in crate::api) fn get_session(request: v2::GetSessionRequest) -> Result<GetSession, Error> {
    Ok(GetSession {
        session_id: SessionId::find(&request.session_id)?,
        session_token: presented(request.session_token),
    })
}

pub(in crate::api) fn delete_session(
    request: v2::DeleteSessionRequest,
) -> Result<DeleteSession, Error> {
    Ok(DeleteSession {
        session_id: SessionId::find(&request.session_id)?,
        session_token: presented(request.session_token),
    })
}

/// An empty text presents no token.
fn presented(token: Option<String>) -> Option<PresentedSessionToken> {
    token
        .filter(|token| !token.is_empty())
        .map(SessionToken::parse)
}

fn checks(checks: Option<v2::Checks>, user_id: Option<String>) -> Result<Checks, Error> {
    let checks = checks.unwrap_or_default();
    let password = checks.password.map(|check| Password::parse(check.password));
    Ok(Checks {
        user: with_id(checks.user.map(user).transpose()?, user_id)?,
        password: password.transpose()?,
    })
}

fn user(user: v2::CheckUser) -> Result<UserSearch, Error> {
    use v2::check_user::Search;

    match user.search {
        Some(Search::UserId(id)) => Ok(UserSearch::Id(UserId::parse(id)?)),
        Some(Search::LoginName(name)) => Ok(UserSearch::LoginName(LoginName::parse(name)?)),
        None => Err(Invalid::new("checks.user", "must have a user_id or a login_name").into()),
    }
}

/// Adds the id of a user who is named by login name as well.
fn with_id(user: Option<UserSearch>, id: Option<String>) -> Result<Option<UserSearch>, Invalid> {
    match (user, id) {
        (Some(UserSearch::LoginName(name)), Some(id)) => {
            Ok(Some(UserSearch::Both(UserId::parse(id)?, name)))
        }
        (user, _) => Ok(user),
    }
}

fn user_agent(agent: v2::UserAgent) -> Result<UserAgent, Invalid> {
    let header = agent.header.into_iter();
    let header = header.map(|(name, list)| (name, list.values)).collect();
    UserAgent::parse(agent.fingerprint_id, agent.ip, agent.description, header)
}

fn lifetime(lifetime: prost_types::Duration) -> Result<Duration, Invalid> {
    let positive = u64::try_from(lifetime.seconds).ok();
    let nanos = u32::try_from(lifetime.nanos).ok();
    let nanos = nanos.filter(|&nanos| nanos < 1_000_000_000);
    match (positive, nanos) {
        (Some(seconds), Some(nanos)) => Ok(Duration::new(seconds, nanos)),
        _ => Err(Invalid::new("lifetime", "must be a positive duration")),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;

    fn decode_any(operation: Operation, version: Version, message: &[u8]) -> Result<Call, Error> {
        decode(
            operation,
            version,
            RequestHeaders::read(&HeaderMap::new()),
            message,
        )
    }

    fn create(version: Version, message: &[u8]) -> Result<CreateSession, String> {
        match decode_any(Operation::CreateSession, version, message) {
            Ok(Call::CreateSession(call)) => Ok(call),
            Ok(other) => Err(format!("{other:?}")),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn the_last_member_of_a_oneof_wins() {
        // checks { user { user_id: "a" login_name: "b" } }, and the other way round.
        let name = create(Version::V2, b"\x0a\x08\x0a\x06\x0a\x01a\x12\x01b").unwrap();
        let id = create(Version::V2, b"\x0a\x08\x0a\x06\x12\x01b\x0a\x01a").unwrap();

        assert!(matches!(name.checks.user, Some(UserSearch::LoginName(_))));
        assert!(matches!(id.checks.user, Some(UserSearch::Id(_))));
    }

    #[test]
    fn messages_are_merged_and_unknown_fields_ignored() {
        // Two `checks`, one with a user and one with a password; field 99 of each type.
        let message = [
            &b"\x0a\x05\x0a\x03\x12\x01b"[..],
            b"\x98\x06\x07",
            b"\x0a\x05\x12\x03\x0a\x01p",
            b"\x9a\x06\x02xy",
            b"\x99\x06\0\0\0\0\0\0\0\0",
            b"\x9d\x06\0\0\0\0",
        ]
        .concat();

        let call = create(Version::V2, &message).unwrap();

        assert!(call.checks.user.is_some() && call.checks.password.is_some());
    }

    #[test]
    fn a_field_of_a_later_version_is_unknown_to_an_earlier_one() {
        // As v2alpha knows no field 5, it may be anything there.
        for (message, in_v2alpha, in_v2) in [
            (&b"\x2a\x02\x08\x3c"[..], Ok(None), Ok(Some(60))),
            (
                b"\x28\x01",
                Ok(None),
                Err("malformed request: the message can't be read"),
            ),
        ] {
            for (version, want) in [(Version::V2alpha, in_v2alpha), (Version::V2, in_v2)] {
                let got = create(version, message);
                match want {
                    Ok(seconds) => {
                        let want = seconds.map(Duration::from_secs);
                        assert_eq!(got.unwrap().lifetime, want, "{message:?}");
                    }
                    Err(start) => {
                        let error = got.unwrap_err();
                        assert!(error.starts_with(start), "{error}");
                    }
                }
            }
        }
    }

    #[test]
    fn each_check_and_challenge_that_is_not_carried_out_is_refused_in_each_version() {
        let set = Operation::SetSession;
        let create = Operation::CreateSession;
        for (operation, message, want) in [
            (create, &b"\x0a\x02\x1a\0"[..], "checks.web_auth_n"),
            (create, b"\x0a\x02\x2a\0", "checks.totp"),
            (create, b"\x0a\x02\x42\0", "checks.recovery_code"),
            (create, b"\x0a\x02\x48\x01", "field 9 of checks"),
            (create, b"\x0a\x03\xa2\x06\0", "field 100 of checks"),
            // A group, and a field of four bytes.
            (create, b"\x0a\x02\x4b\x4c", "field 9 of checks"),
            (create, b"\x0a\x05\x4d\0\0\0\0", "field 9 of checks"),
            // In a second `checks`, which is merged with the first.
            (create, b"\x0a\0\x0a\x02\x48\x01", "field 9 of checks"),
            (create, b"\x1a\x02\x0a\0", "challenges.web_auth_n"),
            (create, b"\x1a\x02\x1a\0", "challenges.otp_email"),
            (create, b"\x1a\x02\x20\x01", "field 4 of challenges"),
            (set, b"\x0a\x01x\x12\x01y\x1a\x02\x2a\0", "checks.totp"),
            (
                set,
                b"\x0a\x01x\x12\x01y\x1a\x02\x48\0",
                "field 9 of checks",
            ),
            (
                set,
                b"\x0a\x01x\x12\x01y\x2a\x02\x12\0",
                "challenges.otp_sms",
            ),
            // A list of numbers, as v2alpha once had it, packed and not; a group; four bytes.
            (create, b"\x1a\x01\x01", "challenges"),
            (create, b"\x18\x01", "challenges"),
            (create, b"\x1b\x1c", "challenges"),
            (create, b"\x1d\0\0\0\0", "challenges"),
            (set, b"\x0a\x01x\x12\x01y\x2a\x01\x01", "challenges"),
            (set, b"\x0a\x01x\x12\x01y\x28\x01", "challenges"),
        ] {
            for version in Version::ALL {
                let got = decode_any(operation, version, message);
                let got = got.map_err(|error| error.to_string());
                let want = Err(format!("{want} is not supported"));
                assert_eq!(got.map(drop), want, "{version:?}");
            }
        }
        for (operation, message) in [
            (create, &b"\x0a\0\x1a\0"[..]),
            // Unknown fields within a check.
            (create, b"\x0a\x07\x0a\x05\x12\x01b\x48\x01"),
            (set, b"\x0a\x01x\x12\x01y\x1a\0\x2a\0"),
        ] {
            for version in Version::ALL {
                let got = decode_any(operation, version, message);
                assert!(got.is_ok(), "{version:?} {message:?}");
            }
        }
    }

    #[test]
    fn the_last_member_of_a_oneof_that_the_version_knows_wins() {
        use crate::domain::Filter;

        // queries { ids_query {} user_id_query { id: "b" } }
        let message = b"\x12\x07\x0a\x00\x12\x03\x0a\x01b";
        let user = Filter::User(UserId::parse("b".to_owned()).unwrap());
        for (version, want) in [
            (Version::V2alpha, Filter::Ids(vec![])),
            (Version::V2beta, user.clone()),
            (Version::V2, user),
        ] {
            let operation = Operation::ListSessions;
            let Ok(Call::ListSessions(list)) = decode_any(operation, version, message) else {
                panic!("{version:?} reads it");
            };
            assert_eq!(list.filters, [want], "{version:?}");
        }
    }

    #[test]
    fn a_malformed_message_is_refused() {
        for message in [
            &b"\x0a"[..],
            b"\x0a\x05\x0a",
            b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
            b"\x08\x01",
            // A login name that is not UTF-8.
            b"\x0a\x05\x0a\x03\x12\x01\xff",
            b"\x0b",
            b"\0",
        ] {
            let error = create(Version::V2, message).unwrap_err();
            assert!(error.starts_with("malformed"), "{message:?}: {error}");
        }
    }

    #[test]
    fn a_lifetime_is_a_positive_duration() {
        for (seconds, nanos, want) in [
            (60, 0, Some(Duration::from_mins(1))),
            (0, 500_000_000, Some(Duration::from_millis(500))),
            (
                i64::MAX,
                999_999_999,
                Some(Duration::new(i64::MAX as u64, 999_999_999)),
            ),
            (-1, 0, None),
            (0, -1, None),
            (1, -1, None),
            (0, 1_000_000_000, None),
        ] {
            let got = lifetime(prost_types::Duration { seconds, nanos });
            assert_eq!(got.ok(), want, "{seconds} {nanos}");
        }
    }
}
