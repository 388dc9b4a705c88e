//! Adds the fields of a request that stand in its path or in its query to the object in its body.

use super::tree::{Object, Tree};
use crate::api::schema::{Field, Kind, Label, Message};
use crate::api::{MatchedRoute, Request};
use crate::domain::{Invalid, SessionId};
use crate::error::Error;

/// # Errors
///
/// - [`Error::InvalidArgument`]: a field of the path stands in the body as well, and differs.
/// - [`Error::Malformed`]: the query has a field twice that is no list.
pub(super) fn bind(
    route: &MatchedRoute,
    request: &Request,
    object: &mut Object,
) -> Result<(), Error> {
    let message = route.procedure.request;
    for (name, text) in &route.path_fields {
        if let Some(field) = message.field_named(name) {
            bind_path(field, text, object)?;
        }
    }
    if route.has_body {
        return Ok(());
    }
    for (path, text) in &request.query {
        let in_path = |(name, _): &(&str, _)| {
            message
                .field_named(path)
                .is_some_and(|field| field.name == *name)
        };
        if !route.path_fields.iter().any(in_path) {
            bind_query(message, path, text, object)?;
        }
    }
    Ok(())
}

fn bind_path(field: &Field, text: &str, object: &mut Object) -> Result<(), Error> {
    let is_same = |own: &str| {
        let ids = [own, text].map(|text| SessionId::find(text).ok().flatten());
        own == text || field.name == "session_id" && ids[0].is_some() && ids[0] == ids[1]
    };
    let mut found = object.iter_mut().filter(|(name, _)| field.is_named(name));
    match (found.next(), found.next()) {
        (None, _) => object.push((field.json.to_owned(), leaf(field, text))),
        (Some((_, Tree::String(own))), None) if !is_same(own) => {
            return Err(Invalid::new(field.name, "differs from the one in the body").into());
        }
        (Some((_, value @ (Tree::Null | Tree::String(_)))), None) => *value = leaf(field, text),
        // The reader refuses the field for its type, or because it stands there twice.
        _ => {}
    }
    Ok(())
}

/// Adds a field of the query, whose name may be a path such as `query.limit`. An unknown name is
/// ignored.
fn bind_query(
    message: &'static Message,
    path: &str,
    text: &str,
    object: &mut Object,
) -> Result<(), Error> {
    let (name, rest) = path
        .split_once('.')
        .map_or((path, None), |(name, rest)| (name, Some(rest)));
    let takes = |field: &&Field| rest.is_none() || matches!(field.kind, Kind::Message(_));
    let Some(field) = message.field_named(name).filter(takes) else {
        return Ok(());
    };
    let found = object.iter().position(|(name, _)| field.is_named(name));
    let at = found.unwrap_or_else(|| {
        object.push((field.json.to_owned(), Tree::Null));
        object.len() - 1
    });
    match (rest, &field.kind, field.label, &mut object[at].1) {
        (Some(rest), Kind::Message(inner), Label::Single, value) => {
            if matches!(value, Tree::Null) {
                *value = Tree::Object(Vec::new());
            }
            if let Tree::Object(object) = value {
                bind_query(inner, rest, text, object)?;
            }
        }
        (Some(_), ..) => {}
        (None, _, Label::Repeated, Tree::Array(elements)) => elements.push(leaf(field, text)),
        (None, _, Label::Repeated, value) => *value = Tree::Array(vec![leaf(field, text)]),
        (None, _, _, value @ Tree::Null) => *value = leaf(field, text),
        (None, ..) => {
            let reason = format!("the query has {} twice", field.name);
            return Err(Error::Malformed(reason));
        }
    }
    Ok(())
}

/// The value that a text of the path or the query stands for. In JSON, numbers may be strings, and
/// only a bool may not.
fn leaf(field: &Field, text: &str) -> Tree {
    match (&field.kind, text) {
        (Kind::Bool, "true") => Tree::Bool(true),
        (Kind::Bool, "false") => Tree::Bool(false),
        _ => Tree::String(text.to_owned().into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::codec::json::read::read;
    use crate::api::schema::ALL_TYPES;

    fn bound(query: &[(&str, &str)]) -> Result<Object, Error> {
        let mut object = Vec::new();
        for (path, text) in query {
            bind_query(&ALL_TYPES, path, text, &mut object)?;
        }
        Ok(object)
    }

    #[test]
    fn fields_of_each_type_stand_in_a_query() {
        for (query, want) in [
            (&[("string", "a")][..], "\x3a\x01a"),
            (&[("bool", "true")], "\x08\x01"),
            (&[("int32", "7")], "\x18\x07"),
            (&[("uint64", "7")], "\x30\x07"),
            (&[("duration", "1s")], "\x62\x02\x08\x01"),
            (&[("inner.text", "a")], "\x52\x03\x1a\x01a"),
            (&[("optionalString", "")], "\u{da}\x01\0"),
            (
                &[("repeated_uint32", "1"), ("repeatedUint32", "2")],
                "\u{e8}\x02\x01\u{e8}\x02\x02",
            ),
            // Unknown names, those within a scalar, and an empty one.
            (
                &[
                    ("other", "a"),
                    ("inner.other", "a"),
                    ("string.a", "b"),
                    ("value.a", "b"),
                    ("", "a"),
                ],
                "R\0",
            ),
        ] {
            let encoded = read(&ALL_TYPES, &bound(query).unwrap()).unwrap();
            let want: Vec<u8> = want.chars().map(|byte| byte as u8).collect();
            assert_eq!(*encoded.bytes, want, "{query:?}");
        }
    }

    #[test]
    fn a_value_of_a_query_that_its_field_does_not_take_is_refused() {
        for (query, want) in [
            (
                &[("string", "a"), ("string", "a")][..],
                "malformed request: the query has string twice",
            ),
            (
                &[("inner.text", "a"), ("inner.text", "b")],
                "malformed request: the query has text twice",
            ),
            (&[("bool", "1")], "invalid bool: must be true or false"),
            (
                &[("int32", "a")],
                "invalid int32: must be an integer in range",
            ),
            (&[("inner", "a")], "invalid inner: must be an object"),
        ] {
            let read = bound(query).and_then(|object| read(&ALL_TYPES, &object));
            assert_eq!(read.err().unwrap().to_string(), want, "{query:?}");
        }
    }
}
