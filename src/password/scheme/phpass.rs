use md5::{Digest as _, Md5};
use subtle::ConstantTimeEq;

use super::fields;
use crate::password::bounds::{Bounds, affordable_length};
use crate::password::encoding::{crypt_digit, from_crypt_base64};
use crate::password::unsupported::Unsupported;

/// log₂ of the rounds. PHP applications use 8 to 16; with 20 a check takes a third of a second.
const LOG_ROUNDS: Bounds = Bounds::new("log2 of the phpass rounds", "", 7..=20);

/// The length of the salt in characters, which are its bytes.
const SALT_LENGTH: usize = 8;

/// A portable hash of phpass, `$P$B…` or `$H$9…`, which iterates MD5.
/// <https://www.openwall.com/phpass/>
#[derive(Clone)]
pub struct PhpassHash {
    rounds: u32,
    salt: Vec<u8>,
    output: Vec<u8>,
}

impl PhpassHash {
    pub fn parse(fields: &[&str]) -> Result<Self, Unsupported> {
        const FIELDS: Unsupported =
            Unsupported::Malformed("the field is not rounds, salt and output of phpass");

        let [field] = fields::all(fields, FIELDS)?;
        let (&rounds, rest) = field.as_bytes().split_first().ok_or(FIELDS)?;
        let rounds = LOG_ROUNDS.check(crypt_digit(rounds).ok_or(FIELDS)?.into())?;
        let (salt, output) = rest.split_at_checked(SALT_LENGTH).ok_or(FIELDS)?;
        let output = std::str::from_utf8(output).ok().and_then(from_crypt_base64);
        let output = output.filter(|output| output.len() == 16).ok_or(FIELDS)?;
        Ok(Self {
            rounds: 1 << rounds,
            salt: salt.to_vec(),
            output,
        })
    }

    /// Whether this is the hash of `password`.
    ///
    /// A password that is too long never matches, or else it would match the hash of its first
    /// bytes.
    pub fn matches(&self, password: &[u8]) -> bool {
        let length = affordable_length(self.rounds);
        let whole = password.len() <= length;

        let password = &password[..password.len().min(length)];
        let hash = |first: &[u8]| Md5::new().chain_update(first).chain_update(password);
        let mut output = hash(&self.salt).finalize();
        for _ in 0..self.rounds {
            output = hash(&output).finalize();
        }
        bool::from(output[..].ct_eq(&self.output)) & whole
    }
}
