//! Times and durations in proto3's JSON.

use std::ops::RangeInclusive;

use prost_types::{Duration, Timestamp};

/// The times of protobuf, in seconds since 1970.
const YEARS_1_TO_9999: RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;

/// The longest duration of protobuf, in seconds: some 10,000 years.
const MAX_SECONDS: u64 = 315_576_000_000;

/// Reads a time: RFC 3339 with `T` and `Z` in capitals, at most nine digits of a second and no
/// leap second; in the years 1 to 9999 of UTC.
/// <https://protobuf.dev/reference/protobuf/google.protobuf/#timestamp>
pub fn parse_timestamp(text: &str) -> Option<Timestamp> {
    // `Timestamp::from_str` is more lenient than protobuf in each of these.
    let (date, time) = text.split_once('T')?;
    let (clock, zone) = time.split_at(time.find(['Z', '+', '-'])?);
    let (seconds, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let is_plain = date.len() == 10
        && seconds.len() == 8
        && !seconds.ends_with("60")
        && (1..=9).contains(&fraction.len())
        && fraction.bytes().all(|byte| byte.is_ascii_digit())
        && (zone == "Z" || zone.len() == 6);
    let at: Timestamp = text.parse().ok()?;
    (is_plain && YEARS_1_TO_9999.contains(&at.seconds)).then_some(at)
}

/// Reads seconds with up to nine digits behind the point, and an `s`.
pub(super) fn parse_duration(text: &str) -> Option<Duration> {
    // `Duration::from_str` cuts off further digits, and takes longer durations.
    let (_, fraction) = text.split_once('.').unwrap_or_default();
    let span: Duration = text.parse().ok()?;
    let is_plain = fraction.len() <= "123456789s".len();
    (is_plain && span.seconds.unsigned_abs() <= MAX_SECONDS).then_some(span)
}

#[test]
fn a_time_is_rfc_3339_in_the_years_1_to_9999() {
    for (text, want) in [
        ("1970-01-01T00:00:01Z", Some((1, 0))),
        ("1970-01-01T00:00:00.000000001Z", Some((0, 1))),
        ("1970-01-01T01:00:00+01:00", Some((0, 0))),
        ("1969-12-31T23:59:59.5Z", Some((-1, 500_000_000))),
        ("1970-01-01", None),
        ("1970-01-01T00:00:00", None),
        ("1970-13-01T00:00:00Z", None),
        ("", None),
        ("1970-01-01T00:00:00.123456789Z", Some((0, 123_456_789))),
        ("1970-01-01T00:00:00.1234567890Z", None),
        ("1970-01-01T00:00:00.Z", None),
        ("1970-01-01t00:00:00Z", None),
        ("1970-01-01T00:00:00z", None),
        ("1970-01-01_00:00:00Z", None),
        ("1970-01-01 00:00:00Z", None),
        ("1970-01-01T00:00:60Z", None),
        ("1970-01-01T23:59:60.5Z", None),
        ("1970-01-01T24:00:00Z", None),
        ("1970-01-01T00:00:00+0100", None),
        ("1970-01-01T00:00:00 +01:00", None),
        ("1970-01-01T00:00:00.5 Z", None),
        ("1970-01-01T00:00:00.5 +01:00", None),
        ("1970-1-1T00:00:00Z", None),
        ("0001-01-01T00:00:00Z", Some((-62_135_596_800, 0))),
        ("0000-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00+23:59", None),
        (
            "9999-12-31T23:59:59.999999999Z",
            Some((253_402_300_799, 999_999_999)),
        ),
        ("9999-12-31T23:59:59-00:01", None),
        ("10000-01-01T00:00:00Z", None),
        ("1970-01-01T08:00:00+08:00", Some((0, 0))),
        ("1969-12-31T16:00:00-08:00", Some((0, 0))),
    ] {
        let got = parse_timestamp(text).map(|at| (at.seconds, at.nanos));
        assert_eq!(got, want, "{text:?}");
    }
}

#[test]
fn durations_are_seconds() {
    for (text, want) in [
        ("3600s", Some((3600, 0))),
        ("1.5s", Some((1, 500_000_000))),
        ("0.000000001s", Some((0, 1))),
        ("-1.5s", Some((-1, -500_000_000))),
        ("315576000000s", Some((315_576_000_000, 0))),
        ("315576000001s", None),
        ("99999999999999999999s", None),
        ("0.0000000001s", None),
        ("1.s", None),
        (".5s", None),
        ("s", None),
        ("", None),
        ("3600", None),
        ("1h", None),
        ("--1s", None),
        ("+1s", None),
        ("1e3s", None),
        (" 1s", None),
    ] {
        let got = parse_duration(text).map(|span| (span.seconds, span.nanos));
        assert_eq!(got, want, "{text:?}");
    }
}
