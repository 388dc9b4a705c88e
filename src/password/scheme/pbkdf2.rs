//! PBKDF2 with HMAC.
//! <https://www.rfc-editor.org/rfc/rfc8018#section-5.2>

use pbkdf2::pbkdf2_hmac;
use pbkdf2::sha2::{Sha224, Sha256, Sha384, Sha512};
use sha1::Sha1;

use super::{Scheme, fields};
use crate::password::bounds::Bounds;
use crate::password::encoding::{decimal, parameters};
use crate::password::unsupported::Unsupported;

/// The rounds. OWASP asks for 210 thousand (SHA-512) to 1.4 million (SHA-1), Django uses 1.2
/// million.
const ROUNDS: Bounds = Bounds::new("PBKDF2 rounds", "", 1..=2_000_000);

/// The length of a salt. Libraries draw 8 to 64 bytes, and accept longer ones.
const SALT: Bounds = Bounds::new("salt", " bytes", 8..=128);

/// The length of an output. Libraries write 16 bytes or more by default; a common one for Node
/// writes 512.
const OUTPUT: Bounds = Bounds::new("output", " bytes", 16..=512);

/// What the costs of Mattermost's hashes begin with.
pub const MATTERMOST: &str = "f=SHA256,";

/// A digest with what PBKDF2 with it has of its own: the name of the algorithm, the digest's length
/// in bytes, the fewest rounds that OWASP asks for, and the function. OWASP names no rounds for
/// SHA-224 and SHA-384, which cost as much as SHA-256 and SHA-512.
#[derive(Clone, Copy)]
pub struct Digest(&'static str, usize, u32, Compute);

/// Computes the output of a password, a salt and rounds.
type Compute = fn(&[u8], &[u8], u32, &mut [u8]);

impl Digest {
    pub const SHA1: Self = Self("pbkdf2-sha1", 20, 1_300_000, pbkdf2_hmac::<Sha1>);
    pub const SHA224: Self = Self("pbkdf2-sha224", 28, 600_000, pbkdf2_hmac::<Sha224>);
    pub const SHA256: Self = Self("pbkdf2-sha256", 32, 600_000, pbkdf2_hmac::<Sha256>);
    pub const SHA384: Self = Self("pbkdf2-sha384", 48, 210_000, pbkdf2_hmac::<Sha384>);
    pub const SHA512: Self = Self("pbkdf2-sha512", 64, 210_000, pbkdf2_hmac::<Sha512>);

    /// Finds a digest by its own name, such as `sha256`.
    pub fn from_name(name: &str) -> Result<Self, Unsupported> {
        Ok(match name {
            "sha1" => Self::SHA1,
            "sha224" => Self::SHA224,
            "sha256" => Self::SHA256,
            "sha384" => Self::SHA384,
            "sha512" => Self::SHA512,
            _ => return Err(Unsupported::UnknownAlgorithm),
        })
    }
}

/// Reads the fields as Passlib and ZITADEL write them, or as PHC strings have them.
/// <https://passlib.readthedocs.io/en/stable/lib/passlib.hash.pbkdf2_digest.html>
pub fn parse(digest: Digest, fields: &[&str]) -> Result<Scheme, Unsupported> {
    const FIELDS: Unsupported =
        Unsupported::Malformed("the fields are not rounds$salt$output or i=…,l=…$salt$output");

    let [costs, salt, output] = fields::all(fields, FIELDS)?;
    let (rounds, length) = if let Some(rounds) = decimal(costs) {
        (rounds, None)
    } else if let Some([rounds]) = parameters(costs, ["i"]) {
        (rounds, None)
    } else {
        let [rounds, length] = parameters(costs, ["i", "l"]).ok_or(FIELDS)?;
        (rounds, Some(length))
    };
    decode(digest, (rounds, length), [salt, output])
}

/// Reads the fields behind Mattermost's `$pbkdf2$`, which names the digest among the costs.
pub fn parse_mattermost(fields: &[&str]) -> Result<Scheme, Unsupported> {
    const FIELDS: Unsupported =
        Unsupported::Malformed("the fields are not f=SHA256,w=…,l=…$salt$output");

    let [costs, salt, output] = fields::all(fields, FIELDS)?;
    let costs = costs.strip_prefix(MATTERMOST).ok_or(FIELDS)?;
    let [rounds, length] = parameters(costs, ["w", "l"]).ok_or(FIELDS)?;
    decode(Digest::SHA256, (rounds, Some(length)), [salt, output])
}

/// Makes a hash of the rounds, the length of the output if it is known, and of salt and output
/// in Passlib's base64, which has `.` in place of `+`; `+` is accepted as well.
/// <https://passlib.readthedocs.io/en/stable/lib/passlib.utils.binary.html>
pub fn decode(
    digest: Digest,
    (rounds, length): (u64, Option<u64>),
    [salt, output]: [&str; 2],
) -> Result<Scheme, Unsupported> {
    let salt = fields::base64("salt", &salt.replace('.', "+"))?;
    let output = fields::base64("output", &output.replace('.', "+"))?;
    if length.is_some_and(|length| length != output.len() as u64) {
        return Err(Unsupported::Malformed(
            "the output is not as long as the string says",
        ));
    }
    scheme(digest, rounds, salt, output)
}

/// Makes a hash of its parts.
///
/// Each block of the output takes all rounds and can be checked by itself, so the first one is
/// enough.
pub fn scheme(
    digest: Digest,
    rounds: u64,
    salt: Vec<u8>,
    mut output: Vec<u8>,
) -> Result<Scheme, Unsupported> {
    SALT.check_length(&salt)?;
    OUTPUT.check_length(&output)?;
    let Digest(algorithm, length, strong_rounds, compute) = digest;
    output.truncate(length);
    let rounds = ROUNDS.check(rounds)?;
    let weakness = (rounds < strong_rounds).then_some("PBKDF2");
    Ok(Scheme::new(
        algorithm,
        weakness,
        output,
        move |password, output, _| {
            compute(password, &salt, rounds, output);
            Ok(fields::is_hmac_key(password))
        },
    ))
}
