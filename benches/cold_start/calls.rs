//! The cost of calls.

/// The instructions of the first and the second call to a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calls {
    pub first: u64,
    pub second: u64,
}

impl Calls {
    /// How much more than a call in JSON the same call in another protocol may cost, in percent.
    pub const MAX_PERCENT_OVER_JSON: u64 = 5;

    /// Whether each call costs at most [`Self::MAX_PERCENT_OVER_JSON`] more than in JSON.
    pub fn is_close_to(self, json: Self) -> bool {
        let is_close =
            |ours: u64, json: u64| ours * 100 <= json * (100 + Self::MAX_PERCENT_OVER_JSON);
        is_close(self.first, json.first) && is_close(self.second, json.second)
    }

    /// The calls without the cost of a hash. `None`: they cost less than that.
    pub fn without(self, hash: u64) -> Option<Self> {
        Some(Self {
            first: self.first.checked_sub(hash)?,
            second: self.second.checked_sub(hash)?,
        })
    }
}
