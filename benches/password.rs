//! Measures the cost of a password check: `cargo bench --bench password`.
//!
//! First our code against the `argon2` crate's and against what bounds it, in turns in one process,
//! and the instructions of each under valgrind. With `--check` that is all, and it fails if a limit
//! is exceeded. How to read it: `benches/README.md`.

#[path = "support/callgrind.rs"]
mod callgrind;
#[path = "support/turns.rs"]
mod turns;

use std::error::Error;
use std::hint::black_box;
use std::num::NonZeroUsize;
use std::process::ExitCode;

use argon2::{Algorithm, Block, PasswordVerifier, Version};
use divan::Bencher;
use sesame::domain::Password;
use sesame::password::{Kernel, Params, PasswordHash, PasswordPool};
use sesame_argon2::Argon2;
use tokio::runtime::{Builder, Runtime};

use self::turns::Subject;

const PASSWORD: &str = "correct horse";
const SALT: &[u8] = b"somesaltsomesalt";

/// The hash of [`PASSWORD`] with the default costs.
const CURRENT: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$0AuQxA+RjPiJeA19Op7DwrFxnfh9xeTU2T6mFj2wThc";

/// The blocks that a hash with the default costs fills.
const BLOCKS: u32 = 2 * 19_456;

/// The limits of `--check`. That on instructions holds in each profile, because all compile the code
/// nearly alike; `cargo cold-start --check` has it for the function.
const MAX_RATIO: f64 = 0.70;
const MAX_INSTRUCTIONS: u64 = 1550;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let ["hashes", kernel, rounds] = arguments[..] {
        let kernel = match kernel {
            "portable" => Kernel::Portable,
            _ => Kernel::detect(),
        };
        let mut hash = hash(kernel, 19_456, 2);
        (0..rounds.parse()?).for_each(|_| hash());
        return Ok(ExitCode::SUCCESS);
    }
    let is_check = arguments.contains(&"--check");
    // An argument of the benchmarks below is the name of one.
    let are_all = !arguments.iter().any(|argument| !argument.starts_with('-'));
    if is_check || are_all {
        let is_within_limits = compare(if is_check { 31 } else { 61 })?;
        if is_check {
            return Ok(ExitCode::from(u8::from(!is_within_limits)));
        }
    }
    divan::main();
    Ok(ExitCode::SUCCESS)
}

/// Prints our hash beside the crate's and beside its bounds, and returns whether it keeps to the
/// limits.
fn compare(rounds: usize) -> Result<bool, Box<dyn Error>> {
    let kernel = Kernel::detect();
    println!(
        "medians of {rounds} rounds, in turns; {} code",
        kernel.name()
    );
    let [ours, theirs, compute, memory] = turns::medians(
        [
            Subject::new("ours over kept blocks", hash(kernel, 19_456, 2)),
            Subject::new("argon2 over kept blocks", hash(Kernel::Portable, 19_456, 2)),
            Subject::new(
                "compute bound: as many blocks in 16 KiB",
                hash(kernel, 16, BLOCKS / 16),
            ),
            Subject::new("memory bound: the same without permutations", copy_blocks()),
        ],
        rounds,
    );
    let ratio = ours / theirs;
    println!("ours/crate {ratio:.2}");
    println!("ours/compute bound {:.2}", ours / compute);
    println!("ours/memory bound {:.2}", ours / memory);

    let mut is_within_limits = true;
    if kernel.name() == Kernel::Portable.name() {
        println!("This processor has no AVX2, so both are the same code.");
        return Ok(is_within_limits);
    }
    let [ours, theirs] = [instructions("AVX2")?, instructions("portable")?];
    println!("instructions per block: ours {ours}, crate {theirs}");
    if ratio > MAX_RATIO {
        println!("TOO SLOW: the limit of ours/crate is {MAX_RATIO}");
        is_within_limits = false;
    }
    if ours > MAX_INSTRUCTIONS {
        println!("TOO MANY: the limit is {MAX_INSTRUCTIONS} instructions per block");
        is_within_limits = false;
    }
    Ok(is_within_limits)
}

fn instructions(kernel: &str) -> Result<u64, Box<dyn Error>> {
    let count = |rounds| callgrind::count(&["hashes", kernel, rounds]);
    Ok((count("2")? - count("1")?) / u64::from(BLOCKS))
}

/// Computes a hash and nothing else, in the same blocks each time.
fn hash(kernel: Kernel, memory_kib: u32, passes: u32) -> impl FnMut() {
    let params = argon2::Params::new(memory_kib, passes, 1, None).expect("params");
    let mut memory = vec![Block::new(); params.block_count()];
    let argon2 = Argon2 {
        kernel,
        algorithm: Algorithm::Argon2id,
        version: Version::V0x13,
        params,
        secret: &[],
    };
    move || {
        let mut output = [0; 32];
        argon2
            .hash_password_into_with_memory(PASSWORD.as_bytes(), SALT, &mut output, &mut memory)
            .expect("a hash");
        black_box(output);
    }
}

/// Reads and writes the blocks that a hash reads and writes, in such an order, and XORs them.
fn copy_blocks() -> impl FnMut() {
    let mut memory = vec![Block::new(); 19_456];
    for (block, word) in memory.iter_mut().zip(1..) {
        block.as_mut().fill(word);
    }
    move || {
        let mut random = 1_u64;
        for _ in 0..2 {
            for at in 2..memory.len() {
                random = random
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                let (before, rest) = memory.split_at_mut(at);
                let other = usize::try_from(random >> 33).expect("31 bits") % (at - 1);
                let result = rest[0] ^ &before[at - 1];
                rest[0] = result ^ &before[other];
            }
        }
        black_box(&memory);
    }
}

fn runtime() -> Runtime {
    Builder::new_current_thread().build().expect("a runtime")
}

fn pool() -> PasswordPool {
    PasswordPool::new(Params::default(), Kernel::detect(), NonZeroUsize::MIN, 0)
}

/// Checks a password as the service does.
#[divan::bench]
fn pool_verify(bencher: Bencher) {
    let (runtime, pool) = (runtime(), pool());
    let hash = PasswordHash::parse(CURRENT).expect("a hash");

    bencher.bench_local(|| {
        let password = Password::new(PASSWORD.into());
        let checked = runtime.block_on(pool.verify(password, hash.clone()));
        assert!(checked.expect("a check").matched);
    });
}

/// Checks a password as the argon2 crate does, which allocates, zeroes and frees its memory each
/// time. Whether there are page faults each time depends on the allocator.
#[divan::bench]
fn argon2_verify_password(bencher: Bencher) {
    let hash = argon2::PasswordHash::new(CURRENT).expect("a hash");

    bencher.bench_local(|| {
        argon2::Argon2::default()
            .verify_password(PASSWORD.as_bytes(), &hash)
            .expect("a match");
    });
}

/// Checks hashes with usual costs of imports, and with the highest costs within bounds.
#[divan::bench(sample_count = 3, sample_size = 1, args = [
    "$argon2id$v=19$m=65536,t=3,p=4$",
    "$argon2id$v=19$m=262144,t=4,p=1$",
    "$argon2id$v=19$m=16384,t=64,p=1$",
    "$scrypt$ln=17,r=8,p=1$",
    "$scrypt$ln=18,r=8,p=1$",
    "$pbkdf2$2000000$",
    "$pbkdf2-sha256$600000$",
    "$pbkdf2-sha256$2000000$",
    "$pbkdf2-sha512$2000000$",
])]
fn imported(bencher: Bencher, costs: &str) {
    let hash = format!("{costs}AAECAwQFBgcICQoLDA0ODw$AAAAAAAAAAAAAAAAAAAAAAAAAAA");
    verify(bencher, PASSWORD, &hash);
}

#[divan::bench(sample_count = 3, sample_size = 1, args = [12, 14, 15])]
fn bcrypt(bencher: Bencher, cost: u32) {
    let hash = format!("$2b${cost}$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e");
    verify(bencher, PASSWORD, &hash);
}

/// Checks passwords of several lengths, because each round hashes the password again.
#[divan::bench(sample_count = 3, sample_size = 1, args = [13, 100, 511])]
fn sha512_crypt(bencher: Bencher, length: usize) {
    let hash = format!("$6$rounds=1000000$saltstring${}", ".".repeat(86));
    verify(bencher, &"x".repeat(length), &hash);
}

fn verify(bencher: Bencher, password: &str, hash: &str) {
    let (runtime, pool) = (runtime(), pool());
    let hash = PasswordHash::parse(hash).expect("a hash within bounds");

    bencher.bench_local(|| {
        let password = Password::new(password.into());
        let checked = runtime.block_on(pool.verify(password, hash.clone()));
        checked.expect("a check")
    });
}
