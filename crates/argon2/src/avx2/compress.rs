//! The compression function G of RFC 9106, section 3.5, with AVX2.
//!
//! It comes in three parts, so that the caller can prefetch once the first word of the result is
//! known: [`permute_rows`], then [`permute_columns`] for each half of the columns.
//!
//! These are not inlined, so that what the compiler makes of them does not depend on the caller or
//! on link-time optimisation. Within them arrays are read and written by index, and vectors of a
//! block one by one: with `array::map`, an iterator over an array, `step_by`, an array that a loop
//! fills or a function that is not inlined, vectors go through memory. That costs up to twice the
//! time, and nothing but the count of instructions tells.

#![expect(clippy::needless_range_loop, reason = "see above")]
#![expect(
    clippy::many_single_char_names,
    reason = "the names are those of RFC 9106"
)]

use std::arch::x86_64::{
    __m256i, _mm256_add_epi64 as add, _mm256_alignr_epi8, _mm256_extract_epi64, _mm256_mul_epu32,
    _mm256_or_si256, _mm256_permute4x64_epi64 as permute, _mm256_setr_epi64x, _mm256_shuffle_epi8,
    _mm256_srli_epi64, _mm256_xor_si256 as xor,
};

use argon2::Block;

type Vectors = [[u64; 4]; 32];

/// Four states of `BLAKE2b`, which are permuted at once. A state is a matrix of four by four words;
/// the first index is that of the row, the second that of the state.
///
/// A permutation waits for the latency of one multiplication after another. Four of them together
/// keep the processor busy; two don't.
type States = [[__m256i; 4]; 4];

/// Permutes the rows of `x` XOR `y` into `current`. Stores `x` XOR `y` into `mask`, and if `OVER`,
/// that XOR the former `current`.
#[inline(never)]
#[target_feature(enable = "avx2")]
pub fn permute_rows<const OVER: bool>([x, y]: [&Block; 2], current: &mut Block, mask: &mut Block) {
    let (x, y) = (vectors(x), vectors(y));
    let (current, mask) = (vectors_mut(current), vectors_mut(mask));
    for half in 0..2 {
        let first = 16 * half;
        let mut r = |i: usize| {
            let at = first + i;
            let sum = xor(load(&x[at]), load(&y[at]));
            let masked = if OVER {
                xor(sum, load(&current[at]))
            } else {
                sum
            };
            store(masked, &mut mask[at]);
            sum
        };
        let mut states = [
            [r(0), r(4), r(8), r(12)],
            [r(1), r(5), r(9), r(13)],
            [r(2), r(6), r(10), r(14)],
            [r(3), r(7), r(11), r(15)],
        ];
        // A vector is a row of a state. Rotating its words makes columns of the diagonals.
        mix(&mut states);
        for i in 0..4 {
            states[1][i] = permute::<0b00_11_10_01>(states[1][i]);
            states[2][i] = permute::<0b01_00_11_10>(states[2][i]);
            states[3][i] = permute::<0b10_01_00_11>(states[3][i]);
        }
        mix(&mut states);
        for i in 0..4 {
            let at = first + 4 * i;
            store(states[0][i], &mut current[at]);
            store(permute::<0b10_01_00_11>(states[1][i]), &mut current[at + 1]);
            store(permute::<0b01_00_11_10>(states[2][i]), &mut current[at + 2]);
            store(permute::<0b00_11_10_01>(states[3][i]), &mut current[at + 3]);
        }
    }
}

/// Permutes the first four or the last four of the eight columns, and adds `mask` by XOR.
///
/// A column is two words wide. So a vector holds half a row of two states, and the vector below it
/// the other half.
#[inline(never)]
#[target_feature(enable = "avx2")]
pub fn permute_columns<const HALF: usize>(current: &mut Block, mask: &Block) {
    let (current, mask) = (vectors_mut(current), vectors(mask));
    let at = |row: usize, pair: usize| 4 * row + 2 * HALF + pair;
    let x = |row, pair| load(&current[at(row, pair)]);
    let mut states = [
        [x(0, 0), x(1, 0), x(0, 1), x(1, 1)],
        [x(2, 0), x(3, 0), x(2, 1), x(3, 1)],
        [x(4, 0), x(5, 0), x(4, 1), x(5, 1)],
        [x(6, 0), x(7, 0), x(6, 1), x(7, 1)],
    ];
    mix(&mut states);
    let [a, b, c, d] = states;
    states = [a, rotate(b), swap(c), swap(rotate(d))];
    mix(&mut states);
    let [a, b, c, d] = states;
    states = [a, swap(rotate(b)), swap(c), rotate(d)];
    for i in 0..4 {
        for j in 0..4 {
            let at = at(2 * i + j % 2, j / 2);
            store(xor(states[i][j], load(&mask[at])), &mut current[at]);
        }
    }
}

/// Rotates each row of the four states by one word to the left.
#[inline]
#[target_feature(enable = "avx2")]
fn rotate(x: [__m256i; 4]) -> [__m256i; 4] {
    [
        _mm256_alignr_epi8::<8>(x[1], x[0]),
        _mm256_alignr_epi8::<8>(x[0], x[1]),
        _mm256_alignr_epi8::<8>(x[3], x[2]),
        _mm256_alignr_epi8::<8>(x[2], x[3]),
    ]
}

/// Rotates each row of the four states by two words.
#[inline]
fn swap(x: [__m256i; 4]) -> [__m256i; 4] {
    [x[1], x[0], x[3], x[2]]
}

/// Does GB of RFC 9106, section 3.6, with each column of the four states.
///
/// Each half goes through the states one after another: a step of all four at a time has more values
/// in use than there are registers.
#[inline]
#[target_feature(enable = "avx2")]
fn mix(states: &mut States) {
    let [a, b, c, d] = states;
    for i in 0..4 {
        a[i] = add_with_product(a[i], b[i]);
        d[i] = rotate_bytes::<4>(xor(d[i], a[i]));
        c[i] = add_with_product(c[i], d[i]);
        b[i] = rotate_bytes::<3>(xor(b[i], c[i]));
    }
    for i in 0..4 {
        a[i] = add_with_product(a[i], b[i]);
        d[i] = rotate_bytes::<2>(xor(d[i], a[i]));
        c[i] = add_with_product(c[i], d[i]);
        let x = xor(b[i], c[i]);
        // To the right by 63 bits, which is to the left by one.
        b[i] = _mm256_or_si256(add(x, x), _mm256_srli_epi64::<63>(x));
    }
}

/// The sum of `x`, `y` and twice the product of their lower halves, for each word.
#[inline]
#[target_feature(enable = "avx2")]
fn add_with_product(x: __m256i, y: __m256i) -> __m256i {
    let product = _mm256_mul_epu32(x, y);
    add(add(x, y), add(product, product))
}

/// Rotates each word to the right by `N` bytes.
#[inline]
#[target_feature(enable = "avx2")]
fn rotate_bytes<const N: u32>(x: __m256i) -> __m256i {
    let low = 0x0706_0504_0302_0100_i64.rotate_right(8 * N);
    let high = 0x0f0e_0d0c_0b0a_0908_i64.rotate_right(8 * N);
    _mm256_shuffle_epi8(x, _mm256_setr_epi64x(low, high, low, high))
}

/// One load, once it is compiled.
#[inline]
#[target_feature(enable = "avx2")]
fn load(from: &[u64; 4]) -> __m256i {
    _mm256_setr_epi64x(
        from[0].cast_signed(),
        from[1].cast_signed(),
        from[2].cast_signed(),
        from[3].cast_signed(),
    )
}

/// One store, once it is compiled.
#[inline]
#[target_feature(enable = "avx2")]
fn store(x: __m256i, to: &mut [u64; 4]) {
    to[0] = _mm256_extract_epi64::<0>(x).cast_unsigned();
    to[1] = _mm256_extract_epi64::<1>(x).cast_unsigned();
    to[2] = _mm256_extract_epi64::<2>(x).cast_unsigned();
    to[3] = _mm256_extract_epi64::<3>(x).cast_unsigned();
}

#[inline]
fn vectors(block: &Block) -> &Vectors {
    let (vectors, _) = block.as_ref().as_chunks();
    vectors.try_into().expect("a block has 128 words")
}

#[inline]
fn vectors_mut(block: &mut Block) -> &mut Vectors {
    let (vectors, _) = block.as_mut().as_chunks_mut();
    vectors.try_into().expect("a block has 128 words")
}
