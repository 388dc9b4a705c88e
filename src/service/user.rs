//! The use cases of users, which the API and the command line share.

mod answers;
mod change;
mod contact;
mod create;
mod factors;
mod fields;
mod given;
mod given_factors;
mod import;
mod invite;
mod list;
mod operator_factors;
mod password;
mod read;
mod recovery;
mod send_code;
mod state;
mod update;
mod verify_code;

use crate::domain::{
    Account, Denial, HashString, LoginName, NewUser, Permit, StateChange, Timestamp, User, UserId,
    UserSearch, UserState, printable,
};
use crate::error::Error;
use crate::store::{
    AddressConflict, Alongside, ChangeOutcome, InsertOutcome, Patience, ScannedAccount, Store,
    StoredUser,
};

pub use answers::{ShownState, ShownUser};
pub use change::{ChangedUser, ReturnedCodes};
pub use contact::{HumanMFAInitSkipped, RemovePhone, SetEmail, SetPhone};
pub use create::{AddHumanUser, CreateUser, CreatedUser, OrganizationName, Registration};
pub use factors::{
    AddOTPEmail, AddOTPSMS, Attachment, BegunRegistration, CreatePasskeyRegistrationLink,
    CreatedLink, CreationOptions, FactorStates, GenerateRecoveryCodes, LinkCode,
    ListAuthenticationFactors, ListPasskeys, ListedFactor, ListedPasskey, ListedPasskeys,
    MadeRecoveryCodes, RegisterPasskey, RegisterTOTP, RegisterU2F, RegisteredTotp,
    RegistrationAnswer, RemoveOTPEmail, RemoveOTPSMS, RemovePasskey, RemoveRecoveryCodes,
    RemoveTOTP, RemoveU2F, VerifyPasskeyRegistration, VerifyTOTPRegistration,
    VerifyU2FRegistration,
};
pub use fields::{UserFields, differences};
pub use given::{GivenContact, GivenEmail, GivenPhone, Verification};
pub use given_factors::{GivenCredential, GivenFactors};
pub use import::{ImportOutcome, ImportedUser, Updated};
pub use invite::{CreateInviteCode, ResendInviteCode};
pub use list::{ListUsers, ListedUsers};
pub use password::{GivenPassword, NewCredential, PasswordChange, PasswordProof, SetPassword};
pub use read::{GetUserByID, ListAuthenticationMethodTypes, ListIDPLinks, ListedMethods};
pub use recovery::ResetCode;
pub use send_code::{AskedCode, PasswordReset, ResendEmailCode, ResendPhoneCode, SendEmailCode};
pub use state::{DeactivateUser, DeleteUser, LockUser, ReactivateUser, UnlockUser};
pub use update::{Change, PhoneChange, ProfileChanges, UpdateHumanUser, UpdateUser, UserChanges};
pub use verify_code::{VerifyEmail, VerifyInviteCode, VerifyPhone};

/// The users of a deployment. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Users {
    store: Store,
    /// Whether no two users may have one e-mail address.
    unique_emails: bool,
}

/// Why a user was not found, added or changed.
#[derive(Debug, thiserror::Error)]
pub enum UserRefusal {
    #[error("there is no user with the login name {}", printable(.0.as_str()))]
    NoSuchName(LoginName),
    #[error("there is no user with the id {}", printable(.0.as_str()))]
    NoSuchId(UserId),
    #[error("the login name {} is taken", printable(.0.as_str()))]
    NameTaken(LoginName),
    #[error("the user id {} is taken", printable(.0.as_str()))]
    IdTaken(UserId),
    #[error("the login name or e-mail address is another user's e-mail address")]
    AddressTaken,
    #[error("as many users as may have the e-mail address or the phone number")]
    AddressFull,
    #[error("the session has ended")]
    SessionEnded,
    #[error("the code was used or asked for again at the same moment: try again")]
    CodeChanged,
    /// A credential with the same id is stored, of this user or another.
    #[error("a passkey or security key with the same id is registered already")]
    CredentialTaken,
    /// The user has no credential of this id.
    #[error("the user has no passkey or security key with this id: sesame user factors list")]
    NoSuchCredential,
    #[error("the user is inactive: activate it first")]
    Inactive,
    #[error("the user is locked: unlock it instead")]
    Locked,
    #[error("the user has a state of a newer release: change it with that")]
    NewerState,
    #[error("the user was changed at the same moment by somebody else: try again")]
    Changed,
    #[error("the user has an authenticator app already: remove it first")]
    HasTotp,
    #[error("the user has no e-mail address")]
    NoEmail,
    #[error(
        "the user has no e-mail address and no verified phone number: set the password instead"
    )]
    NowhereToReset,
    #[error("the user is {}, and can use no code", .0.as_str())]
    NotActive(UserState),
    #[error("the tries of the code were used up within the last minute: ask again in a minute")]
    TriesUsedUp,
    #[error("DynamoDB")]
    Failed(#[from] Error),
}

impl Users {
    /// The administration of users.
    ///
    /// # Errors
    ///
    /// The permit is not for that.
    pub fn new(store: Store, unique_emails: bool, permit: &Permit) -> Result<Self, Denial> {
        permit.administers_users()?;
        Ok(Self::of_service(
            store.with_patience(Patience::Operator),
            unique_emails,
        ))
    }

    /// The users as calls see them. Each call asks for its own right.
    pub(super) fn of_service(store: Store, unique_emails: bool) -> Self {
        Self {
            store,
            unique_emails,
        }
    }

    /// Reads a user with the profile: 2 requests.
    pub async fn find(&self, search: &UserSearch) -> Result<StoredUser, UserRefusal> {
        let found = self.store.read_user(search).await?;
        found.ok_or_else(|| match search {
            UserSearch::LoginName(name) | UserSearch::Both(_, name) => {
                UserRefusal::NoSuchName(name.clone())
            }
            UserSearch::Id(id) => UserRefusal::NoSuchId(id.clone()),
        })
    }

    /// Calls `each` with every user, in no order, until it fails. Reads the whole users table. Returns
    /// how many users were handed on without their second factors, because the pointers name none.
    pub async fn list<E: From<Error>>(
        &self,
        each: impl FnMut(ScannedAccount) -> Result<(), E>,
    ) -> Result<u64, E> {
        self.store.scan_accounts(each).await
    }

    /// Adds a user: 1 request.
    pub async fn add(&self, new: NewUser, now: Timestamp) -> Result<Account, UserRefusal> {
        self.add_account(Account::new(new, now)).await
    }

    /// Adds a user who has a profile already: 1 request.
    pub async fn add_account(&self, account: Account) -> Result<Account, UserRefusal> {
        let inserted = self
            .store
            .insert_account(&account, self.unique_emails)
            .await;
        match inserted {
            Ok(InsertOutcome::Inserted) => Ok(account),
            Ok(InsertOutcome::Taken { user_id: true, .. }) => {
                Err(UserRefusal::IdTaken(account.user.user_id))
            }
            Ok(InsertOutcome::Taken { .. }) => Err(UserRefusal::NameTaken(account.user.login_name)),
            Ok(InsertOutcome::Refused(conflict)) => Err(conflict.into()),
            Ok(InsertOutcome::CredentialTaken) => Err(UserRefusal::CredentialTaken),
            Err(error) => Err(self.explain(error, &account.user).await),
        }
    }

    /// The refusal for a write of `user` that failed. After conflicts alone, whether the name is
    /// taken is read: one of those that it met may have taken it.
    async fn explain(&self, error: Error, user: &User) -> UserRefusal {
        if matches!(error, Error::Unavailable(_))
            && let Ok(Some(holder)) = self.store.get_user(&user.login_name.folded()).await
            && holder.user_id != user.user_id
        {
            return UserRefusal::NameTaken(user.login_name.clone());
        }
        UserRefusal::Failed(error)
    }

    /// How often a change is tried. It fails if the user changes after it was read, and for a
    /// rename, somebody who guesses at the password changes it all the time.
    const MAX_CHANGES: usize = 8;

    /// Makes the user whom `search` finds into what `change` says, and counts the change; what changes
    /// nothing isn't written. Returns the user as it was, and as it is.
    ///
    /// 3 requests, and more if others change the user at the same time.
    pub async fn change<E: From<UserRefusal>>(
        &self,
        search: &UserSearch,
        now: Timestamp,
        change: &(dyn Fn(&Account) -> Result<Account, E> + Send + Sync),
    ) -> Result<(Account, Account), E> {
        let seen = self.find(search).await?;
        self.change_seen(seen, &Alongside::default(), now, change)
            .await
    }

    /// The same for a user who was read: 1 request, and more if others change the user at the same
    /// time. A code that was right is used up even if nothing else changes.
    pub async fn change_seen<E: From<UserRefusal>>(
        &self,
        mut seen: StoredUser,
        alongside: &Alongside,
        now: Timestamp,
        change: &(dyn Fn(&Account) -> Result<Account, E> + Send + Sync),
    ) -> Result<(Account, Account), E> {
        let search = UserSearch::Id(seen.account.user.user_id.clone());
        for _ in 0..Self::MAX_CHANGES {
            let after = change(&seen.account)?;
            if after == seen.account && alongside.codes.is_empty() {
                return Ok((seen.account, after));
            }
            let after = after.changed(now);
            match self.write(&seen, &after, alongside).await? {
                ChangeOutcome::Done => return Ok((seen.account, after)),
                ChangeOutcome::Changed => seen = self.find(&search).await?,
                ChangeOutcome::NameTaken => {
                    return Err(UserRefusal::NameTaken(after.user.login_name).into());
                }
                ChangeOutcome::Refused(conflict) => {
                    return Err(UserRefusal::from(conflict).into());
                }
                ChangeOutcome::SessionEnded => return Err(UserRefusal::SessionEnded.into()),
                ChangeOutcome::CredentialTaken => return Err(UserRefusal::CredentialTaken.into()),
                ChangeOutcome::CodeChanged => return Err(UserRefusal::CodeChanged.into()),
            }
        }
        Err(UserRefusal::Changed.into())
    }

    async fn write(
        &self,
        seen: &StoredUser,
        after: &Account,
        alongside: &Alongside,
    ) -> Result<ChangeOutcome, UserRefusal> {
        let store = &self.store;
        let change = store.change_account(seen, after, self.unique_emails, alongside);
        match change.await {
            Ok(outcome) => Ok(outcome),
            Err(error) if seen.account.user.login_name != after.user.login_name => {
                Err(self.explain(error, &after.user).await)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Changes the state of a user, who may have the new one already. A user who is not active
    /// afterwards has no session in which something was proved. Returns the user as it was.
    pub async fn change_state(
        &self,
        search: &UserSearch,
        change: StateChange,
        now: Timestamp,
    ) -> Result<User, UserRefusal> {
        let change = |account: &Account| account.changed_by(change);
        let changed = self.change(search, now, &change);
        changed.await.map(|(before, _)| before.user)
    }

    /// Ends all sessions of a user in which something was proved, including those that are just being
    /// created. Returns the user.
    pub async fn end_sessions(
        &self,
        search: &UserSearch,
        now: Timestamp,
    ) -> Result<User, UserRefusal> {
        let change = |account: &Account| {
            Ok::<_, UserRefusal>(account.with_user(account.user.clone().logged_out()))
        };
        let changed = self.change(search, now, &change);
        changed.await.map(|(before, _)| before.user)
    }

    /// Sets the password of a user, forgives the failures at the old one and ends all sessions in
    /// which something was proved.
    pub async fn set_password(
        &self,
        search: &UserSearch,
        hash: &HashString,
        now: Timestamp,
    ) -> Result<(), UserRefusal> {
        let change = |account: &Account| {
            let user = account.user.clone();
            Ok::<_, UserRefusal>(account.with_user(user.with_password(hash.clone(), false, now)))
        };
        let changed = self.change(search, now, &change);
        changed.await.map(drop)
    }

    /// Gives a user another login name. Returns the user as it was, or `None` if it has the name
    /// already.
    pub async fn rename(
        &self,
        search: &UserSearch,
        to: LoginName,
        now: Timestamp,
    ) -> Result<Option<User>, UserRefusal> {
        if self.find(search).await?.account.user.login_name == to {
            return Ok(None);
        }
        let change = |account: &Account| {
            let mut account = account.clone();
            account.user.login_name = to.clone();
            Ok::<_, UserRefusal>(account)
        };
        let changed = self.change(search, now, &change);
        changed.await.map(|(before, _)| Some(before.user))
    }

    /// Deletes the user whom `search` finds, and ends all sessions. Returns the user as it was.
    pub async fn delete(&self, search: &UserSearch) -> Result<Account, UserRefusal> {
        for _ in 0..Self::MAX_CHANGES {
            let seen = self.find(search).await?;
            if self.store.delete_account(&seen).await? {
                return Ok(seen.account);
            }
        }
        Err(UserRefusal::Changed)
    }
}

impl Account {
    /// The account after a change of the user's state.
    pub(super) fn changed_by(&self, change: StateChange) -> Result<Self, UserRefusal> {
        let state = change.apply(self.user.state).ok_or(match self.user.state {
            UserState::Inactive => UserRefusal::Inactive,
            UserState::Active | UserState::Locked => UserRefusal::Locked,
            UserState::Unknown => UserRefusal::NewerState,
        })?;
        let user = self.user.clone().with_state(state);
        Ok(match change {
            StateChange::Unlock => Self {
                user: user.forgiven(),
                factors: self.factors.clone().forgiven(),
                ..self.clone()
            },
            StateChange::Lock | StateChange::Deactivate | StateChange::Activate => {
                self.with_user(user)
            }
        })
    }
}

impl From<AddressConflict> for UserRefusal {
    fn from(conflict: AddressConflict) -> Self {
        match conflict {
            AddressConflict::Taken => Self::AddressTaken,
            AddressConflict::Full => Self::AddressFull,
        }
    }
}
