//! The parts of messages that calls of several services share.

use super::proto::zitadel::object::v2 as object;
use crate::domain::{Invalid, Page, TextMethod, Timestamp};
use crate::error::Error;
use crate::service::Details;

/// The page of a list.
///
/// # Errors
///
/// [`Error::LimitTooHigh`].
pub fn page(query: Option<object::ListQuery>) -> Result<Page, Error> {
    match query {
        Some(query) => Page::new(query.offset, query.limit, query.asc).ok_or(Error::LimitTooHigh),
        None => Ok(Page::default()),
    }
}

/// How a text is compared, and whether case doesn't matter.
pub fn text_method(method: i32) -> Result<(TextMethod, bool), Invalid> {
    use object::TextQueryMethod as Method;

    Ok(match Method::try_from(method) {
        Ok(Method::Equals) => (TextMethod::Equals, false),
        Ok(Method::EqualsIgnoreCase) => (TextMethod::Equals, true),
        Ok(Method::StartsWith) => (TextMethod::StartsWith, false),
        Ok(Method::StartsWithIgnoreCase) => (TextMethod::StartsWith, true),
        Ok(Method::Contains) => (TextMethod::Contains, false),
        Ok(Method::ContainsIgnoreCase) => (TextMethod::Contains, true),
        Ok(Method::EndsWith) => (TextMethod::EndsWith, false),
        Ok(Method::EndsWithIgnoreCase) => (TextMethod::EndsWith, true),
        Err(_) => return Err(Invalid::new("method", "is unknown")),
    })
}

pub fn details(details: &Details) -> object::Details {
    object::Details {
        sequence: details.sequence.0,
        change_date: details.change_date.map(timestamp),
        resource_owner: details.resource_owner.clone(),
        // A session has its own.
        creation_date: details.creation_date.map(timestamp),
    }
}

pub fn timestamp(at: Timestamp) -> prost_types::Timestamp {
    let millis = at.as_millis();
    prost_types::Timestamp {
        seconds: millis.div_euclid(1000),
        // Below a thousand.
        nanos: i32::try_from(millis.rem_euclid(1000)).unwrap_or(0) * 1_000_000,
    }
}

/// The template of a link, whose form depends on the settings.
pub(super) fn url_template(text: Option<String>) -> Result<Option<String>, Invalid> {
    bounded("url_template", text)
}

/// An optional text of 1 to 200 characters.
pub(super) fn bounded(
    field: &'static str,
    text: Option<String>,
) -> Result<Option<String>, Invalid> {
    match text {
        Some(text) if !(1..=200).contains(&text.chars().count()) => {
            Err(Invalid::new(field, "must be 1 to 200 characters long"))
        }
        text => Ok(text),
    }
}
