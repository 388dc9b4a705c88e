use super::cbor::Reader;
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
    const USER_PRESENT: u8 = 1;
    const USER_VERIFIED: u8 = 1 << 2;
    const BACKUP_ELIGIBLE: u8 = 1 << 3;
    const BACKED_UP: u8 = 1 << 4;
    const HAS_CREDENTIAL: u8 = 1 << 6;
    const HAS_EXTENSIONS: u8 = 1 << 7;

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
        let has = |flag| flags & flag != 0;
        let mut attested = None;
        if has(Self::HAS_CREDENTIAL) {
            let (credential, after) = AttestedCredential::parse(rest)?;
            attested = Some(credential);
            rest = after;
        }
        if has(Self::HAS_EXTENSIONS) {
            rest = split_map(rest)?.1;
        }
        require(rest.is_empty(), MALFORMED.0)?;
        Ok(Self {
            rp_id_hash,
            user_present: has(Self::USER_PRESENT),
            user_verified: has(Self::USER_VERIFIED),
            backup: Backup {
                is_eligible: has(Self::BACKUP_ELIGIBLE),
                is_backed_up: has(Self::BACKED_UP),
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
        let (aaguid, rest) = bytes.split_first_chunk().ok_or(MALFORMED)?;
        let (length, rest) = rest.split_first_chunk().ok_or(MALFORMED)?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (id, rest) = rest.split_at_checked(length).ok_or(MALFORMED)?;
        let (key, rest) = split_map(rest)?;
        let aaguid = *aaguid;
        Ok((Self { aaguid, id, key }, rest))
    }
}

/// The map in CBOR at the beginning of the bytes, and what follows.
fn split_map(bytes: &[u8]) -> Result<(&[u8], &[u8]), Fault> {
    Reader::new(bytes, MALFORMED).map()?;
    let map = Reader::new(bytes, MALFORMED).value()?;
    bytes.split_at_checked(map.len()).ok_or(MALFORMED)
}
