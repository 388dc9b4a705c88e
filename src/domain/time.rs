use std::time::Duration;

use ::time::OffsetDateTime;

/// A point in time, in milliseconds since 1970 in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// The time in whole seconds, rounded up, so that nothing is deleted before it expires.
    pub fn as_seconds_up(self) -> i64 {
        self.0.div_euclid(1000) + i64::from(self.0.rem_euclid(1000) > 0)
    }

    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        let millis = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(millis))
    }

    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        let millis = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        Self(self.0.saturating_sub(millis))
    }

    /// The time from `self` to `later`, or `None` if `later` is before `self`.
    pub fn until(self, later: Self) -> Option<Duration> {
        let millis = later.0.checked_sub(self.0)?;
        u64::try_from(millis).ok().map(Duration::from_millis)
    }

    /// The time in RFC 3339, with three digits of a second or none.
    pub fn to_rfc3339(self) -> String {
        let (seconds, millis) = (self.0.div_euclid(1000), self.0.rem_euclid(1000));
        // Only a clock thousands of years off is out of range.
        let at = OffsetDateTime::from_unix_timestamp(seconds);
        let at = at.unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let (date, time) = (at.date(), at.time());
        let fraction = match millis {
            0 => String::new(),
            millis => format!(".{millis:03}"),
        };
        format!(
            "{date}T{:02}:{:02}:{:02}{fraction}Z",
            time.hour(),
            time.minute(),
            time.second(),
        )
    }
}

#[test]
fn a_time_in_seconds_is_rounded_up() {
    for (millis, seconds) in [
        (0, 0),
        (1, 1),
        (999, 1),
        (1000, 1),
        (1001, 2),
        (-1, 0),
        (-1000, -1),
    ] {
        assert_eq!(
            Timestamp::from_millis(millis).as_seconds_up(),
            seconds,
            "{millis}"
        );
    }
}

#[test]
fn there_is_no_span_to_an_earlier_time() {
    let (early, late) = (Timestamp::from_millis(1_000), Timestamp::from_millis(1_500));

    assert_eq!(early.until(late), Some(Duration::from_millis(500)));
    assert_eq!(early.until(early), Some(Duration::ZERO));
    assert_eq!(late.until(early), None);
}

#[test]
fn times_are_rfc_3339_in_utc() {
    for (millis, text) in [
        (0, "1970-01-01T00:00:00Z"),
        (1_683_796_445_123, "2023-05-11T09:14:05.123Z"),
        (1_683_796_445_120, "2023-05-11T09:14:05.120Z"),
        (1_709_164_800_001, "2024-02-29T00:00:00.001Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
    ] {
        assert_eq!(Timestamp::from_millis(millis).to_rfc3339(), text);
    }
}
