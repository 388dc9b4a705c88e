use super::parts::presented;
use crate::api::call::{Call, Envelope};
use crate::api::parts::details;
use crate::api::proto::zitadel::session::v2;
use crate::domain::SessionId;
use crate::error::Error;
use crate::service::{DeleteSession, Details};

impl Call for DeleteSession {
    type Request = v2::DeleteSessionRequest;
    type Reply = v2::DeleteSessionResponse;

    fn read(message: Self::Request, _: Envelope) -> Result<Self, Error> {
        let v2::DeleteSessionRequest {
            session_id,
            session_token,
        } = message;
        Ok(Self {
            session_id: SessionId::find(&session_id)?,
            session_token: presented(session_token),
        })
    }

    fn reply(deleted: Details) -> Self::Reply {
        v2::DeleteSessionResponse {
            details: Some(details(&deleted)),
        }
    }
}
