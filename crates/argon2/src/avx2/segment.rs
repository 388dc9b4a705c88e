//! The filling of one segment: RFC 9106, sections 3.2 (steps 5 and 6) and 3.4.

use argon2::{Algorithm, Block, Version};
use safe_arch::prefetch_t0;

use super::compress::{permute_columns, permute_rows};

/// A lane has four segments. A slice is one segment of each lane.
pub const SLICES: usize = 4;

/// The words of a block, each of which gives one reference.
const WORDS: usize = 128;

/// What the filling of the memory depends on.
#[derive(Clone, Copy)]
pub struct Shape {
    pub algorithm: argon2::Algorithm,
    pub version: argon2::Version,
    pub passes: usize,
    pub lanes: usize,
    /// The number of blocks in a lane: a multiple of four, and at least eight.
    pub lane_length: usize,
}

/// One segment in one pass.
#[derive(Clone, Copy)]
pub struct Segment {
    shape: Shape,
    pass: usize,
    slice: usize,
    lane: usize,
    /// In blocks.
    length: usize,
    /// The number of blocks in the finished segments of a lane since the last pass.
    finished: usize,
    /// The position of the oldest of them in its lane.
    oldest: usize,
}

impl Segment {
    pub fn new(shape: Shape, pass: usize, slice: usize, lane: usize) -> Self {
        let length = shape.lane_length / SLICES;
        let (finished_segments, oldest_segment) = if pass == 0 {
            (slice, 0)
        } else {
            (SLICES - 1, slice + 1)
        };
        Self {
            shape,
            pass,
            slice,
            lane,
            length,
            finished: finished_segments * length,
            oldest: oldest_segment * length,
        }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    pub fn fill(self, memory: &mut [Block]) {
        let first = if self.is_first() { 2 } else { 0 };
        let lane_start = self.lane * self.shape.lane_length;
        let start = lane_start + self.slice * self.length;
        let over = self.pass > 0 && self.shape.version == Version::V0x13;
        let mut addresses = self.is_data_independent().then(|| Addresses::new(self));
        let mut mask = Block::new();

        let mut previous = if start + first == lane_start {
            lane_start + self.shape.lane_length - 1
        } else {
            start + first - 1
        };
        let mut reference = self.reference(first, addresses.as_mut(), &memory[previous]);
        for index in first..self.length {
            let [current, x, y] = memory
                .get_disjoint_mut([start + index, previous, reference])
                .expect("a block refers to others than itself and the previous one");
            if over {
                permute_rows::<true>([x, y], current, &mut mask);
            } else {
                permute_rows::<false>([x, y], current, &mut mask);
            }
            permute_columns::<0>(current, &mask);
            // The first word of the block is known here, and with it the next reference: the
            // processor fetches it while the other columns are permuted.
            if index + 1 < self.length {
                reference = self.reference(index + 1, addresses.as_mut(), current);
                prefetch(&memory[reference]);
            }
            previous = start + index;
            permute_columns::<1>(&mut memory[previous], &mask);
        }
    }

    /// Whether no other segment is filled yet.
    fn is_first(self) -> bool {
        self.pass == 0 && self.slice == 0
    }

    /// Whether the references don't depend on the password, so that they give nothing away by the
    /// time that they take.
    fn is_data_independent(self) -> bool {
        match self.shape.algorithm {
            Algorithm::Argon2d => false,
            Algorithm::Argon2i => true,
            Algorithm::Argon2id => self.pass == 0 && self.slice < SLICES / 2,
        }
    }

    /// Which block of the memory the block at `index` of the segment refers to: section 3.4.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn reference(self, index: usize, addresses: Option<&mut Addresses>, previous: &Block) -> usize {
        let word = match addresses {
            Some(addresses) => addresses.word(index),
            None => previous.as_ref()[0],
        };
        let (j1, j2) = (word & u64::from(u32::MAX), to_usize(word >> 32));

        let lane = if self.is_first() {
            self.lane
        } else {
            j2 % self.shape.lanes
        };
        // In its own lane a block refers to all blocks since the last pass but the previous one; in
        // another lane, to those of the finished segments. The first block of a segment leaves out
        // the last of them, which is the previous block in its own lane.
        let count = if lane == self.lane {
            self.finished + index - 1
        } else {
            self.finished - usize::from(index == 0)
        };
        // Squaring makes recent blocks likelier.
        let x = (j1 * j1) >> 32;
        let distance = to_usize((count as u64 * x) >> 32);
        let position = (self.oldest + count - 1 - distance) % self.shape.lane_length;
        lane * self.shape.lane_length + position
    }
}

/// The words that give the references of a segment whose references are data-independent.
struct Addresses {
    input: Block,
    output: Block,
}

impl Addresses {
    #[target_feature(enable = "avx2")]
    fn new(segment: Segment) -> Self {
        let shape = segment.shape;
        let fields = [
            segment.pass,
            segment.lane,
            segment.slice,
            shape.lanes * shape.lane_length,
            shape.passes,
            shape.algorithm as usize,
        ];
        let mut input = Block::new();
        for (word, field) in input.as_mut().iter_mut().zip(fields) {
            *word = field as u64;
        }
        let mut addresses = Self {
            input,
            output: Block::new(),
        };
        addresses.advance();
        addresses
    }

    /// The word for the block at `index`. It is to be asked for each index in order.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn word(&mut self, index: usize) -> u64 {
        if index > 0 && index.is_multiple_of(WORDS) {
            self.advance();
        }
        self.output.as_ref()[index % WORDS]
    }

    #[inline(never)]
    #[target_feature(enable = "avx2")]
    fn advance(&mut self) {
        self.input.as_mut()[6] += 1;
        self.output = compress_with_zeros(&compress_with_zeros(&self.input));
    }
}

#[target_feature(enable = "avx2")]
fn compress_with_zeros(block: &Block) -> Block {
    let (mut output, mut mask) = (Block::new(), Block::new());
    permute_rows::<false>([&Block::new(), block], &mut output, &mut mask);
    permute_columns::<0>(&mut output, &mask);
    permute_columns::<1>(&mut output, &mask);
    output
}

/// Has all cache lines of `block` fetched, of 64 bytes each.
#[inline]
fn prefetch(block: &Block) {
    let (lines, _) = block.as_ref().as_chunks::<8>();
    for line in lines {
        prefetch_t0(line);
    }
}

#[inline]
fn to_usize(word: u64) -> usize {
    usize::try_from(word).expect("a usize of x86_64 has 64 bits")
}
