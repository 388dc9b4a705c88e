//! When calls arrive. The times are drawn before the first call is sent, so no answer, however
//! late, delays a later call.

use std::time::Duration;

/// What arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Login,
    /// A get of a session with its token.
    Get,
    /// A create without checks.
    Create,
    /// A login that is not part of the load and shows how the service is.
    Probe,
}

#[derive(Clone, Copy, Debug)]
pub struct Arrival {
    pub at: Duration,
    pub kind: Kind,
}

/// Draws arrivals that are independent of each other, as those of many clients are: the time
/// between two is exponentially distributed.
pub fn arrivals(kind: Kind, per_second: f64, until: Duration, dice: &mut Dice) -> Vec<Arrival> {
    let mut at = Duration::ZERO;
    let mut arrivals = Vec::new();
    loop {
        at += Duration::from_secs_f64(-(1.0 - dice.fraction()).ln() / per_second);
        if at >= until {
            return arrivals;
        }
        arrivals.push(Arrival { at, kind });
    }
}

/// Logins in even steps between two times.
pub fn probes(step: Duration, from: Duration, until: Duration) -> Vec<Arrival> {
    let kind = Kind::Probe;
    std::iter::successors(Some(from), |&at| Some(at + step))
        .take_while(|&at| at < until)
        .map(|at| Arrival { at, kind })
        .collect()
}

/// Random numbers that are the same in every run, by `SplitMix64`
/// (<https://doi.org/10.1145/2714064.2660195>).
pub struct Dice(pub u64);

impl Dice {
    /// A number from 0 up to, but not including, 1.
    fn fraction(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let high = u32::try_from((mixed ^ (mixed >> 31)) >> 32).unwrap_or_default();
        f64::from(high) / 4_294_967_296.0
    }
}
