use super::codes::presented;
use crate::api::call::{Call, Envelope};
use crate::api::parts::details;
use crate::api::proto::zitadel::user::v2;
use crate::domain::{HashString, Invalid, Password, UserId};
use crate::error::{Error, UserError};
use crate::service::{
    Details, GivenPassword, NewCredential, PasswordChange, PasswordProof, SetPassword,
};

/// The longest hash, in characters.
const MAX_HASH_LENGTH: usize = 200;

pub(super) fn plain(given: v2::Password) -> Result<NewCredential, Error> {
    let v2::Password {
        password,
        change_required,
    } = given;
    if password.is_empty() {
        return Err(UserError::NewPasswordEmpty.into());
    }
    Ok(NewCredential {
        password: GivenPassword::Plain(Password::parse(password)?),
        change_required,
    })
}

pub(super) fn hashed(given: v2::HashedPassword) -> Result<NewCredential, Error> {
    let v2::HashedPassword {
        hash,
        change_required,
    } = given;
    if !(1..=MAX_HASH_LENGTH).contains(&hash.chars().count()) {
        return Err(Invalid::new("hash", "must be 1 to 200 characters long").into());
    }
    Ok(NewCredential {
        password: GivenPassword::Hash(HashString::new(hash)),
        change_required,
    })
}

/// The change of a password in an update.
pub(super) fn change(change: v2::SetPassword) -> Result<PasswordChange, Error> {
    use v2::set_password::{PasswordType, Verification};

    let v2::SetPassword {
        password_type,
        verification,
    } = change;
    Ok(PasswordChange {
        new: match password_type {
            Some(PasswordType::Password(given)) => plain(given)?,
            Some(PasswordType::HashedPassword(given)) => hashed(given)?,
            None => return Err(Invalid::new("password", "must have a password or a hash").into()),
        },
        proof: match verification {
            Some(Verification::CurrentPassword(current)) => {
                PasswordProof::Current(Password::parse(current)?)
            }
            Some(Verification::VerificationCode(code)) => PasswordProof::Code(presented(code)?),
            None => PasswordProof::None,
        },
    })
}

impl Call for SetPassword {
    type Request = v2::SetPasswordRequest;
    type Reply = v2::SetPasswordResponse;

    fn read(message: Self::Request, _: Envelope) -> Result<Self, Error> {
        use v2::set_password_request::Verification;

        let v2::SetPasswordRequest {
            user_id,
            new_password,
            verification,
        } = message;
        Ok(Self {
            user_id: UserId::parse(user_id)?,
            change: PasswordChange {
                new: plain(new_password.unwrap_or_default())?,
                proof: match verification {
                    Some(Verification::CurrentPassword(current)) => {
                        PasswordProof::Current(Password::parse(current)?)
                    }
                    Some(Verification::VerificationCode(code)) => {
                        PasswordProof::Code(presented(code)?)
                    }
                    None => PasswordProof::None,
                },
            },
        })
    }

    fn reply(changed: Details) -> Self::Reply {
        v2::SetPasswordResponse {
            details: Some(details(&changed)),
        }
    }
}
