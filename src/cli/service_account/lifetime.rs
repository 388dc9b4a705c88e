use std::time::Duration;

const DAY: u64 = 86_400;
/// Ten years. A secret that is older is unlikely to be one still.
const MAX_SECONDS: u64 = 3650 * DAY;

/// Reads a number and a unit: `s`, `m`, `h`, `d` or `w`.
pub fn parse_lifetime(text: &str) -> Result<Duration, &'static str> {
    const FORM: &str = "must be a number with s, m, h, d or w behind it, such as 90d";

    let unit = text.chars().last().ok_or(FORM)?;
    let number = &text[..text.len() - unit.len_utf8()];
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => DAY,
        'w' => 7 * DAY,
        _ => return Err(FORM),
    };
    if !number.bytes().all(|b| b.is_ascii_digit()) || number.is_empty() {
        return Err(FORM);
    }
    let number: u64 = number.parse().unwrap_or(u64::MAX);
    match number.saturating_mul(seconds) {
        0 => Err("must be longer than nothing"),
        1..=MAX_SECONDS => Ok(Duration::from_secs(number * seconds)),
        _ => Err("must be ten years at most"),
    }
}

#[test]
fn a_lifetime_is_a_number_with_a_unit() {
    for (text, seconds) in [
        ("1s", Some(1)),
        ("5m", Some(300)),
        ("12h", Some(43_200)),
        ("90d", Some(7_776_000)),
        ("52w", Some(31_449_600)),
        ("3650d", Some(MAX_SECONDS)),
        ("3651d", None),
        ("99999999999999999999w", None),
        ("0d", None),
        ("90", None),
        ("d", None),
        ("-1d", None),
        ("+1d", None),
        ("1.5d", None),
        ("90 d", None),
        ("90é", None),
        ("", None),
    ] {
        let want = seconds.map(Duration::from_secs);
        assert_eq!(parse_lifetime(text).ok(), want, "{text}");
    }
}
