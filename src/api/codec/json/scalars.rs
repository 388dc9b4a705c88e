//! The scalars of proto3's JSON (<https://protobuf.dev/programming-guides/json/>).

use serde_json::Number;

use super::tree::Tree;
use crate::api::schema::Kind;

/// Reads a boolean, an integer or a member of an enum, as the integer that protobuf writes.
///
/// A member is named, or numbered. A number that no member has is passed on, as in protobuf.
pub(super) fn integer(kind: &Kind, value: &Tree) -> Option<u64> {
    let signed = |number: i32| i64::from(number).cast_unsigned();
    match (kind, value) {
        (Kind::Bool, Tree::Bool(flag)) => Some(u64::from(*flag)),
        (Kind::Enum(members), Tree::String(name)) => {
            let (_, number) = members.iter().find(|(own, _)| *own == name.as_str())?;
            Some(signed(*number))
        }
        (Kind::Enum([("NULL_VALUE", 0)]), Tree::Null) => Some(0),
        (Kind::Int32, _) | (Kind::Enum(_), Tree::Number(_)) => {
            i32::try_from(whole(value)?).ok().map(signed)
        }
        (Kind::Int64, _) => i64::try_from(whole(value)?).ok().map(i64::cast_unsigned),
        (Kind::Uint32, _) => u32::try_from(whole(value)?).ok().map(u64::from),
        (Kind::Uint64, _) => u64::try_from(whole(value)?).ok(),
        _ => None,
    }
}

/// Reads a float: a number, a string that spells one, or the name of one that JSON doesn't have.
pub(super) fn double(value: &Tree) -> Option<f64> {
    match value {
        Tree::String(name) if ["NaN", "Infinity", "-Infinity"].contains(&name.as_str()) => {
            name.parse().ok()
        }
        _ => number(value)?.as_f64(),
    }
}

/// Reads an integer: a number, or a string that spells one, exponent and `.0` included.
fn whole(value: &Tree) -> Option<i128> {
    let number = number(value)?;
    let integer = number.as_i128();
    integer.or_else(|| whole_float(number.as_f64()?))
}

/// Reads a number, or a string that spells one as JSON has it: no sign `+`, no space, no leading
/// zero.
fn number(value: &Tree) -> Option<Number> {
    match value {
        Tree::Number(number) => Some(number.clone()),
        // The parser skips white space.
        Tree::String(text)
            if text.starts_with(|c: char| c == '-' || c.is_ascii_digit())
                && text.ends_with(|c: char| c.is_ascii_digit()) =>
        {
            serde_json::from_str(text).ok()
        }
        _ => None,
    }
}

/// Reads an integer that stands as a float. The limits are left out, because integers beyond them
/// are rounded to them.
fn whole_float(float: f64) -> Option<i128> {
    const BELOW: f64 = -9_223_372_036_854_775_808.0;
    const ABOVE: f64 = 18_446_744_073_709_551_616.0;
    let exact = float.fract() == 0.0 && BELOW < float && float < ABOVE;
    #[allow(clippy::cast_possible_truncation, reason = "it is below 2^64")]
    exact.then_some(float as i128)
}

#[test]
fn integers_are_numbers_or_strings() {
    for (json, want) in [
        ("1", Some(1)),
        ("\"1\"", Some(1)),
        ("1.0", Some(1)),
        ("1e2", Some(100)),
        ("-1", Some(-1)),
        ("-0", Some(0)),
        ("\"-1\"", Some(-1)),
        ("18446744073709551615", Some(i128::from(u64::MAX))),
        ("\"18446744073709551615\"", Some(i128::from(u64::MAX))),
        ("1.5", None),
        ("1e30", None),
        ("\"\"", None),
        ("\"+1\"", None),
        ("\" 1\"", None),
        ("\"1.0\"", Some(1)),
        ("\"1e2\"", Some(100)),
        ("\"1.5e1\"", Some(15)),
        ("\"1E+2\"", Some(100)),
        ("\"100e-2\"", Some(1)),
        ("\"0\"", Some(0)),
        ("1e18", Some(1_000_000_000_000_000_000)),
        ("\"1e19\"", Some(10_000_000_000_000_000_000)),
        ("\"1e20\"", None),
        ("-9223372036854775808", Some(i128::from(i64::MIN))),
        ("-9223372036854775809", None),
        ("18446744073709551616", None),
        ("\"1.5\"", None),
        ("\"01\"", None),
        ("\"1.\"", None),
        ("\".5e1\"", None),
        ("\"1 \"", None),
        ("\"1\\n\"", None),
        ("\"0x10\"", None),
        ("\"1e\"", None),
        ("\"NaN\"", None),
        ("\"-Infinity\"", None),
        ("true", None),
        ("null", None),
    ] {
        let value = serde_json::from_str(json).unwrap();
        assert_eq!(whole(&value), want, "{json}");
    }
}
