//! Which call of the User service has which errors.

use sesame::domain::{Operation as Rpc, StateChange};
use sesame::error::{UserCommand, UserError};

use super::setting_errors;

pub const CREATES: [Rpc; 2] = [Rpc::CreateUser, Rpc::AddHumanUser];
pub const READS: [Rpc; 3] = [
    Rpc::GetUserByID,
    Rpc::ListAuthenticationMethodTypes,
    Rpc::ListIDPLinks,
];
/// Those that may have a password, the current one too.
pub const UPDATES: [Rpc; 3] = [Rpc::UpdateUser, Rpc::UpdateHumanUser, Rpc::SetPassword];
const STATES: [(Rpc, StateChange); 4] = [
    (Rpc::LockUser, StateChange::Lock),
    (Rpc::UnlockUser, StateChange::Unlock),
    (Rpc::DeactivateUser, StateChange::Deactivate),
    (Rpc::ReactivateUser, StateChange::Activate),
];

/// A field of each call that has any that is refused, as the refusal names it.
pub const UNBUILT: [(Rpc, &str); 5] = [
    (Rpc::CreateUser, "human.idp_links"),
    (Rpc::AddHumanUser, "metadata"),
    (Rpc::UpdateUser, "human.password.verification_code"),
    (Rpc::UpdateHumanUser, "password.verification_code"),
    (Rpc::SetPassword, "verification_code"),
];

/// Whether a call may answer with an error. Exhaustive on purpose: each error must choose its calls
/// here.
pub fn may_answer(rpc: Rpc, error: &UserError) -> bool {
    use Rpc::{
        DeleteUser, HumanMFAInitSkipped, RemovePhone, SetEmail, SetPassword, SetPhone,
        UpdateHumanUser, UpdateUser,
    };

    let is_one_of = |some: &[Rpc]| some.contains(&rpc);
    let updates = is_one_of(&[UpdateUser, UpdateHumanUser]);
    let takes_all = is_one_of(&CREATES) || updates;
    let state = STATES.iter().find(|(of, _)| *of == rpc);
    let state = state.map(|(_, change)| *change);
    match error {
        UserError::GivenNameEmpty
        | UserError::FamilyNameEmpty
        | UserError::LoginNameInvalid(_)
        | UserError::HashRefused(_) => takes_all,
        UserError::EmailInvalid | UserError::EmailEmpty | UserError::NameTaken => {
            takes_all || rpc == SetEmail
        }
        UserError::PhoneInvalid | UserError::PhoneEmpty => takes_all || rpc == SetPhone,
        UserError::SendingNotSetUp | UserError::TooManyUsersOfAddress => {
            takes_all || is_one_of(&[SetEmail, SetPhone])
        }
        UserError::NewPasswordEmpty
        | UserError::PasswordTooShort(_)
        | UserError::PasswordCommon
        | UserError::PasswordBreached
        | UserError::PasswordBlockedWords(_) => takes_all || rpc == SetPassword,
        UserError::PasswordUnchanged => is_one_of(&UPDATES),
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
            is_one_of(&UPDATES) || is_one_of(&others) || state.is_some()
        }
        UserError::WrongState(change) => state == Some(*change),
        UserError::Unknown(command) => match command {
            UserCommand::State(change) => state == Some(*change),
            UserCommand::Delete => rpc == DeleteUser,
            UserCommand::SetEmail => rpc == SetEmail,
            UserCommand::SetPassword => rpc == SetPassword,
            UserCommand::Other => {
                updates || is_one_of(&[SetPhone, RemovePhone, HumanMFAInitSkipped])
            }
        },
    }
}
