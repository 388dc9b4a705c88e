//! The calls that take a code and change nothing but what it verifies.

use super::answers::Fault;
use super::change::{AskedCodes, ChangeParts};
use crate::domain::{
    Account, CodePurpose, Contact, Destination, Operation, Permit, PresentedCode, UserId,
};
use crate::error::{Error, UserCommand};
use crate::service::codes::CodeUser;
use crate::service::{Context, Details, Service, UseCase};

/// `VerifyEmailRequest`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyEmail {
    pub user_id: UserId,
    pub code: PresentedCode,
}

/// `VerifyPhoneRequest`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyPhone {
    pub user_id: UserId,
    pub code: PresentedCode,
}

/// `VerifyInviteCodeRequest`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyInviteCode {
    pub user_id: UserId,
    pub code: PresentedCode,
}

/// Defines the calls that take a code for one purpose.
macro_rules! verifications {
    ($($call:ident: $purpose:ident, $command:ident;)*) => {
        $(
            impl UseCase for $call {
                const OPERATION: Operation = Operation::$call;
                type Outcome = Details;

                /// Requests, one after another: 3 for a code that is wrong, 4 for one that is right,
                /// and those of a notice.
                async fn run(
                    self,
                    service: &Service,
                    permit: &Permit,
                    context: &Context,
                ) -> Result<Details, Error> {
                    let (purpose, command) = (CodePurpose::$purpose, UserCommand::$command);
                    let Self { user_id, code } = self;
                    service
                        .verify_address(&user_id, purpose, &code, command, permit, context)
                        .await
                }
            }
        )*
    };
}

verifications! {
    VerifyEmail: VerifyEmail, SetEmail;
    VerifyPhone: VerifyPhone, Other;
    VerifyInviteCode: Invite, VerifyInvite;
}

impl Service {
    /// Notes that a user is reached at the address of a code.
    async fn verify_address(
        &self,
        id: &UserId,
        purpose: CodePurpose,
        presented: &PresentedCode,
        command: UserCommand,
        permit: &Permit,
        context: &Context,
    ) -> Result<Details, Error> {
        context.record.user(id);
        let CodeUser { seen, code } = self
            .check_code(id, purpose, presented, command, permit, context)
            .await?;
        let asked = AskedCodes::default();
        let parts = ChangeParts {
            command,
            asked: &asked,
            proof: Some(&code),
            kept: None,
        };
        let change = |account: &Account| {
            code.require_current(account)?;
            Ok::<_, Fault>(verified(account, &code.destination, context))
        };
        let changed = self.change_and_send(seen, parts, permit, context, &change);
        match changed.await {
            Ok((after, _)) => Ok(self.user_details(&after)),
            Err(error) => {
                self.return_try(&code, context).await;
                Err(error)
            }
        }
    }
}

fn verified(account: &Account, destination: &Destination, context: &Context) -> Account {
    let mut profile = account.profile.clone();
    match destination {
        Destination::Email(address) => profile.verify_email(address, context.now),
        Destination::Phone(number) => {
            profile.phone = Some(Contact {
                address: number.clone(),
                verified_at: Some(context.now),
            });
        }
    }
    account.clone().with_profile(profile)
}
