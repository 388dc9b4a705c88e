#[cfg(feature = "function")]
use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;

use crate::domain::{
    Attempts, DisplayName, FactorKind, FactorKinds, FoldedName, HashString, LoginName,
    SessionGeneration, User, UserId, UserPointer, UserRef, UserState,
};
use crate::store::item::{Attributes, CorruptItem, Item, text};
#[cfg(feature = "function")]
use crate::store::item::{NewItem, millis, number};

/// The start of a user item's key; the folded login name follows.
pub(super) const USER_PREFIX: &str = "LOGIN#";
/// The start of a user pointer's key; the user's [`UserRef`] follows.
pub(super) const POINTER_PREFIX: &str = "USER#";

pub(super) fn user_key(name: &FoldedName) -> AttributeValue {
    text(format!("{USER_PREFIX}{}", name.as_str()))
}

pub(in crate::store) fn pointer_key(user: UserRef) -> AttributeValue {
    text(format!("{POINTER_PREFIX}{user}"))
}

#[cfg(feature = "function")]
/// The item of a user.
///
/// | attribute | type | |
/// |---|---|---|
/// | `pk` | S | `LOGIN#` and the folded login name |
/// | `login_name`, `user_id` | S | |
/// | `display_name` | S | absent if the user has none, or would have a copy of the login name |
/// | `state` | S | `active`, `inactive` or `locked`; a user in any other state is not active |
/// | `password_hash` | S | PHC or modular crypt string; absent if the user has no password |
/// | `password_changed_at` | N | when the password was set, in milliseconds; absent if that was by a release without this attribute |
/// | `change_required` | BOOL | true if the user is asked to choose another password; else absent |
/// | `attempts` | N | attempts ever made at the password; it only grows |
/// | `cleared` | N | the number of the attempt up to which failures are forgiven |
/// | `failures` | N | `attempts - cleared` |
/// | `attempted_at` | N | time of the last attempt, in milliseconds; absent before the first |
/// | `epoch` | S | the user's session generation: sessions with a proof are valid only with the same one |
/// | `write_id` | S | write id of the last attempt; `none` before the first |
pub(super) fn user_item(user: &User) -> Item {
    let mut item = NewItem::default();
    item.set("pk", user_key(&user.login_name.folded()));
    item.set("login_name", text(user.login_name.as_str()));
    item.set("user_id", text(user.user_id.as_str()));
    item.set("state", text(user.state.as_str()));
    item.set("attempts", number(user.attempts.made));
    item.set("cleared", number(user.attempts.cleared()));
    item.set("failures", number(user.attempts.failures));
    item.set("write_id", text("none"));
    item.set("epoch", text(user.generation.to_string()));
    let display_name = DisplayName::unless_copied(user.display_name.clone(), &user.login_name);
    item.set("display_name", display_name.map(|name| text(name.as_str())));
    let hash = user.password_hash.as_ref();
    item.set("password_hash", hash.map(|hash| text(hash.as_str())));
    item.set("password_changed_at", user.password_changed_at.map(millis));
    let change_required = user.change_required.then_some(AttributeValue::Bool(true));
    item.set("change_required", change_required);
    item.set("attempted_at", user.attempts.last_at.map(millis));
    item.0
}

pub(super) fn parse_user(item: &Item) -> Result<User, CorruptItem> {
    let item = Attributes(item);
    let hash = item.optional_text("password_hash")?;
    let login_name = LoginName::from_stored(item.text("login_name")?.to_owned());
    Ok(User {
        display_name: DisplayName::unless_copied(item.display_name()?, &login_name),
        login_name,
        user_id: UserId::from_stored(item.text("user_id")?.to_owned()),
        state: UserState::named(item.text("state")?).unwrap_or(UserState::Unknown),
        password_hash: hash.map(|hash| HashString::new(hash.to_owned())),
        password_changed_at: item.optional_millis("password_changed_at")?,
        change_required: item.flag("change_required")?,
        attempts: Attempts {
            made: item.number("attempts")?,
            failures: item.number("failures")?,
            last_at: item.optional_millis("attempted_at")?,
        },
        generation: SessionGeneration(item.uuid("epoch")?),
    })
}

#[cfg(feature = "function")]
/// The pointer from a user's id to the user's item, with the user's session generation, so that
/// whether a session is valid can be told without the user's item.
///
/// | attribute | type | |
/// |---|---|---|
/// | `pk` | S | `USER#` and the first half of the user id's SHA-256 in hexadecimal |
/// | `user_id`, `login_name`, `epoch` | S | as in the user's item |
/// | `factors` | SS | the kinds of second factors that the user has: `totp`, `otp_email`, `otp_sms`, `recovery_codes`; absent if there are none |
pub(super) fn pointer_item(user: &User, kinds: FactorKinds) -> Item {
    let mut item = NewItem::default();
    item.set("pk", pointer_key(UserRef::from(&user.user_id)));
    item.set("user_id", text(user.user_id.as_str()));
    item.set("login_name", text(user.login_name.as_str()));
    item.set("epoch", text(user.generation.to_string()));
    item.set("factors", kinds_set(kinds.iter().map(FactorKind::as_str)));
    item.0
}

/// The attribute of a pointer with these kinds; `None`: there are none.
#[cfg(feature = "function")]
pub(super) fn kinds_set<'a>(names: impl Iterator<Item = &'a str>) -> Option<AttributeValue> {
    let names: Vec<_> = names.map(str::to_owned).collect();
    (!names.is_empty()).then_some(AttributeValue::Ss(names))
}

/// The attribute of a pointer after a change from the kinds `before` to others. Those that a newer
/// release has written stay, and so do those that the pointer alone names.
#[cfg(feature = "function")]
pub(super) fn kinds_after(
    stored: Option<&AttributeValue>,
    before: FactorKinds,
    kinds: FactorKinds,
) -> Option<AttributeValue> {
    let is_kept = |name: &str| match FactorKind::named(name) {
        Some(kind) => !before.has(kind),
        None => true,
    };
    let mut names: BTreeSet<&str> = kinds.iter().map(FactorKind::as_str).collect();
    if let Some(AttributeValue::Ss(stored)) = stored {
        let stored = stored.iter().map(String::as_str);
        names.extend(stored.filter(|name| is_kept(name)));
    }
    kinds_set(names.into_iter())
}

/// The kinds of second factors in a pointer. One that a newer release has written counts as one that
/// is demanded.
pub(super) fn parse_kinds(item: Attributes<'_>) -> Result<FactorKinds, CorruptItem> {
    let names = item.optional_text_set("factors")?.unwrap_or_default();
    Ok(names.iter().fold(
        FactorKinds::default(),
        |kinds, name| match FactorKind::named(name) {
            Some(kind) => kinds.with(kind),
            None => kinds.with_unknown(),
        },
    ))
}

pub(in crate::store) fn parse_pointer(item: &Item) -> Result<UserPointer, CorruptItem> {
    let item = Attributes(item);
    Ok(UserPointer {
        id: UserId::from_stored(item.text("user_id")?.to_owned()),
        login_name: LoginName::from_stored(item.text("login_name")?.to_owned()),
        generation: SessionGeneration(item.uuid("epoch")?),
        kinds: parse_kinds(item)?,
    })
}
