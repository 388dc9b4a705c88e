//! The hash algorithms: for each one parsing, bounds and the check of a password.

mod appearance;
pub mod argon2;
mod bcrypt;
mod crypt;
mod fields;
mod firebase;
mod foreign;
pub mod parse;
mod pbkdf2;
mod phpass;
mod scrypt;
mod sha_crypt;

use std::sync::Arc;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::error::Cause;
use crate::password::blocks::Workspace;
use crate::password::params::Params;

/// A parsed hash string: an algorithm with its costs and salt, and the output to compare with.
#[derive(Clone)]
pub struct Scheme {
    /// The name of the algorithm, for people to read.
    pub algorithm: &'static str,
    /// The name of the weak scheme, if the hash costs an attacker less than OWASP asks for.
    /// <https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html>
    pub weakness: Option<&'static str>,
    /// The params with which [`make`](self::argon2::make) would make a hash like this one.
    pub made_with: Option<Params>,
    /// Whether a check tells a password from all others: bcrypt, for one, ignores what comes after
    /// the first 72 bytes.
    covers: Arc<Covers>,
    compute: Arc<Compute>,
    output: Vec<u8>,
}

/// Whether a check tells a password from all others.
type Covers = dyn Fn(&[u8]) -> bool + Send + Sync;

/// Writes the output of a password over another one of the same length, and returns whether this
/// password may match: one that the algorithm can't tell from others never does. The workspace is
/// for argon2 alone.
type Compute = dyn Fn(&[u8], &mut [u8], &mut Workspace<'_>) -> Result<bool, Cause> + Send + Sync;

impl Scheme {
    /// A scheme whose hashes the pool doesn't make, and which covers all passwords.
    fn new(
        algorithm: &'static str,
        weakness: Option<&'static str>,
        output: Vec<u8>,
        compute: impl Fn(&[u8], &mut [u8], &mut Workspace<'_>) -> Result<bool, Cause>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        Self {
            algorithm,
            weakness,
            made_with: None,
            covers: Arc::new(|_| true),
            compute: Arc::new(compute),
            output,
        }
    }

    /// Whether this is the hash of `password`.
    pub fn matches(&self, password: &[u8], workspace: &mut Workspace<'_>) -> Result<bool, Cause> {
        // Firebase's signer key is in it until it is encrypted.
        let mut output = Zeroizing::new(vec![0; self.output.len()]);
        let may_match = (self.compute)(password, &mut output, workspace)?;
        Ok(bool::from(output.ct_eq(&self.output)) & may_match)
    }

    /// Whether a check tells `password` from all others.
    pub fn covers(&self, password: &[u8]) -> bool {
        (self.covers)(password)
    }
}
