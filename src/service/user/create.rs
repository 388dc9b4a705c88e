use super::answers::Fault;
use super::change::ReturnedCodes;
use super::given::{GivenEmail, GivenPhone};
use super::password::NewCredential;
use crate::domain::{
    Account, DisplayName, LoginName, NewUser, Operation, Permit, Profile, Timestamp, TotpSecret,
    UserId, UserState,
};
use crate::error::{Error, UserCommand, UserError};
use crate::service::{Context, Details, Service, UseCase};

/// A user to register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// The organisation that is to have the user; `None`: this deployment's.
    pub organization: Option<OrganizationName>,
    /// `None`: a random one.
    pub user_id: Option<UserId>,
    /// `None`: the e-mail address.
    pub login_name: Option<LoginName>,
    pub display_name: Option<DisplayName>,
    /// Without the contacts.
    pub profile: Profile,
    pub email: GivenEmail,
    pub phone: Option<GivenPhone>,
    pub password: Option<NewCredential>,
    /// The secret of an authenticator app that the user has already.
    pub totp_secret: Option<TotpSecret>,
}

/// How a request names an organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrganizationName {
    Id(String),
    /// By a domain, which no organisation here has.
    Domain,
}

/// A user who was added.
#[derive(Clone, Debug)]
pub struct CreatedUser {
    pub user_id: UserId,
    pub details: Details,
    pub created_at: Timestamp,
    pub codes: ReturnedCodes,
}

/// `CreateUserRequest`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateUser(pub Registration);

/// `AddHumanUserRequest`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddHumanUser(pub Registration);

impl UseCase for CreateUser {
    const OPERATION: Operation = Operation::CreateUser;
    type Outcome = CreatedUser;

    /// Requests: 1, and one to where passwords are looked up; for each code 3 and the message.
    async fn run(
        self,
        service: &Service,
        permit: &Permit,
        context: &Context,
    ) -> Result<CreatedUser, Error> {
        service.register(self.0, permit, context).await
    }
}

impl UseCase for AddHumanUser {
    const OPERATION: Operation = Operation::AddHumanUser;
    type Outcome = CreatedUser;

    /// Requests: 1, and one to where passwords are looked up; for each code 3 and the message.
    async fn run(
        self,
        service: &Service,
        permit: &Permit,
        context: &Context,
    ) -> Result<CreatedUser, Error> {
        service.register(self.0, permit, context).await
    }
}

impl Service {
    /// Adds a user. A password is judged and hashed first, and whether the name is taken is told by
    /// the write alone, so that of two at once one gets it.
    async fn register(
        &self,
        registration: Registration,
        permit: &Permit,
        context: &Context,
    ) -> Result<CreatedUser, Error> {
        self.check_organization(registration.organization.as_ref())?;
        let phone = registration.phone.as_ref().map(|phone| &phone.verification);
        let asked = self.asked_codes(
            Some(&registration.email.verification),
            phone,
            permit,
            context,
        );
        let asked = asked.await?;
        let (now, email) = (context.now, registration.email);
        let login_name = match registration.login_name {
            Some(name) => name,
            // All characters of an address are visible.
            None => {
                LoginName::parse_new(email.address.as_str()).map_err(UserError::LoginNameInvalid)?
            }
        };
        let profile = Profile {
            email: Some(email.contact(now)),
            phone: registration.phone.map(|phone| phone.contact(now)),
            ..registration.profile
        };
        let mut new = NewUser {
            login_name,
            user_id: registration.user_id.unwrap_or_else(UserId::generate),
            display_name: registration.display_name,
            state: UserState::Active,
            password_hash: None,
            change_required: false,
            profile,
        };
        context.record.user(&new.user_id);
        let totp = match &registration.totp_secret {
            Some(secret) => Some(self.first_totp(&new.user_id, secret, context).await?),
            None => None,
        };
        if let Some(credential) = registration.password {
            new.change_required = credential.change_required;
            let password = &credential.password;
            let user = Account::new(new.clone(), now);
            self.judge(password, context).await?;
            self.judge_names(password, &user)?;
            new.password_hash = Some(self.hash(password, context).await?);
        }
        if !asked.is_none() {
            // Who was added is sent the codes, whatever the client's deadline.
            context.record.note(|facts| facts.runs_to_end = true);
        }
        let mut account = Account::new(new, now);
        account.factors.totp = totp;
        let added = context.database(self.users.add_account(account)).await;
        let added = added.map_err(|refusal| Fault::from(refusal).of(UserCommand::Other))?;
        let codes = self.send_first_codes(&added, &asked, permit, context).await;
        Ok(CreatedUser {
            codes,
            details: self.user_details(&added),
            user_id: added.user.user_id,
            created_at: now,
        })
    }

    /// There is one organisation, which owns all users.
    fn check_organization(&self, named: Option<&OrganizationName>) -> Result<(), UserError> {
        match named {
            None => Ok(()),
            Some(OrganizationName::Id(id)) if *id == self.policy.resource_owner => Ok(()),
            Some(_) => Err(UserError::OrganizationUnknown),
        }
    }
}
