use std::collections::TryReserveError;

use argon2::Block;
use zeroize::Zeroize;

/// Allocates `count` blocks of 1 KiB and writes them.
///
/// A page costs its first writer a fault, and a fresh virtual machine more than that, so
/// the writing is half of the purpose. Zeros would not do: the compiler may turn them
/// into an allocation that the system promises to be zero, which touches nothing.
pub fn allocate(count: usize) -> Result<Vec<Block>, TryReserveError> {
    let mut written = Block::new();
    written.as_mut().fill(u64::MAX);

    let mut blocks = Vec::new();
    blocks.try_reserve_exact(count)?;
    blocks.resize(count, written);
    Ok(blocks)
}

/// The blocks of one hash, which are wiped when they are given back if one pass filled
/// them.
///
/// After a single pass the memory still starts with blocks that come of the password and
/// the salt alone: who reads them can try a password with a few calls of `BLAKE2b` and none
/// of the memory. A second pass writes over them, and what it leaves can be compared with
/// only after the pass before. Forler, List, Lucks, Wenzel: "Overview of the candidates for
/// the password hashing competition and their resistance against garbage-collector
/// attacks", <https://eprint.iacr.org/2014/881>.
pub struct Scratch<'a> {
    pub blocks: &'a mut [Block],
    pub passes: u32,
}

impl AsMut<[Block]> for Scratch<'_> {
    fn as_mut(&mut self) -> &mut [Block] {
        self.blocks
    }
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

    /// How often this thread has touched a page that wasn't there: the tenth field of
    /// `stat`, the eighth after the name.
    fn faults() -> u64 {
        let stat = fs::read_to_string("/proc/thread-self/stat").unwrap();
        let (_, fields) = stat.rsplit_once(") ").unwrap();
        fields.split(' ').nth(7).unwrap().parse().unwrap()
    }

    #[test]
    fn every_page_is_there_once_it_is_allocated() {
        // 16384 pages, or 32 where they are 2 MiB large.
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
