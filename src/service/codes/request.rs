use std::sync::Arc;

use super::{CheckedDelivery, CodeOrder, ReturnedCode};
use crate::domain::{
    Account, Code, CodeId, CodePurpose, CodeRecord, CodeRequest, CodeTarget, Destination,
    Invitation, Issue, Permit, Timestamp, UserState, day_of, until_next_day,
};
use crate::error::{Error, UserError};
use crate::service::{Context, Service};
use crate::store::{IssuedCode, MessageCounter};
use crate::token::{ServerKey, ServerKeys};

/// The messages to one e-mail address and to one phone number on a day, whoever asks for them.
const MAX_TO_EMAIL: u32 = 20;
const MAX_TO_PHONE: u32 = 10;

/// How often a code is asked for while others ask for it or try it.
const MAX_CONFLICTS: usize = 8;

/// A code that is ready to be stored, and then delivered.
#[derive(Debug)]
pub(in crate::service) struct PreparedCode {
    pub write: IssuedCode,
    pub id: CodeId,
    pub code: Code,
}

impl Service {
    /// Makes a code, or takes the one that there is, stores it and delivers it. Returns what is to
    /// be returned.
    ///
    /// Requests, one after another: 3 and the message, of which one counts it by its address and for
    /// the deployment at once; 2 for a code that is returned.
    pub(in crate::service) async fn request_code(
        &self,
        account: &Account,
        order: &CodeOrder,
        keys: &Arc<ServerKeys>,
        permit: &Permit,
        context: &Context,
    ) -> Result<Option<Code>, Error> {
        let requested = self.request_link(account, order, keys, permit, context);
        Ok(requested.await?.map(|returned| returned.code))
    }

    /// The same, with the code's id.
    pub(in crate::service) async fn request_link(
        &self,
        account: &Account,
        order: &CodeOrder,
        keys: &Arc<ServerKeys>,
        permit: &Permit,
        context: &Context,
    ) -> Result<Option<ReturnedCode>, Error> {
        let requested = self.try_request_code(account, order, keys, permit, context);
        let requested = requested.await;
        if let Err(error) = &requested
            && error.is_server_fault()
        {
            context.record.message_failed(error);
        }
        requested
    }

    /// The same, and a failure is not noted.
    pub(in crate::service) async fn try_request_code(
        &self,
        account: &Account,
        order: &CodeOrder,
        keys: &Arc<ServerKeys>,
        permit: &Permit,
        context: &Context,
    ) -> Result<Option<ReturnedCode>, Error> {
        for _ in 0..MAX_CONFLICTS {
            let Some(prepared) = self.prepare_code(account, order, keys, context).await? else {
                return Ok(None);
            };
            context.record.note(|facts| facts.runs_to_end = true);
            let stored = self.store.issue_code(&prepared.write);
            let stored = context.database(stored).await;
            if stored.is_err() && order.is_sent() {
                // It may be stored as one that was sent.
                self.unsend(&prepared.write, context).await;
            }
            if stored? {
                let id = prepared.id;
                let delivered = self.deliver(prepared, account, order, permit, context);
                let code = delivered.await?;
                return Ok(code.map(|code| ReturnedCode { id, code }));
            }
            self.uncount(order, context).await;
        }
        Err(UserError::ChangedMeanwhile.into())
    }

    /// Prepares a code, and counts its message. `None`: it was sent less than a minute ago.
    ///
    /// # Errors
    ///
    /// - [`Error::UserNotActive`]: an administrator has locked or deactivated the user.
    /// - [`UserError::TooManyMessages`].
    pub(in crate::service) async fn prepare_code(
        &self,
        account: &Account,
        order: &CodeOrder,
        keys: &Arc<ServerKeys>,
        context: &Context,
    ) -> Result<Option<PreparedCode>, Error> {
        let user = &account.user;
        if user.state != UserState::Active {
            return Err(Error::UserNotActive);
        }
        let seen = self.store.get_code(&user.user_id, order.purpose);
        let seen = context.database(seen).await?;
        let keys = self.keys_of_code(Arc::clone(keys), &seen, context).await?;
        let (key, target) =
            key_and_target(&keys, &seen, context.now, |key| order.target(account, key));
        if order.is_again && seen.valid(&target, context.now).is_none() {
            return Err(UserError::NoCode(order.purpose).into());
        }
        let request = CodeRequest {
            target,
            is_sent: order.is_sent(),
            invitation: order.invitation(),
        };
        let issue = seen.issue(request, context.now);
        let issue = issue.map_err(|many| UserError::TooManyMessages(many.retry_after))?;
        let Issue::Write(record) = issue else {
            return Ok(None);
        };
        if order.is_sent() {
            // What is counted is sent, whatever the client's deadline.
            context.record.note(|facts| facts.runs_to_end = true);
            self.count(order, context).await?;
        }
        let Some(active) = &record.active else {
            return Err(Error::Internal("a code that was asked for is none".into()));
        };
        let code = key.code(
            &user.user_id,
            order.purpose,
            &order.destination,
            active.id,
            active.round,
        );
        Ok(Some(PreparedCode {
            id: active.id,
            write: IssuedCode::new(seen, *record),
            code,
        }))
    }

    /// Counts a message by its address and for the deployment, both at once. If one of them is
    /// full, the other takes it back: or else messages that nobody is sent would use up the day of
    /// all.
    async fn count(&self, order: &CodeOrder, context: &Context) -> Result<(), Error> {
        let day = day_of(context.now);
        let to = MessageCounter::To(&order.destination);
        let max = match order.destination {
            Destination::Email(_) => MAX_TO_EMAIL,
            Destination::Phone(_) => MAX_TO_PHONE,
        };
        let of_deployment = self.policy.messages.max_per_day;
        let (to_address, in_all) = context
            .database(async {
                tokio::join!(
                    self.store.count_message(to, max, day),
                    self.store
                        .count_message(MessageCounter::Deployment, of_deployment, day),
                )
            })
            .await;
        let (is_free, is_allowed) = match (to_address, in_all) {
            (Ok(is_free), Ok(is_allowed)) => (is_free, is_allowed),
            // What may have been counted stays counted: one too many is better than a limit that
            // failures raise.
            (Err(error), other) => {
                if matches!(other, Ok(true)) {
                    self.take_back(MessageCounter::Deployment, context).await;
                }
                return Err(error);
            }
            (Ok(is_free), Err(error)) => {
                if is_free {
                    self.take_back(to, context).await;
                }
                return Err(error);
            }
        };
        if !is_allowed {
            context.record.message_limit();
        }
        if is_free && is_allowed {
            return Ok(());
        }
        let counted = if is_free {
            to
        } else {
            MessageCounter::Deployment
        };
        if is_free || is_allowed {
            self.take_back(counted, context).await;
        }
        Err(UserError::TooManyMessages(until_next_day(context.now)).into())
    }

    /// Takes back what [`Self::count`] has counted.
    pub(in crate::service) async fn uncount(&self, order: &CodeOrder, context: &Context) {
        if order.is_sent() {
            tokio::join!(
                self.take_back(MessageCounter::To(&order.destination), context),
                self.take_back(MessageCounter::Deployment, context),
            );
        }
    }

    pub(in crate::service) async fn take_back(
        &self,
        counter: MessageCounter<'_>,
        context: &Context,
    ) {
        let day = day_of(context.now);
        let taken = self.store.uncount_message(counter, day);
        if let Err(error) = context.database(taken).await {
            context.record.side_error(&error);
        }
    }
}

/// The key of a code that is asked for, and what it is bound to. A valid one that there is stays as it
/// is, also by another key than the first, so that no change of keys takes it from who waits for it.
pub(in crate::service) fn key_and_target<'a>(
    keys: &'a ServerKeys,
    seen: &CodeRecord,
    now: Timestamp,
    target: impl Fn(&ServerKey) -> CodeTarget,
) -> (&'a ServerKey, CodeTarget) {
    let made_by = seen.active.as_ref().map(|active| active.target.key);
    let made_by = made_by.and_then(|name| keys.with_name(name));
    made_by
        .map(|key| (key, target(key)))
        .filter(|(_, target)| seen.valid(target, now).is_some())
        .unwrap_or_else(|| (keys.first(), target(keys.first())))
}

/// What a code of a user is bound to.
pub(in crate::service) fn code_target(
    account: &Account,
    purpose: CodePurpose,
    destination: Destination,
    key: &ServerKey,
) -> CodeTarget {
    let sets_password = matches!(purpose, CodePurpose::ResetPassword | CodePurpose::Invite);
    let password_changed_at = account.user.password_changed_at;
    let password_changed_at = password_changed_at.filter(|_| sets_password);
    let created_at = account.profile.created_at;
    CodeTarget::new(key.name(), destination, created_at, password_changed_at)
}

impl CodeOrder {
    pub(in crate::service) fn is_sent(&self) -> bool {
        matches!(self.delivery, CheckedDelivery::Send(_))
    }

    fn target(&self, account: &Account, key: &ServerKey) -> CodeTarget {
        code_target(account, self.purpose, self.destination.clone(), key)
    }

    /// What an invitation is sent again with, and of the link for a passkey, whether it is sent.
    fn invitation(&self) -> Option<Invitation> {
        let is_returned = !self.is_sent();
        let template = match &self.delivery {
            CheckedDelivery::Send(template) => template.as_ref(),
            CheckedDelivery::Return => None,
        };
        match self.purpose {
            CodePurpose::Invite => Some(Invitation {
                url_template: template.map(|template| template.as_str().to_owned()),
                application_name: self.application_name.clone(),
                is_returned,
            }),
            CodePurpose::RegisterPasskey => Some(Invitation {
                is_returned,
                ..Invitation::default()
            }),
            CodePurpose::VerifyEmail | CodePurpose::VerifyPhone | CodePurpose::ResetPassword => {
                None
            }
        }
    }
}
