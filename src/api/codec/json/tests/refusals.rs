use prost::Message as _;

use super::{read_text, write};
use crate::api::codec::json::tree::Tree;
use crate::api::schema::ALL_TYPES;

fn error(json: &str) -> String {
    match read_text(json) {
        Ok(_) => panic!("{json} was read"),
        Err(error) => error.to_string(),
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn an_error_names_the_path_of_a_field_as_protobuf_does() {
    for (json, want) in [
        (r#"{"string":1}"#, "invalid string: must be a string"),
        (
            r#"{"optionalString":1}"#,
            "invalid optional_string: must be a string",
        ),
        (r#"{"bool":1}"#, "invalid bool: must be true or false"),
        (r#"{"double":""}"#, "invalid double: must be a number"),
        (
            r#"{"int32":""}"#,
            "invalid int32: must be an integer in range",
        ),
        (
            r#"{"uint64":-1}"#,
            "invalid uint64: must be a non-negative integer in range",
        ),
        (r#"{"bytes":1}"#, "invalid bytes: must be a string"),
        (r#"{"bytes":"?"}"#, "invalid bytes: must be base64"),
        (r#"{"color":"?"}"#, "invalid color: is unknown"),
        (r#"{"color":{}}"#, "invalid color: is unknown"),
        (r#"{"inner":1}"#, "invalid inner: must be an object"),
        (r#"{"struct":1}"#, "invalid struct: must be an object"),
        (r#"{"listValue":1}"#, "invalid list_value: must be a list"),
        (
            r#"{"timestamp":"?"}"#,
            "invalid timestamp: must be a time such as \"2026-11-24T10:00:00Z\"",
        ),
        (r#"{"timestamp":1}"#, "invalid timestamp: must be a string"),
        (
            r#"{"duration":"?"}"#,
            "invalid duration: must be seconds, such as \"3600s\"",
        ),
        (r#"{"duration":1}"#, "invalid duration: must be a string"),
        (
            r#"{"repeatedString":1}"#,
            "invalid repeated_string: must be a list of strings",
        ),
        (
            r#"{"repeatedString":[1]}"#,
            "invalid repeated_string: must be a list of strings",
        ),
        (
            r#"{"repeatedInner":[1]}"#,
            "invalid repeated_inner: must be a list of objects",
        ),
        (
            r#"{"repeatedInt32":["?"]}"#,
            "invalid repeated_int32: must be a list of valid values",
        ),
        (r#"{"mapBytes":1}"#, "invalid map_bytes: must be an object"),
        (
            r#"{"mapBytes":{"?":1}}"#,
            "invalid map_bytes: has a value that is not base64",
        ),
        (
            r#"{"mapInner":{"?":1}}"#,
            "invalid map_inner: has a value that is no object",
        ),
        (
            r#"{"mapInt32":{"?":"?"}}"#,
            "invalid map_int32: has an invalid value",
        ),
        (
            r#"{"inner":{"outer":{"mapInner":{"?":{"text":1}}}}}"#,
            "invalid inner.outer.map_inner.text: must be a string",
        ),
        (
            r#"{"repeatedInner":[{},{"number":"?"}]}"#,
            "invalid repeated_inner.number: must be an integer in range",
        ),
        (
            r#"{"optionalBool":null,"optional_bool":null}"#,
            "malformed request: the request has optional_bool in both spellings",
        ),
        (
            r#"{"checks":{"webAuthN":{},"web_auth_n":null}}"#,
            "malformed request: checks has web_auth_n in both spellings",
        ),
        (
            r#"{"choiceBool":true,"choiceColor":0}"#,
            "malformed request: the request has two members of choice",
        ),
        (
            r#"{"inner":{"text":"?","inner":{}}}"#,
            "malformed request: inner has two members of choice",
        ),
    ] {
        assert_eq!(error(json), want, "{json}");
    }
}

#[test]
fn what_is_not_built_is_refused_by_name() {
    for (json, want) in [
        (r#"{"checks":{"webAuthN":{}}}"#, "checks.web_auth_n"),
        (r#"{"checks":{"web_auth_n":{"a":1}}}"#, "checks.web_auth_n"),
        (r#"{"checks":{"code":"1"}}"#, "checks.code"),
        (r#"{"checks":{"user":{},"push":1}}"#, "checks.push"),
        (r#"{"checks":{"web authn":[]}}"#, "checks.(another member)"),
        (r#"{"checks":{"":{}}}"#, "checks.(another member)"),
        (r#"{"repeatedChecks":[{},{"x":1}]}"#, "repeated_checks.x"),
        (
            r#"{"inner":{"outer":{"checks":{"x":1}}}}"#,
            "inner.outer.checks.x",
        ),
        (r#"{"challenges":{"webAuthN":{}}}"#, "challenges.web_auth_n"),
        (r#"{"challenges":{"push":false}}"#, "challenges.push"),
        (r#"{"challenges":["CHALLENGE"]}"#, "challenges"),
        (r#"{"challenges":[{},1]}"#, "challenges"),
        (r#"{"person":{"links":[{}]}}"#, "person.links"),
        (r#"{"person":{"links":[null]}}"#, "person.links"),
        (r#"{"person":{"links":""}}"#, "person.links"),
        (r#"{"person":{"secret":"a"}}"#, "person.secret"),
        (r#"{"person":{"machine":{}}}"#, "person.machine"),
    ] {
        assert_eq!(error(json), format!("{want} is not supported"), "{json}");
    }
    for (json, want) in [
        (
            r#"{"checks":{"webAuthN":1}}"#,
            "checks.web_auth_n: must be an object",
        ),
        (r#"{"checks":["a"]}"#, "checks: must be an object"),
        (r#"{"challenges":[{}]}"#, "challenges: must be an object"),
        (r#"{"challenges":[]}"#, "challenges: must be an object"),
        (r#"{"challenges":"a"}"#, "challenges: must be an object"),
    ] {
        assert_eq!(error(json), format!("invalid {want}"), "{json}");
    }
    for json in [
        r#"{"checks":{"user":{"unknown":1},"text":"a","code":null,"webAuthN":null,"x":null}}"#,
        r#"{"challenges":{"webAuthN":null,"x":null}}"#,
        r#"{"checks":null,"challenges":{}}"#,
        r#"{"person":{"name":"a","links":[],"secret":null,"other":1}}"#,
        r#"{"person":{"name":"a","secret":""}}"#,
    ] {
        assert!(read_text(json).is_ok(), "{json}");
    }
}

#[test]
fn the_first_of_a_pair_goes_beside_the_message() {
    for (json, second) in [
        (r#"{"pairFirst":"a"}"#, None),
        (r#"{"pairLast":"b"}"#, None),
        (r#"{"pairLast":"b","pairFirst":"a"}"#, Some("a")),
        (r#"{"pairFirst":"a","pair_last":"b"}"#, Some("a")),
        (r#"{"pairFirst":"a","pairLast":null}"#, None),
        (r#"{"pairFirst":null,"pairLast":"b"}"#, None),
    ] {
        let got = read_text(json).unwrap();
        assert_eq!(got.second.as_deref(), second, "{json}");
        let read = super::decode(&got.bytes);
        let last = if second.is_some() { "b" } else { "" };
        assert_eq!(read["pairLast"] == "b", json.contains("\"b\""), "{json}");
        assert_eq!(
            read.get("pairFirst").is_some(),
            last.is_empty() && json.contains("\"a\"")
        );
    }
    let want = "invalid pair_first: must be a string";
    assert_eq!(error(r#"{"pairFirst":1,"pairLast":"b"}"#), want);
}

/// What holds a text is wiped, by its type; and `read` asserts that it moved nothing.
#[test]
fn a_password_is_wiped_wherever_it_is_read() {
    fn assert_wiped(_: &impl zeroize::ZeroizeOnDrop) {}

    let Ok(Tree::String(text)) = serde_json::from_str("\"secret\"") else {
        panic!("it is a string");
    };
    assert_wiped(&text);
    let far = (0..100).map(|key| format!("\"{key}\":\"-1.1s\""));
    let far = far.collect::<Vec<_>>().join(",");
    let long = "a".repeat(20_000);
    let lists = vec!["[0,true,{\"\":{}}]"; 100].join(",");
    let json = format!(
        r#"{{"farDurations":{{{far}}},"farString":"{long}","mapBytes":{{"":"A","b":"{long}"}},
            "inner":{{"outer":{{"inner":{{"text":"{long}"}}}}}},"value":[{lists}]}}"#
    );
    assert!(read_text(&json).is_err());
    let json = json.replace("\"A\"", "\"AA\"");
    assert_wiped(&read_text(&json).unwrap().bytes);
}

/// A message with the one field that nests.
#[derive(Clone, PartialEq, prost::Message)]
struct Nesting {
    #[prost(message, optional, tag = "13")]
    structure: Option<prost_types::Struct>,
    #[prost(message, optional, tag = "15")]
    list: Option<prost_types::ListValue>,
}

/// Lists, or objects, in each other.
fn nest(depth: usize, in_objects: bool) -> (Nesting, String) {
    use prost_types::value::Kind;
    use prost_types::{ListValue, Struct, Value};

    let (mut kind, mut json) = (Kind::NullValue(0), "null".to_owned());
    for _ in 0..depth {
        let value = Value { kind: Some(kind) };
        kind = if in_objects {
            json = format!("{{\"a\":{json}}}");
            let fields = [("a".to_owned(), value)].into();
            Kind::StructValue(Struct { fields })
        } else {
            json = format!("[{json}]");
            let values = vec![value];
            Kind::ListValue(ListValue { values })
        };
    }
    let (name, nesting) = match kind {
        Kind::StructValue(structure) => ("struct", (Some(structure), None)),
        Kind::ListValue(list) => ("listValue", (None, Some(list))),
        _ => panic!("there is no depth"),
    };
    let (structure, list) = nesting;
    let json = format!("{{\"{name}\":{json}}}");
    (Nesting { structure, list }, json)
}

#[test]
fn what_is_too_deep_for_the_decoder_is_malformed() {
    for (in_objects, field) in [(true, "struct"), (false, "list_value")] {
        let mut refused = 0;
        for depth in 1..126 {
            let (message, json) = nest(depth, in_objects);
            match (read_text(&json), Nesting::decode(&*message.encode_to_vec())) {
                (Ok(got), Ok(_)) => {
                    assert!(Nesting::decode(&got.bytes[..]) == Ok(message));
                    let written = write(&ALL_TYPES, &got.bytes).unwrap();
                    assert_eq!(String::from_utf8(written).unwrap(), json);
                }
                (Err(error), Err(_)) => {
                    let want = format!("malformed request: {field} is nested too deep");
                    assert_eq!(error.to_string(), want);
                    refused += 1;
                }
                (got, _) => panic!("{depth}: only one reads it: {}", got.is_ok()),
            }
        }
        assert!(refused > 0);
    }
    // Beyond that, the parser stops.
    let (open, close) = ("[".repeat(100_000), "]".repeat(100_000));
    let deep = format!("{{\"unknown\":{open}{close}}}");
    assert!(error(&deep).starts_with("malformed request: the body is not JSON"));
}
