use super::bounds::{Bounds, OutOfBounds};

/// The memory. Its maximum is libsodium's `MODERATE`; most libraries default to 64 MiB or less.
/// RFC 9106's first choice of 2 GiB is refused: it is more than most functions have.
///
/// A check that needs more memory than the pool keeps allocates it. If imported hashes are that
/// large, the machine needs this memory for each check that runs at a time.
const MEMORY: Bounds = Bounds::new("memory", " KiB", 8..=256 * 1024);

/// The passes. The maximum is beyond what anyone chooses (libsodium's `SENSITIVE` has 4, OWASP's
/// smallest memory 5); [`WORK`] bounds the time.
const PASSES: Bounds = Bounds::new("time cost", " passes", 1..=64);

/// The lanes. They are computed one after another here, so their number changes no cost; people
/// set it to the number of processors.
const LANES: Bounds = Bounds::new("parallelism", " lanes", 1..=64);

/// The memory that all passes write. The maximum of 1 GiB takes about a second; common imports
/// (64 MiB, 3 or 4 passes) take a quarter of it, libsodium's `MODERATE` three quarters.
const WORK: Bounds = Bounds::new("memory times passes", " KiB", 8..=1024 * 1024);

/// The cost parameters of an argon2 hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Params {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl Params {
    /// # Errors
    ///
    /// [`OutOfBounds`] names the first parameter that is out of bounds. Some bounds concern two of
    /// them: each lane needs 8 KiB, and memory times passes is bounded as well.
    pub fn new(memory_kib: u64, passes: u64, lanes: u64) -> Result<Self, OutOfBounds> {
        let lanes = LANES.check(lanes)?;
        // RFC 9106, section 3.1, asks for eight blocks of 1 KiB in each lane.
        let memory_kib = MEMORY.with_min(8 * lanes).check(memory_kib)?;
        let passes = PASSES.check(passes)?;
        WORK.check(u64::from(memory_kib) * u64::from(passes))?;
        Ok(Self {
            memory_kib,
            passes,
            lanes,
        })
    }

    /// Whether they reach one of the settings that OWASP recommends as equivalent: 46 MiB in one
    /// pass, 19 in two, 12 in three, 9 in four or 7 in five.
    /// <https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html>
    pub fn is_strong(self) -> bool {
        const EQUIVALENTS: [(u32, u32); 5] = [(46, 1), (19, 2), (12, 3), (9, 4), (7, 5)];

        let reaches = |(mib, passes)| self.memory_kib >= mib * 1024 && self.passes >= passes;
        EQUIVALENTS.into_iter().any(reaches)
    }

    /// The memory in KiB, the passes and the lanes.
    pub fn costs(self) -> [u32; 3] {
        [self.memory_kib, self.passes, self.lanes]
    }
}

/// 19 MiB, two passes and one lane, the minimum that OWASP recommends
/// (<https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html>).
impl Default for Params {
    fn default() -> Self {
        Self {
            memory_kib: 19 * 1024,
            passes: 2,
            lanes: 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_are_bounded_each_and_together() {
        for (memory_kib, passes, lanes, want) in [
            (19 * 1024, 2, 1, None),
            (65_536, 3, 4, None),
            (262_144, 3, 1, None),
            (8, 1, 1, None),
            (512, 1, 64, None),
            (262_144, 4, 1, None),
            (16_384, 64, 1, None),
            (7, 1, 1, Some(MEMORY.check(7))),
            (31, 1, 4, Some(MEMORY.with_min(32).check(31))),
            (262_145, 1, 1, Some(MEMORY.check(262_145))),
            (64, 0, 1, Some(PASSES.check(0))),
            (64, 65, 1, Some(PASSES.check(65))),
            (64, 1, 0, Some(LANES.check(0))),
            (1024, 1, 65, Some(LANES.check(65))),
            (262_144, 5, 1, Some(WORK.check(1_310_720))),
        ] {
            let got = Params::new(memory_kib, passes, lanes).err();
            assert_eq!(got.map(Err), want, "{memory_kib} {passes} {lanes}");
        }
    }

    #[test]
    fn params_are_strong_from_owasps_recommendations_on() {
        for (memory_kib, passes, want) in [
            (19 * 1024, 2, true),
            (46 * 1024, 1, true),
            (12 * 1024, 3, true),
            (9 * 1024, 4, true),
            (7 * 1024, 5, true),
            (64 * 1024, 1, true),
            (7 * 1024, 16, true),
            (19 * 1024 - 1, 2, false),
            (19 * 1024, 1, false),
            (46 * 1024 - 1, 1, false),
            (12 * 1024, 2, false),
            (9 * 1024, 3, false),
            (7 * 1024, 4, false),
            (7 * 1024 - 1, 16, false),
        ] {
            let params = Params::new(memory_kib, passes, 1).unwrap();
            assert_eq!(params.is_strong(), want, "{memory_kib} {passes}");
        }
    }

    #[test]
    fn the_default_is_within_bounds() {
        let Params {
            memory_kib,
            passes,
            lanes,
        } = Params::default();

        assert_eq!(
            Params::new(memory_kib.into(), passes.into(), lanes.into()),
            Ok(Params::default())
        );
    }
}
