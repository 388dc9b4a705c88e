//! Protobuf messages to calls, and replies to messages.

use std::time::Duration;

use prost::Message as _;

use super::proto::zitadel::object::v2 as object;
use super::proto::zitadel::session::{v2, v2alpha};
use super::route::{Route, Version};
use crate::domain::{
    Invalid, LoginName, Metadata, Password, Timestamp, UserAgent, UserId, UserSearch,
};
use crate::error::Error;
use crate::service::{Call, CreateSession, CreatedSession, Details, Reply, Rpc};

/// Reads the request of a call.
///
/// # Errors
///
/// - [`Error::Malformed`]: not that message.
/// - [`Error::InvalidArgument`]: a field over its limits.
/// - [`Error::Unimplemented`]: a check or challenge that this service doesn't know.
pub fn decode(route: Route, message: &[u8]) -> Result<Call, Error> {
    match (route.rpc, route.version) {
        (Rpc::CreateSession, Version::V2alpha) => read::<v2alpha::CreateSessionRequest>(message)
            .and_then(|request| create_session(request.into())),
        // One shape.
        (Rpc::CreateSession, Version::V2beta | Version::V2) => {
            read::<v2::CreateSessionRequest>(message).and_then(create_session)
        }
    }
    .map(Call::CreateSession)
}

/// What the decoder says names fields and wire types, and quotes nothing.
fn read<M: prost::Message + Default>(message: &[u8]) -> Result<M, Error> {
    M::decode(message)
        .map_err(|error| Error::Malformed(format!("the message can't be read: {error}")))
}

pub fn encode(reply: &Reply) -> Vec<u8> {
    match reply {
        Reply::CreateSession(session) => created_session(session).encode_to_vec(),
    }
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

impl From<v2alpha::Checks> for v2::Checks {
    fn from(checks: v2alpha::Checks) -> Self {
        Self {
            user: checks.user,
            password: checks.password,
            ..Self::default()
        }
    }
}

pub(super) fn create_session(request: v2::CreateSessionRequest) -> Result<CreateSession, Error> {
    refuse_challenges(request.challenges.as_ref())?;
    let (user, password) = request.checks.map_or(Ok((None, None)), checks)?;
    Ok(CreateSession {
        user,
        password,
        metadata: Metadata::parse(request.metadata)?,
        user_agent: request.user_agent.map(user_agent).transpose()?,
        lifetime: request.lifetime.map(lifetime).transpose()?,
    })
}

fn checks(checks: v2::Checks) -> Result<(Option<UserSearch>, Option<Password>), Error> {
    for (asked, name) in [
        (checks.web_auth_n.is_some(), "checks.web_auth_n"),
        (checks.idp_intent.is_some(), "checks.idp_intent"),
        (checks.totp.is_some(), "checks.totp"),
        (checks.otp_sms.is_some(), "checks.otp_sms"),
        (checks.otp_email.is_some(), "checks.otp_email"),
    ] {
        if asked {
            return Err(Error::Unimplemented(name));
        }
    }
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

/// An empty request for challenges asks for none.
fn refuse_challenges(challenges: Option<&v2::RequestChallenges>) -> Result<(), Error> {
    let Some(challenges) = challenges else {
        return Ok(());
    };
    for (asked, name) in [
        (challenges.web_auth_n.is_some(), "challenges.web_auth_n"),
        (challenges.otp_sms.is_some(), "challenges.otp_sms"),
        (challenges.otp_email.is_some(), "challenges.otp_email"),
    ] {
        if asked {
            return Err(Error::Unimplemented(name));
        }
    }
    Ok(())
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

fn created_session(session: &CreatedSession) -> v2::CreateSessionResponse {
    v2::CreateSessionResponse {
        details: Some(details(&session.details)),
        session_id: session.session_id.to_string(),
        session_token: session.session_token.as_str().to_owned(),
        challenges: None,
    }
}

fn details(details: &Details) -> object::Details {
    object::Details {
        sequence: details.sequence.0,
        change_date: Some(timestamp(details.change_date)),
        resource_owner: details.resource_owner.clone(),
    }
}

fn timestamp(at: Timestamp) -> prost_types::Timestamp {
    let millis = at.as_millis();
    prost_types::Timestamp {
        seconds: millis.div_euclid(1000),
        // Below a thousand.
        nanos: i32::try_from(millis.rem_euclid(1000)).unwrap_or(0) * 1_000_000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const V2: Route = Route {
        rpc: Rpc::CreateSession,
        version: Version::V2,
    };
    const V2ALPHA: Route = Route {
        rpc: Rpc::CreateSession,
        version: Version::V2alpha,
    };

    fn decoded(route: Route, message: &[u8]) -> Result<CreateSession, String> {
        match decode(route, message) {
            Ok(Call::CreateSession(call)) => Ok(call),
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
            (
                b"\x1a\x02\x0a\0",
                Ok(None),
                Err("challenges.web_auth_n is not supported"),
            ),
            (
                b"\x0a\x02\x2a\0",
                Ok(None),
                Err("checks.totp is not supported"),
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
