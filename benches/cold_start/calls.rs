//! What calls cost.

/// The first call to a process and the second one, in instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calls {
    pub first: u64,
    pub second: u64,
}

impl Calls {
    /// What a call may cost beyond the same in JSON, in percent of that.
    pub const PERCENT_OVER_JSON: u64 = 5;

    /// Whether each costs about what it does in JSON, or less.
    pub fn keep_to(self, json: Self) -> bool {
        let keeps_to = |ours: u64, json: u64| ours * 100 <= json * (100 + Self::PERCENT_OVER_JSON);
        keeps_to(self.first, json.first) && keeps_to(self.second, json.second)
    }

    /// None: they cost less than that.
    pub fn without(self, hash: u64) -> Option<Self> {
        Some(Self {
            first: self.first.checked_sub(hash)?,
            second: self.second.checked_sub(hash)?,
        })
    }
}
