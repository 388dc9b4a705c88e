use aws_sdk_dynamodb::types::AttributeValue;

use crate::domain::{
    Attempts, DisplayName, FoldedName, HashString, LoginName, SessionGeneration, User, UserId,
    UserPointer, UserRef, UserState,
};
use crate::store::item::{Attributes, CorruptItem, Item, millis, number, text};

/// The start of a user item's key; the folded login name follows.
pub(super) const USER_PREFIX: &str = "LOGIN#";
/// The start of a user pointer's key; the user's [`UserRef`] follows.
const POINTER_PREFIX: &str = "USER#";

pub(super) fn user_key(name: &FoldedName) -> AttributeValue {
    text(format!("{USER_PREFIX}{}", name.as_str()))
}

pub(in crate::store) fn pointer_key(user: UserRef) -> AttributeValue {
    text(format!("{POINTER_PREFIX}{user}"))
}

/// The item of a user.
///
/// | attribute | type | |
/// |---|---|---|
/// | `pk` | S | `LOGIN#` and the folded login name |
/// | `login_name`, `user_id` | S | |
/// | `display_name` | S | absent if the user has none, or would have a copy of the login name |
/// | `state` | S | `active`, `inactive` or `locked`; a user in any other state is not active |
/// | `password_hash` | S | PHC or modular crypt string; absent if the user has no password |
/// | `attempts` | N | attempts ever made at the password; it only grows |
/// | `cleared` | N | the number of the attempt up to which failures are forgiven |
/// | `failures` | N | `attempts - cleared` |
/// | `attempted_at` | N | time of the last attempt, in milliseconds; absent before the first |
/// | `epoch` | S | the user's session generation: only sessions with the same one are valid |
/// | `write_id` | S | write id of the last attempt; `none` before the first |
pub(super) fn user_item(user: &User) -> Item {
    let mut item = Item::from([
        ("pk".into(), user_key(&user.login_name.folded())),
        ("login_name".into(), text(user.login_name.as_str())),
        ("user_id".into(), text(user.user_id.as_str())),
        ("state".into(), text(user.state.as_str())),
        ("attempts".into(), number(user.attempts.made)),
        ("cleared".into(), number(user.attempts.cleared())),
        ("failures".into(), number(user.attempts.failures)),
        ("write_id".into(), text("none")),
        ("epoch".into(), text(user.generation.to_string())),
    ]);
    let display_name = user.display_name.clone();
    if let Some(name) = DisplayName::unless_copied(display_name, &user.login_name) {
        item.insert("display_name".into(), text(name.as_str()));
    }
    if let Some(hash) = &user.password_hash {
        item.insert("password_hash".into(), text(hash.as_str()));
    }
    if let Some(last_at) = user.attempts.last_at {
        item.insert("attempted_at".into(), millis(last_at));
    }
    item
}

pub(super) fn parse_user(item: &Item) -> Result<User, CorruptItem> {
    let item = Attributes(item);
    let hash = item.optional_text("password_hash")?;
    let login_name = LoginName::from_stored(item.text("login_name")?.to_owned());
    let display_name = item.optional_text("display_name")?;
    let display_name = display_name.filter(|name| !name.is_empty());
    let display_name = display_name.map(|name| DisplayName::from_stored(name.to_owned()));
    Ok(User {
        display_name: DisplayName::unless_copied(display_name, &login_name),
        login_name,
        user_id: UserId::from_stored(item.text("user_id")?.to_owned()),
        state: UserState::named(item.text("state")?).unwrap_or(UserState::Unknown),
        password_hash: hash.map(|hash| HashString::new(hash.to_owned())),
        attempts: Attempts {
            made: item.number("attempts")?,
            failures: item.number("failures")?,
            last_at: item.optional_millis("attempted_at")?,
        },
        generation: SessionGeneration(item.uuid("epoch")?),
    })
}

/// The pointer from a user's id to the user's item, with the user's session generation, so that
/// whether a session is valid can be told without the user's item.
///
/// | attribute | type | |
/// |---|---|---|
/// | `pk` | S | `USER#` and the first half of the user id's SHA-256 in hexadecimal |
/// | `user_id`, `login_name`, `epoch` | S | as in the user's item |
pub(super) fn pointer_item(user: &User) -> Item {
    Item::from([
        ("pk".into(), pointer_key(UserRef::from(&user.user_id))),
        ("user_id".into(), text(user.user_id.as_str())),
        ("login_name".into(), text(user.login_name.as_str())),
        ("epoch".into(), text(user.generation.to_string())),
    ])
}

pub(in crate::store) fn parse_pointer(item: &Item) -> Result<UserPointer, CorruptItem> {
    let item = Attributes(item);
    Ok(UserPointer {
        id: UserId::from_stored(item.text("user_id")?.to_owned()),
        login_name: LoginName::from_stored(item.text("login_name")?.to_owned()),
        generation: SessionGeneration(item.uuid("epoch")?),
    })
}
