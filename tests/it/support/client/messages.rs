//! Messages of v2, as most tests send and read them.

use std::collections::BTreeMap;

use sesame::api::proto::zitadel::session::v2::{
    self, CreateSessionRequest as Create, SetSessionRequest as Set,
};
use sesame::domain::{Timestamp, User};

use super::ClientError;

pub fn checks(login: &User, password: Option<&str>) -> v2::Checks {
    let search = v2::check_user::Search::UserId(login.user_id.to_string());
    v2::Checks {
        user: Some(v2::CheckUser {
            search: Some(search),
        }),
        password: password.map(v2_password),
        ..v2::Checks::default()
    }
}

/// A create of a session for this user.
pub fn opening(login: &User, password: Option<&str>) -> Create {
    Create {
        checks: Some(checks(login, password)),
        ..Create::default()
    }
}

/// A check of the password of the session's own user.
pub fn password_alone(password: &str) -> v2::Checks {
    v2::Checks {
        password: Some(v2_password(password)),
        ..v2::Checks::default()
    }
}

/// A Set without a session token.
pub fn of_session(id: &str) -> Set {
    Set {
        session_id: id.to_owned(),
        ..Set::default()
    }
}

pub fn set(created: &v2::CreateSessionResponse) -> Set {
    Set {
        session_id: created.session_id.clone(),
        session_token: created.session_token.clone(),
        ..Set::default()
    }
}

pub fn noting(created: &v2::CreateSessionResponse) -> Set {
    Set {
        metadata: metadata(&[("a", "1")]),
        ..set(created)
    }
}

pub fn proving(created: &v2::CreateSessionResponse, checks: v2::Checks) -> Set {
    Set {
        checks: Some(checks),
        ..set(created)
    }
}

pub fn seconds(seconds: i64) -> prost_types::Duration {
    prost_types::Duration { seconds, nanos: 0 }
}

/// A user agent that is known by its fingerprint alone.
pub fn device(fingerprint: &str) -> v2::UserAgent {
    v2::UserAgent {
        fingerprint_id: Some(fingerprint.to_owned()),
        ..v2::UserAgent::default()
    }
}

pub fn v2_password(password: &str) -> v2::CheckPassword {
    v2::CheckPassword {
        password: password.to_owned(),
    }
}

pub fn metadata(entries: &[(&str, &str)]) -> BTreeMap<String, Vec<u8>> {
    let entry = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).into());
    entries.iter().map(entry).collect()
}

pub fn sequence(details: Option<&sesame::api::proto::zitadel::object::v2::Details>) -> u64 {
    details.unwrap().sequence
}

pub fn code<T>(outcome: &Result<T, ClientError>) -> String {
    match outcome {
        Ok(_) => "ok".to_owned(),
        Err(ClientError { code, id, .. }) => id.clone().unwrap_or_else(|| format!("code {code}")),
    }
}

pub fn millis(at: Option<&prost_types::Timestamp>) -> Timestamp {
    let at = at.unwrap();
    Timestamp::from_millis(at.seconds * 1000 + i64::from(at.nanos) / 1_000_000)
}
