use super::parts::{email_address, phone_number, vouched};
use crate::api::call::{Call, Envelope};
use crate::api::parts::details;
use crate::api::proto::zitadel::user::v2;
use crate::domain::UserId;
use crate::error::Error;
use crate::service::{Details, GivenContact, SetEmail, SetPhone};

impl Call for SetEmail {
    type Request = v2::SetEmailRequest;
    type Reply = v2::SetEmailResponse;

    fn read(message: Self::Request, _: Envelope) -> Result<Self, Error> {
        use v2::set_email_request::Verification as Said;

        let v2::SetEmailRequest {
            user_id,
            email,
            verification,
        } = message;
        Ok(Self {
            user_id: UserId::parse(user_id)?,
            email: GivenContact {
                address: email_address(&email)?,
                verification: vouched(match verification {
                    Some(Said::IsVerified(is_verified)) => Some(is_verified),
                    Some(Said::SendCode(_) | Said::ReturnCode(_)) | None => None,
                })?,
            },
        })
    }

    fn reply(changed: Details) -> Self::Reply {
        v2::SetEmailResponse {
            details: Some(details(&changed)),
            verification_code: None,
        }
    }
}

impl Call for SetPhone {
    type Request = v2::SetPhoneRequest;
    type Reply = v2::SetPhoneResponse;

    fn read(message: Self::Request, _: Envelope) -> Result<Self, Error> {
        use v2::set_phone_request::Verification as Said;

        let v2::SetPhoneRequest {
            user_id,
            phone,
            verification,
        } = message;
        Ok(Self {
            user_id: UserId::parse(user_id)?,
            phone: GivenContact {
                address: phone_number(&phone)?,
                verification: vouched(match verification {
                    Some(Said::IsVerified(is_verified)) => Some(is_verified),
                    Some(Said::SendCode(_) | Said::ReturnCode(_)) | None => None,
                })?,
            },
        })
    }

    fn reply(changed: Details) -> Self::Reply {
        v2::SetPhoneResponse {
            details: Some(details(&changed)),
            verification_code: None,
        }
    }
}
