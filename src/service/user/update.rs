use super::change::{ChangeParts, ChangedUser};
use super::contact::{with_email, with_phone, without_phone};
use super::factors::own_session;
use super::given::{GivenEmail, GivenPhone, Verification};
use super::password::PasswordChange;
use crate::domain::{
    Account, DisplayName, Gender, Language, LoginName, Operation, Permit, PersonName, Timestamp,
    UserId, UserScope,
};
use crate::error::{Error, UserCommand};
use crate::service::{Context, Service, UseCase};

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
    type Outcome = ChangedUser;

    async fn run(
        self,
        service: &Service,
        permit: &Permit,
        context: &Context,
    ) -> Result<ChangedUser, Error> {
        service
            .update(self.user_id, self.changes, permit, context)
            .await
    }
}

impl UseCase for UpdateHumanUser {
    const OPERATION: Operation = Operation::UpdateHumanUser;
    type Outcome = ChangedUser;

    async fn run(
        self,
        service: &Service,
        permit: &Permit,
        context: &Context,
    ) -> Result<ChangedUser, Error> {
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
    ) -> Result<ChangedUser, Error> {
        self.may_update(&id, &changes, permit, context)?;
        let is_own = permit.principal().user() == Some(&id);
        let waits = self.own_email_waits(is_own);
        let asked = self.asked_codes(changes.email(), changes.phone(), permit, context);
        let asked = asked.await?;
        context.record.user(&id);
        let (command, now) = (UserCommand::Other, context.now);
        let password = changes.password.take();
        let apply = |account: &Account| {
            let after = changes.apply(account.clone(), now, waits);
            if changes.has_contact() {
                self.require_strongest(account, permit, context)?;
                self.may_be_left(is_own, account, &after)?;
            }
            Ok(after)
        };
        let (after, codes) = if let Some(password) = password {
            let prepare = self.prepare_password(&id, password, command, permit, context, &apply);
            let prepared = prepare.await?;
            self.write_password(prepared, command, &asked, permit, context, &apply)
                .await?
        } else {
            let seen = self.find_user(&id, context).await;
            let seen = seen.map_err(|refusal| refusal.of(command))?;
            let parts = ChangeParts {
                command,
                asked: &asked,
                proof: None,
                kept: own_session(&id, permit),
            };
            self.change_and_send(seen, parts, permit, context, &apply)
                .await?
        };
        Ok(ChangedUser {
            details: self.user_details(&after),
            codes,
        })
    }

    /// Users change their own profile at any time, their addresses and password as in the calls for
    /// these, and never the login name, whose answer would tell who else exists. A password may be
    /// set by a code alone.
    fn may_update(
        &self,
        id: &UserId,
        changes: &UserChanges,
        permit: &Permit,
        context: &Context,
    ) -> Result<(), Error> {
        if let Some(password) = &changes.password {
            self.may_set_password(id, password, permit, context)?;
            if changes.is_password_alone() {
                return Ok(());
            }
        }
        let is_own = permit.user(id)? == UserScope::Own;
        if is_own && changes.login_name.is_some() {
            return Err(Error::PermissionDenied);
        }
        if let Some(email) = &changes.email {
            self.may_set_contact(is_own, email, permit, context)?;
        }
        match &changes.phone {
            Some(Change::To(phone)) => self.may_set_contact(is_own, phone, permit, context),
            Some(Change::Remove) => self.require_strongest_at_first(permit, context),
            None => Ok(()),
        }
    }
}

impl UserChanges {
    fn is_password_alone(&self) -> bool {
        let rest = Self {
            password: None,
            ..self.clone()
        };
        rest == Self::default()
    }

    fn has_contact(&self) -> bool {
        self.email.is_some() || self.phone.is_some()
    }

    fn email(&self) -> Option<&Verification> {
        self.email.as_ref().map(|email| &email.verification)
    }

    fn phone(&self) -> Option<&Verification> {
        match &self.phone {
            Some(Change::To(phone)) => Some(&phone.verification),
            Some(Change::Remove) | None => None,
        }
    }

    /// The account after the changes at `now`, but for the password. With `waits`, an address that
    /// nobody has verified waits beside any other.
    fn apply(&self, account: Account, now: Timestamp, waits: bool) -> Account {
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
            let by_code = matches!(email.verification, Verification::ByCode(_));
            profile = with_email(&profile, email.contact(now), by_code, waits);
        }
        match self.phone.clone() {
            Some(Change::To(phone)) => {
                let by_code = matches!(phone.verification, Verification::ByCode(_));
                profile = with_phone(&profile, phone.contact(now), by_code);
            }
            Some(Change::Remove) => profile.phone = None,
            None => {}
        }
        let mut account = account.with_profile(profile);
        if self.phone == Some(Change::Remove) {
            account = without_phone(&account);
        }
        if let Some(change) = names.display_name.clone() {
            account = account.with_display_name(change.into_option());
        }
        if let Some(name) = self.login_name.clone() {
            account.user.login_name = name;
        }
        account
    }
}
