use std::time::Duration;

use super::list::list_sessions;
use super::unsupported;
use crate::api::proto::zitadel::session::{v2, v2alpha, v2beta};
use crate::api::route::{Route, Version};
use crate::domain::Operation;
use crate::domain::{
    Invalid, LoginName, Metadata, MetadataChanges, Password, SessionId, UserAgent, UserId,
    UserSearch,
};
use crate::error::Error;
use crate::service::{Call, CreateSession, DeleteSession, GetSession, SetSession};
use crate::token::{SessionToken, Shown};

/// Reads the request of a call.
///
/// # Errors
///
/// - [`Error::Malformed`]: not that message.
/// - [`Error::InvalidArgument`]: a field over its limits.
/// - [`Error::Unimplemented`]: a check or challenge that this service doesn't know.
pub fn decode(route: Route, message: &[u8]) -> Result<Call, Error> {
    unsupported::refuse(route.rpc, message)?;
    decode_known(route, message)
}

/// The same, whatever else the message asks for.
fn decode_known(route: Route, message: &[u8]) -> Result<Call, Error> {
    // Where two versions share an arm, the message has one shape in both.
    match (route.rpc, route.version) {
        (Operation::CreateSession, Version::V2alpha) => {
            read::<v2alpha::CreateSessionRequest>(message)
                .and_then(|request| create_session(request.into()))
                .map(Call::CreateSession)
        }
        (Operation::CreateSession, Version::V2beta | Version::V2) => {
            read::<v2::CreateSessionRequest>(message)
                .and_then(create_session)
                .map(Call::CreateSession)
        }
        (Operation::SetSession, Version::V2alpha) => read::<v2alpha::SetSessionRequest>(message)
            .and_then(|request| set_session(request.into(), route.version))
            .map(Call::SetSession),
        (Operation::SetSession, Version::V2beta | Version::V2) => {
            read::<v2::SetSessionRequest>(message)
                .and_then(|request| set_session(request, route.version))
                .map(Call::SetSession)
        }
        (Operation::GetSession, _) => read::<v2::GetSessionRequest>(message)
            .and_then(|request| get_session(&request))
            .map(Call::GetSession),
        (Operation::DeleteSession, _) => read::<v2::DeleteSessionRequest>(message)
            .and_then(|request| delete_session(&request))
            .map(Call::DeleteSession),
        (Operation::ListSessions, version) => match version {
            Version::V2alpha => {
                read::<v2alpha::ListSessionsRequest>(message).map(v2::ListSessionsRequest::from)
            }
            Version::V2beta => {
                read::<v2beta::ListSessionsRequest>(message).map(v2::ListSessionsRequest::from)
            }
            Version::V2 => read::<v2::ListSessionsRequest>(message),
        }
        .and_then(list_sessions)
        .map(Call::ListSessions),
    }
}

/// What the decoder says names fields and wire types, and quotes nothing.
fn read<M: prost::Message + Default>(message: &[u8]) -> Result<M, Error> {
    M::decode(message)
        .map_err(|error| Error::Malformed(format!("the message can't be read: {error}")))
}

impl From<v2alpha::CreateSessionRequest> for v2::CreateSessionRequest {
    fn from(request: v2alpha::CreateSessionRequest) -> Self {
        Self {
            checks: request.checks.map(v2::Checks::from),
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
            checks: request.checks.map(v2::Checks::from),
            metadata: request.metadata,
            ..Self::default()
        }
    }
}

impl From<v2alpha::Checks> for v2::Checks {
    fn from(checks: v2alpha::Checks) -> Self {
        Self {
            user: checks.user,
            password: checks.password,
            ..Self::default()
        }
    }
}

pub(in crate::api) fn create_session(
    request: v2::CreateSessionRequest,
) -> Result<CreateSession, Error> {
    let (user, password) = request.checks.map_or(Ok((None, None)), checks)?;
    Ok(CreateSession {
        user,
        password,
        metadata: Metadata::parse(request.metadata)?,
        user_agent: request.user_agent.map(user_agent).transpose()?,
        lifetime: request.lifetime.map(lifetime).transpose()?,
        idempotency_key: None,
    })
}

/// Before v2, the token must be there; in v2, a permission may stand in for it.
pub(in crate::api) fn set_session(
    request: v2::SetSessionRequest,
    version: Version,
) -> Result<SetSession, Error> {
    let session_id = SessionId::find(&request.session_id)?;
    let length = request.session_token.chars().count();
    if length > 200 || length == 0 && version < Version::V2 {
        return Err(Invalid::new("session_token", "must be 1 to 200 characters long").into());
    }
    let token = Some(request.session_token).filter(|token| !token.is_empty());
    let (user, password) = request.checks.map_or(Ok((None, None)), checks)?;
    Ok(SetSession {
        session_id,
        session_token: token.map(SessionToken::shown),
        user,
        password,
        metadata: MetadataChanges::parse(request.metadata)?,
        lifetime: request.lifetime.map(lifetime).transpose()?,
        precondition: None,
    })
}

pub(in crate::api) fn get_session(request: &v2::GetSessionRequest) -> Result<GetSession, Error> {
    Ok(GetSession {
        session_id: SessionId::find(&request.session_id)?,
        session_token: shown(request.session_token.as_deref()),
    })
}

pub(in crate::api) fn delete_session(
    request: &v2::DeleteSessionRequest,
) -> Result<DeleteSession, Error> {
    Ok(DeleteSession {
        session_id: SessionId::find(&request.session_id)?,
        session_token: shown(request.session_token.as_deref()),
    })
}

/// An empty token is none.
fn shown(token: Option<&str>) -> Option<Shown> {
    token.filter(|token| !token.is_empty()).map(Shown::of)
}

fn checks(checks: v2::Checks) -> Result<(Option<UserSearch>, Option<Password>), Error> {
    let password = checks.password.map(|check| Password::parse(check.password));
    Ok((checks.user.map(user).transpose()?, password.transpose()?))
}

fn user(user: v2::CheckUser) -> Result<UserSearch, Error> {
    use v2::check_user::Search;

    match user.search {
        Some(Search::UserId(id)) => Ok(UserSearch::Id(UserId::parse(id)?)),
        Some(Search::LoginName(name)) => Ok(UserSearch::LoginName(LoginName::parse(name)?)),
        None => Err(Invalid::new("checks.user", "must have a user_id or a login_name").into()),
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
    use super::*;

    const V2: Route = Route {
        rpc: Operation::CreateSession,
        version: Version::V2,
    };
    const V2ALPHA: Route = Route {
        rpc: Operation::CreateSession,
        version: Version::V2alpha,
    };

    fn decoded(route: Route, message: &[u8]) -> Result<CreateSession, String> {
        match decode(route, message) {
            Ok(Call::CreateSession(call)) => Ok(call),
            Ok(other) => Err(format!("{other:?}")),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn the_last_member_of_a_oneof_wins() {
        // checks { user { user_id: "a" login_name: "b" } }, and the other way round.
        let name = decoded(V2, b"\x0a\x08\x0a\x06\x0a\x01a\x12\x01b").unwrap();
        let id = decoded(V2, b"\x0a\x08\x0a\x06\x12\x01b\x0a\x01a").unwrap();

        assert!(matches!(name.user, Some(UserSearch::LoginName(_))));
        assert!(matches!(id.user, Some(UserSearch::Id(_))));
    }

    #[test]
    fn messages_are_merged_and_unknown_fields_passed_over() {
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

        let call = decoded(V2, &message).unwrap();

        assert!(call.user.is_some() && call.password.is_some());
    }

    #[test]
    fn what_a_version_lacks_is_unknown_to_it() {
        // As v2alpha knows no field 5, it may be anything there.
        for (message, in_v2alpha, in_v2) in [
            (&b"\x2a\x02\x08\x3c"[..], Ok(None), Ok(Some(60))),
            (
                b"\x28\x01",
                Ok(None),
                Err("malformed request: the message can't be read"),
            ),
        ] {
            for (route, want) in [(V2ALPHA, in_v2alpha), (V2, in_v2)] {
                let got = decoded(route, message);
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
        for (rpc, message, want) in [
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
                let got = decode(Route { rpc, version }, message);
                let got = got.map_err(|error| error.to_string());
                let want = Err(format!("{want} is not supported"));
                assert_eq!(got.map(drop), want, "{version:?}");
            }
        }
        for (rpc, message) in [
            (create, &b"\x0a\0\x1a\0"[..]),
            // Unknown fields within a check.
            (create, b"\x0a\x07\x0a\x05\x12\x01b\x48\x01"),
            (set, b"\x0a\x01x\x12\x01y\x1a\0\x2a\0"),
        ] {
            for version in Version::ALL {
                let got = decode(Route { rpc, version }, message);
                assert!(got.is_ok(), "{version:?} {message:?}");
            }
        }
    }

    #[test]
    fn of_a_oneof_the_last_member_wins_that_a_version_knows() {
        use crate::domain::Filter;

        // queries { ids_query {} user_id_query { id: "b" } }
        let message = b"\x12\x07\x0a\x00\x12\x03\x0a\x01b";
        let user = Filter::User(UserId::parse("b".to_owned()).unwrap());
        for (version, want) in [
            (Version::V2alpha, Filter::Ids(vec![])),
            (Version::V2beta, user.clone()),
            (Version::V2, user),
        ] {
            let rpc = Operation::ListSessions;
            let Ok(Call::ListSessions(list)) = decode(Route { rpc, version }, message) else {
                panic!("{version:?} reads it");
            };
            assert_eq!(list.filters, [want], "{version:?}");
        }
    }

    #[test]
    fn what_is_no_message_is_refused() {
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
            let error = decoded(V2, message).unwrap_err();
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
