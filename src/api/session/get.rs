use super::parts::{presented, session};
use crate::api::call::{Call, Envelope};
use crate::api::proto::zitadel::session::v2;
use crate::domain::SessionId;
use crate::error::Error;
use crate::service::{GetSession, GotSession};

impl Call for GetSession {
    type Request = v2::GetSessionRequest;
    type Reply = v2::GetSessionResponse;

    fn read(message: Self::Request, _: Envelope) -> Result<Self, Error> {
        let v2::GetSessionRequest {
            session_id,
            session_token,
        } = message;
        Ok(Self {
            session_id: SessionId::find(&session_id)?,
            session_token: presented(session_token),
        })
    }

    fn reply(got: GotSession) -> Self::Reply {
        v2::GetSessionResponse {
            session: Some(session(&got.named, &got.resource_owner)),
        }
    }
}
