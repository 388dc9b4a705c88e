use std::time::Duration;

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
    pub const fn as_seconds_up(self) -> i64 {
        let seconds = self.0.div_euclid(1000);
        if self.0.rem_euclid(1000) == 0 {
            seconds
        } else {
            seconds + 1
        }
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

    /// The time from `self` to `later`. None: `later` is before `self`.
    pub fn until(self, later: Self) -> Option<Duration> {
        let millis = later.0.checked_sub(self.0)?;
        u64::try_from(millis).ok().map(Duration::from_millis)
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
