use prost::Message as _;
use serde::Serialize;

use crate::api::Version;
use crate::api::proto::zitadel::object::v2 as object;
use crate::api::proto::zitadel::session::v2;
use crate::domain::{Factor, NamedSession, Timestamp, UserAgent};
use crate::service::{ChangedSession, CreatedSession, Details, ListedSessions, Reply};

/// The message of a reply. It holds tokens, and so has no `Debug`.
///
/// Serialised by serde, it is proto3's JSON.
#[derive(Serialize)]
#[serde(untagged)]
pub enum ReplyMessage {
    CreateSession(v2::CreateSessionResponse),
    SetSession(v2::SetSessionResponse),
    GetSession(Box<v2::GetSessionResponse>),
    DeleteSession(v2::DeleteSessionResponse),
    ListSessions(v2::ListSessionsResponse),
}

impl ReplyMessage {
    /// The message in the shape of `version`, which may lack fields of the later ones.
    pub fn new(reply: &Reply, version: Version) -> Self {
        match reply {
            Reply::CreateSession(created) => Self::CreateSession(created_session(created)),
            Reply::SetSession(changed) => Self::SetSession(changed_session(changed)),
            Reply::GetSession(got) => Self::GetSession(Box::new(v2::GetSessionResponse {
                session: Some(session(&got.named, &got.resource_owner, version)),
            })),
            Reply::DeleteSession(deleted) => Self::DeleteSession(v2::DeleteSessionResponse {
                details: Some(details(deleted)),
            }),
            Reply::ListSessions(listed) => Self::ListSessions(listed_sessions(listed, version)),
        }
    }

    /// Encodes the message in protobuf.
    pub fn encode_to_vec(&self) -> Vec<u8> {
        match self {
            Self::CreateSession(message) => message.encode_to_vec(),
            Self::SetSession(message) => message.encode_to_vec(),
            Self::GetSession(message) => message.encode_to_vec(),
            Self::DeleteSession(message) => message.encode_to_vec(),
            Self::ListSessions(message) => message.encode_to_vec(),
        }
    }
}

fn created_session(created: &CreatedSession) -> v2::CreateSessionResponse {
    v2::CreateSessionResponse {
        details: Some(details(&created.details)),
        session_id: created.session_id.to_string(),
        session_token: created.session_token.as_str().to_owned(),
        challenges: None,
    }
}

fn changed_session(changed: &ChangedSession) -> v2::SetSessionResponse {
    let token = changed.session_token.as_ref();
    v2::SetSessionResponse {
        details: Some(details(&changed.details)),
        session_token: token.map_or_else(String::new, |token| token.as_str().to_owned()),
        challenges: None,
    }
}

fn listed_sessions(listed: &ListedSessions, version: Version) -> v2::ListSessionsResponse {
    let sessions = listed.sessions.iter();
    v2::ListSessionsResponse {
        details: Some(object::ListDetails {
            total_result: listed.total,
            processed_sequence: listed.processed_sequence(),
            timestamp: Some(timestamp(listed.timestamp)),
        }),
        sessions: sessions
            .map(|one| session(one, &listed.resource_owner, version))
            .collect(),
    }
}

fn session(named: &NamedSession, resource_owner: &str, version: Version) -> v2::Session {
    let is_later = version > Version::V2alpha;
    let session = &named.session;
    let mut factors = v2::Factors::default();
    for (factor, at) in session.factors.iter() {
        let verified_at = Some(timestamp(at));
        match factor {
            Factor::User => {
                factors.user = named.user().map(|(user, login_name)| v2::UserFactor {
                    verified_at,
                    id: user.user_id.to_string(),
                    login_name: login_name.to_string(),
                    display_name: user.shown_name(login_name).to_owned(),
                    organization_id: if is_later { resource_owner } else { "" }.to_owned(),
                });
            }
            Factor::Password => factors.password = Some(v2::PasswordFactor { verified_at }),
        }
    }
    let metadata = session.metadata.iter();
    let agent = session.user_agent.as_ref().filter(|_| is_later);
    v2::Session {
        id: session.id.to_string(),
        creation_date: Some(timestamp(session.created_at)),
        change_date: Some(timestamp(session.changed_at)),
        sequence: session.sequence.0,
        factors: (factors != v2::Factors::default()).then_some(factors),
        metadata: metadata
            .map(|(key, value)| (key.to_owned(), value.to_vec()))
            .collect(),
        user_agent: agent.map(user_agent),
        expiration_date: is_later.then(|| timestamp(session.expires_at)),
    }
}

fn user_agent(agent: &UserAgent) -> v2::UserAgent {
    let header = agent.header().iter().map(|(name, values)| {
        let values = values.clone();
        (name.clone(), v2::user_agent::HeaderValues { values })
    });
    v2::UserAgent {
        fingerprint_id: agent.fingerprint_id().map(str::to_owned),
        ip: agent.ip().map(str::to_owned),
        description: agent.description().map(str::to_owned),
        header: header.collect(),
    }
}

fn details(details: &Details) -> object::Details {
    object::Details {
        sequence: details.sequence.0,
        change_date: details.change_date.map(timestamp),
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
