//! Leaves out of a message in protobuf what its version lacks, and refuses what isn't built.

use std::fmt::Display;

use prost::bytes::Buf as _;
use prost::encoding::{
    DecodeContext, WireType, decode_key, decode_varint, encode_key, encode_varint,
    encoded_len_varint, skip_field,
};

use zeroize::Zeroizing;

use super::path::{MAX_DEPTH, ROOT, join};
use crate::api::schema::{Field, Kind, Label, Message};
use crate::error::Error;

/// Leaves out the fields that `message` lacks, so that the rest can be read and sent as v2's
/// message.
///
/// A check that isn't carried out is not ignored as other unknown fields are: a login page takes a
/// response without an error for a passed check.
///
/// # Errors
///
/// - [`Error::Unimplemented`]: a field that isn't built, by its path or by its number.
/// - [`Error::Malformed`]: the bytes are not well-formed.
pub fn filter(message: &'static Message, bytes: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
    if message.is_plain {
        return Ok(Zeroizing::new(bytes.to_vec()));
    }
    // What is kept is no longer than what was sent, so no growth leaves a copy of a password.
    let mut kept = Zeroizing::new(Vec::with_capacity(bytes.len()));
    copy(message, bytes, &mut kept, ROOT, MAX_DEPTH)?;
    Ok(kept)
}

/// Copies what `message` has of its content.
fn copy(
    message: &'static Message,
    mut rest: &[u8],
    kept: &mut Vec<u8>,
    path: &str,
    depth: usize,
) -> Result<(), Error> {
    while rest.has_remaining() {
        let start = rest;
        // Where nothing is built, anything is refused.
        let (number, wire_type) = decode_key(&mut rest).map_err(|error| match message.built {
            Some([]) => refused(path),
            _ => unreadable(error),
        })?;
        let field = message.field(number);
        match field {
            Some(field) if !message.is_built(field) => {
                // An empty text is as good as none.
                let is_text = matches!(field.kind, Kind::String);
                if is_text && wire_type == WireType::LengthDelimited && take(&mut rest)?.is_empty()
                {
                    continue;
                }
                return Err(refused(join(path, field.name)));
            }
            None if !message.ignores_unknown => {
                return Err(refused(format_args!("field {number} of {path}")));
            }
            _ => {}
        }
        match field.and_then(|field| Some((field, filtered(field)?))) {
            // Clients of v2alpha's first revision send a list of numbers as challenges.
            Some((field, inner))
                if inner.built == Some(&[]) && wire_type != WireType::LengthDelimited =>
            {
                return Err(refused(join(path, field.name)));
            }
            Some((field, inner)) if wire_type == WireType::LengthDelimited => {
                let depth = depth.checked_sub(1);
                let depth = depth.ok_or_else(|| unreadable("it is nested too deep"))?;
                let content = take(&mut rest)?;
                encode_key(number, wire_type, kept);
                let start = kept.len();
                copy(inner, content, kept, &join(path, field.name), depth)?;
                let length = (kept.len() - start) as u64;
                encode_varint(length, kept);
                kept[start..].rotate_right(encoded_len_varint(length));
            }
            _ => {
                skip_field(wire_type, number, &mut rest, DecodeContext::default())
                    .map_err(unreadable)?;
                if field.is_some() {
                    kept.extend_from_slice(&start[..start.len() - rest.len()]);
                }
            }
        }
    }
    Ok(())
}

/// The message in a field, if there may be something to leave out or to refuse in it.
fn filtered(field: &Field) -> Option<&'static Message> {
    match field.kind {
        Kind::Message(message) if field.label != Label::Map && !message.is_plain => Some(message),
        _ => None,
    }
}

/// Takes the content of a field with a length before it.
fn take<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], Error> {
    let length = decode_varint(rest).map_err(unreadable)?;
    let length = usize::try_from(length).ok();
    let split = length.and_then(|length| rest.split_at_checked(length));
    let (content, after) = split.ok_or_else(|| unreadable("it is cut off"))?;
    *rest = after;
    Ok(content)
}

fn refused(what: impl Display) -> Error {
    Error::Unimplemented(what.to_string().into())
}

fn unreadable(reason: impl Display) -> Error {
    Error::Malformed(format!("the message can't be read: {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::schema::ALL_TYPES;

    /// The bytes of a `person`, the field 104 of the message.
    fn person(content: &[u8]) -> Vec<u8> {
        let length = u8::try_from(content.len()).unwrap();
        [&[0xc2, 0x06, length], content].concat()
    }

    #[test]
    fn what_a_message_knows_and_does_not_carry_out_is_refused() {
        for (content, want) in [
            (&b"\x12\0"[..], "person.links"),
            (b"\x1a\x01a", "person.secret"),
            (b"\x22\0", "person.machine"),
            (b"\x20\x01", "person.machine"),
        ] {
            let error = filter(&ALL_TYPES, &person(content)).unwrap_err();
            assert_eq!(error.to_string(), format!("{want} is not supported"));
        }
    }

    #[test]
    fn an_empty_text_that_is_not_carried_out_is_left_out() {
        let kept = filter(&ALL_TYPES, &person(b"\x1a\0\x0a\x01a")).unwrap();

        assert_eq!(*kept, person(b"\x0a\x01a"));
    }

    #[test]
    fn what_a_message_does_not_know_is_left_out_where_it_may_be() {
        // The name between the fields 5 and 9.
        let sent = person(b"\x28\x01\x0a\x01a\x4a\x01b");

        let kept = filter(&ALL_TYPES, &sent).unwrap();

        assert_eq!(*kept, person(b"\x0a\x01a"));
    }
}
