use prost_types::Duration;

/// The longest duration of protobuf, in seconds: some 10,000 years.
const MAX_SECONDS: i64 = 315_576_000_000;

/// Parses seconds with up to nine digits behind the point, and an `s`.
pub(super) fn parse(text: &str) -> Option<Duration> {
    let number = text.strip_suffix('s')?;
    let (negative, number) = match number.strip_prefix('-') {
        Some(number) => (true, number),
        None => (false, number),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || fraction.len() > 9 {
        return None;
    }
    let seconds: i64 = whole
        .parse()
        .ok()
        .filter(|&seconds| seconds <= MAX_SECONDS)?;
    let nanos: i32 = format!("{fraction:0<9}").parse().ok()?;
    let sign = if negative { -1 } else { 1 };
    Some(Duration {
        seconds: seconds * i64::from(sign),
        nanos: nanos * sign,
    })
}

#[test]
fn durations_are_seconds() {
    for (text, want) in [
        ("3600s", Some((3600, 0))),
        ("1.5s", Some((1, 500_000_000))),
        ("0.000000001s", Some((0, 1))),
        ("-1.5s", Some((-1, -500_000_000))),
        ("315576000000s", Some((MAX_SECONDS, 0))),
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
        let got = parse(text).map(|duration| (duration.seconds, duration.nanos));
        assert_eq!(got, want, "{text:?}");
    }
}
