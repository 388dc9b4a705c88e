use argon2::{Algorithm, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use sesame_argon2::Argon2;

use super::Scheme;
use super::fields::{self, OUTPUT, SALT};
use crate::error::Cause;
use crate::password::blocks::{self, Scratch, Workspace};
use crate::password::encoding::parameters;
use crate::password::params::Params;
use crate::password::unsupported::Unsupported;

/// The lengths in bytes of the salt and the output of each hash that [`make`] makes,
/// by RFC 9106, section 4.
const SALT_LENGTH: usize = 16;
const OUTPUT_LENGTH: usize = 32;

/// argon2id, argon2i or argon2d with its costs.
/// <https://www.rfc-editor.org/rfc/rfc9106>
#[derive(Clone, Copy, PartialEq)]
struct Function {
    algorithm: Algorithm,
    version: Version,
    params: Params,
}

pub fn parse(algorithm: Algorithm, fields: &[&str]) -> Result<Scheme, Unsupported> {
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
    let [memory_kib, passes, lanes] = parameters(costs, ["m", "t", "p"]).ok_or(FIELDS)?;
    let function = Function {
        algorithm,
        version,
        params: Params::new(memory_kib, passes, lanes)?,
    };
    let salt = fields::base64("salt", salt)?;
    let output = fields::base64("output", output)?;
    SALT.check_length(&salt)?;
    OUTPUT.check_length(&output)?;
    Ok(function.scheme(salt, output))
}

/// Makes a hash string of `password` with a random salt.
pub fn make(
    password: &[u8],
    params: Params,
    workspace: &mut Workspace<'_>,
) -> Result<String, Cause> {
    let (mut salt, mut output) = ([0; SALT_LENGTH], [0; OUTPUT_LENGTH]);
    getrandom::fill(&mut salt)?;
    Function::current(params).compute(password, &salt, &mut output, workspace)?;
    let [memory_kib, passes, lanes] = params.costs();
    let [salt, output] = [&salt[..], &output].map(|bytes| STANDARD_NO_PAD.encode(bytes));
    Ok(format!(
        "$argon2id$v=19$m={memory_kib},t={passes},p={lanes}${salt}${output}"
    ))
}

/// A hash that costs as much to check as one that [`make`] makes, and that no password is known to
/// match.
pub fn decoy(params: Params) -> Scheme {
    Function::current(params).scheme(vec![0; SALT_LENGTH], vec![0; OUTPUT_LENGTH])
}

impl Function {
    /// The one with which hashes are made.
    fn current(params: Params) -> Self {
        Self {
            algorithm: Algorithm::Argon2id,
            version: Version::V0x13,
            params,
        }
    }

    fn scheme(self, salt: Vec<u8>, output: Vec<u8>) -> Scheme {
        let is_current = self == Self::current(self.params)
            && salt.len() >= SALT_LENGTH
            && output.len() == OUTPUT_LENGTH;
        let weakness = (!self.params.is_strong()).then_some("argon2");
        let name = self.algorithm.as_str();
        Scheme {
            made_with: is_current.then_some(self.params),
            ..Scheme::new(
                name,
                weakness,
                output,
                move |password, output, workspace| {
                    self.compute(password, &salt, output, workspace)?;
                    Ok(true)
                },
            )
        }
    }

    fn compute(
        self,
        password: &[u8],
        salt: &[u8],
        output: &mut [u8],
        workspace: &mut Workspace<'_>,
    ) -> Result<(), Cause> {
        let [memory_kib, passes, lanes] = self.params.costs();
        let argon2 = Argon2 {
            kernel: workspace.kernel,
            algorithm: self.algorithm,
            version: self.version,
            params: argon2::Params::new(memory_kib, passes, lanes, None)?,
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

        let scratch = Scratch { blocks, passes };
        Ok(argon2.hash_password_into_with_memory(password, salt, output, scratch.blocks)?)
    }
}
