use argon2::{Algorithm, Version};
use sesame_argon2::Argon2;
use subtle::ConstantTimeEq;

use super::fields::{self, OUTPUT, SALT};
use crate::error::Cause;
use crate::password::blocks::{self, Scratch, Workspace};
use crate::password::encoding::{parameters, to_base64};
use crate::password::params::Params;
use crate::password::unsupported::Unsupported;

/// The lengths in bytes of the salt and the output of each hash that [`Argon2Hash::make`] makes,
/// by RFC 9106, section 4.
const SALT_LENGTH: usize = 16;
const OUTPUT_LENGTH: usize = 32;

/// A hash of argon2id, argon2i or argon2d.
/// <https://www.rfc-editor.org/rfc/rfc9106>
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
            // A string without a version is of version 16, whose strings didn't name it.
            [costs, salt, output] => ("v=16", costs, salt, output),
            _ => return Err(FIELDS),
        };
        let version = match version {
            "v=16" => Version::V0x10,
            "v=19" => Version::V0x13,
            _ => return Err(Unsupported::Malformed("the version is not 16 or 19")),
        };
        // `keyid` and `data` are inputs of the hash, so a string that has them can't be checked
        // without them. No program is known to write them.
        let costs = parameters(costs, ["m", "t", "p"]).ok_or(FIELDS)?;
        let hash = Self {
            algorithm,
            version,
            params: Params::from_numbers(costs)?,
            salt: fields::base64("salt", salt)?,
            output: fields::base64("output", output)?,
        };
        SALT.check_length(&hash.salt)?;
        OUTPUT.check_length(&hash.output)?;
        Ok(hash)
    }

    /// Computes the hash of `password` with a random salt.
    pub fn make(
        password: &[u8],
        params: Params,
        workspace: &mut Workspace<'_>,
    ) -> Result<Self, Cause> {
        let mut hash = Self::decoy(params);
        getrandom::fill(&mut hash.salt)?;
        hash.output = hash.compute(password, workspace)?;
        Ok(hash)
    }

    /// A hash that costs as much to check as one that [`Self::make`] makes, and that no password
    /// is known to match.
    pub fn decoy(params: Params) -> Self {
        Self {
            algorithm: Algorithm::Argon2id,
            version: Version::V0x13,
            params,
            salt: vec![0; SALT_LENGTH],
            output: vec![0; OUTPUT_LENGTH],
        }
    }

    pub fn matches(&self, password: &[u8], workspace: &mut Workspace<'_>) -> Result<bool, Cause> {
        let output = self.compute(password, workspace)?;
        Ok(output.ct_eq(&self.output).into())
    }

    /// Whether it costs less than OWASP asks for.
    pub fn is_weak(&self) -> bool {
        !self.params.is_strong()
    }

    /// Whether [`Self::make`] would make a hash like this one with `params`.
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

    fn compute(&self, password: &[u8], workspace: &mut Workspace<'_>) -> Result<Vec<u8>, Cause> {
        let (memory_kib, passes) = (self.params.memory_kib(), self.params.passes());
        let params = argon2::Params::new(memory_kib, passes, self.params.lanes(), None)?;
        let argon2 = Argon2 {
            kernel: workspace.kernel,
            algorithm: self.algorithm,
            version: self.version,
            params,
            secret: &[],
        };

        let count = usize::try_from(memory_kib)?;
        let mut larger;
        let blocks = if let Some(enough) = workspace.kept.get_mut(..count) {
            enough
        } else {
            larger = blocks::allocate(count)?;
            &mut larger
        };

        let mut output = vec![0; self.output.len()];
        let scratch = Scratch { blocks, passes };
        argon2.hash_password_into_with_memory(password, &self.salt, &mut output, scratch.blocks)?;
        Ok(output)
    }
}
