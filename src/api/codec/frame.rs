//! The frames of gRPC: a flag, a length and a message. In gRPC-Web, the trailers follow in a
//! frame of their own, and all of the body may be base64.
//!
//! <https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md>,
//! <https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md>

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{BufMut as _, Bytes, BytesMut};
use http::HeaderMap;

use super::compression::{Compression, decompress};
use crate::error::Error;

const COMPRESSED: u8 = 0x01;
const TRAILERS: u8 = 0x80;
/// The length of a frame's head: a flag, and a length in four bytes, the highest first.
const HEAD: usize = 5;

/// Reads the one message in the body of a unary call.
///
/// # Errors
///
/// - [`Error::MessageCount`]: none, or more than one.
/// - [`Error::CompressionNotNamed`]: it is flagged as compressed, and no encoding was named.
/// - [`Error::Malformed`]: a part of one, unknown flags, or bad compression.
/// - [`Error::BodyTooLarge`]: it is longer than `max` bytes, or becomes so.
pub fn read_message(body: &Bytes, compression: Compression, max: usize) -> Result<Bytes, Error> {
    let malformed = |reason: &str| Error::Malformed(reason.to_owned());
    if body.is_empty() {
        return Err(Error::MessageCount);
    }
    let Some((head, rest)) = body.split_first_chunk::<HEAD>() else {
        return Err(malformed("the body is shorter than a message's head"));
    };
    let [flags, length @ ..] = *head;
    if flags & TRAILERS != 0 {
        return Err(Error::MessageCount);
    }
    let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
    if length > max {
        return Err(Error::BodyTooLarge);
    }
    let Some((message, behind)) = rest.split_at_checked(length) else {
        return Err(malformed("the message is cut off"));
    };
    if is_message(behind) {
        return Err(Error::MessageCount);
    }
    if !behind.is_empty() {
        return Err(malformed(
            "something other than a message is behind the message",
        ));
    }
    let message = body.slice_ref(message);
    match (flags, compression) {
        (0, _) => Ok(message),
        (COMPRESSED, Compression::Gzip) => decompress(&message, max),
        (COMPRESSED, Compression::Identity) => Err(Error::CompressionNotNamed),
        _ => Err(malformed("a message has unknown flags")),
    }
}

/// Whether the bytes begin with a whole message.
fn is_message(rest: &[u8]) -> bool {
    let Some(([flags, length @ ..], content)) = rest.split_first_chunk::<HEAD>() else {
        return false;
    };
    let length = u32::from_be_bytes(*length);
    *flags <= COMPRESSED && content.len() as u64 >= u64::from(length)
}

/// Writes a frame with `message`.
pub fn write_message(message: &[u8]) -> BytesMut {
    let mut body = BytesMut::with_capacity(HEAD + message.len());
    write_frame(&mut body, 0, message);
    body
}

/// Appends gRPC-Web's frame of trailers, whose names are in lower case as all of
/// [`http::HeaderName`] are.
pub fn write_trailers(body: &mut BytesMut, trailers: &HeaderMap) {
    let mut block = Vec::new();
    for (name, value) in trailers {
        block.extend_from_slice(name.as_str().as_bytes());
        block.push(b':');
        block.extend_from_slice(value.as_bytes());
        block.extend_from_slice(b"\r\n");
    }
    write_frame(body, TRAILERS, &block);
}

fn write_frame(body: &mut BytesMut, flags: u8, content: &[u8]) {
    // A message has at most 4 MiB.
    let length = u32::try_from(content.len()).unwrap_or(u32::MAX);
    body.put_u8(flags);
    body.put_u32(length);
    body.extend_from_slice(content);
}

/// Decodes the text form of gRPC-Web: base64, in one run or in several, each with padding of its
/// own.
///
/// # Errors
///
/// [`Error::Malformed`].
pub fn read_text(text: &[u8]) -> Result<Bytes, Error> {
    let mut decoded = Vec::with_capacity(text.len() / 4 * 3);
    let mut rest = text;
    while !rest.is_empty() {
        // A run ends with the group of four that its padding is in.
        let padding = rest.iter().position(|&byte| byte == b'=');
        let end = padding.map_or(rest.len(), |at| (at / 4 + 1) * 4);
        let (run, next) = rest.split_at(end.min(rest.len()));
        // The last run may have no padding.
        let run = crate::base64::decode(run);
        decoded.extend(run.ok_or_else(|| Error::Malformed("the body is not base64".to_owned()))?);
        rest = next;
    }
    Ok(decoded.into())
}

/// Encodes the text form of gRPC-Web in one run.
pub fn write_text(body: &[u8]) -> Bytes {
    STANDARD.encode(body).into()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::super::compression::gzip;
    use super::*;

    fn framed(flags: u8, content: &[u8]) -> Bytes {
        let mut body = BytesMut::new();
        write_frame(&mut body, flags, content);
        body.freeze()
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table of cases")]
    fn one_whole_message_is_read_and_nothing_else() {
        use Compression::{Gzip, Identity};

        let two = [framed(0, b"one"), framed(0, b"two")].concat();
        let with_trailers = [framed(0, b"one"), framed(TRAILERS, b"")].concat();
        for (name, body, compression, want) in [
            ("a message", framed(0, b"abc"), Identity, Ok("abc")),
            ("an empty one", framed(0, b""), Identity, Ok("")),
            (
                "16 bytes",
                framed(0, &[b'x'; 16]),
                Identity,
                Ok("xxxxxxxxxxxxxxxx"),
            ),
            (
                "17 bytes",
                framed(0, &[b'x'; 17]),
                Identity,
                Err("body_too_large"),
            ),
            ("none", Bytes::new(), Identity, Err("message_count")),
            (
                "part of a head",
                framed(0, b"").slice(..4),
                Identity,
                Err("malformed"),
            ),
            (
                "part of one",
                framed(0, b"abc").slice(..7),
                Identity,
                Err("malformed"),
            ),
            (
                "4 GiB announced",
                Bytes::from_static(b"\0\xff\xff\xff\xff"),
                Identity,
                Err("body_too_large"),
            ),
            ("two", two.into(), Identity, Err("message_count")),
            (
                "trailers behind",
                with_trailers.into(),
                Identity,
                Err("malformed"),
            ),
            (
                "a byte behind",
                [framed(0, b"one"), Bytes::from_static(b"\0")]
                    .concat()
                    .into(),
                Identity,
                Err("malformed"),
            ),
            (
                "a part of another behind",
                [framed(0, b"one"), framed(0, b"two").slice(..7)]
                    .concat()
                    .into(),
                Identity,
                Err("malformed"),
            ),
            (
                "three",
                [framed(0, b"one"), framed(1, b"two"), framed(0, b"")]
                    .concat()
                    .into(),
                Identity,
                Err("message_count"),
            ),
            (
                "trailers alone",
                framed(TRAILERS, b"a:b"),
                Identity,
                Err("message_count"),
            ),
            (
                "unknown flags",
                framed(2, b"abc"),
                Identity,
                Err("malformed"),
            ),
            ("not compressed", framed(0, b"abc"), Gzip, Ok("abc")),
            ("compressed", framed(1, &gzip(b"abc")), Gzip, Ok("abc")),
            ("nothing, compressed", framed(1, b""), Gzip, Ok("")),
            (
                "compressed unsaid",
                framed(1, &gzip(b"abc")),
                Identity,
                Err("compression_not_named"),
            ),
        ] {
            // Compressed, even a short message is longer than 16 bytes.
            let max = if body.first() == Some(&1) { 64 } else { 16 };
            let got = read_message(&body, compression, max);
            let got = got.as_deref().map_err(Error::kind);
            assert_eq!(got, want.map(str::as_bytes), "{name}");
        }
    }

    #[test]
    fn trailers_are_a_frame_in_lower_case() {
        let mut trailers = HeaderMap::new();
        trailers.insert("Grpc-Status", HeaderValue::from_static("5"));
        trailers.insert("Grpc-Message", HeaderValue::from_static("gone"));
        let mut body = BytesMut::new();

        write_trailers(&mut body, &trailers);

        assert_eq!(&body[..5], b"\x80\0\0\0\x22");
        assert_eq!(&body[5..], b"grpc-status:5\r\ngrpc-message:gone\r\n");
    }

    #[test]
    fn text_comes_in_any_runs() {
        for (text, want) in [
            ("", Some(&b""[..])),
            ("YWJj", Some(b"abc")),
            ("YQ==", Some(b"a")),
            ("YQ==YWI=YWJj", Some(b"aababc")),
            ("YWJjYQ==YWJj", Some(b"abcaabc")),
            ("YQ==YQ", Some(b"aa")),
            ("YWI", Some(b"ab")),
            ("Y", None),
            ("YQ=", Some(b"a")),
            ("Y===", None),
            ("====", None),
            ("YQ==\n", None),
            ("-_-_", None),
        ] {
            let got = read_text(text.as_bytes()).ok();
            assert_eq!(got.as_deref(), want, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..32), 0..4)) {
            let whole = parts.concat();
            let runs: Vec<u8> = parts.iter().flat_map(|part| write_text(part).to_vec()).collect();

            prop_assert_eq!(&read_text(&runs).unwrap(), &whole);
            let framed = write_message(&whole).freeze();
            prop_assert_eq!(read_message(&framed, Compression::Identity, 256).unwrap(), whole);
        }
    }
}
