//! The cost of calls and of hashes.

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

/// The instructions of a hash for each block of 1 KiB that it fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashCounts {
    /// By the function's code for this processor.
    pub ours: u64,
    /// By the `argon2` crate's code.
    pub portable: u64,
}

impl HashCounts {
    /// `hash` is a hash of `blocks` by our code, and `excess` what it takes more by the crate's.
    /// `None`: there was no hash.
    pub fn new(hash: u64, excess: u64, blocks: u64) -> Option<Self> {
        let ours = hash / blocks;
        let portable = (hash + excess) / blocks;
        (ours > 0).then_some(Self { ours, portable })
    }

    /// The cost of a call besides its hash, in thousandths of the crate's hash of `blocks`.
    pub fn thousandths(self, call: u64, blocks: u64) -> u64 {
        (call * 1000).div_ceil(self.portable * blocks)
    }
}
