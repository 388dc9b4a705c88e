use super::parts::{challenges, checks, lifetime, returned, user_agent};
use crate::api::call::{Call, Envelope};
use crate::api::parts::details;
use crate::api::proto::zitadel::session::v2;
use crate::api::request_headers::idempotency_key;
use crate::domain::Metadata;
use crate::error::Error;
use crate::service::{CreateSession, CreatedSession};

impl Call for CreateSession {
    type Request = v2::CreateSessionRequest;
    type Reply = v2::CreateSessionResponse;

    const CREATES: bool = true;

    fn read(message: Self::Request, with: Envelope) -> Result<Self, Error> {
        let v2::CreateSessionRequest {
            checks: asked,
            challenges: codes,
            metadata,
            user_agent: agent,
            lifetime: span,
        } = message;
        Ok(Self {
            checks: checks(asked, with.second)?,
            challenges: challenges(codes)?,
            metadata: Metadata::parse(metadata)?,
            user_agent: agent.map(user_agent).transpose()?,
            lifetime: span.map(lifetime).transpose()?,
            idempotency_key: idempotency_key(with.headers)?,
        })
    }

    fn reply(created: CreatedSession) -> Self::Reply {
        v2::CreateSessionResponse {
            details: Some(details(&created.details)),
            session_id: created.session_id.to_string(),
            session_token: created.session_token.as_str().to_owned(),
            challenges: returned(&created.codes),
        }
    }
}
