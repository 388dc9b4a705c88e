//! Counts what each server key still protects. The last step of a rotation waits until the former key protects
//! nothing.

use std::collections::BTreeMap;

use super::users::name;
use crate::cli::failure::Failure;
use crate::cli::output::print_line;
use crate::domain::{KeyName, Timestamp};
use crate::service::open_totp;
use crate::store::{ScannedUsers, StoredSecret};
use crate::token::ServerKeys;

/// How many authenticator apps a key protects.
#[derive(Default)]
struct Protected {
    apps: u64,
    /// Those that are being set up.
    pending: u64,
}

/// Prints what each key protects, and the users whose secret none of the `keys` opens.
///
/// # Errors
///
/// [`Failure::LockedSecrets`]: there are such users.
pub fn check_secrets(
    scanned: &ScannedUsers,
    keys: Option<&ServerKeys>,
    now: Timestamp,
) -> Result<(), Failure> {
    let secrets = scanned.secrets(now);
    let mut by_key = BTreeMap::<KeyName, Protected>::new();
    for key in keys.into_iter().flat_map(ServerKeys::iter) {
        by_key.entry(key.name()).or_default();
    }
    for StoredSecret {
        secret, is_pending, ..
    } in &secrets
    {
        let protected = by_key.entry(secret.key).or_default();
        if *is_pending {
            protected.pending += 1;
        } else {
            protected.apps += 1;
        }
    }
    for (key, protected) in &by_key {
        let Protected { apps, pending } = protected;
        let apps = counted(*apps, "authenticator app");
        let place = keys.map(|keys| place(keys, *key)).unwrap_or_default();
        print_line(format_args!(
            "the server key {key}{place} protects {apps}, and {pending} being set up"
        ))?;
    }
    let Some(keys) = keys else {
        if !secrets.is_empty() {
            print_line(
                "without SERVER_KEY or SERVER_KEY_SECRET it can't be told whether the service can \
                 open them",
            )?;
        }
        return Ok(());
    };
    print_locked(&secrets, keys)
}

fn print_locked(secrets: &[StoredSecret<'_>], keys: &ServerKeys) -> Result<(), Failure> {
    let mut locked = Vec::new();
    // An app that is being set up is made anew.
    for StoredSecret { user, secret, .. } in secrets.iter().filter(|one| !one.is_pending) {
        if let Err(fault) = open_totp(keys, &user.id, secret) {
            let user = name(user);
            locked.push(format!(
                "the authenticator app of {user} can't be used: {fault}"
            ));
        }
    }
    locked.sort_unstable();
    locked.iter().try_for_each(print_line)?;
    match locked.len() {
        0 => Ok(()),
        users => Err(Failure::LockedSecrets(users)),
    }
}

/// The place of a key among those that are configured.
fn place(keys: &ServerKeys, key: KeyName) -> &'static str {
    if keys.first().name() == key {
        " (the first)"
    } else if keys.with_name(key).is_some() {
        ""
    } else {
        " (not among those that are set)"
    }
}

fn counted(n: u64, what: &str) -> String {
    let s = if n == 1 { "" } else { "s" };
    format!("{n} {what}{s}")
}
