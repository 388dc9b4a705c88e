//! Which call of the User service has which errors.

use sesame::domain::{CodePurpose, Operation as Rpc, StateChange};
use sesame::error::{UserCommand, UserError};

use super::calls::{CREATES, UPDATES};
use super::{factor_errors, setting_errors};
use crate::support::openapi::document::Operation;

const STATES: [(Rpc, StateChange); 4] = [
    (Rpc::LockUser, StateChange::Lock),
    (Rpc::UnlockUser, StateChange::Unlock),
    (Rpc::DeactivateUser, StateChange::Deactivate),
    (Rpc::ReactivateUser, StateChange::Activate),
];

/// A field of each call that has any that is refused, as the refusal names it.
pub const UNBUILT: [(Rpc, &str); 3] = [
    (Rpc::CreateUser, "human.idp_links"),
    (Rpc::AddHumanUser, "metadata"),
    (Rpc::UpdateUser, "machine"),
];

/// What calls that send or take codes refuse where there is no key for them.
pub const NO_KEY: &str = "codes without SERVER_KEY";

/// What calls of passkeys and security keys refuse where there are none.
pub const NO_PARTIES: &str = "passkeys without RP_IDS";

/// Whether a call is about passkeys or security keys.
pub fn has_keys(rpc: Rpc) -> bool {
    let name = rpc.as_str();
    name.contains("Passkey") || name.contains("U2F")
}

/// Whether a call sends codes or takes one.
pub fn has_codes(rpc: Rpc) -> bool {
    may_answer_on_user(rpc, &UserError::SendingNotSetUp)
        || may_answer_on_user(rpc, &UserError::CodeEmpty)
        || rpc == Rpc::RegisterPasskey
}

/// Whether a call may answer with an error. Exhaustive on purpose: each error must choose its calls
/// here.
pub fn may_answer(operation: &Operation, error: &UserError) -> bool {
    let of_challenges = matches!(
        error,
        UserError::LinkRefused
            | UserError::LinkMalformed
            | UserError::SendingNotSetUp
            | UserError::TooManyMessages(_)
    );
    let is_challenged = of_challenges && factor_errors::checks(operation);
    is_challenged || may_answer_on_user(operation.rpc, error)
}

fn may_answer_on_user(rpc: Rpc, error: &UserError) -> bool {
    use Rpc::{
        CreateInviteCode, CreatePasskeyRegistrationLink, DeleteUser, HumanMFAInitSkipped,
        PasswordReset, RegisterTOTP, RemovePhone, ResendEmailCode, ResendInviteCode,
        ResendPhoneCode, SendEmailCode, SetEmail, SetPassword, SetPhone, UpdateHumanUser,
        UpdateUser, VerifyEmail, VerifyInviteCode, VerifyPhone,
    };

    let is_one_of = |some: &[Rpc]| some.contains(&rpc);
    let updates = is_one_of(&[UpdateUser, UpdateHumanUser]);
    let takes_all = is_one_of(&CREATES) || updates;
    let by_email = is_one_of(&[
        SendEmailCode,
        ResendEmailCode,
        PasswordReset,
        CreateInviteCode,
        ResendInviteCode,
        CreatePasskeyRegistrationLink,
    ]);
    let sends = by_email || rpc == ResendPhoneCode;
    let verifies = is_one_of(&[VerifyEmail, VerifyPhone, VerifyInviteCode]);
    let state = STATES.iter().find(|(of, _)| *of == rpc);
    let state = state.map(|(_, change)| *change);
    match error {
        UserError::GivenNameEmpty
        | UserError::FamilyNameEmpty
        | UserError::LoginNameInvalid(_)
        | UserError::HashRefused(_) => takes_all,
        UserError::EmailInvalid | UserError::EmailEmpty => takes_all || rpc == SetEmail,
        UserError::NameTaken => takes_all || is_one_of(&[SetEmail, VerifyEmail, VerifyInviteCode]),
        UserError::PhoneInvalid | UserError::PhoneEmpty => takes_all || rpc == SetPhone,
        UserError::TooManyUsersOfAddress => {
            takes_all || is_one_of(&[SetEmail, SetPhone, VerifyEmail, VerifyInviteCode])
        }
        UserError::SendingNotSetUp => takes_all || is_one_of(&[SetEmail, SetPhone]) || sends,
        UserError::LinkRefused | UserError::LinkMalformed => {
            takes_all || rpc == SetEmail || by_email
        }
        UserError::TooManyMessages(_) => updates || is_one_of(&[SetEmail, SetPhone]) || sends,
        UserError::NoAddress => is_one_of(&[
            SendEmailCode,
            PasswordReset,
            CreateInviteCode,
            CreatePasskeyRegistrationLink,
        ]),
        UserError::CodeEmpty => verifies || is_one_of(&UPDATES),
        UserError::CodeInvalid(CodePurpose::Invite) => rpc == VerifyInviteCode,
        UserError::NoCode(CodePurpose::VerifyPhone) => rpc == ResendPhoneCode,
        UserError::InviteNotNeeded(false) => rpc == CreateInviteCode,
        UserError::NoCode(CodePurpose::Invite) | UserError::InviteNotNeeded(true) => {
            rpc == ResendInviteCode
        }
        UserError::NoCode(_) => is_one_of(&[SendEmailCode, ResendEmailCode]),
        UserError::NewPasswordEmpty
        | UserError::PasswordTooShort(_)
        | UserError::PasswordCommon
        | UserError::PasswordBreached
        | UserError::PasswordBlockedWords(_) => takes_all || rpc == SetPassword,
        UserError::CodeExpired
        | UserError::CodeInvalid(CodePurpose::ResetPassword)
        | UserError::PasswordUnchanged => is_one_of(&UPDATES),
        UserError::CodeInvalid(_) => is_one_of(&[VerifyEmail, VerifyPhone]),
        UserError::IdTaken => is_one_of(&CREATES),
        UserError::OrganizationUnknown => {
            is_one_of(&CREATES) || setting_errors::has_organization_in_request(rpc)
        }
        UserError::EmailUnchanged => rpc == SetEmail,
        UserError::ChangedMeanwhile => {
            let others = [
                DeleteUser,
                SetEmail,
                SetPhone,
                RemovePhone,
                HumanMFAInitSkipped,
            ];
            is_one_of(&UPDATES)
                || is_one_of(&others)
                || is_one_of(&factor_errors::CHANGES)
                || state.is_some()
                || sends
                || verifies
        }
        UserError::WrongState(change) => state == Some(*change),
        UserError::Unknown(command) => match command {
            UserCommand::State(change) => state == Some(*change),
            UserCommand::Delete => rpc == DeleteUser,
            UserCommand::SetEmail => {
                is_one_of(&[SetEmail, SendEmailCode, ResendEmailCode, VerifyEmail])
            }
            UserCommand::PasswordReset => rpc == PasswordReset,
            UserCommand::CreateInvite => rpc == CreateInviteCode,
            UserCommand::ResendInvite => rpc == ResendInviteCode,
            UserCommand::VerifyInvite => rpc == VerifyInviteCode,
            UserCommand::SetPassword => rpc == SetPassword,
            UserCommand::RegisterTotp => rpc == RegisterTOTP,
            UserCommand::Other => {
                let others = [
                    SetPhone,
                    RemovePhone,
                    HumanMFAInitSkipped,
                    ResendPhoneCode,
                    VerifyPhone,
                    CreatePasskeyRegistrationLink,
                ];
                let factors = is_one_of(&factor_errors::CHANGES) && rpc != RegisterTOTP;
                updates || is_one_of(&others) || factors
            }
        },
    }
}
