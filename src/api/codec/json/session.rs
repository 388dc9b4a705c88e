use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use super::response::{rfc_3339, sequence};
use crate::api::route::Version;
use crate::domain::{Session, UserAgent};
use crate::service::{GotSession, ListedSessions};

/// `GetSessionResponse`.
#[derive(Serialize)]
pub(super) struct GetSessionResponse<'a> {
    session: SessionJson<'a>,
}

/// `ListSessionsResponse`.
#[derive(Serialize)]
pub(super) struct ListSessionsResponse<'a> {
    details: ListDetails,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sessions: Vec<SessionJson<'a>>,
}

/// `zitadel.object.ListDetails`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ListDetails {
    #[serde(skip_serializing_if = "Option::is_none")]
    total_result: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    processed_sequence: Option<String>,
    timestamp: String,
}

/// `Session`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SessionJson<'a> {
    id: String,
    creation_date: String,
    change_date: String,
    sequence: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    factors: Option<Factors<'a>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    metadata: BTreeMap<&'a str, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<UserAgentJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration_date: Option<String>,
}

/// `Factors`.
#[derive(Serialize)]
struct Factors<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<UserFactor<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<PasswordFactor>,
}

/// `UserFactor`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UserFactor<'a> {
    verified_at: String,
    id: &'a str,
    login_name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    display_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    organization_id: Option<&'a str>,
}

/// `PasswordFactor`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PasswordFactor {
    verified_at: String,
}

/// `UserAgent`. Its texts are optional ones: an empty one is there.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UserAgentJson<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    fingerprint_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ip: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    header: BTreeMap<&'a str, HeaderValues<'a>>,
}

/// `UserAgent.HeaderValues`.
#[derive(Serialize)]
struct HeaderValues<'a> {
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    values: &'a [String],
}

impl<'a> GetSessionResponse<'a> {
    pub fn of(got: &'a GotSession, version: Version) -> Self {
        Self {
            session: session(&got.session, &got.resource_owner, version),
        }
    }
}

impl<'a> ListSessionsResponse<'a> {
    pub fn of(listed: &'a ListedSessions, version: Version) -> Self {
        let sessions = listed.sessions.iter();
        Self {
            details: ListDetails {
                total_result: sequence(listed.total),
                processed_sequence: sequence(listed.processed_sequence()),
                timestamp: rfc_3339(listed.timestamp),
            },
            sessions: sessions
                .map(|one| session(one, &listed.resource_owner, version))
                .collect(),
        }
    }
}

fn session<'a>(session: &'a Session, resource_owner: &'a str, version: Version) -> SessionJson<'a> {
    let is_later = version > Version::V2alpha;
    let user = session.user.as_ref().map(|user| UserFactor {
        verified_at: rfc_3339(user.verified_at),
        id: user.user_id.as_str(),
        login_name: user.login_name.as_str(),
        display_name: user.display_name.as_str(),
        organization_id: is_later.then_some(resource_owner),
    });
    let password = session.password.map(|password| PasswordFactor {
        verified_at: rfc_3339(password.verified_at),
    });
    let metadata = session.metadata.iter();
    let agent = session.user_agent.as_ref().filter(|_| is_later);
    SessionJson {
        id: session.id.to_string(),
        creation_date: rfc_3339(session.created_at),
        change_date: rfc_3339(session.changed_at),
        sequence: session.sequence.0.to_string(),
        factors: (user.is_some() || password.is_some()).then_some(Factors { user, password }),
        metadata: metadata
            .map(|(key, value)| (key, STANDARD.encode(value)))
            .collect(),
        user_agent: agent.map(user_agent),
        expiration_date: is_later.then(|| rfc_3339(session.expires_at)),
    }
}

fn user_agent(agent: &UserAgent) -> UserAgentJson<'_> {
    let header = agent.header().iter();
    UserAgentJson {
        fingerprint_id: agent.fingerprint_id(),
        ip: agent.ip(),
        description: agent.description(),
        header: header
            .map(|(name, values)| (name.as_str(), HeaderValues { values }))
            .collect(),
    }
}
