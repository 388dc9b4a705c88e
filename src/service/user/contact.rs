use super::change::{AccountChange, AskedCodes, ChangeParts, ChangedUser};
use super::factors::own_session;
use super::given::{GivenContact, GivenEmail, GivenPhone, Verification};
use crate::domain::{
    Account, Contact, EmailAddress, FactorKind, Operation, Permit, PhoneNumber, Profile, UserId,
    UserScope,
};
use crate::error::{Error, UserCommand, UserError};
use crate::service::{Context, Details, Service, UseCase};

/// `SetEmailRequest`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetEmail {
    pub user_id: UserId,
    pub email: GivenEmail,
}

impl UseCase for SetEmail {
    const OPERATION: Operation = Operation::SetEmail;
    type Outcome = ChangedUser;

    /// Sets the e-mail address. One that nobody has verified waits beside a verified one.
    ///
    /// Requests, one after another: 3, with a code 5 and the message, and those of a notice.
    async fn run(
        self,
        service: &Service,
        permit: &Permit,
        context: &Context,
    ) -> Result<ChangedUser, Error> {
        let Self { user_id, email } = self;
        let is_own = permit.user(&user_id)? == UserScope::Own;
        service.may_set_contact(is_own, &email, permit, context)?;
        let by_code = matches!(email.verification, Verification::ByCode(_));
        let waits = service.own_email_waits(is_own);
        let asked = service.asked_codes(Some(&email.verification), None, permit, context);
        let asked = asked.await?;
        let email = email.contact(context.now);
        let change = |account: &Account| {
            service.require_strongest(account, permit, context)?;
            let after = with_email(&account.profile, email.clone(), by_code, waits);
            let is_asked = by_code && after.unverified_email().is_some();
            if after == account.profile && !is_asked {
                return Err(UserError::EmailUnchanged.into());
            }
            Ok(account.clone().with_profile(after))
        };
        service
            .change_contact(
                &user_id,
                UserCommand::SetEmail,
                &asked,
                permit,
                context,
                &change,
            )
            .await
    }
}

/// `SetPhoneRequest`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetPhone {
    pub user_id: UserId,
    pub phone: GivenPhone,
}

impl UseCase for SetPhone {
    const OPERATION: Operation = Operation::SetPhone;
    type Outcome = ChangedUser;

    /// Requests, one after another: 3, with a code 5 and the message, and those of a notice.
    async fn run(
        self,
        service: &Service,
        permit: &Permit,
        context: &Context,
    ) -> Result<ChangedUser, Error> {
        let Self { user_id, phone } = self;
        let is_own = permit.user(&user_id)? == UserScope::Own;
        service.may_set_contact(is_own, &phone, permit, context)?;
        let by_code = matches!(phone.verification, Verification::ByCode(_));
        let asked = service.asked_codes(None, Some(&phone.verification), permit, context);
        let asked = asked.await?;
        let phone = phone.contact(context.now);
        let change = |account: &Account| {
            service.require_strongest(account, permit, context)?;
            let after = with_phone(&account.profile, phone.clone(), by_code);
            Ok(account.clone().with_profile(after))
        };
        service
            .change_contact(
                &user_id,
                UserCommand::Other,
                &asked,
                permit,
                context,
                &change,
            )
            .await
    }
}

/// The profile with another e-mail address. By code, one that is verified already stays so.
pub(super) fn with_email(
    profile: &Profile,
    email: Contact<EmailAddress>,
    by_code: bool,
    waits: bool,
) -> Profile {
    let mut after = profile.clone();
    if by_code && profile.is_verified_email(&email.address) {
        after.new_email = None;
    } else {
        after.set_email(email, waits);
    }
    after
}

/// The profile with another phone number. By code, one that is verified already stays so.
pub(super) fn with_phone(profile: &Profile, phone: Contact<PhoneNumber>, by_code: bool) -> Profile {
    let mut after = profile.clone();
    if !(by_code && profile.verified_phone() == Some(&phone.address)) {
        after.phone = Some(phone.after(profile.phone.as_ref()));
    }
    after
}

/// The account without a phone number. Codes by SMS go with it, which is the removal of a factor.
pub(super) fn without_phone(account: &Account) -> Account {
    let mut after = account.without_factor(FactorKind::OtpSms);
    after.profile.phone = None;
    after
}

/// `RemovePhoneRequest`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemovePhone {
    pub user_id: UserId,
}

impl UseCase for RemovePhone {
    const OPERATION: Operation = Operation::RemovePhone;
    type Outcome = Details;

    /// Removes the phone number, if there is one, and with it the codes that are sent there.
    ///
    /// Requests, one after another: 3, or 2 without a number.
    async fn run(
        self,
        service: &Service,
        permit: &Permit,
        context: &Context,
    ) -> Result<Details, Error> {
        let is_own = service.may_change_factors(&self.user_id, permit, context)?;
        let change = |account: &Account| {
            service.require_strongest(account, permit, context)?;
            let after = without_phone(account);
            service.may_be_left(is_own, account, &after)?;
            Ok(after)
        };
        service
            .change_profile(&self.user_id, permit, context, &change)
            .await
    }
}

/// `HumanMFAInitSkippedRequest`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HumanMFAInitSkipped {
    pub user_id: UserId,
}

impl UseCase for HumanMFAInitSkipped {
    const OPERATION: Operation = Operation::HumanMFAInitSkipped;
    type Outcome = Details;

    /// Requests, one after another: 3.
    async fn run(
        self,
        service: &Service,
        permit: &Permit,
        context: &Context,
    ) -> Result<Details, Error> {
        permit.user(&self.user_id)?;
        let change = |account: &Account| {
            let mut after = account.clone();
            after.profile.mfa_skipped_at = Some(context.now);
            Ok(after)
        };
        service
            .change_profile(&self.user_id, permit, context, &change)
            .await
    }
}

impl Service {
    /// Whether an address that users give themselves waits in any case: where addresses are unique,
    /// only who reads its mail learns that it is taken.
    pub(super) fn own_email_waits(&self, is_own: bool) -> bool {
        is_own && self.policy.unique_emails
    }

    /// Users may give themselves an address by a code that is sent there, shortly after a login: that
    /// of a second factor may be sent there, or a reset.
    pub(super) fn may_set_contact<A>(
        &self,
        is_own: bool,
        contact: &GivenContact<A>,
        permit: &Permit,
        context: &Context,
    ) -> Result<(), Error> {
        if is_own && !contact.may_be_own() {
            return Err(Error::PermissionDenied);
        }
        self.require_strongest_at_first(permit, context)
    }

    /// Changes the profile of a user without a code.
    async fn change_profile(
        &self,
        id: &UserId,
        permit: &Permit,
        context: &Context,
        change: AccountChange<'_>,
    ) -> Result<Details, Error> {
        let (command, asked) = (UserCommand::Other, AskedCodes::default());
        let changed = self.change_contact(id, command, &asked, permit, context, change);
        Ok(changed.await?.details)
    }

    async fn change_contact(
        &self,
        id: &UserId,
        command: UserCommand,
        asked: &AskedCodes,
        permit: &Permit,
        context: &Context,
        change: AccountChange<'_>,
    ) -> Result<ChangedUser, Error> {
        context.record.user(id);
        let seen = self.find_user(id, context).await;
        let seen = seen.map_err(|refusal| refusal.of(command))?;
        let parts = ChangeParts {
            command,
            asked,
            proof: None,
            kept: own_session(id, permit),
        };
        let changed = self.change_and_send(seen, parts, permit, context, change);
        let (after, codes) = changed.await?;
        Ok(ChangedUser {
            details: self.user_details(&after),
            codes,
        })
    }
}
