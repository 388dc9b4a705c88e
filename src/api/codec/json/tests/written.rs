use prost::encoding::bytes::encode;
use prost_reflect::DynamicMessage;

use super::{descriptor, read_text, write};
use crate::api::schema::ALL_TYPES;

#[test]
fn fields_are_written_by_their_numbers_and_without_spaces() {
    let json = concat!(
        r#"{"bool":true,"double":-1.5,"int32":-1,"int64":"-1","uint32":1,"uint64":"1","#,
        r#""string":"\"\\/\u001fé","bytes":"+/8=","color":"COLOR_RED","inner":{"outer":{}},"#,
        r#""timestamp":"2026-11-24T10:00:00.120Z","duration":"-0.500s","struct":{"a":null},"#,
        r#""value":[],"listValue":[1],"optionalBool":false,"repeatedBool":[true,false],"#,
        r#""mapString":{"a":"","b":"b"},"choiceColor":7,"pairLast":"","checks":{},"name1":1}"#,
    );
    let bytes = read_text(json).unwrap().bytes;
    let written = write(&ALL_TYPES, &bytes).unwrap();
    assert_eq!(String::from_utf8(written).unwrap(), json);
}

#[test]
fn what_is_not_the_message_is_not_written() {
    for (bytes, want) in [
        (&b""[..], Some("{}")),
        // Fields that the table doesn't have.
        (b"\xf8\x3f\x01", Some("{}")),
        (b"\xfd\x3f\0\0\0\0\x08\x01", Some(r#"{"bool":true}"#)),
        // The last one counts, and the order of the bytes doesn't.
        (
            b"\x08\x00\x18\x02\x08\x01",
            Some(r#"{"bool":true,"int32":2}"#),
        ),
        (
            b"\xda\x02\x01\x05\xd8\x02\x06",
            Some(r#"{"repeatedInt32":[5,6]}"#),
        ),
        // Entries without a key and without a value.
        (b"\xea\x03\x00", Some(r#"{"mapBool":{"":false}}"#)),
        (b"\xf2\x03\x00", Some(r#"{"mapDouble":{"":0}}"#)),
        (b"\xb2\x04\x00", Some(r#"{"mapInner":{"":{}}}"#)),
        (b"\x72\x00", Some(r#"{"value":null}"#)),
        (b"\x08", None),
        (b"\x0a\x00", None),
        (b"\x0b", None),
        (b"\x11\0\0", None),
        (b"\x18\xff\xff\xff\xff\x0f", None),
        (b"\x1a\x00", None),
        (b"\x3a\x02a", None),
        (b"\x3a\x01\xff", None),
        (b"\xda\x02\x01\x80", None),
        (b"\xe8\x03\x00", None),
    ] {
        let got = write(&ALL_TYPES, bytes).ok();
        let got = got.map(|json| String::from_utf8(json).unwrap());
        assert_eq!(got.as_deref(), want, "{bytes:x?}");
    }
}

/// Messages in each other.
fn nest(depth: usize) -> Vec<u8> {
    (0..depth).rev().fold(Vec::new(), |content, outer| {
        let number = if outer == 0 { 10 } else { 4 };
        let mut message = Vec::new();
        encode(number, &content, &mut message);
        message
    })
}

#[test]
fn no_depth_of_messages_overflows_the_stack() {
    for (depth, good) in [(101, true), (102, false), (50_000, false)] {
        let written = write(&ALL_TYPES, &nest(depth));
        assert_eq!(written.is_ok(), good, "{depth}");
    }
}

#[test]
fn messages_are_read_as_deep_as_the_decoder_goes() {
    for (depth, good) in [(100, true), (101, false)] {
        let decoded = DynamicMessage::decode(descriptor(), &*nest(depth));
        assert_eq!(decoded.is_ok(), good, "{depth}");
        let json = format!("{}{{}}{}", "{\"inner\":".repeat(depth), "}".repeat(depth));
        assert_eq!(read_text(&json).is_ok(), good, "{depth}");
    }
}
