//! The kernels against RFC 9106 and against each other. The portable one is the `argon2` crate.

use argon2::{Algorithm, AssociatedData, Block, Error, Params, ParamsBuilder, Version};
use proptest::prelude::*;
use proptest::sample::select;
use sesame_argon2::{Argon2, Kernel};

const ALGORITHMS: [Algorithm; 3] = [Algorithm::Argon2d, Algorithm::Argon2i, Algorithm::Argon2id];
const VERSIONS: [Version; 2] = [Version::V0x10, Version::V0x13];

fn argon2(algorithm: Algorithm, version: Version, params: Params) -> Argon2<'static> {
    Argon2 {
        kernel: Kernel::detect(),
        algorithm,
        version,
        params,
        secret: &[],
    }
}

/// Computes the hash in memory that holds something else before.
fn hash(argon2: &Argon2<'_>, password: &[u8], salt: &[u8], length: usize) -> Vec<u8> {
    let mut dirty = Block::new();
    for (word, index) in dirty.as_mut().iter_mut().zip(1_u64..) {
        *word = index.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
    let mut memory = vec![dirty; argon2.params.block_count()];
    let mut output = vec![0xa5; length];
    let hashed = argon2.hash_password_into_with_memory(password, salt, &mut output, &mut memory);
    assert_eq!(hashed, Ok(()));
    output
}

/// The kernel of this processor gives the hash that the portable one gives.
#[track_caller]
fn assert_same(fast: &Argon2<'_>, password: &[u8], salt: &[u8], length: usize) {
    let Argon2 {
        algorithm,
        version,
        params,
        ..
    } = fast;
    let portable = Argon2 {
        kernel: Kernel::Portable,
        params: params.clone(),
        ..*fast
    };
    assert_eq!(
        hash(fast, password, salt, length),
        hash(&portable, password, salt, length),
        "{algorithm} {version:?} {params:?} {length}"
    );
}

#[test]
#[cfg(target_arch = "x86_64")]
fn the_fast_kernel_is_taken_where_the_processor_has_avx2() {
    let has_avx2 = std::arch::is_x86_feature_detected!("avx2");

    assert_eq!(matches!(Kernel::detect(), Kernel::Avx2(_)), has_avx2);
    assert_eq!(Kernel::detect().name() == "AVX2", has_avx2);
    assert_eq!(Kernel::Portable.name(), "portable");
}

fn to_hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

/// <https://www.rfc-editor.org/rfc/rfc9106#section-5>
#[test]
fn the_vectors_of_rfc_9106_match() {
    let params = ParamsBuilder::new()
        .m_cost(32)
        .t_cost(3)
        .p_cost(4)
        .data(AssociatedData::new(&[4; 12]).unwrap())
        .build()
        .unwrap();

    for (algorithm, tag) in [
        (
            Algorithm::Argon2d,
            "512b391b6f1162975371d30919734294f868e3be3984f3c1a13a4db9fabe4acb",
        ),
        (
            Algorithm::Argon2i,
            "c814d9d1dc7f37aa13f0d77f2494bda1c8de6b016dd388d29952a4c4672b6ce8",
        ),
        (
            Algorithm::Argon2id,
            "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659",
        ),
    ] {
        for kernel in [Kernel::Portable, Kernel::detect()] {
            let argon2 = Argon2 {
                kernel,
                secret: &[3; 8],
                ..argon2(algorithm, Version::V0x13, params.clone())
            };
            let output = hash(&argon2, &[1; 32], &[2; 16], 32);
            assert_eq!(to_hex(&output), tag, "{algorithm} {}", kernel.name());
        }
    }
}

/// A block of addresses serves 128 blocks, so segments around that length and its double differ.
#[test]
fn segments_of_all_lengths_give_the_same_hash() {
    for length in [2, 3, 127, 128, 129, 255, 256, 257, 300] {
        for lanes in [1, 2, 3] {
            let params = Params::new(4 * length * lanes, 2, lanes, None).unwrap();
            for algorithm in ALGORITHMS {
                for version in VERSIONS {
                    let argon2 = argon2(algorithm, version, params.clone());
                    assert_same(&argon2, b"password", b"somesalt", 32);
                }
            }
        }
    }
}

#[test]
fn outputs_of_all_lengths_are_the_same() {
    let params = Params::new(16, 1, 1, None).unwrap();

    for length in (4..=200).chain([512, 1023, 1024, 1025]) {
        let argon2 = argon2(Algorithm::Argon2id, Version::V0x13, params.clone());
        assert_same(&argon2, b"password", b"somesalt", length);
    }
}

#[test]
fn the_default_costs_give_the_same_hash() {
    let argon2 = argon2(Algorithm::Argon2id, Version::V0x13, Params::default());
    assert_same(&argon2, b"correct horse", &[7; 16], 32);
}

#[test]
fn blocks_beyond_the_needed_ones_are_left_as_they_are() {
    let params = Params::new(19, 2, 1, None).unwrap();
    assert_eq!(params.block_count(), 16);
    let mut memory = vec![Block::new(); 20];
    for block in &mut memory[16..] {
        block.as_mut().fill(9);
    }

    argon2(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into_with_memory(b"password", b"somesalt", &mut [0; 32], &mut memory)
        .unwrap();

    for (index, block) in memory.iter().enumerate() {
        let is_untouched = block.as_ref().iter().all(|&word| word == 9);
        assert_eq!(is_untouched, index >= 16, "{index}");
    }
}

#[test]
fn both_kernels_refuse_the_same_inputs() {
    let any = Params::new(16, 1, 1, None).unwrap();
    let of_32 = Params::new(16, 1, 1, Some(32)).unwrap();

    for (params, salt, length, blocks, want) in [
        (&any, 8, 4, 16, Ok(())),
        (&any, 8, 3, 16, Err(Error::OutputTooShort)),
        (&any, 8, 0, 16, Err(Error::OutputTooShort)),
        (&any, 7, 4, 16, Err(Error::SaltTooShort)),
        (&any, 0, 4, 16, Err(Error::SaltTooShort)),
        (&any, 8, 4, 15, Err(Error::MemoryTooLittle)),
        (&any, 8, 4, 0, Err(Error::MemoryTooLittle)),
        (&of_32, 8, 32, 16, Ok(())),
        (&of_32, 8, 31, 16, Err(Error::OutputTooShort)),
        (&of_32, 8, 33, 16, Err(Error::OutputTooLong)),
        // The first fault counts.
        (&any, 0, 0, 0, Err(Error::OutputTooShort)),
        (&any, 0, 4, 0, Err(Error::SaltTooShort)),
    ] {
        for kernel in [Kernel::Portable, Kernel::detect()] {
            let argon2 = Argon2 {
                kernel,
                ..argon2(Algorithm::Argon2id, Version::V0x13, params.clone())
            };
            let mut memory = vec![Block::new(); blocks];
            let got = argon2.hash_password_into_with_memory(
                b"password",
                &vec![1; salt],
                &mut vec![0; length],
                &mut memory,
            );
            let kernel = kernel.name();
            assert_eq!(got, want, "{kernel} {salt} {length} {blocks}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_settings_give_the_same_hash(
        algorithm in select(&ALGORITHMS[..]),
        version in select(&VERSIONS[..]),
        lanes in 1_u32..=8,
        more_memory in 0_u32..=3 * 1024,
        passes in 1_u32..=16,
        password in prop::collection::vec(any::<u8>(), 0..300),
        salt in prop::collection::vec(any::<u8>(), 8..80),
        secret in prop::collection::vec(any::<u8>(), 0..40),
        data in prop::collection::vec(any::<u8>(), 0..=32),
        length in 4_usize..=130,
    ) {
        // Large memory takes few passes, so that a case takes milliseconds.
        let passes = if more_memory > 128 { passes.min(3) } else { passes };
        let params = ParamsBuilder::new()
            .m_cost(8 * lanes + more_memory)
            .t_cost(passes)
            .p_cost(lanes)
            .data(AssociatedData::new(&data).unwrap())
            .build()
            .unwrap();
        let argon2 = Argon2 { secret: &secret, ..argon2(algorithm, version, params) };
        assert_same(&argon2, &password, &salt, length);
    }
}
