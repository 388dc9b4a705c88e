use super::answers::Fault;
use crate::domain::{
    Account, Contact, EmailAddress, Operation, Permit, PhoneNumber, Profile, Timestamp, UserId,
    UserSearch,
};
use crate::error::{Error, UserCommand, UserError};
use crate::service::{Context, Details, Service, UseCase};

/// What a request says of whether the user is reached at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verification {
    /// The principal vouches for it.
    Verified,
    /// Nobody has verified it, and nothing is sent there.
    Unverified,
    /// The user is to be sent a code.
    ByCode,
}

/// An address that a user is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenContact<A> {
    pub address: A,
    pub verification: Verification,
}

pub type GivenEmail = GivenContact<EmailAddress>;
pub type GivenPhone = GivenContact<PhoneNumber>;

impl<A> GivenContact<A> {
    /// The contact that a user has from `now` on.
    ///
    /// # Errors
    ///
    /// [`UserError::SendingNotSetUp`]: it would take a code.
    pub fn contact(self, now: Timestamp) -> Result<Contact<A>, UserError> {
        let verified_at = match self.verification {
            Verification::Verified => Some(now),
            Verification::Unverified => None,
            Verification::ByCode => return Err(UserError::SendingNotSetUp),
        };
        Ok(Contact {
            address: self.address,
            verified_at,
        })
    }
}

/// `SetEmailRequest`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetEmail {
    pub user_id: UserId,
    pub email: GivenEmail,
}

impl UseCase for SetEmail {
    const OPERATION: Operation = Operation::SetEmail;
    type Outcome = Details;

    /// Requests, one after another: 3.
    async fn run(
        self,
        service: &Service,
        permit: &Permit,
        context: &Context,
    ) -> Result<Details, Error> {
        permit.user(&self.user_id)?;
        let email = self.email.contact(context.now)?;
        let change = |profile: &Profile| {
            if profile.email.as_ref().is_some_and(|own| own.is_as(&email)) {
                return Err(UserError::EmailUnchanged);
            }
            Ok(Profile {
                email: Some(email.clone()),
                ..profile.clone()
            })
        };
        service
            .change_profile(&self.user_id, UserCommand::SetEmail, context, change)
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
    type Outcome = Details;

    /// Requests, one after another: 3.
    async fn run(
        self,
        service: &Service,
        permit: &Permit,
        context: &Context,
    ) -> Result<Details, Error> {
        permit.user(&self.user_id)?;
        let phone = self.phone.contact(context.now)?;
        let change = |profile: &Profile| {
            Ok(Profile {
                phone: Some(phone.clone().after(profile.phone.as_ref())),
                ..profile.clone()
            })
        };
        service
            .change_profile(&self.user_id, UserCommand::Other, context, change)
            .await
    }
}

/// `RemovePhoneRequest`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemovePhone {
    pub user_id: UserId,
}

impl UseCase for RemovePhone {
    const OPERATION: Operation = Operation::RemovePhone;
    type Outcome = Details;

    /// Removes the phone number, if there is one.
    ///
    /// Requests, one after another: 3, or 2 without a number.
    async fn run(
        self,
        service: &Service,
        permit: &Permit,
        context: &Context,
    ) -> Result<Details, Error> {
        permit.user(&self.user_id)?;
        permit.require_fresh(context.now, service.policy.fresh)?;
        let change = |profile: &Profile| {
            Ok(Profile {
                phone: None,
                ..profile.clone()
            })
        };
        service
            .change_profile(&self.user_id, UserCommand::Other, context, change)
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
        let change = |profile: &Profile| {
            Ok(Profile {
                mfa_skipped_at: Some(context.now),
                ..profile.clone()
            })
        };
        service
            .change_profile(&self.user_id, UserCommand::Other, context, change)
            .await
    }
}

impl Service {
    /// Changes the profile of a user, who keeps the sessions.
    async fn change_profile(
        &self,
        id: &UserId,
        command: UserCommand,
        context: &Context,
        change: impl Fn(&Profile) -> Result<Profile, UserError>,
    ) -> Result<Details, Error> {
        context.record.user(id);
        let search = UserSearch::Id(id.clone());
        let changed = self
            .users
            .change(&search, context.now, |account: &Account| {
                let profile = change(&account.profile)?;
                Ok::<_, Fault>(Account {
                    user: account.user.clone(),
                    profile,
                })
            });
        let changed = context.database(changed).await;
        let (_, after) = changed.map_err(|fault| fault.of(command))?;
        Ok(self.user_details(&after))
    }
}
