//! What protobuf's conformance suite wants of JSON, and where this service is as strict as its
//! contract says.
//! <https://github.com/protocolbuffers/protobuf/blob/main/conformance/binary_json_conformance_suite.cc>

use serde_json::Value;

use super::{decode, deserialize, read_text, write_text};

/// Reads each text of JSON, and compares what it means with what the second one does, which is
/// the same message in the form that is written; and writes it. None: it is refused.
fn check(cases: &[(&str, Option<&str>)]) {
    for (json, want) in cases {
        let got = read_text(json);
        match want {
            None => assert!(got.is_err(), "{json}"),
            Some(want) => {
                let bytes = got.unwrap_or_else(|error| panic!("{json}: {error}")).bytes;
                assert_eq!(decode(&bytes), deserialize(want), "{json}");
                let written = serde_json::from_str::<Value>(want).unwrap();
                assert_eq!(write_text(&bytes), written, "{json}");
            }
        }
    }
}

/// A text that is written as it is read.
fn same(json: &str) -> (&str, Option<&str>) {
    (json, Some(json))
}

#[test]
fn names_are_in_either_spelling() {
    check(&[
        same(r#"{"name1":1,"Name2":2,"name3":3,"na0me4":4,"NameFive":5,"NAME6":6}"#),
        (
            r#"{"name1":1,"_name_2":2,"name__3_":3,"Name_Five":5,"NAME6":6}"#,
            Some(r#"{"name1":1,"Name2":2,"name3":3,"NameFive":5,"NAME6":6}"#),
        ),
        (
            r#"{"optional_int32":1,"optionalInt64":2}"#,
            Some(r#"{"optionalInt32":1,"optionalInt64":"2"}"#),
        ),
        (r#"{"nam\u00651":1}"#, Some(r#"{"name1":1}"#)),
        (
            "{\n  \"int32\"\t: 1 ,\r\n\"int64\" :2\n}\n",
            Some(r#"{"int32":1,"int64":"2"}"#),
        ),
        (r#"{"Name1":1,"NAME_FIVE":2}"#, Some("{}")),
        (r#"{"optionalInt32":1,"optionalInt32":1}"#, None),
        (r#"{"optionalInt32":1,"optional_int32":1}"#, None),
        (r#"{"optional_int32":null,"optionalInt32":1}"#, None),
        (r#"{"inner":{"number":1,"number":1}}"#, None),
        (r"{name1:1}", None),
        (r"{'name1':1}", None),
        (r#"{"name1":1,}"#, None),
        (r#"{"name1":1 "name2":2}"#, None),
        (r#"{"name1":1 /* one */}"#, None),
        (r#"{"name1":1}{}"#, None),
    ]);
}

#[test]
fn unknown_fields_and_nulls_are_as_if_absent() {
    for value in ["1", "\"a\"", "true", "null", "[1]", r#"{"a":[{}]}"#] {
        check(&[(&format!(r#"{{"unknown":{value}}}"#), Some("{}"))]);
        let nested = format!(r#"{{"inner":{{"unknown":{value},"number":1}}}}"#);
        check(&[(&nested, Some(r#"{"inner":{"number":1}}"#))]);
    }
    for field in crate::api::schema::ALL_TYPES.fields {
        let want = match field.name {
            "value" => r#"{"value":null}"#,
            _ => "{}",
        };
        for name in [field.name, field.json] {
            check(&[(&format!(r#"{{"{name}":null}}"#), Some(want))]);
        }
    }
}

#[test]
fn integers_are_in_range() {
    check(&[
        same(r#"{"int32":2147483647}"#),
        same(r#"{"int32":-2147483648}"#),
        same(r#"{"uint32":4294967295}"#),
        same(r#"{"int64":"9223372036854775807"}"#),
        same(r#"{"int64":"-9223372036854775808"}"#),
        same(r#"{"uint64":"18446744073709551615"}"#),
        (
            r#"{"int64":9223372036854774784}"#,
            Some(r#"{"int64":"9223372036854774784"}"#),
        ),
        (
            r#"{"int64":-9223372036854775808}"#,
            Some(r#"{"int64":"-9223372036854775808"}"#),
        ),
        (
            r#"{"uint64":18446744073709549568}"#,
            Some(r#"{"uint64":"18446744073709549568"}"#),
        ),
        (
            r#"{"int32":"2\u003147483647"}"#,
            Some(r#"{"int32":2147483647}"#),
        ),
        (r#"{"int32":100000.000}"#, Some(r#"{"int32":100000}"#)),
        (r#"{"int32":1e5}"#, Some(r#"{"int32":100000}"#)),
        (r#"{"int32":"1e5"}"#, Some(r#"{"int32":100000}"#)),
        (
            r#"{"int32":2.147483647e9}"#,
            Some(r#"{"int32":2147483647}"#),
        ),
        (
            r#"{"int32":-2.147483648e9}"#,
            Some(r#"{"int32":-2147483648}"#),
        ),
        (
            r#"{"uint32":4.294967295e9}"#,
            Some(r#"{"uint32":4294967295}"#),
        ),
        (r#"{"int32":0,"uint64":"0"}"#, Some("{}")),
        same(r#"{"optionalInt32":0,"optionalUint64":"0"}"#),
        (r#"{"int32":2147483648}"#, None),
        (r#"{"int32":-2147483649}"#, None),
        (r#"{"uint32":4294967296}"#, None),
        (r#"{"uint32":-1}"#, None),
        (r#"{"uint64":-1}"#, None),
        (r#"{"int64":"9223372036854775808"}"#, None),
        (r#"{"int64":9223372036854775808}"#, None),
        (r#"{"int64":"-9223372036854775809"}"#, None),
        (r#"{"uint64":"18446744073709551616"}"#, None),
        (r#"{"uint64":18446744073709551616}"#, None),
        (r#"{"int32":0.5}"#, None),
        (r#"{"uint32":0.5}"#, None),
        (r#"{"int64":"0.5"}"#, None),
        (r#"{"uint64":"0.5"}"#, None),
        (r#"{"int32":"3x3"}"#, None),
        (r#"{"uint64":""}"#, None),
        (r#"{"int32":+1}"#, None),
        (r#"{"int32":01}"#, None),
        (r#"{"int32":-01}"#, None),
        (r#"{"int32":" 1"}"#, None),
        (r#"{"int32":"1 "}"#, None),
        (r#"{"int32":true}"#, None),
        (r#"{"int32":[1]}"#, None),
        (r#"{"int32":{}}"#, None),
    ]);
}

#[test]
fn booleans_are_true_or_false() {
    check(&[
        same(r#"{"bool":true}"#),
        (r#"{"bool":false}"#, Some("{}")),
        same(r#"{"optionalBool":false}"#),
        (r#"{"bool":0}"#, None),
        (r#"{"bool":1}"#, None),
        (r#"{"bool":True}"#, None),
        (r#"{"bool":"true"}"#, None),
        (r#"{"bool":"false"}"#, None),
    ]);
}

#[test]
fn doubles_are_numbers_or_names() {
    check(&[
        same(r#"{"double":2.22507e-308}"#),
        same(r#"{"double":-2.22507e-308}"#),
        same(r#"{"double":1.79769e+308}"#),
        same(r#"{"double":-1.79769e+308}"#),
        (r#"{"double":"1"}"#, Some(r#"{"double":1}"#)),
        (r#"{"double":"-1.5e3"}"#, Some(r#"{"double":-1500}"#)),
        (
            r#"{"double":18446744073709551616}"#,
            Some(r#"{"double":1.8446744073709552e19}"#),
        ),
        same(r#"{"double":"NaN"}"#),
        same(r#"{"double":"Infinity"}"#),
        same(r#"{"double":"-Infinity"}"#),
        (r#"{"optionalDouble":0.0}"#, Some(r#"{"optionalDouble":0}"#)),
        same(r#"{"optionalDouble":-0.0}"#),
        (r#"{"double":NaN}"#, None),
        (r#"{"double":Infinity}"#, None),
        (r#"{"double":-Infinity}"#, None),
        (r#"{"double":1.89769e+308}"#, None),
        (r#"{"double":"-1.89769e+308"}"#, None),
        (r#"{"double":"nan"}"#, None),
        (r#"{"double":"inf"}"#, None),
        (r#"{"double":"+Infinity"}"#, None),
        (r#"{"double":""}"#, None),
        (r#"{"double":"1."}"#, None),
        (r#"{"double":" 1"}"#, None),
        (r#"{"double":"0x1p3"}"#, None),
        (r#"{"double":true}"#, None),
    ]);
}

#[test]
fn enums_are_named_or_numbered() {
    check(&[
        same(r#"{"color":"COLOR_RED"}"#),
        same(r#"{"color":"COLOR_NEGATIVE"}"#),
        (
            r#"{"color":"COLOR_ALIAS"}"#,
            Some(r#"{"color":"COLOR_GREEN"}"#),
        ),
        (r#"{"color":"COLOR_UNSPECIFIED"}"#, Some("{}")),
        (r#"{"color":0}"#, Some("{}")),
        (r#"{"color":1}"#, Some(r#"{"color":"COLOR_RED"}"#)),
        (r#"{"color":1e0}"#, Some(r#"{"color":"COLOR_RED"}"#)),
        (r#"{"color":-1}"#, Some(r#"{"color":"COLOR_NEGATIVE"}"#)),
        same(r#"{"color":123}"#),
        same(r#"{"color":-2147483648}"#),
        same(r#"{"optionalColor":"COLOR_UNSPECIFIED"}"#),
        (r#"{"color":COLOR_RED}"#, None),
        (r#"{"color":"COLOR_BLUE"}"#, None),
        (r#"{"color":"color_red"}"#, None),
        (r#"{"color":"1"}"#, None),
        (r#"{"color":""}"#, None),
        (r#"{"color":2147483648}"#, None),
        (r#"{"color":0.5}"#, None),
        (r#"{"color":true}"#, None),
    ]);
}

#[test]
fn strings_are_unicode() {
    check(&[
        same(r#"{"string":"Hello, mouse!"}"#),
        same(r#"{"string":"наука 谷歌 🐭"}"#),
        same(r#"{"string":"\"\\\/\b\f\n\r\t\u0000\u001f\u007f"}"#),
        (r#"{"string":"\u8C37\u6b4c"}"#, Some(r#"{"string":"谷歌"}"#)),
        (r#"{"string":"\uD83D\uDC2D"}"#, Some(r#"{"string":"🐭"}"#)),
        (r#"{"string":""}"#, Some("{}")),
        same(r#"{"optionalString":""}"#),
        (r#"{"string":"\U8C37"}"#, None),
        (r#"{"string":"\uXXXX"}"#, None),
        (r#"{"string":"\u8C3"}"#, None),
        (r#"{"string":"\uD800"}"#, None),
        (r#"{"string":"\uDC00"}"#, None),
        (r#"{"string":"\uDE01\uD83D"}"#, None),
        (r#"{"string":"abc\"#, None),
        (r#"{"string":'abc'}"#, None),
        (r#"{"string":12345}"#, None),
        (r#"{"string":true}"#, None),
        (r#"{"string":[]}"#, None),
        (r#"{"string":{}}"#, None),
    ]);
}

#[test]
fn bytes_are_base64_in_either_alphabet() {
    check(&[
        same(r#"{"bytes":"AQI="}"#),
        (r#"{"bytes":"AQI"}"#, Some(r#"{"bytes":"AQI="}"#)),
        (r#"{"bytes":"-_"}"#, Some(r#"{"bytes":"+w=="}"#)),
        (r#"{"bytes":"-_8="}"#, Some(r#"{"bytes":"+/8="}"#)),
        (r#"{"bytes":"+/8"}"#, Some(r#"{"bytes":"+/8="}"#)),
        (r#"{"bytes":"QR=="}"#, Some(r#"{"bytes":"QQ=="}"#)),
        (r#"{"bytes":""}"#, Some("{}")),
        same(r#"{"optionalBytes":""}"#),
        (r#"{"bytes":"+_"}"#, None),
        (r#"{"bytes":"A"}"#, None),
        (r#"{"bytes":"AQI=="}"#, None),
        (r#"{"bytes":"AQ I="}"#, None),
        (r#"{"bytes":"ä"}"#, None),
        (r#"{"bytes":1}"#, None),
        (r#"{"bytes":[1]}"#, None),
    ]);
}

#[test]
fn a_oneof_has_one_member() {
    check(&[
        same(r#"{"choiceUint32":0}"#),
        same(r#"{"choiceString":""}"#),
        same(r#"{"choiceInner":{}}"#),
        same(r#"{"choiceBytes":""}"#),
        same(r#"{"choiceBool":false}"#),
        same(r#"{"choiceUint64":"0"}"#),
        same(r#"{"choiceDouble":0}"#),
        same(r#"{"choiceColor":"COLOR_UNSPECIFIED"}"#),
        same(r#"{"inner":{"inner":{"inner":{"text":""}}}}"#),
        same(r#"{"choiceInner":{"text":"a"},"pairFirst":"b"}"#),
        (
            r#"{"choiceUint32":null,"choiceString":"a"}"#,
            Some(r#"{"choiceString":"a"}"#),
        ),
        (
            r#"{"choiceUint32":1,"choiceString":null}"#,
            Some(r#"{"choiceUint32":1}"#),
        ),
        (r#"{"choiceUint32":1,"choiceString":"a"}"#, None),
        (r#"{"choice_color":0,"choice_uint32":0}"#, None),
        (r#"{"inner":{"text":"a","inner":{}}}"#, None),
    ]);
}

#[test]
fn lists_and_maps_hold_no_null() {
    check(&[
        same(r#"{"repeatedBool":[true,false],"repeatedDouble":[0,-1.5,"NaN"]}"#),
        same(r#"{"repeatedInt32":[1,-2,0],"repeatedInt64":["1","-2"]}"#),
        same(r#"{"repeatedUint32":[1,0],"repeatedUint64":["1"],"unpackedInt32":[1,2]}"#),
        same(r#"{"repeatedString":["a",""],"repeatedBytes":["AAEC","","AQI="]}"#),
        same(r#"{"repeatedColor":["COLOR_RED","COLOR_UNSPECIFIED",7]}"#),
        same(r#"{"repeatedInner":[{"number":1234},{},{"text":"a"}]}"#),
        (r#"{"repeatedInt32":[]}"#, Some("{}")),
        same(r#"{"mapBool":{"":false,"a":true},"mapDouble":{"a":"Infinity","b":0}}"#),
        same(r#"{"mapInt32":{"a":0,"b":-1},"mapInt64":{"a":"0","b":"-1"}}"#),
        same(r#"{"mapUint32":{"a":0},"mapUint64":{"a":"18446744073709551615"}}"#),
        same(r#"{"mapString":{"a":"","b":"c"},"mapBytes":{"a":"","b":"AQI="}}"#),
        same(r#"{"mapColor":{"a":"COLOR_UNSPECIFIED","b":"COLOR_RED","c":9}}"#),
        same(r#"{"mapInner":{"hello":{"number":1234},"world":{}}}"#),
        (
            r#"{"mapString":{"\u0031":"a"}}"#,
            Some(r#"{"mapString":{"1":"a"}}"#),
        ),
        (r#"{"mapString":{}}"#, Some("{}")),
        (r#"{"repeatedInt32":[1,null]}"#, None),
        (r#"{"repeatedString":[null]}"#, None),
        (r#"{"repeatedInner":[{},null]}"#, None),
        (r#"{"repeatedInt32":[1,false]}"#, None),
        (r#"{"repeatedInt32":[1,"name"]}"#, None),
        (r#"{"repeatedInt32":[1,{"a":4}]}"#, None),
        (r#"{"repeatedInt32":[[1]]}"#, None),
        (r#"{"repeatedString":["1",2]}"#, None),
        (r#"{"repeatedInner":[{},"2"]}"#, None),
        (r#"{"repeatedInt32":1}"#, None),
        (r#"{"repeatedInner":{}}"#, None),
        (r#"{"repeatedInt32":[1,]}"#, None),
        (r#"{"mapString":{"a":null}}"#, None),
        (r#"{"mapInner":{"a":null}}"#, None),
        (r#"{"mapInt32":{"a":"b"}}"#, None),
        (r#"{"mapString":{null:"a"}}"#, None),
        (r#"{"mapString":{"a":"b","a":"c"}}"#, None),
        (r#"{"mapString":[]}"#, None),
    ]);
}

#[test]
fn well_known_types_have_their_own_form() {
    check(&[
        same(r#"{"duration":"-315576000000.999999999s"}"#),
        same(r#"{"duration":"315576000000.999999999s"}"#),
        (
            r#"{"duration":"1.000000000s"}"#,
            Some(r#"{"duration":"1s"}"#),
        ),
        (r#"{"duration":"1.01s"}"#, Some(r#"{"duration":"1.010s"}"#)),
        (
            r#"{"duration":"0.00001s"}"#,
            Some(r#"{"duration":"0.000010s"}"#),
        ),
        same(r#"{"duration":"-0.000000010s"}"#),
        same(r#"{"duration":"0s"}"#),
        same(r#"{"repeatedDuration":["1.500s","-1.500s"],"mapDuration":{"a":"0s","b":"-1s"}}"#),
        (r#"{"duration":"1"}"#, None),
        (r#"{"duration":"-315576000001.000000000s"}"#, None),
        (r#"{"duration":1}"#, None),
        (r#"{"duration":{"seconds":1}}"#, None),
        same(r#"{"timestamp":"0001-01-01T00:00:00Z"}"#),
        same(r#"{"timestamp":"9999-12-31T23:59:59.999999999Z"}"#),
        same(r#"{"timestamp":"1969-12-31T23:59:59.000010Z"}"#),
        same(r#"{"timestamp":"1970-01-01T00:00:00.010Z"}"#),
        same(r#"{"timestamp":"1993-02-10T00:00:00Z"}"#),
        (
            r#"{"repeatedTimestamp":["1970-01-01T08:00:01+08:00","1969-12-31T16:00:01-08:00"]}"#,
            Some(r#"{"repeatedTimestamp":["1970-01-01T00:00:01Z","1970-01-01T00:00:01Z"]}"#),
        ),
        same(r#"{"mapTimestamp":{"a":"1970-01-01T00:00:00Z"}}"#),
        (r#"{"timestamp":"0000-01-01T00:00:00Z"}"#, None),
        (r#"{"timestamp":"0001-01-01t00:00:00Z"}"#, None),
        (r#"{"timestamp":0}"#, None),
        same(
            r#"{"struct":{"a":null,"b":1234,"c":true,"d":1234.5678,"e":"Hello","f":[1,"5",[]],"g":{"h":0,"i":{}}}}"#,
        ),
        same(r#"{"struct":{},"listValue":[]}"#),
        same(r#"{"struct":{"":{"":""}},"mapStruct":{"a":{},"b":{"c":null}}}"#),
        (r#"{"value":1.0}"#, Some(r#"{"value":1}"#)),
        same(r#"{"value":1.5}"#),
        same(r#"{"value":false}"#),
        same(r#"{"value":null}"#),
        same(r#"{"value":"hello"}"#),
        same(r#"{"value":[0,"hello",null,{"a":[]}]}"#),
        same(r#"{"value":{"value":1}}"#),
        same(r#"{"repeatedValue":[["a"],null,{}],"repeatedListValue":[["a"],[]]}"#),
        same(r#"{"mapValue":{"a":null,"b":1},"mapListValue":{"a":[null]}}"#),
        same(r#"{"repeatedStruct":[{"a":null},{}]}"#),
        (r#"{"struct":[]}"#, None),
        (r#"{"struct":"a"}"#, None),
        (r#"{"struct":{"a":1,"a":2}}"#, None),
        (r#"{"listValue":{}}"#, None),
        (r#"{"repeatedValue":1}"#, None),
        (r#"{"repeatedStruct":[null]}"#, None),
        (r#"{"mapListValue":{"a":null}}"#, None),
    ]);
}
