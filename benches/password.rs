//! Measures the cost of a password check: `cargo bench --bench password`.

use std::hint::black_box;
use std::num::NonZeroUsize;

use argon2::{Argon2, Block, PasswordVerifier};
use divan::Bencher;
use sesame::domain::Password;
use sesame::password::{Kernel, Params, PasswordHash, PasswordPool};
use tokio::runtime::{Builder, Runtime};

const PASSWORD: &str = "correct horse";

/// The hash of [`PASSWORD`] with the default costs.
const CURRENT: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$0AuQxA+RjPiJeA19Op7DwrFxnfh9xeTU2T6mFj2wThc";

fn main() {
    divan::main();
}

fn runtime() -> Runtime {
    Builder::new_current_thread().build().expect("a runtime")
}

fn pool() -> PasswordPool {
    PasswordPool::new(Params::default(), Kernel::detect(), NonZeroUsize::MIN, 0)
}

/// Computes a hash and nothing else, in the same blocks each time.
#[divan::bench]
fn argon2_over_kept_blocks(bencher: Bencher) {
    let argon2 = Argon2::default();
    let mut blocks = vec![Block::new(); argon2.params().block_count()];
    let salt: [u8; 16] = std::array::from_fn(|at| u8::try_from(at).expect("a small number"));

    bencher.bench_local(|| {
        let mut output = [0; 32];
        argon2
            .hash_password_into_with_memory(PASSWORD.as_bytes(), &salt, &mut output, &mut blocks)
            .expect("a hash");
        black_box(output)
    });
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
        Argon2::default()
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
