use super::parts::{challenges, checks, lifetime, presented, returned};
use crate::api::Version;
use crate::api::call::{Call, Envelope};
use crate::api::parts::details;
use crate::api::proto::zitadel::session::v2;
use crate::api::request_headers::precondition;
use crate::domain::{Invalid, MetadataChanges, SessionId};
use crate::error::Error;
use crate::service::{ChangedSession, SetSession};

/// The longest text that is taken for a session's token, in characters.
const MAX_TOKEN_LENGTH: usize = 200;

impl Call for SetSession {
    type Request = v2::SetSessionRequest;
    type Reply = v2::SetSessionResponse;

    /// Before v2, the token must be there; in v2, a permission may stand in for it.
    fn read(message: Self::Request, with: Envelope) -> Result<Self, Error> {
        let v2::SetSessionRequest {
            session_id,
            session_token,
            checks: asked,
            challenges: codes,
            metadata,
            lifetime: span,
        } = message;
        let session_id = SessionId::find(&session_id)?;
        let length = session_token.chars().count();
        if length > MAX_TOKEN_LENGTH || length == 0 && with.version < Version::V2 {
            return Err(Invalid::new("session_token", "must be 1 to 200 characters long").into());
        }
        Ok(Self {
            session_id,
            session_token: presented(Some(session_token)),
            checks: checks(asked, with.second)?,
            challenges: challenges(codes)?,
            metadata: MetadataChanges::parse(metadata)?,
            lifetime: span.map(lifetime).transpose()?,
            precondition: precondition(with.headers)?,
        })
    }

    fn reply(changed: ChangedSession) -> Self::Reply {
        let token = changed.session_token.as_ref();
        v2::SetSessionResponse {
            details: Some(details(&changed.details)),
            session_token: token.map_or_else(String::new, |token| token.as_str().to_owned()),
            challenges: returned(&changed.codes),
        }
    }
}
