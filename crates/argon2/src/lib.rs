//! Argon2 in memory that the caller keeps, twice as fast as the `argon2` crate on processors with
//! AVX2.
//!
//! The `argon2` crate leaves its inner loop to the compiler, which finds half of the vector
//! instructions that there are. [`Kernel::Avx2`] states them, as RFC 9106 describes the algorithm
//! (<https://www.rfc-editor.org/rfc/rfc9106>). Everything else is the crate's: the types, the
//! errors, the code for other processors ([`Kernel::Portable`]), and the reference in the tests.
//!
//! Nothing here is `unsafe`: a [`fearless_simd::Avx2`] exists only where the processor was asked,
//! and the intrinsics that work on values are safe in functions that require AVX2.

#[cfg(target_arch = "x86_64")]
mod avx2;

use argon2::{Algorithm, Block, Error, Params, Version};

/// The code that fills the memory.
#[derive(Clone, Copy, Debug)]
pub enum Kernel {
    /// That of the `argon2` crate, for any processor.
    Portable,
    /// Ours, for processors with AVX2 and the other features of x86-64-v3. A processor that lacks
    /// one of them gets the portable code.
    #[cfg(target_arch = "x86_64")]
    Avx2(fearless_simd::Avx2),
}

impl Kernel {
    /// The fastest one for this processor.
    pub fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        if let Some(avx2) = fearless_simd::Level::new().as_avx2() {
            return Self::Avx2(avx2);
        }
        Self::Portable
    }

    /// The name, for people to read.
    pub fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(_) => "AVX2",
        }
    }
}

/// What a hash depends on besides the password and the salt, and the code that computes it.
pub struct Argon2<'key> {
    pub kernel: Kernel,
    pub algorithm: Algorithm,
    pub version: Version,
    pub params: Params,
    /// A key that is not stored with the hash, also called pepper. No key is an empty one.
    pub secret: &'key [u8],
}

impl Argon2<'_> {
    /// Writes the hash into `output`. `memory` may hold anything before, and needs
    /// [`Params::block_count`] blocks.
    ///
    /// # Errors
    ///
    /// Those of the function of the same name in the `argon2` crate, whatever the kernel:
    ///
    /// - [`Error::OutputTooShort`], [`Error::OutputTooLong`]: `output` has under 4 bytes, or not as
    ///   many as the params say.
    /// - [`Error::SaltTooShort`]: `salt` has under 8 bytes.
    /// - [`Error::MemoryTooLittle`]: `memory` has too few blocks.
    /// - An input is longer than the 4 GiB that fit into the hashed length.
    pub fn hash_password_into_with_memory(
        &self,
        password: &[u8],
        salt: &[u8],
        output: &mut [u8],
        memory: &mut [Block],
    ) -> Result<(), Error> {
        match self.kernel {
            Kernel::Portable => self
                .portable()?
                .hash_password_into_with_memory(password, salt, output, memory),
            #[cfg(target_arch = "x86_64")]
            Kernel::Avx2(avx2) => avx2::hash(avx2, self, password, salt, output, memory),
        }
    }

    fn portable(&self) -> Result<argon2::Argon2<'_>, Error> {
        let params = self.params.clone();
        argon2::Argon2::new_with_secret(self.secret, self.algorithm, self.version, params)
    }
}
