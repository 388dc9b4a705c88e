//! Changes of a user with all that belongs to them: the codes that are asked for, the code that was
//! right, and the messages.

use std::sync::Arc;

use futures_util::future::join_all;

use super::UserRefusal;
use super::answers::Fault;
use super::given::Verification;
use crate::domain::{Account, Code, Destination, Permit, SessionId, UserSearch};
use crate::error::{Error, UserCommand, UserError};
use crate::service::codes::{
    Channel, CheckedCode, CheckedDelivery, CodeOrder, PreparedCode, invalid_code,
};
use crate::service::{Context, Details, Service};
use crate::store::{Alongside, CodeWrite, StoredUser};
use crate::token::ServerKeys;

/// The codes that a request asks for.
#[derive(Clone, Debug, Default)]
pub(super) struct AskedCodes {
    email: Option<CheckedDelivery>,
    phone: Option<CheckedDelivery>,
    /// The keys of their codes, if there are any.
    keys: Option<Arc<ServerKeys>>,
}

/// The codes that are returned.
#[derive(Clone, Debug, Default)]
pub struct ReturnedCodes {
    pub email: Option<Code>,
    pub phone: Option<Code>,
}

/// A user who was changed, and the codes that are returned.
#[derive(Clone, Debug)]
pub struct ChangedUser {
    pub details: Details,
    pub codes: ReturnedCodes,
}

/// What belongs to a change of a user.
#[derive(Clone, Copy)]
pub(super) struct ChangeParts<'a> {
    pub command: UserCommand,
    pub asked: &'a AskedCodes,
    /// The code that permits the change, and is used up by it.
    pub proof: Option<&'a CheckedCode>,
    /// The session that stays.
    pub kept: Option<SessionId>,
}

/// What a change makes of an account. It is no type parameter: that would be a copy of all that
/// surrounds it for each call.
pub(super) type AccountChange<'a> = &'a (dyn Fn(&Account) -> Result<Account, Fault> + Send + Sync);

/// How often a change is tried whose codes others ask for or try at the same time.
const MAX_CONFLICTS: usize = 4;

impl Service {
    /// Checks the codes that a request asks for, before anything is read.
    ///
    /// # Errors
    ///
    /// Those of [`Service::delivery`] and [`Service::code_keys`].
    pub(super) async fn asked_codes(
        &self,
        email: Option<&Verification>,
        phone: Option<&Verification>,
        permit: &Permit,
        context: &Context,
    ) -> Result<AskedCodes, Error> {
        let delivery = |verification: Option<&Verification>, channel| match verification {
            Some(Verification::ByCode(delivery)) => {
                self.delivery(delivery, channel, permit).map(Some)
            }
            Some(Verification::Verified | Verification::Unverified) | None => Ok(None),
        };
        let email = delivery(email, Channel::Email)?;
        let phone = delivery(phone, Channel::Sms)?;
        let keys = if email.is_some() || phone.is_some() {
            Some(self.code_keys(context).await?)
        } else {
            None
        };
        Ok(AskedCodes { email, phone, keys })
    }

    /// Changes a user who was read, sends the codes that the change asks for, and tells the user of
    /// it.
    ///
    /// The codes' messages are counted before, and sent afterwards. If one can't be sent, the change
    /// is made all the same, and the call fails: who asks again is sent the same code.
    pub(super) async fn change_and_send(
        &self,
        mut seen: StoredUser,
        parts: ChangeParts<'_>,
        permit: &Permit,
        context: &Context,
        change: AccountChange<'_>,
    ) -> Result<(Account, ReturnedCodes), Error> {
        let search = UserSearch::Id(seen.account.user.user_id.clone());
        for _ in 0..MAX_CONFLICTS {
            let after = change(&seen.account).map_err(|fault| fault.of(parts.command))?;
            let prepared = self.prepare_codes(&after, parts.asked, context).await?;
            let changed = self.write_with_codes(&seen, &prepared, parts, context, change);
            match changed.await {
                Ok((before, after)) => {
                    // All messages at once, so that the call takes no longer than one of them.
                    let notices = self.tell_of_changes(&before, &after, permit, context);
                    let codes = self.deliver_all(prepared, &after, permit, context);
                    let ((), codes) = tokio::join!(notices, codes);
                    return Ok((after, codes?));
                }
                Err(fault) => {
                    for (order, code) in &prepared {
                        self.uncount(order, context).await;
                        if fault.is_server_fault() && order.is_sent() {
                            // It may be stored as one that was sent.
                            self.unsend(&code.write, context).await;
                        }
                    }
                    match (fault, parts.proof) {
                        (Fault::Refusal(UserRefusal::CodeChanged), None) => {}
                        // With codes that are asked for, one of those may be what has changed.
                        (Fault::Refusal(UserRefusal::CodeChanged), Some(proof))
                            if prepared.is_empty() =>
                        {
                            return Err(invalid_code(proof.record.purpose));
                        }
                        (fault, _) => return Err(fault.of(parts.command)),
                    }
                }
            }
            let found = context.database(self.users.find(&search)).await;
            seen = found.map_err(|refusal| refusal.of(parts.command))?;
        }
        Err(UserError::ChangedMeanwhile.into())
    }

    /// Prepares the codes that are asked for of addresses that nobody has verified.
    async fn prepare_codes(
        &self,
        after: &Account,
        asked: &AskedCodes,
        context: &Context,
    ) -> Result<Vec<(CodeOrder, PreparedCode)>, Error> {
        let mut prepared = Vec::new();
        let Some(keys) = &asked.keys else {
            return Ok(prepared);
        };
        for order in asked.orders(after) {
            match self.prepare_code(after, &order, keys, context).await {
                Ok(Some(code)) => prepared.push((order, code)),
                Ok(None) => {}
                Err(error) => {
                    for (order, _) in &prepared {
                        self.uncount(order, context).await;
                    }
                    return Err(error);
                }
            }
        }
        Ok(prepared)
    }

    async fn write_with_codes(
        &self,
        seen: &StoredUser,
        prepared: &[(CodeOrder, PreparedCode)],
        parts: ChangeParts<'_>,
        context: &Context,
        change: AccountChange<'_>,
    ) -> Result<(Account, Account), Fault> {
        // What is changed is told, and what is asked for is sent, whatever the client's deadline.
        context.record.note(|facts| facts.runs_to_end = true);
        let is_change = change(&seen.account)? != seen.account;
        if !is_change && parts.proof.is_none() {
            for (stored, (_, code)) in prepared.iter().enumerate() {
                let issued = self.store.issue_code(&code.write);
                let issued = context.database(issued).await;
                if !issued.map_err(Fault::Call)? {
                    // Those before it are stored as ones that were sent.
                    for (_, code) in &prepared[..stored] {
                        self.unsend(&code.write, context).await;
                    }
                    return Err(UserRefusal::CodeChanged.into());
                }
            }
            return Ok((seen.account.clone(), seen.account.clone()));
        }
        let issued = prepared
            .iter()
            .map(|(_, code)| CodeWrite::Issue(Box::new(code.write.clone())));
        let codes = parts.proof.map(CheckedCode::consume).into_iter();
        let alongside = Alongside {
            kept: parts.kept,
            codes: codes.chain(issued).collect(),
        };
        let write = self
            .users
            .change_seen(seen.clone(), &alongside, context.now, change);
        context.database(write).await
    }

    async fn deliver_all(
        &self,
        prepared: Vec<(CodeOrder, PreparedCode)>,
        after: &Account,
        permit: &Permit,
        context: &Context,
    ) -> Result<ReturnedCodes, Error> {
        let mut codes = ReturnedCodes::default();
        let mut failed = None;
        let delivered = prepared.into_iter().map(async |(order, code)| {
            let delivered = self.deliver(code, after, &order, permit, context).await;
            (order, delivered)
        });
        for (order, delivered) in join_all(delivered).await {
            match delivered {
                Ok(code) => codes.put(&order, code),
                Err(error) => {
                    context.record.message_failed(&error);
                    failed = Some(error);
                }
            }
        }
        failed.map_or(Ok(codes), Err)
    }

    /// Sends the codes of a user who was added. A failure is only noted, because the user is there:
    /// the codes can be asked for again.
    pub(super) async fn send_first_codes(
        &self,
        account: &Account,
        asked: &AskedCodes,
        permit: &Permit,
        context: &Context,
    ) -> ReturnedCodes {
        let mut codes = ReturnedCodes::default();
        let Some(keys) = &asked.keys else {
            return codes;
        };
        let requested = asked.orders(account).map(async |order| {
            let code = self.try_request_code(account, &order, keys, permit, context);
            let code = code.await;
            (order, code)
        });
        for (order, code) in join_all(requested).await {
            match code {
                Ok(returned) => codes.put(&order, returned.map(|returned| returned.code)),
                Err(error) => context.record.message_failed(&error),
            }
        }
        codes
    }
}

impl AskedCodes {
    pub fn is_none(&self) -> bool {
        self.keys.is_none()
    }

    fn orders(&self, account: &Account) -> impl Iterator<Item = CodeOrder> {
        let profile = &account.profile;
        let email = self.email.clone().zip(profile.unverified_email());
        let email = email.map(|(delivery, address)| CodeOrder::verify_email(address, delivery));
        let phone = self.phone.clone().zip(profile.unverified_phone());
        let phone = phone.map(|(delivery, number)| CodeOrder::verify_phone(number, delivery));
        email.into_iter().chain(phone)
    }
}

impl ReturnedCodes {
    fn put(&mut self, order: &CodeOrder, code: Option<Code>) {
        match order.destination {
            Destination::Email(_) => self.email = code,
            Destination::Phone(_) => self.phone = code,
        }
    }
}
