use std::ops::RangeInclusive;

/// The range that a number in a hash string may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    what: &'static str,
    unit: &'static str,
    min: u32,
    max: u32,
}

impl Bounds {
    /// `unit` is that of the number in a message, with a space before it: ` KiB`.
    pub const fn new(what: &'static str, unit: &'static str, range: RangeInclusive<u32>) -> Self {
        Self {
            what,
            unit,
            min: *range.start(),
            max: *range.end(),
        }
    }

    /// The same bounds with another minimum.
    pub const fn with_min(self, min: u32) -> Self {
        Self { min, ..self }
    }

    pub fn check(self, value: u64) -> Result<u32, OutOfBounds> {
        let (side, limit) = match u32::try_from(value) {
            Ok(value) if value < self.min => ("under", self.min),
            Ok(value) if value <= self.max => return Ok(value),
            _ => ("over", self.max),
        };
        let Self { what, unit, .. } = self;
        Err(OutOfBounds(format!(
            "{what} of {value}{unit} is {side} the limit of {limit}{unit}"
        )))
    }

    /// Checks the number of `bytes`.
    pub fn check_length(self, bytes: &[u8]) -> Result<(), OutOfBounds> {
        self.check(bytes.len() as u64).map(drop)
    }
}

/// The length in bytes of the longest password whose check is affordable if each of `rounds` rounds
/// reads it: rounds times the bytes, and 64 for what else a round hashes, are at most 200 million.
///
/// Who guesses chooses the password, and could choose a hundred times the cost that the hash names.
/// With the most rounds of all, 2²⁰ of phpass, 126 bytes are left.
pub fn affordable_length(rounds: u32) -> usize {
    const MAX_WORK: usize = 200_000_000;
    const BESIDE: usize = 64;

    let each = usize::try_from(rounds).map_or(0, |rounds| MAX_WORK / rounds.max(1));
    each.saturating_sub(BESIDE)
}

/// A cost or a length that is out of its bounds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct OutOfBounds(String);

#[test]
fn the_longest_password_depends_on_the_rounds() {
    for (rounds, want) in [
        (1 << 20, 126),
        (1_000_000, 136),
        (390_000, 448),
        (5000, 39_936),
    ] {
        assert_eq!(affordable_length(rounds), want, "{rounds}");
    }
}

#[test]
fn a_number_within_its_bounds_is_accepted_and_an_error_names_the_limit() {
    let bounds = Bounds::new("memory", " KiB", 8..=64);

    for (value, want) in [
        (8, None),
        (64, None),
        (7, Some("memory of 7 KiB is under the limit of 8 KiB")),
        (65, Some("memory of 65 KiB is over the limit of 64 KiB")),
        (
            1 << 40,
            Some("memory of 1099511627776 KiB is over the limit of 64 KiB"),
        ),
    ] {
        let got = bounds.check(value).err().map(|out| out.to_string());
        assert_eq!(got.as_deref(), want, "{value}");
    }
}
