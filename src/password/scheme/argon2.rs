use argon2::{Algorithm, Argon2, Block, Version};
use subtle::ConstantTimeEq;

use super::super::Cause;
use super::super::blocks::{self, Scratch};
use super::super::encoding::{from_padded_base64, parameters, to_base64};
use super::super::hash::Unsupported;
use super::super::params::Params;
use super::{OUTPUT, OUTPUT_ENCODING, SALT, SALT_ENCODING};

/// In bytes, of hashes that are made here: RFC 9106, 4.
const SALT_LENGTH: usize = 16;
const OUTPUT_LENGTH: usize = 32;

/// argon2id, argon2i or argon2d, RFC 9106.
#[derive(Clone)]
pub struct Argon2Hash {
    algorithm: Algorithm,
    version: Version,
    params: Params,
    salt: Vec<u8>,
    output: Vec<u8>,
}

impl Argon2Hash {
    pub fn algorithm(&self) -> &'static str {
        self.algorithm.as_str()
    }

    pub fn parse(algorithm: Algorithm, fields: &[&str]) -> Result<Self, Unsupported> {
        const FIELDS: Unsupported =
            Unsupported::Malformed("the fields are not v=…$m=…,t=…,p=…$salt$output");

        let (version, costs, salt, output) = match *fields {
            [version, costs, salt, output] => (version, costs, salt, output),
            // Strings from before version 19 don't name theirs.
            [costs, salt, output] => ("v=16", costs, salt, output),
            _ => return Err(FIELDS),
        };
        let version = match version {
            "v=16" => Version::V0x10,
            "v=19" => Version::V0x13,
            _ => return Err(Unsupported::Malformed("the version is not 16 or 19")),
        };
        // `keyid` and `data` go into the hash, so a string that has them can't be checked
        // without them; nobody is known to use them.
        let [memory_kib, passes, lanes] = parameters(costs, ["m", "t", "p"]).ok_or(FIELDS)?;
        let params = Params::bounded(memory_kib, passes, lanes)?;
        let salt = from_padded_base64(salt).ok_or(SALT_ENCODING)?;
        SALT.check_length(&salt)?;
        let output = from_padded_base64(output).ok_or(OUTPUT_ENCODING)?;
        OUTPUT.check_length(&output)?;

        Ok(Self {
            algorithm,
            version,
            params,
            salt,
            output,
        })
    }

    /// The hash of `password` under a salt of its own.
    pub fn make(password: &[u8], params: Params, kept: &mut [Block]) -> Result<Self, Cause> {
        let mut hash = Self::decoy(params);
        getrandom::fill(&mut hash.salt)?;
        hash.output = hash.compute(password, kept)?;
        Ok(hash)
    }

    /// A hash that costs what one made here costs, and that no password is known to match.
    pub fn decoy(params: Params) -> Self {
        Self {
            algorithm: Algorithm::Argon2id,
            version: Version::V0x13,
            params,
            salt: vec![0; SALT_LENGTH],
            output: vec![0; OUTPUT_LENGTH],
        }
    }

    pub fn matches(&self, password: &[u8], kept: &mut [Block]) -> Result<bool, Cause> {
        let output = self.compute(password, kept)?;
        Ok(output.ct_eq(&self.output).into())
    }

    /// Whether it costs less than OWASP asks for, in the least memory that a number of passes
    /// may have.
    pub fn is_weak(&self) -> bool {
        !self.params.is_strong()
    }

    /// Whether it is what [`Self::make`] would make with `params`.
    pub fn is_current(&self, params: Params) -> bool {
        self.algorithm == Algorithm::Argon2id
            && self.version == Version::V0x13
            && self.params == params
            && self.salt.len() >= SALT_LENGTH
            && self.output.len() == OUTPUT_LENGTH
    }

    pub fn to_phc(&self) -> String {
        format!(
            "${}$v={}$m={},t={},p={}${}${}",
            self.algorithm.as_str(),
            u32::from(self.version),
            self.params.memory_kib(),
            self.params.passes(),
            self.params.lanes(),
            to_base64(&self.salt),
            to_base64(&self.output),
        )
    }

    fn compute(&self, password: &[u8], kept: &mut [Block]) -> Result<Vec<u8>, Cause> {
        let (memory_kib, passes) = (self.params.memory_kib(), self.params.passes());
        let params = argon2::Params::new(memory_kib, passes, self.params.lanes(), None)?;
        let argon2 = Argon2::new(self.algorithm, self.version, params);

        let count = usize::try_from(memory_kib)?;
        let mut larger;
        let blocks = if let Some(enough) = kept.get_mut(..count) {
            enough
        } else {
            larger = blocks::allocate(count)?;
            &mut larger
        };

        let mut output = vec![0; self.output.len()];
        let scratch = Scratch { blocks, passes };
        argon2.hash_password_into_with_memory(password, &self.salt, &mut output, scratch)?;
        Ok(output)
    }
}
