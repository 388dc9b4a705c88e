use std::collections::TryReserveError;

use argon2::Block;
use sesame_argon2::Kernel;
use zeroize::Zeroize;

/// Allocates `count` blocks of 1 KiB and writes them.
///
/// The first write to a page causes a page fault, which costs even more in a fresh virtual
/// machine, so writing here spares the first check that cost. Zeros would not do: the compiler may
/// turn them into an allocation that the system promises to be zero, which touches no page.
pub fn allocate(count: usize) -> Result<Vec<Block>, TryReserveError> {
    let mut written = Block::new();
    written.as_mut().fill(u64::MAX);

    let mut blocks = Vec::new();
    blocks.try_reserve_exact(count)?;
    blocks.resize(count, written);
    Ok(blocks)
}

/// What an argon2 hash is computed with.
pub struct Workspace<'a> {
    pub kernel: Kernel,
    /// The blocks that the pool keeps, too few for a hash that needs more memory.
    pub kept: &'a mut [Block],
}

/// The blocks in which one hash is computed. If it takes a single pass, they are wiped on drop.
///
/// After a single pass the memory still starts with blocks that depend on the password and the
/// salt alone: an attacker who reads them can test a password with a few calls of `BLAKE2b` and
/// little memory. A second pass overwrites them, so that testing a password takes the whole first
/// pass. Forler, List, Lucks, Wenzel: "Overview of the candidates for
/// the password hashing competition and their resistance against garbage-collector
/// attacks", <https://eprint.iacr.org/2014/881>.
pub struct Scratch<'a> {
    pub blocks: &'a mut [Block],
    pub passes: u32,
}

impl Drop for Scratch<'_> {
    fn drop(&mut self) {
        if self.passes == 1 {
            self.blocks.iter_mut().zeroize();
        }
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::fs;

    use super::*;

    /// The number of page faults of this thread: the tenth field of `stat`, which is the eighth
    /// after the name.
    fn faults() -> u64 {
        let stat = fs::read_to_string("/proc/thread-self/stat").unwrap();
        let (_, fields) = stat.rsplit_once(") ").unwrap();
        fields.split(' ').nth(7).unwrap().parse().unwrap()
    }

    #[test]
    fn allocated_blocks_cause_no_page_faults_later() {
        // These are 16384 pages, or 32 if a page has 2 MiB.
        let mut blocks = allocate(64 * 1024).unwrap();
        let before = faults();

        for block in &mut blocks {
            block.as_mut()[0] ^= 1;
        }

        let touched = faults() - before;
        assert!(touched < 16, "{touched} faults");
        assert_eq!(blocks.len(), 64 * 1024);
    }
}
