use super::answers::Fault;
use super::contact::{GivenEmail, GivenPhone, Verification};
use super::password::PasswordChange;
use crate::domain::{
    Account, DisplayName, Gender, Language, LoginName, Operation, Permit, PersonName, Timestamp,
    UserId, UserScope, UserSearch,
};
use crate::error::{Error, UserCommand, UserError};
use crate::service::{Context, Details, Service, UseCase};

/// What an update changes of a user. What is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserChanges {
    pub login_name: Option<LoginName>,
    pub profile: ProfileChanges,
    pub email: Option<GivenEmail>,
    pub phone: Option<PhoneChange>,
    pub password: Option<PasswordChange>,
}

/// What an update changes of a profile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfileChanges {
    pub given_name: Option<PersonName>,
    pub family_name: Option<PersonName>,
    pub nick_name: Option<Change<PersonName>>,
    pub display_name: Option<Change<DisplayName>>,
    pub language: Option<Change<Language>>,
    pub gender: Option<Change<Gender>>,
}

/// A change of what a user may have none of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change<T> {
    To(T),
    Remove,
}

pub type PhoneChange = Change<GivenPhone>;

impl<T> Change<T> {
    pub(super) fn into_option(self) -> Option<T> {
        match self {
            Self::To(value) => Some(value),
            Self::Remove => None,
        }
    }
}

/// `UpdateUserRequest`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateUser {
    pub user_id: UserId,
    pub changes: UserChanges,
}

/// `UpdateHumanUserRequest`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateHumanUser {
    pub user_id: UserId,
    pub changes: UserChanges,
}

impl UseCase for UpdateUser {
    const OPERATION: Operation = Operation::UpdateUser;
    type Outcome = Details;

    async fn run(
        self,
        service: &Service,
        permit: &Permit,
        context: &Context,
    ) -> Result<Details, Error> {
        service
            .update(self.user_id, self.changes, permit, context)
            .await
    }
}

impl UseCase for UpdateHumanUser {
    const OPERATION: Operation = Operation::UpdateHumanUser;
    type Outcome = Details;

    async fn run(
        self,
        service: &Service,
        permit: &Permit,
        context: &Context,
    ) -> Result<Details, Error> {
        service
            .update(self.user_id, self.changes, permit, context)
            .await
    }
}

impl Service {
    /// Changes all that a request names of a user in one write, or nothing. The right to each part is
    /// asked for before anything is read.
    ///
    /// Requests, one after another: 3, and as a `SetPassword` has them with a password. A new login
    /// name beside the current password takes 3 more: the check has written to the user's item,
    /// which moves to another key only as it is.
    async fn update(
        &self,
        id: UserId,
        mut changes: UserChanges,
        permit: &Permit,
        context: &Context,
    ) -> Result<Details, Error> {
        let scope = permit.user(&id)?;
        self.may_update(&changes, scope, permit, context)?;
        context.record.user(&id);
        let (command, now) = (UserCommand::Other, context.now);
        if changes.needs_code() {
            return Err(UserError::SendingNotSetUp.into());
        }
        let password = changes.password.take();
        let apply = |account: &Account| Ok(changes.apply(account.clone(), now)?);
        let after = if let Some(password) = password {
            let prepare = self.prepare_password(&id, password, command, permit, context, apply);
            let prepared = prepare.await?;
            self.write_password(prepared, command, permit, context, apply)
                .await?
        } else {
            let search = UserSearch::Id(id);
            let change = self.users.change::<Fault>(&search, now, apply);
            let updated = context.database(change).await;
            updated.map_err(|fault| fault.of(command))?.1
        };
        Ok(self.user_details(&after))
    }

    /// Users change their own profile at any time, their phone number and password as in the calls
    /// for these, and neither the login name, whose answer would tell who else exists, nor the
    /// address that proves who they are.
    fn may_update(
        &self,
        changes: &UserChanges,
        scope: UserScope,
        permit: &Permit,
        context: &Context,
    ) -> Result<(), Error> {
        if scope == UserScope::Any {
            return Ok(());
        }
        let sets_phone = matches!(changes.phone, Some(Change::To(_)));
        if changes.login_name.is_some() || changes.email.is_some() || sets_phone {
            return Err(Error::PermissionDenied);
        }
        if changes.phone.is_some() {
            permit.require_fresh(context.now, self.policy.fresh)?;
        }
        match &changes.password {
            Some(password) => self.may_set_password(password, scope, permit, context),
            None => Ok(()),
        }
    }
}

impl UserChanges {
    fn needs_code(&self) -> bool {
        let email = self.email.as_ref().map(|email| email.verification);
        let phone = match &self.phone {
            Some(Change::To(phone)) => Some(phone.verification),
            _ => None,
        };
        [email, phone].contains(&Some(Verification::ByCode))
    }

    /// The account after the changes at `now`, but for the password.
    fn apply(&self, account: Account, now: Timestamp) -> Result<Account, UserError> {
        let mut profile = account.profile.clone();
        let names = &self.profile;
        for (own, new) in [
            (&mut profile.given_name, &names.given_name),
            (&mut profile.family_name, &names.family_name),
        ] {
            if new.is_some() {
                own.clone_from(new);
            }
        }
        if let Some(change) = names.nick_name.clone() {
            profile.nick_name = change.into_option();
        }
        if let Some(change) = names.language.clone() {
            profile.language = change.into_option();
        }
        if let Some(change) = names.gender {
            profile.gender = change.into_option();
        }
        if let Some(email) = self.email.clone() {
            let new = email.contact(now)?;
            profile.email = Some(new.after(profile.email.as_ref()));
        }
        if let Some(change) = self.phone.clone() {
            let new = change.into_option().map(|phone| phone.contact(now));
            let new = new.transpose()?;
            profile.phone = new.map(|phone| phone.after(profile.phone.as_ref()));
        }
        let mut account = account.with_profile(profile);
        if let Some(change) = names.display_name.clone() {
            account = account.with_display_name(change.into_option());
        }
        if let Some(name) = self.login_name.clone() {
            account.user.login_name = name;
        }
        Ok(account)
    }
}
