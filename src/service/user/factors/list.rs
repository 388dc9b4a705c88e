use crate::domain::{
    CredentialKind, FactorKind, FactorKinds, Operation, Permit, RegistrationId, UserId,
};
use crate::error::Error;
use crate::service::user::UserRefusal;
use crate::service::{Context, Service, UseCase};

/// `ListAuthenticationFactorsRequest`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListAuthenticationFactors {
    pub user_id: UserId,
    pub kinds: FactorKinds,
    pub states: FactorStates,
}

/// The states of the factors to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FactorStates {
    pub ready: bool,
    /// An authenticator app that is being set up.
    pub pending: bool,
}

/// A factor of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedFactor {
    pub kind: FactorKind,
    pub is_ready: bool,
    /// Of a security key, its id and its name.
    pub key: Option<(RegistrationId, String)>,
}

impl UseCase for ListAuthenticationFactors {
    const OPERATION: Operation = Operation::ListAuthenticationFactors;
    type Outcome = Vec<ListedFactor>;

    /// Requests, one after another: 2.
    async fn run(
        self,
        service: &Service,
        permit: &Permit,
        context: &Context,
    ) -> Result<Vec<ListedFactor>, Error> {
        permit.user(&self.user_id)?;
        context.record.user(&self.user_id);
        let found = service.find_user(&self.user_id, context).await;
        let account = found.map_err(UserRefusal::of_read)?.account;
        let factors = account.factors;
        let pending = factors.pending_totp.as_ref();
        let is_pending = pending.is_some_and(|pending| pending.is_open(context.now));

        let listed = |kind, is_ready| ListedFactor {
            kind,
            is_ready,
            key: None,
        };
        let ready = factors.kinds();
        let ready = ready.iter().filter(|_| self.states.ready);
        let ready = ready.map(|kind| listed(kind, true));
        let pending = is_pending && self.states.pending;
        let pending = pending.then_some(listed(FactorKind::Totp, false));
        let keys = account.credentials.of(CredentialKind::U2f);
        let keys = keys.filter(|_| self.states.ready).map(|key| ListedFactor {
            key: Some((key.registration, key.name.clone())),
            ..listed(FactorKind::U2f, true)
        });
        let all = pending.into_iter().chain(ready).chain(keys);
        Ok(all.filter(|one| self.kinds.has(one.kind)).collect())
    }
}
