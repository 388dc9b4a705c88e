//! Messages that tell a user of a change of what he logs in with, as the service sends them.

use super::connection::Connection;
use super::failure::Failure;
use super::output::{note, warn};
use crate::aws::{Messenger, Roots, http_client};
use crate::config;
use crate::domain::{
    Account, DisplayName, FactorChanges, FactorKind, Language, MessagePolicy, Timestamp, day_of,
    printable,
};
use crate::error::{Error, chain};
use crate::messages::{self, Asker, MessageKind, MessageValues};
use crate::store::{MessageCounter, Store};

/// Tells users by e-mail.
#[derive(Debug)]
pub struct Notices {
    store: Store,
    messenger: Messenger,
    messages: MessagePolicy,
    organization: String,
}

impl Notices {
    /// `None`: the environment has no sender of e-mails.
    pub async fn open(connection: &Connection) -> Result<Option<Self>, Failure> {
        let variable = connection.environment.variable;
        let (messages, organization) = config::notices(variable)?;
        if messages.mail_from.is_none() {
            return Ok(None);
        }
        let (endpoint, urls) = (connection.endpoint().await?, config::message_urls(variable));
        let messenger = Messenger::new(&messages, &endpoint, urls, http_client(Roots::System));
        Ok(Some(Self {
            store: connection.store().await?,
            messenger,
            messages,
            organization,
        }))
    }

    /// Tells a user of changes at the verified address. A failure is a warning: what was changed stays
    /// changed.
    pub async fn tell(&self, account: &Account, changes: FactorChanges, now: Timestamp) {
        for (kind, factor) in notices(changes) {
            if let Err(reason) = self.send(account, kind, factor, now).await {
                let name = printable(account.user.login_name.as_str());
                warn(format_args!("{name} isn't told of the change: {reason}"));
                return;
            }
        }
    }

    async fn send(
        &self,
        account: &Account,
        kind: MessageKind,
        factor: Option<FactorKind>,
        now: Timestamp,
    ) -> Result<(), String> {
        let to = account.profile.verified_email();
        let to = to.ok_or("there is no verified e-mail address")?;
        let shown = |error: Error| printable(&chain(&error));
        let max = self.messages.max_per_day;
        let counted = self
            .store
            .count_message(MessageCounter::Deployment, max, day_of(now));
        if !counted.await.map_err(shown)? {
            return Err("as many messages as MAX_MESSAGES_PER_DAY were sent today".to_owned());
        }
        let user = &account.user;
        let name = DisplayName::or_login_name(user.display_name.as_ref(), &user.login_name);
        let values = MessageValues {
            name: Some(name),
            factor,
            ..MessageValues::new(&self.organization, Asker::Operator)
        };
        let language = account.profile.language.as_ref().map(Language::as_str);
        let message = messages::email(kind, language, to.clone(), &values);
        self.messenger.email(&message).await.map_err(shown)
    }
}

fn notices(changes: FactorChanges) -> impl Iterator<Item = (MessageKind, Option<FactorKind>)> {
    let added = changes.added.iter();
    let added = added.map(|kind| match kind {
        FactorKind::Passkey => (MessageKind::PasskeyAdded, None),
        kind => (MessageKind::FactorAdded, Some(kind)),
    });
    let removed = changes.removed.iter();
    let removed = removed.map(|kind| match kind {
        FactorKind::Passkey => (MessageKind::PasskeyRemoved, None),
        kind => (MessageKind::FactorRemoved, Some(kind)),
    });
    let replaced = (MessageKind::RecoveryCodesReplaced, None);
    let replaced = changes.has_other_codes.then_some(replaced);
    added.chain(removed).chain(replaced)
}

/// Tells a user of what a command has changed.
pub async fn tell(
    notices: Option<&Notices>,
    (before, after): (&Account, &Account),
    now: Timestamp,
) {
    let changes = before.factor_changes_to(after);
    if changes.is_empty() {
        return;
    }
    match notices {
        Some(notices) => notices.tell(after, changes, now).await,
        None => note("the user isn't told: MAIL_FROM is not set"),
    }
}
