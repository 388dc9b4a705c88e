use super::answers::ShownUser;
use crate::domain::{
    Account, FactorKinds, ListedCredential, Operation, Page, Permit, Timestamp, UserId,
};
use crate::error::Error;
use crate::service::{Context, Service, UseCase};

/// `GetUserByIDRequest`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetUserByID {
    pub user_id: UserId,
}

impl UseCase for GetUserByID {
    const OPERATION: Operation = Operation::GetUserByID;
    type Outcome = Box<ShownUser>;

    /// Requests, one after another: 2.
    async fn run(
        self,
        service: &Service,
        permit: &Permit,
        context: &Context,
    ) -> Result<Box<ShownUser>, Error> {
        permit.user(&self.user_id)?;
        context.record.user(&self.user_id);
        let found = service.find_user(&self.user_id, context).await;
        let found = found.map_err(super::UserRefusal::of_read)?;
        Ok(Box::new(service.shown(found.account, context.now)))
    }
}

/// `ListAuthenticationMethodTypesRequest`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListAuthenticationMethodTypes {
    pub user_id: UserId,
    /// Of passkeys and security keys, only those of this domain count. `None`: all do.
    pub domain: Option<String>,
}

/// `ListAuthenticationMethodTypesResponse`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedMethods {
    pub has_password: bool,
    /// The kinds of second factors that the user has.
    pub kinds: FactorKinds,
    pub sequence: u64,
    pub timestamp: Timestamp,
}

impl UseCase for ListAuthenticationMethodTypes {
    const OPERATION: Operation = Operation::ListAuthenticationMethodTypes;
    type Outcome = ListedMethods;

    /// Requests, one after another: 2.
    async fn run(
        self,
        service: &Service,
        permit: &Permit,
        context: &Context,
    ) -> Result<ListedMethods, Error> {
        permit.user(&self.user_id)?;
        context.record.user(&self.user_id);
        let found = service.find_user(&self.user_id, context).await;
        let account = found.map_err(super::UserRefusal::of_read)?.account;
        Ok(ListedMethods {
            has_password: account.user.password_hash.is_some(),
            kinds: kinds(&account, self.domain.as_deref()),
            sequence: account.profile.sequence.0,
            timestamp: context.now,
        })
    }
}

fn kinds(account: &Account, domain: Option<&str>) -> FactorKinds {
    let is_of_domain =
        |one: &&ListedCredential| domain.is_none_or(|domain| one.rp_id.as_str() == domain);
    let credentials = account.credentials.listed.iter().filter(is_of_domain);
    let of_credentials = credentials.map(|one| one.kind.into());
    account
        .factors
        .kinds()
        .iter()
        .chain(of_credentials)
        .collect()
}

/// `ListIDPLinksRequest`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListIDPLinks {
    pub user_id: UserId,
    /// Checked, though no list has a second page.
    pub page: Page,
}

impl UseCase for ListIDPLinks {
    const OPERATION: Operation = Operation::ListIDPLinks;
    /// When the list, which is always empty, was read.
    type Outcome = Timestamp;

    /// Requests, one after another: 2.
    async fn run(
        self,
        service: &Service,
        permit: &Permit,
        context: &Context,
    ) -> Result<Timestamp, Error> {
        permit.user(&self.user_id)?;
        context.record.user(&self.user_id);
        let found = service.find_user(&self.user_id, context).await;
        found.map_err(super::UserRefusal::of_read)?;
        Ok(context.now)
    }
}
