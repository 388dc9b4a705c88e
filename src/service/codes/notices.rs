//! Messages that tell a user of a change: whoever made it may not be the user.

use futures_util::future::join_all;

use super::deliver::shown_name;
use crate::domain::{
    Account, Address as _, EmailAddress, FactorKind, FactorKinds, Language, ListedCredential,
    Permit, Profile, UserId, day_of, until_next_day,
};
use crate::error::{Error, UserCommand, UserError};
use crate::messages::{self, MessageKind, MessageValues};
use crate::service::{Context, Service};
use crate::store::MessageCounter;

impl Service {
    /// Tells the user of the changes between `before` and `after`, at the verified address; of
    /// another verified address, at the former one; of factors that a reset has removed as it verified
    /// the address, there. A failure is only noted: what was changed stays changed.
    ///
    /// Requests: 1 and the message for each change, if the deployment sends e-mail and the user has
    /// a verified address.
    pub(in crate::service) async fn tell_of_changes(
        &self,
        before: &Account,
        after: &Account,
        permit: &Permit,
        context: &Context,
    ) {
        if self.policy.messages.mail_from.is_none() {
            return;
        }
        let changes = changes(before, after);
        let (to, changes) = match (before.profile.verified_email(), &*changes) {
            (Some(to), changes) => (to, changes),
            // Only a reset takes the factors of a user whose address it verifies.
            (None, _) if lost_factors(before, after) => match after.profile.verified_email() {
                Some(to) => (to, &[(MessageKind::FactorsRemovedByReset, None)][..]),
                None => return,
            },
            (None, _) => return,
        };
        let notices = changes.iter().map(async |&(kind, factor)| {
            let new_address = after
                .profile
                .email
                .as_ref()
                .filter(|_| kind == MessageKind::EmailChanged)
                .map(|email| email.address.as_str());
            let asker = self.asker(permit.principal(), &after.user.user_id);
            let values = MessageValues {
                name: Some(shown_name(after)),
                new_address,
                factor,
                ..MessageValues::new(&self.policy.organization_name, asker)
            };
            context.record.note(|facts| facts.runs_to_end = true);
            if let Err(error) = self.tell(kind, to, after, &values, context).await {
                context.record.message_failed(&error);
            }
        });
        join_all(notices).await;
    }

    /// Tells a user by e-mail that a recovery code was used, of which so many are `left`.
    ///
    /// Requests: 2, and 1 and the message, if the deployment sends e-mail and the user has a verified
    /// address.
    pub(in crate::service) async fn tell_of_recovery_code(
        &self,
        user: &UserId,
        left: usize,
        permit: &Permit,
        context: &Context,
    ) {
        if self.policy.messages.mail_from.is_none() {
            return;
        }
        context.record.note(|facts| facts.runs_to_end = true);
        let told = async {
            let found = self.find_user(user, context).await;
            let account = found
                .map_err(|refusal| refusal.of(UserCommand::Other))?
                .account;
            let Some(to) = account.profile.verified_email() else {
                return Ok(());
            };
            let asker = self.asker(permit.principal(), user);
            let values = MessageValues {
                name: Some(shown_name(&account)),
                left: Some(left),
                ..MessageValues::new(&self.policy.organization_name, asker)
            };
            let kind = MessageKind::RecoveryCodeUsed;
            self.tell(kind, to, &account, &values, context).await
        };
        if let Err(error) = told.await {
            context.record.message_failed(&error);
        }
    }

    async fn tell(
        &self,
        kind: MessageKind,
        to: &EmailAddress,
        account: &Account,
        values: &MessageValues<'_>,
        context: &Context,
    ) -> Result<(), Error> {
        let max = self.policy.messages.max_per_day;
        let counted =
            self.store
                .count_message(MessageCounter::Deployment, max, day_of(context.now));
        if !context.database(counted).await? {
            context.record.message_limit();
            return Err(UserError::TooManyMessages(until_next_day(context.now)).into());
        }
        let language = account.profile.language.as_ref().map(Language::as_str);
        let message = messages::email(kind, language, to.clone(), values);
        self.messenger.email(&message).await
    }
}

/// What a user is told of, with the factor if it is about one. An address that waits to be verified
/// is no change yet.
fn changes(before: &Account, after: &Account) -> Vec<(MessageKind, Option<FactorKind>)> {
    let (old, new) = (&before.profile, &after.profile);
    let email = |profile: &Profile| {
        let email = profile.email.as_ref();
        email.map(|email| email.address.folded())
    };
    let phone = |profile: &Profile| {
        let phone = profile.phone.as_ref();
        phone.map(|phone| phone.address.clone())
    };
    let kinds = [
        (
            MessageKind::PasswordChanged,
            before.user.password_changed_at != after.user.password_changed_at,
        ),
        (
            MessageKind::LoginNameChanged,
            before.user.login_name != after.user.login_name,
        ),
        (MessageKind::EmailChanged, email(old) != email(new)),
        (MessageKind::PhoneChanged, phone(old) != phone(new)),
    ];
    let kinds = kinds.into_iter().filter(|(_, is_changed)| *is_changed);
    let kinds = kinds.map(|(kind, _)| (kind, None));
    kinds.chain(changed_factors(before, after)).collect()
}

fn lost_factors(before: &Account, after: &Account) -> bool {
    !before.kinds().is_empty() && after.kinds().is_empty()
}

fn changed_factors(
    before: &Account,
    after: &Account,
) -> impl Iterator<Item = (MessageKind, Option<FactorKind>)> {
    let (old, new) = (&before.factors, &after.factors);
    let (had, has) = (old.kinds(), new.kinds());
    let (before, after) = (&before.credentials, &after.credentials);
    // Each credential is told of, also beside others of its kind, but many at once in one message.
    let kinds = |credentials: &mut dyn Iterator<Item = &ListedCredential>| -> FactorKinds {
        credentials.map(|one| one.kind.into()).collect()
    };
    let added = has.iter().filter(move |kind| !had.has(*kind));
    let added = added.chain(kinds(&mut after.removed_by(before)).iter());
    let removed = had.iter().filter(move |kind| !has.has(*kind));
    let removed = removed.chain(kinds(&mut before.removed_by(after)).iter());
    let both = [had, has];
    let are_replaced = both
        .iter()
        .all(|kinds| kinds.has(FactorKind::RecoveryCodes))
        && old.recovery_codes != new.recovery_codes;
    let replaced = are_replaced.then_some((MessageKind::RecoveryCodesReplaced, None));
    let added = added.map(|kind| match kind {
        FactorKind::Passkey => (MessageKind::PasskeyAdded, None),
        kind => (MessageKind::FactorAdded, Some(kind)),
    });
    let removed = removed.map(|kind| match kind {
        FactorKind::Passkey => (MessageKind::PasskeyRemoved, None),
        kind => (MessageKind::FactorRemoved, Some(kind)),
    });
    added.chain(removed).chain(replaced)
}
