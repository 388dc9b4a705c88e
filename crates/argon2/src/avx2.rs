//! The whole of Argon2: RFC 9106, section 3.2.

mod compress;
mod segment;

use argon2::{Block, Error, Params};
use blake2::Blake2bVarCore;
use blake2::digest::Output;
use blake2::digest::block_api::{UpdateCore, VariableOutputCore};
use blake2::digest::block_buffer::LazyBuffer;
use fearless_simd::{Avx2, kernel};
use zeroize::Zeroize;

use self::segment::{SLICES, Segment, Shape};
use crate::Argon2;

pub fn hash(
    avx2: Avx2,
    argon2: &Argon2<'_>,
    password: &[u8],
    salt: &[u8],
    output: &mut [u8],
    memory: &mut [Block],
) -> Result<(), Error> {
    check_output(&argon2.params, output)?;
    if salt.len() < argon2::MIN_SALT_LEN {
        return Err(Error::SaltTooShort);
    }
    let mut initial = initial_hash(argon2, password, salt, output.len())?;
    let count = argon2.params.block_count();
    let memory = memory.get_mut(..count).ok_or(Error::MemoryTooLittle)?;
    let lanes = argon2.params.p_cost() as usize;
    let shape = Shape {
        algorithm: argon2.algorithm,
        version: argon2.version,
        passes: argon2.params.t_cost() as usize,
        lanes,
        lane_length: count / lanes,
    };

    for (lane, blocks) in (0_u32..).zip(memory.chunks_exact_mut(shape.lane_length)) {
        for (index, block) in (0_u32..).zip(&mut blocks[..2]) {
            let inputs: [&[u8]; 3] = [&initial, &index.to_le_bytes(), &lane.to_le_bytes()];
            let mut bytes = [0; Block::SIZE];
            long_hash(&inputs, &mut bytes);
            let (chunks, _) = bytes.as_chunks();
            for (word, chunk) in block.as_mut().iter_mut().zip(chunks) {
                *word = u64::from_le_bytes(*chunk);
            }
        }
    }
    initial.zeroize();
    fill(avx2, memory, shape);

    let mut last = Block::new();
    for blocks in memory.chunks_exact(shape.lane_length) {
        last ^= &blocks[shape.lane_length - 1];
    }
    let mut bytes = [0; Block::SIZE];
    for (chunk, word) in bytes.as_chunks_mut().0.iter_mut().zip(last.as_ref()) {
        *chunk = word.to_le_bytes();
    }
    long_hash(&[&bytes], output);
    last.zeroize();
    bytes.zeroize();
    Ok(())
}

fn check_output(params: &Params, output: &[u8]) -> Result<(), Error> {
    if output.len() < params.output_len().unwrap_or(Params::MIN_OUTPUT_LEN) {
        return Err(Error::OutputTooShort);
    }
    if output.len() > params.output_len().unwrap_or(Params::MAX_OUTPUT_LEN) {
        return Err(Error::OutputTooLong);
    }
    Ok(())
}

/// The hash of all inputs: H0 of section 3.2.
fn initial_hash(
    argon2: &Argon2<'_>,
    password: &[u8],
    salt: &[u8],
    output_length: usize,
) -> Result<[u8; 64], Error> {
    let length = |bytes: &[u8], error| u32::try_from(bytes.len()).map_err(|_| error);
    let params = &argon2.params;
    let output_length = u32::try_from(output_length).map_err(|_| Error::OutputTooLong)?;
    let numbers = [
        params.p_cost(),
        output_length,
        params.m_cost(),
        params.t_cost(),
        argon2.version.into(),
        argon2.algorithm as u32,
    ];
    let numbers = numbers.map(u32::to_le_bytes);
    let lengths = [
        length(password, Error::PwdTooLong)?,
        length(salt, Error::SaltTooLong)?,
        length(argon2.secret, Error::SecretTooLong)?,
        length(params.data(), Error::AdTooLong)?,
    ];
    let lengths = lengths.map(u32::to_le_bytes);
    let mut hash = [0; 64];
    blake2b(
        &[
            numbers.as_flattened(),
            &lengths[0],
            password,
            &lengths[1],
            salt,
            &lengths[2],
            argon2.secret,
            &lengths[3],
            params.data(),
        ],
        &mut hash,
    );
    Ok(hash)
}

/// The variable-length hash function H': section 3.3.
fn long_hash(inputs: &[&[u8]], output: &mut [u8]) {
    let length = u32::try_from(output.len()).expect("the length was checked");
    let length = length.to_le_bytes();
    let inputs = [&[&length[..]], inputs].concat();
    if output.len() <= 64 {
        return blake2b(&inputs, output);
    }
    let mut hash = [0; 64];
    blake2b(&inputs, &mut hash);
    let mut rest = output;
    loop {
        let (half, tail) = rest.split_at_mut(32);
        half.copy_from_slice(&hash[..32]);
        rest = tail;
        if rest.len() <= 64 {
            return blake2b(&[&hash], rest);
        }
        let previous = hash;
        blake2b(&[&previous], &mut hash);
    }
}

/// `BLAKE2b` with an output of 1 to 64 bytes.
fn blake2b(inputs: &[&[u8]], output: &mut [u8]) {
    let mut core = Blake2bVarCore::new(output.len()).expect("1 to 64 bytes");
    let mut buffer = LazyBuffer::default();
    for input in inputs {
        buffer.digest_blocks(input, |blocks| core.update_blocks(blocks));
    }
    let mut full = Output::<Blake2bVarCore>::default();
    core.finalize_variable_core(&mut buffer, &mut full);
    output.copy_from_slice(&full[..output.len()]);
}

kernel!(
    /// Fills the memory, in which the first two blocks of each lane are written.
    fn fill(avx2: Avx2, memory: &mut [Block], shape: Shape) {
        for pass in 0..shape.passes {
            for slice in 0..SLICES {
                for lane in 0..shape.lanes {
                    Segment::new(shape, pass, slice, lane).fill(memory);
                }
            }
        }
    }
);
