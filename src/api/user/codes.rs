use crate::api::call::{Call, Envelope};
use crate::api::parts::{bounded, details, url_template};
use crate::api::proto::zitadel::user::v2;
use crate::domain::{Code, Invalid, PresentedCode, UserId, one_line};
use crate::error::{Error, UserError};
use crate::service::{
    AskedCode, CreateInviteCode, Delivery, Details, PasswordReset, ResendEmailCode,
    ResendInviteCode, ResendPhoneCode, SendEmailCode, VerifyEmail, VerifyInviteCode, VerifyPhone,
};

/// The short form of a code that is returned.
pub(super) fn typed(code: Option<&Code>) -> Option<String> {
    code.map(|code| code.short().to_owned())
}

/// The code in a request.
pub(super) fn presented(text: String) -> Result<PresentedCode, Error> {
    PresentedCode::parse(text)?.ok_or_else(|| UserError::CodeEmpty.into())
}

/// Defines the calls that ask for a code of an e-mail address.
macro_rules! email_codes {
    ($($call:ident: $request:ident, $reply:ident, $module:ident;)*) => {
        $(
            impl Call for $call {
                type Request = v2::$request;
                type Reply = v2::$reply;

                fn read(message: Self::Request, _: Envelope) -> Result<Self, Error> {
                    use v2::$module::Verification as Said;

                    let v2::$request {
                        user_id,
                        verification,
                    } = message;
                    Ok(Self {
                        user_id: UserId::parse(user_id)?,
                        delivery: match verification {
                            Some(Said::SendCode(message)) => {
                                Delivery::Send(url_template(message.url_template)?)
                            }
                            Some(Said::ReturnCode(_)) => Delivery::Return,
                            None => Delivery::Send(None),
                        },
                    })
                }

                fn reply(asked: AskedCode) -> Self::Reply {
                    v2::$reply {
                        details: Some(details(&asked.details)),
                        verification_code: typed(asked.code.as_ref()),
                    }
                }
            }
        )*
    };
}

email_codes! {
    SendEmailCode: SendEmailCodeRequest, SendEmailCodeResponse, send_email_code_request;
    ResendEmailCode: ResendEmailCodeRequest, ResendEmailCodeResponse, resend_email_code_request;
}

/// Defines the calls that take a code.
macro_rules! verifications {
    ($($call:ident: $request:ident, $reply:ident;)*) => {
        $(
            impl Call for $call {
                type Request = v2::$request;
                type Reply = v2::$reply;

                fn read(message: Self::Request, _: Envelope) -> Result<Self, Error> {
                    let v2::$request {
                        user_id,
                        verification_code,
                    } = message;
                    Ok(Self {
                        user_id: UserId::parse(user_id)?,
                        code: presented(verification_code)?,
                    })
                }

                fn reply(verified: Details) -> Self::Reply {
                    v2::$reply {
                        details: Some(details(&verified)),
                    }
                }
            }
        )*
    };
}

verifications! {
    VerifyEmail: VerifyEmailRequest, VerifyEmailResponse;
    VerifyPhone: VerifyPhoneRequest, VerifyPhoneResponse;
    VerifyInviteCode: VerifyInviteCodeRequest, VerifyInviteCodeResponse;
}

impl Call for ResendPhoneCode {
    type Request = v2::ResendPhoneCodeRequest;
    type Reply = v2::ResendPhoneCodeResponse;

    fn read(message: Self::Request, _: Envelope) -> Result<Self, Error> {
        use v2::resend_phone_code_request::Verification as Said;

        let v2::ResendPhoneCodeRequest {
            user_id,
            verification,
        } = message;
        Ok(Self {
            user_id: UserId::parse(user_id)?,
            delivery: match verification {
                Some(Said::ReturnCode(_)) => Delivery::Return,
                Some(Said::SendCode(_)) | None => Delivery::Send(None),
            },
        })
    }

    fn reply(asked: AskedCode) -> Self::Reply {
        v2::ResendPhoneCodeResponse {
            details: Some(details(&asked.details)),
            verification_code: typed(asked.code.as_ref()),
        }
    }
}

impl Call for PasswordReset {
    type Request = v2::PasswordResetRequest;
    type Reply = v2::PasswordResetResponse;

    fn read(message: Self::Request, _: Envelope) -> Result<Self, Error> {
        use v2::password_reset_request::Medium;

        let v2::PasswordResetRequest { user_id, medium } = message;
        let (delivery, prefers_sms) = match medium {
            Some(Medium::ReturnCode(_)) => (Delivery::Return, false),
            Some(Medium::SendLink(link)) => {
                let by = v2::NotificationType::try_from(link.notification_type);
                let by = by.map_err(|_| Invalid::new("notification_type", "is unknown"))?;
                let template = url_template(link.url_template)?;
                (Delivery::Send(template), by == v2::NotificationType::Sms)
            }
            None => (Delivery::Send(None), false),
        };
        Ok(Self {
            user_id: UserId::parse(user_id)?,
            delivery,
            prefers_sms,
        })
    }

    fn reply(asked: AskedCode) -> Self::Reply {
        v2::PasswordResetResponse {
            details: Some(details(&asked.details)),
            verification_code: typed(asked.code.as_ref()),
        }
    }
}

impl Call for CreateInviteCode {
    type Request = v2::CreateInviteCodeRequest;
    type Reply = v2::CreateInviteCodeResponse;

    fn read(message: Self::Request, _: Envelope) -> Result<Self, Error> {
        use v2::create_invite_code_request::Verification as Said;

        let v2::CreateInviteCodeRequest {
            user_id,
            verification,
        } = message;
        let (delivery, application_name) = match verification {
            Some(Said::SendCode(message)) => {
                let name = bounded("application_name", message.application_name)?;
                let name = name.map(|name| application_name(&name));
                let template = url_template(message.url_template)?;
                (Delivery::Send(template), name.transpose()?)
            }
            Some(Said::ReturnCode(_)) => (Delivery::Return, None),
            None => (Delivery::Send(None), None),
        };
        Ok(Self {
            user_id: UserId::parse(user_id)?,
            delivery,
            application_name,
        })
    }

    fn reply(asked: AskedCode) -> Self::Reply {
        v2::CreateInviteCodeResponse {
            details: Some(details(&asked.details)),
            invite_code: typed(asked.code.as_ref()),
        }
    }
}

fn application_name(text: &str) -> Result<String, Invalid> {
    one_line("application_name", text).map(str::to_owned)
}

impl Call for ResendInviteCode {
    type Request = v2::ResendInviteCodeRequest;
    type Reply = v2::ResendInviteCodeResponse;

    fn read(message: Self::Request, _: Envelope) -> Result<Self, Error> {
        let v2::ResendInviteCodeRequest { user_id } = message;
        Ok(Self {
            user_id: UserId::parse(user_id)?,
        })
    }

    fn reply(sent: Details) -> Self::Reply {
        v2::ResendInviteCodeResponse {
            details: Some(details(&sent)),
        }
    }
}
