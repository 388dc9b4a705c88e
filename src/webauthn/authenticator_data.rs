use super::cbor::{Value, split_first};
use super::{Fault, require};
use crate::domain::{Backup, SignCount};

const MALFORMED: Fault = Fault("the authenticator data is malformed");

/// What an authenticator says of a ceremony.
/// <https://www.w3.org/TR/webauthn-3/#sctn-authenticator-data>
#[derive(Clone, Copy, Debug)]
pub struct AuthenticatorData<'a> {
    pub rp_id_hash: &'a [u8; 32],
    pub user_present: bool,
    pub user_verified: bool,
    pub backup: Backup,
    pub sign_count: SignCount,
    pub attested: Option<AttestedCredential<'a>>,
}

/// A new credential.
#[derive(Clone, Copy, Debug)]
pub struct AttestedCredential<'a> {
    pub aaguid: [u8; 16],
    pub id: &'a [u8],
    /// The CBOR of a key, of whatever kind.
    pub key: &'a [u8],
}

impl<'a> AuthenticatorData<'a> {
    /// Reads all of the bytes. A credential or extensions may be in an assertion's, too, where no
    /// authenticator should write the former. The flags without a meaning are ignored.
    ///
    /// # Errors
    ///
    /// They are no authenticator data.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Fault> {
        let (rp_id_hash, rest) = bytes.split_first_chunk().ok_or(MALFORMED)?;
        let ([flags], rest) = rest.split_first_chunk().ok_or(MALFORMED)?;
        let (sign_count, mut rest) = rest.split_first_chunk().ok_or(MALFORMED)?;
        // <https://www.w3.org/TR/webauthn-3/#authdata-flags>
        let has = |bit: u8| flags >> bit & 1 == 1;
        let mut attested = None;
        if has(6) {
            let (credential, after) = AttestedCredential::parse(rest)?;
            (attested, rest) = (Some(credential), after);
        }
        if has(7) {
            rest = split_map(rest)?.1;
        }
        require(rest.is_empty(), MALFORMED.0)?;
        Ok(Self {
            rp_id_hash,
            user_present: has(0),
            user_verified: has(2),
            backup: Backup {
                is_eligible: has(3),
                is_backed_up: has(4),
            },
            sign_count: SignCount(u32::from_be_bytes(*sign_count)),
            attested,
        })
    }
}

impl<'a> AttestedCredential<'a> {
    /// Reads one at the beginning of the bytes, and returns what follows, too.
    /// <https://www.w3.org/TR/webauthn-3/#sctn-attested-credential-data>
    fn parse(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), Fault> {
        let (&aaguid, rest) = bytes.split_first_chunk().ok_or(MALFORMED)?;
        let (length, rest) = rest.split_first_chunk().ok_or(MALFORMED)?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (id, rest) = rest.split_at_checked(length).ok_or(MALFORMED)?;
        let (key, rest) = split_map(rest)?;
        Ok((Self { aaguid, id, key }, rest))
    }
}

/// The map in CBOR at the beginning of the bytes, and what follows.
fn split_map(bytes: &[u8]) -> Result<(&[u8], &[u8]), Fault> {
    match split_first(bytes) {
        Some((Value::Map(map), rest)) => Ok((map, rest)),
        _ => Err(MALFORMED),
    }
}
