use std::fmt;

/// The least and the most that a number in a hash string may be.
pub struct Bounds {
    pub what: &'static str,
    /// With the space in front, as it follows the number: ` KiB`.
    pub unit: &'static str,
    pub least: u32,
    pub most: u32,
}

impl Bounds {
    pub fn check(&self, value: u64) -> Result<u32, OutOfBounds> {
        let out = |limit, side| OutOfBounds {
            what: self.what,
            unit: self.unit,
            value,
            limit,
            side,
        };

        match u32::try_from(value) {
            Ok(value) if value < self.least => Err(out(self.least, Side::Under)),
            Ok(value) if value <= self.most => Ok(value),
            _ => Err(out(self.most, Side::Over)),
        }
    }

    /// Checks how long something is.
    pub fn check_length(&self, bytes: &[u8]) -> Result<(), OutOfBounds> {
        self.check(bytes.len() as u64).map(drop)
    }
}

/// A cost or a length that is not taken, and the limit that it breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfBounds {
    what: &'static str,
    unit: &'static str,
    value: u64,
    limit: u32,
    side: Side,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Under,
    Over,
}

impl fmt::Display for OutOfBounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            what,
            unit,
            value,
            limit,
            side,
        } = self;
        let side = match side {
            Side::Under => "under",
            Side::Over => "over",
        };
        write!(
            f,
            "{what} of {value}{unit} is {side} the limit of {limit}{unit}"
        )
    }
}

impl std::error::Error for OutOfBounds {}

#[test]
fn both_limits_are_within_and_what_is_beyond_is_named() {
    let bounds = Bounds {
        what: "memory",
        unit: " KiB",
        least: 8,
        most: 64,
    };

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
