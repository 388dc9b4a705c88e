use super::codes::typed;
use super::parts::{email_address, phone_number, sent_by_email, vouched};
use crate::api::call::{Call, Envelope};
use crate::api::parts::details;
use crate::api::proto::zitadel::user::v2;
use crate::domain::UserId;
use crate::error::Error;
use crate::service::{ChangedUser, Delivery, GivenContact, SetEmail, SetPhone, Verification};

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
                verification: match verification {
                    Some(Said::IsVerified(is_verified)) => vouched(is_verified)?,
                    Some(Said::SendCode(message)) => sent_by_email(message)?,
                    Some(Said::ReturnCode(_)) => Verification::ByCode(Delivery::Return),
                    None => Verification::ByCode(Delivery::Send(None)),
                },
            },
        })
    }

    fn reply(changed: ChangedUser) -> Self::Reply {
        v2::SetEmailResponse {
            details: Some(details(&changed.details)),
            verification_code: typed(changed.codes.email.as_ref()),
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
                verification: match verification {
                    Some(Said::IsVerified(is_verified)) => vouched(is_verified)?,
                    Some(Said::ReturnCode(_)) => Verification::ByCode(Delivery::Return),
                    Some(Said::SendCode(_)) | None => Verification::ByCode(Delivery::Send(None)),
                },
            },
        })
    }

    fn reply(changed: ChangedUser) -> Self::Reply {
        v2::SetPhoneResponse {
            details: Some(details(&changed.details)),
            verification_code: typed(changed.codes.phone.as_ref()),
        }
    }
}
