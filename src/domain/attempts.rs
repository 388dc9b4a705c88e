use std::time::Duration;

use super::Timestamp;

/// How often a user's password may be tried.
///
/// After `max` failures in a row the password is locked for 30 s, and each further
/// failure locks it for twice as long, up to an hour. After 100 failures it stays locked until
/// an administrator unlocks it (NIST SP 800-63B-4, section 3.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttemptPolicy {
    max: u32,
}

/// A condition under which an attempt is allowed: there are fewer failures than
/// `failures_below`, and the last attempt was at `attempted_by` or earlier (None: at any time).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttemptWindow {
    pub failures_below: u32,
    pub attempted_by: Option<Timestamp>,
}

impl AttemptPolicy {
    /// The number of failures in a row that lock a password until an administrator unlocks it.
    pub const CEILING: u32 = 100;
    const MIN_LOCK: Duration = Duration::from_secs(30);
    const MAX_LOCK: Duration = Duration::from_hours(1);

    /// The policy that locks after `max` failures, which must be 1 to 100.
    pub fn new(max: u32) -> Option<Self> {
        (1..=Self::CEILING).contains(&max).then_some(Self { max })
    }

    /// The number of failures in a row after which a password is locked.
    pub fn max(self) -> u32 {
        self.max
    }

    /// How long the password stays locked after this many failures in a row.
    /// `None` for a lock until an administrator ends it.
    fn lock_after(self, failures: u32) -> Option<Duration> {
        if failures >= Self::CEILING {
            return None;
        }
        let Some(over) = failures.checked_sub(self.max) else {
            return Some(Duration::ZERO);
        };
        // 2^7 × 30 s is past the hour already.
        Some((Self::MIN_LOCK * 2u32.pow(over.min(7))).min(Self::MAX_LOCK))
    }

    /// The policy at `now` as conditions. An attempt is allowed if one of them holds.
    ///
    /// The windows are the condition of the write that counts an attempt, so the whole policy is
    /// checked in that write. Attempts at the same time are counted one by one, and can't all pass
    /// on the count that the first one saw.
    pub fn windows(self, now: Timestamp) -> Vec<AttemptWindow> {
        let mut windows = vec![AttemptWindow {
            failures_below: self.max,
            attempted_by: None,
        }];
        for failures in self.max..Self::CEILING {
            let lock = self.lock_after(failures).unwrap_or(Self::MAX_LOCK);
            let is_max = lock == Self::MAX_LOCK;
            windows.push(AttemptWindow {
                failures_below: if is_max { Self::CEILING } else { failures + 1 },
                attempted_by: Some(now.minus(lock)),
            });
            if is_max {
                break;
            }
        }
        windows
    }
}

impl Default for AttemptPolicy {
    fn default() -> Self {
        Self { max: 10 }
    }
}

/// The attempts at a user's password.
///
/// `made` counts all of them and only grows. `failures` counts those since the last success,
/// including those under way: an attempt is counted before its outcome is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attempts {
    pub made: u64,
    pub failures: u32,
    pub last_at: Option<Timestamp>,
}

impl Attempts {
    /// The number of the attempt up to which all failures are forgiven; 0: none is.
    pub fn cleared(&self) -> u64 {
        self.made.saturating_sub(self.failures.into())
    }

    /// These after all failures up to now are forgiven.
    #[must_use]
    pub fn forgiven(self) -> Self {
        Self {
            failures: 0,
            ..self
        }
    }

    /// When the lock ends. `Ok(None)`: the password is not locked at `now`.
    ///
    /// # Errors
    ///
    /// The lock lasts until an administrator unlocks the password.
    pub fn locked_until(
        &self,
        policy: AttemptPolicy,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, PermanentLock> {
        let lock = policy.lock_after(self.failures).ok_or(PermanentLock)?;
        let until = self.last_at.map(|last| last.plus(lock));
        Ok(until.filter(|until| *until > now))
    }
}

/// The error for a password that stays locked until an administrator unlocks it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PermanentLock;

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    fn is_allowed(policy: AttemptPolicy, failures: u32, since: Duration) -> bool {
        let last = NOW.minus(since);
        policy.windows(NOW).iter().any(|window| {
            failures < window.failures_below && window.attempted_by.is_none_or(|by| last <= by)
        })
    }

    #[test]
    fn an_attempt_is_allowed_exactly_when_the_lock_is_over() {
        for max in [1, 2, 10, 95, 100] {
            let policy = AttemptPolicy::new(max).unwrap();
            for failures in 0..=101 {
                for seconds in [0, 29, 30, 59, 60, 1919, 1920, 3599, 3600, 86_400] {
                    let since = Duration::from_secs(seconds);
                    let attempts = Attempts {
                        made: 200,
                        failures,
                        last_at: Some(NOW.minus(since)),
                    };
                    let locked = attempts.locked_until(policy, NOW) != Ok(None);
                    assert_eq!(
                        is_allowed(policy, failures, since),
                        !locked,
                        "max {max}, {failures} failures, {seconds} s ago"
                    );
                }
            }
        }
    }

    #[test]
    fn a_policy_locks_after_one_to_a_hundred_failures() {
        for (max, good) in [(0, false), (1, true), (100, true), (101, false)] {
            assert_eq!(AttemptPolicy::new(max).is_some(), good, "{max}");
        }
    }
}
