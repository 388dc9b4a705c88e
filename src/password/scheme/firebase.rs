//! Firebase's scrypt: the project's signer key, encrypted with AES-256 under a key that scrypt
//! derives from the password.
//!
//! Each check needs the signer key, so the string contains it, in base64:
//! `$fbscrypt$v=1,n=14,r=8,p=1,ss=<salt separator>,sk=<signer key>$salt$output`.
//! <https://github.com/firebase/scrypt>

use aes::Aes256;
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit as _, StreamCipher as _};
use scrypt::Params;
use zeroize::Zeroizing;

use super::{Scheme, fields};
use crate::password::bounds::Bounds;
use crate::password::encoding::{decimal, parameters};
use crate::password::unsupported::Unsupported;

/// Firebase's `mem_cost`, log₂ of scrypt's cost. Projects have 14.
const LOG_N: Bounds = Bounds::new("Firebase's mem_cost", "", 1..=17);

/// Firebase's `rounds`, scrypt's block size. Projects have 8.
const BLOCK_SIZE: Bounds = Bounds::new("Firebase's rounds", "", 1..=16);

/// The length of the salt without the separator. Firebase draws few bytes.
const SALT: Bounds = fields::SALT.with_min(4);

/// The length of the signer key.
const KEY_LENGTH: Bounds = Bounds::new("Firebase's signer key", " bytes", 16..=128);

pub fn parse(fields: &[&str]) -> Result<Scheme, Unsupported> {
    const FIELDS: Unsupported =
        Unsupported::Malformed("the fields are not v=1,n=…,r=…,p=1,ss=…,sk=…$salt$output");

    let [costs, salt, output] = fields::all(fields, FIELDS)?;
    let (costs, keys) = costs.split_once(",ss=").ok_or(FIELDS)?;
    let (separator, signer_key) = keys.split_once(",sk=").ok_or(FIELDS)?;
    match parameters(costs, ["v", "n", "r", "p"]) {
        Some([1, log_n, block_size, 1]) => {
            scheme([log_n, block_size], [salt, separator, signer_key, output])
        }
        _ => Err(FIELDS),
    }
}

/// Reads the fields behind ZITADEL's `$firebasescrypt$` and the `$firescrypt$` of Kratos.
pub fn parse_with_keys(fields: &[&str]) -> Result<Scheme, Unsupported> {
    const FIELDS: Unsupported =
        Unsupported::Malformed("the fields are not ln=…,r=…$salt$output$salt separator$signer key");

    let [costs, salt, output, separator, signer_key] = fields::all(fields, FIELDS)?;
    // Kratos has p, which is 1 in Firebase.
    let costs = costs.strip_suffix(",p=1").unwrap_or(costs);
    let costs = parameters(costs, ["ln", "r"]).ok_or(FIELDS)?;
    scheme(costs, [salt, separator, signer_key, output])
}

/// Reads the fields behind WorkOS' `$firebase-scrypt$`.
/// <https://workos.com/docs/migrate/firebase>
pub fn parse_named(fields: &[&str]) -> Result<Scheme, Unsupported> {
    const NAMES: [&str; 6] = ["hash=", "salt=", "sk=", "ss=", "r=", "m="];
    const FIELDS: Unsupported =
        Unsupported::Malformed("the fields are not hash=…$salt=…$sk=…$ss=…$r=…$m=…");

    let values = fields.iter().zip(NAMES);
    let values = values.map_while(|(field, name)| field.strip_prefix(name));
    let [output, salt, signer_key, separator, block_size, log_n] = *values.collect::<Vec<_>>()
    else {
        return Err(FIELDS);
    };
    let (log_n, block_size) = decimal(log_n).zip(decimal(block_size)).ok_or(FIELDS)?;
    scheme([log_n, block_size], [salt, separator, signer_key, output])
}

/// Makes a hash of log₂ of the cost and the block size, and of the other fields in base64.
fn scheme(
    [log_n, block_size]: [u64; 2],
    [salt, separator, signer_key, output]: [&str; 4],
) -> Result<Scheme, Unsupported> {
    const PARAMS: Unsupported = Unsupported::Malformed("the costs can't be used together");

    let mut salt = fields::base64("salt", salt)?;
    SALT.check_length(&salt)?;
    salt.extend(fields::base64("salt separator", separator)?);
    let signer_key = Zeroizing::new(fields::base64("signer key", signer_key)?);
    KEY_LENGTH.check_length(&signer_key)?;
    let output = fields::base64("output", output)?;
    if output.len() != signer_key.len() {
        return Err(Unsupported::Malformed(
            "the output is not as long as the signer key",
        ));
    }
    let log_n = u8::try_from(LOG_N.check(log_n)?).map_err(|_| PARAMS)?;
    let params = Params::new(log_n, BLOCK_SIZE.check(block_size)?, 1).map_err(|_| PARAMS)?;
    // Firebase's costs are far under those of other uses of scrypt.
    let weakness = Some("Firebase scrypt");
    Ok(Scheme::new(
        "firebase-scrypt",
        weakness,
        output,
        move |password, output, _| {
            let mut key = Zeroizing::new([0; 32]);
            scrypt::scrypt(password, &salt, &params, &mut key[..])?;
            output.copy_from_slice(&signer_key);
            let mut cipher = Ctr128BE::<Aes256>::new((&*key).into(), &[0; 16].into());
            cipher.apply_keystream(output);
            Ok(fields::is_hmac_key(password))
        },
    ))
}
