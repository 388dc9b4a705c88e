//! Computes hashes with the code for this processor and with that of the `argon2` crate, and
//! compares them.

#![no_main]

use argon2::{Algorithm, Block, Params, Version};
use libfuzzer_sys::fuzz_target;
use sesame_argon2::{Argon2, Kernel};

fuzz_target!(|input: (u8, u8, u16, u8, u8, u64, Vec<u8>)| {
    let (kind, lanes, memory_kib, passes, length, dirt, mut password) = input;
    let algorithms = [Algorithm::Argon2d, Algorithm::Argon2i, Algorithm::Argon2id];
    let versions = [Version::V0x10, Version::V0x13];
    let lanes = u32::from(lanes % 8) + 1;
    // Enough for segments of more than 128 blocks, and little enough for thousands of inputs.
    let memory_kib = 8 * lanes + u32::from(memory_kib % 1100);
    let passes = u32::from(passes % 3) + 1;
    let params = Params::new(memory_kib, passes, lanes, None).expect("params within bounds");
    let salt = password.split_off(password.len() / 2);
    let length = usize::from(length).max(4);

    let [ours, crates] = [Kernel::detect(), Kernel::Portable].map(|kernel| {
        let argon2 = Argon2 {
            kernel,
            algorithm: algorithms[usize::from(kind) % 3],
            version: versions[usize::from(kind) / 3 % 2],
            params: params.clone(),
            secret: &[],
        };
        let mut block = Block::new();
        block.as_mut().fill(dirt);
        let mut memory = vec![block; argon2.params.block_count()];
        let mut output = vec![0; length];
        argon2
            .hash_password_into_with_memory(&password, &salt, &mut output, &mut memory)
            .map(|()| (output, memory))
    });

    match (ours, crates) {
        (Ok((output, memory)), Ok((want, want_memory))) => {
            assert_eq!(output, want);
            let same = |(one, other): (&Block, &Block)| one.as_ref() == other.as_ref();
            assert!(
                memory.iter().zip(&want_memory).all(same),
                "the memory differs"
            );
        }
        (ours, crates) => assert_eq!(ours.err(), crates.err()),
    }
});
