use aws_sdk_dynamodb::types::AttributeValue;

use crate::domain::{
    Address, Contact, EmailAddress, Gender, Language, PersonName, Profile, Sequence, UserId,
    UserRef,
};
use crate::store::item::{Attributes, CorruptItem, Item, NewItem, millis, number, text};

/// The start of a profile's key; the user's [`UserRef`] follows.
pub(super) const PROFILE_PREFIX: &str = "PROFILE#";

pub(super) fn profile_key(user: UserRef) -> AttributeValue {
    text(format!("{PROFILE_PREFIX}{user}"))
}

/// The item of a user's profile. It is keyed by the user's reference, so a rename doesn't move it.
/// A user of a release without profiles has none until the first change.
///
/// | attribute | type | |
/// |---|---|---|
/// | `pk` | S | `PROFILE#` and the first half of the user id's SHA-256 in hexadecimal |
/// | `user_id` | S | |
/// | `given_name`, `family_name`, `nick_name`, `preferred_language` | S | if there are any |
/// | `gender` | S | `female`, `male` or `diverse`; any other is read as none |
/// | `email`, `phone` | S | the address as it was given; the number; if there is one |
/// | `new_email` | S | an address that waits to be verified beside a verified `email`; if there is one |
/// | `email_verified_at`, `phone_verified_at` | N | when it was verified; if it was |
/// | `mfa_skipped_at` | N | when the user last declined to set up a second factor |
/// | `created_at` | N | absent for a user of a release without profiles |
/// | `changed_at` | N | |
/// | `sequence` | N | how many changes of the user there were |
///
/// Times are in milliseconds since 1970.
pub(super) fn profile_item(user: &UserId, profile: &Profile) -> Item {
    let mut item = NewItem::default();
    item.set("pk", profile_key(UserRef::from(user)));
    item.set("user_id", text(user.as_str()));
    for (name, value) in [
        ("given_name", &profile.given_name),
        ("family_name", &profile.family_name),
        ("nick_name", &profile.nick_name),
    ] {
        item.set(name, value.as_ref().map(|name| text(name.as_str())));
    }
    let language = profile.language.as_ref();
    item.set("preferred_language", language.map(|tag| text(tag.as_str())));
    item.set("gender", profile.gender.map(|gender| text(gender.as_str())));
    if let Some(Contact {
        address,
        verified_at,
    }) = &profile.email
    {
        item.set("email", text(address.as_str()));
        item.set("email_verified_at", verified_at.map(millis));
    }
    let new_email = profile.new_email.as_ref();
    item.set("new_email", new_email.map(|address| text(address.as_str())));
    if let Some(Contact {
        address,
        verified_at,
    }) = &profile.phone
    {
        item.set("phone", text(address.as_str()));
        item.set("phone_verified_at", verified_at.map(millis));
    }
    item.set("mfa_skipped_at", profile.mfa_skipped_at.map(millis));
    item.set("created_at", profile.created_at.map(millis));
    item.set("changed_at", profile.changed_at.map(millis));
    item.set("sequence", number(profile.sequence.0));
    item.0
}

pub(super) fn parse_profile(item: &Item) -> Result<Profile, CorruptItem> {
    let item = Attributes(item);
    let name = |name| -> Result<_, CorruptItem> {
        let text = item.optional_text(name)?;
        Ok(text.map(|text| PersonName::from_stored(text.to_owned())))
    };
    let language = item.optional_text("preferred_language")?;
    let new_email = item.optional_text("new_email")?;
    Ok(Profile {
        given_name: name("given_name")?,
        family_name: name("family_name")?,
        nick_name: name("nick_name")?,
        language: language.map(|tag| Language::from_stored(tag.to_owned())),
        gender: item.optional_text("gender")?.and_then(Gender::named),
        email: contact(item, "email", "email_verified_at")?,
        new_email: new_email.map(|address| EmailAddress::from_stored(address.to_owned())),
        phone: contact(item, "phone", "phone_verified_at")?,
        mfa_skipped_at: item.optional_millis("mfa_skipped_at")?,
        created_at: item.optional_millis("created_at")?,
        changed_at: item.optional_millis("changed_at")?,
        sequence: Sequence(item.number("sequence")?),
    })
}

fn contact<A: Address>(
    item: Attributes<'_>,
    name: &'static str,
    verified: &'static str,
) -> Result<Option<Contact<A>>, CorruptItem> {
    let Some(address) = item.optional_text(name)? else {
        return Ok(None);
    };
    Ok(Some(Contact {
        address: A::from_stored(address.to_owned()),
        verified_at: item.optional_millis(verified)?,
    }))
}
