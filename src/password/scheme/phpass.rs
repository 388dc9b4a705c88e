use md5::{Digest as _, Md5};

use super::{Scheme, fields};
use crate::password::bounds::{Bounds, affordable_length};
use crate::password::encoding::{crypt_digit, from_crypt_base64};
use crate::password::unsupported::Unsupported;

/// log₂ of the rounds. PHP applications use 8 to 16; with 20 a check takes a third of a second.
const LOG_ROUNDS: Bounds = Bounds::new("log2 of the phpass rounds", "", 7..=20);

/// The length of the salt in characters, which are its bytes.
const SALT_LENGTH: usize = 8;

/// Reads a portable hash of phpass, `$P$B…` or `$H$9…`, which iterates MD5.
/// <https://www.openwall.com/phpass/>
pub fn parse(fields: &[&str]) -> Result<Scheme, Unsupported> {
    const FIELDS: Unsupported =
        Unsupported::Malformed("the field is not rounds, salt and output of phpass");

    let [field] = fields::all(fields, FIELDS)?;
    let (&rounds, rest) = field.as_bytes().split_first().ok_or(FIELDS)?;
    let rounds = 1 << LOG_ROUNDS.check(crypt_digit(rounds).ok_or(FIELDS)?.into())?;
    let (salt, output) = rest.split_at_checked(SALT_LENGTH).ok_or(FIELDS)?;
    let output = std::str::from_utf8(output).ok().and_then(from_crypt_base64);
    let output = output.filter(|output| output.len() == 16).ok_or(FIELDS)?;
    let salt = salt.to_vec();
    Ok(Scheme::new(
        "phpass",
        Some("phpass"),
        output,
        move |password, output, _| {
            // A password that is too long would match the hash of its first bytes.
            let read = password
                .get(..affordable_length(rounds))
                .unwrap_or(password);
            let hash = |first: &[u8]| Md5::new().chain_update(first).chain_update(read);
            let mut digest = hash(&salt).finalize();
            for _ in 0..rounds {
                digest = hash(&digest).finalize();
            }
            output.copy_from_slice(&digest);
            Ok(read.len() == password.len())
        },
    ))
}
