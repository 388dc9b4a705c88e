use std::fmt;
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::named::named;
use super::text::Invalid;
use super::{FactorKind, RpId, Timestamp, UserId, UserRef};

named! {
    /// What a credential of WebAuthn is for. The names are stored.
    pub enum CredentialKind {
        /// In the place of a password: it was registered as one that verifies its user.
        Passkey = "passkey",
        /// Beside a password: a security key.
        U2f = "u2f",
    }
}

/// The id of a credential, which its authenticator has chosen: 1 to 1,023 bytes.
/// <https://www.w3.org/TR/webauthn-3/#credential-id>
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CredentialId(Vec<u8>);

impl CredentialId {
    const MAX_BYTES: usize = 1023;

    /// # Errors
    ///
    /// It is empty or too long.
    pub fn new(bytes: Vec<u8>) -> Result<Self, Invalid> {
        if bytes.is_empty() || bytes.len() > Self::MAX_BYTES {
            return Err(Invalid::new("id", "must have 1 to 1,023 bytes"));
        }
        Ok(Self(bytes))
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// By which it is found.
    pub fn hash(&self) -> CredentialHash {
        CredentialHash(Sha256::digest(&self.0).into())
    }
}

/// The SHA-256 of a credential's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CredentialHash(pub [u8; 32]);

/// In hexadecimal.
impl fmt::Display for CredentialHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

named! {
    /// How a credential signs, in the order in which it is offered. The names are those of JOSE.
    /// <https://www.iana.org/assignments/cose/cose.xhtml#algorithms>
    pub enum SignatureAlgorithm {
        Es256 = "ES256",
        EdDsa = "EdDSA",
        Rs256 = "RS256",
    }
}

impl SignatureAlgorithm {
    /// Its number in COSE.
    pub const fn cose(self) -> i32 {
        match self {
            Self::Es256 => -7,
            Self::EdDsa => -8,
            Self::Rs256 => -257,
        }
    }
}

/// A public key as `COSE_Key`, which was read once when it was registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoseKey(pub Vec<u8>);

/// Whether a credential may be kept on several devices, and whether it is.
/// <https://www.w3.org/TR/webauthn-3/#sctn-credential-backup>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backup {
    /// It never changes.
    pub is_eligible: bool,
    pub is_backed_up: bool,
}

/// How often an authenticator says that it has signed, or 0 always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct SignCount(pub u32);

impl SignCount {
    /// Whether a signature with the count `next` may come after this one: it is one more that the
    /// authenticator has made, or the authenticator doesn't count. If not, the credential may have
    /// been copied.
    /// <https://www.w3.org/TR/webauthn-3/#sctn-sign-counter>
    pub fn is_followed_by(self, next: Self) -> bool {
        next > self || (self.0 == 0 && next.0 == 0)
    }
}

/// The handle by which authenticators know a user: 16 random bytes.
/// <https://www.w3.org/TR/webauthn-3/#user-handle>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserHandle(pub [u8; 16]);

impl UserHandle {
    /// # Errors
    ///
    /// The operating system has no random numbers.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }
}

named! {
    /// Whether an authenticator is to verify its user, by a PIN or a fingerprint.
    /// <https://www.w3.org/TR/webauthn-3/#enum-userVerificationRequirement>
    pub enum UserVerification {
        Required = "required",
        Preferred = "preferred",
        Discouraged = "discouraged",
    }
}

impl UserVerification {
    /// Whether a credential of this kind may answer. One that didn't verify its user when it was
    /// registered is no passkey, whatever it says later.
    pub fn takes(self, kind: CredentialKind) -> bool {
        self != Self::Required || kind == CredentialKind::Passkey
    }
}

/// A challenge of WebAuthn: 32 random bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Challenge(pub [u8; 32]);

impl Challenge {
    /// # Errors
    ///
    /// The operating system has no random numbers.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }
}

/// Not for a log: whoever reads it there could have an authenticator answer it.
impl fmt::Debug for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Challenge(…)")
    }
}

/// A credential of a user, with all that a verification needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    pub id: CredentialId,
    pub user: UserId,
    /// The handle of the user, by which the authenticator knows him.
    pub handle: UserHandle,
    pub kind: CredentialKind,
    pub rp_id: RpId,
    pub key: CoseKey,
    pub algorithm: SignatureAlgorithm,
    /// Of the newest signature; the largest, if one with a smaller count was let pass.
    pub sign_count: SignCount,
    pub backup: Backup,
    /// How the authenticator is reached, in the words of WebAuthn, such as `internal`.
    pub transports: Vec<String>,
    /// The model of the authenticator, as it says itself.
    pub aaguid: [u8; 16],
    pub created_at: Timestamp,
    /// `None`: not since it was registered.
    pub used_at: Option<Timestamp>,
}

/// A challenge of a session that waits for its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebAuthnChallenge {
    pub challenge: Challenge,
    /// The user whose credentials may answer it. `None`: whoever's, so it finds the user.
    pub user: Option<UserRef>,
    pub rp_id: RpId,
    pub verification: UserVerification,
    /// The instant from which no answer counts.
    pub expires_at: Timestamp,
}

impl WebAuthnChallenge {
    pub const LIFETIME: Duration = Duration::from_mins(5);
    /// How many a session has at most. The next one drops the oldest.
    pub const MAX: usize = 5;

    pub fn is_expired(&self, now: Timestamp) -> bool {
        now >= self.expires_at
    }

    /// Whether a credential, of whichever user, is one of those that may answer it.
    pub fn takes(&self, credential: &Credential) -> bool {
        credential.rp_id == self.rp_id && self.verification.takes(credential.kind)
    }
}

/// What the list of a user's credentials says of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedCredential {
    pub id: CredentialId,
    /// By which clients name it: the id of its registration.
    pub registration: RegistrationId,
    pub kind: CredentialKind,
    pub rp_id: RpId,
    pub transports: Vec<String>,
    pub name: String,
    pub created_at: Timestamp,
}

impl ListedCredential {
    pub fn new(credential: &Credential, registration: RegistrationId, name: String) -> Self {
        Self {
            id: credential.id.clone(),
            registration,
            kind: credential.kind,
            rp_id: credential.rp_id.clone(),
            transports: credential.transports.clone(),
            name,
            created_at: credential.created_at,
        }
    }
}

/// By which clients name a registration that was begun: 128 random bits, in hexadecimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegistrationId(pub [u8; 16]);

impl RegistrationId {
    /// # Errors
    ///
    /// The operating system has no random numbers.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// That of a credential which was registered elsewhere.
    pub fn of_credential(id: &CredentialId) -> Self {
        let CredentialHash(hash) = id.hash();
        let (half, _) = hash.split_at(16);
        let mut bytes = [0; 16];
        bytes.copy_from_slice(half);
        Self(bytes)
    }

    /// `None`: no id is written so.
    pub fn parse(text: &str) -> Option<Self> {
        let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if text.len() != 32 || !text.bytes().all(is_hex) {
            return None;
        }
        let number = u128::from_str_radix(text, 16).ok()?;
        Some(Self(number.to_be_bytes()))
    }
}

impl fmt::Display for RegistrationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

/// A registration that was begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingCredential {
    /// By which clients name it: 128 random bits.
    pub id: RegistrationId,
    pub kind: CredentialKind,
    pub challenge: Challenge,
    pub rp_id: RpId,
    pub expires_at: Timestamp,
    /// Whether a code began it: then whoever knows the id may complete it.
    pub by_code: bool,
}

impl PendingCredential {
    pub const LIFETIME: Duration = Duration::from_mins(10);
    /// How many of a kind a user may have at once. The next one drops the oldest.
    pub const MAX: usize = 5;
}

impl From<CredentialKind> for FactorKind {
    fn from(kind: CredentialKind) -> Self {
        match kind {
            CredentialKind::Passkey => Self::Passkey,
            CredentialKind::U2f => Self::U2f,
        }
    }
}
