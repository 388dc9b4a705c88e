use super::UserRefusal;
use super::answers::{Fault, is_due};
use crate::domain::{Account, Operation, Permit, StateChange, UserId, UserSearch};
use crate::error::{Error, UserCommand, UserError};
use crate::service::{Context, Details, Service, UseCase};

/// Defines the calls that change the state of a user.
macro_rules! state_calls {
    ($($(#[$about:meta])* $call:ident: $change:ident;)*) => {
        $(
            $(#[$about])*
            #[derive(Clone, Debug, PartialEq, Eq)]
            pub struct $call {
                pub user_id: UserId,
            }

            impl UseCase for $call {
                const OPERATION: Operation = Operation::$call;
                type Outcome = Details;

                /// Requests, one after another: 3.
                async fn run(
                    self,
                    service: &Service,
                    permit: &Permit,
                    context: &Context,
                ) -> Result<Details, Error> {
                    let change = StateChange::$change;
                    service.change_state(&self.user_id, change, permit, context).await
                }
            }
        )*
    };
}

state_calls! {
    /// `LockUserRequest`.
    LockUser: Lock;
    /// `UnlockUserRequest`.
    UnlockUser: Unlock;
    /// `DeactivateUserRequest`.
    DeactivateUser: Deactivate;
    /// `ReactivateUserRequest`.
    ReactivateUser: Activate;
}

impl Service {
    /// # Errors
    ///
    /// [`UserError::WrongState`]: the user has the state already, or one that bars the change.
    async fn change_state(
        &self,
        id: &UserId,
        change: StateChange,
        permit: &Permit,
        context: &Context,
    ) -> Result<Details, Error> {
        permit.user(id)?;
        context.record.user(id);
        let search = UserSearch::Id(id.clone());
        let changed = |account: &Account| {
            if !is_due(change, account) {
                return Err(UserError::WrongState(change).into());
            }
            Ok::<_, Fault>(account.changed_by(change)?)
        };
        let changed = self.users.change(&search, context.now, &changed);
        let changed = context.database(changed).await;
        let (_, after) = changed.map_err(|fault| fault.of(UserCommand::State(change)))?;
        Ok(self.user_details(&after))
    }
}

/// `DeleteUserRequest`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeleteUser {
    pub user_id: UserId,
}

impl UseCase for DeleteUser {
    const OPERATION: Operation = Operation::DeleteUser;
    type Outcome = Details;

    /// Deletes all that is stored of a user, and so ends all sessions.
    ///
    /// Requests, one after another: 3.
    async fn run(
        self,
        service: &Service,
        permit: &Permit,
        context: &Context,
    ) -> Result<Details, Error> {
        permit.user(&self.user_id)?;
        context.record.user(&self.user_id);
        let search = UserSearch::Id(self.user_id);
        let deleted = context.database(service.users.delete(&search)).await;
        let deleted = deleted.map_err(|refusal: UserRefusal| refusal.of(UserCommand::Delete))?;
        Ok(service.user_details(&deleted.changed(context.now)))
    }
}
