//! Verifies what authenticators answer: registrations and assertions of WebAuthn Level 3.
//!
//! The numbers in the comments are those of the steps of
//! [section 7.1](https://www.w3.org/TR/webauthn-3/#sctn-registering-a-new-credential) and
//! [section 7.2](https://www.w3.org/TR/webauthn-3/#sctn-verifying-assertion). Nothing here reads a
//! clock or the database: which challenge, which credential and whose is for the caller to know.
//! Not supported, and refused: pages in frames of other origins, and related origins. Extensions are
//! asked for by nobody, and ignored.

mod attestation;
mod authenticator_data;
mod cbor;
mod client_data;
mod cose;
mod response;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::domain::{
    Backup, Challenge, CoseKey, CredentialId, RelyingParties, RpId, SignCount, SignatureAlgorithm,
};

pub use attestation::AttestationObject;
pub use authenticator_data::{AttestedCredential, AuthenticatorData};
pub use client_data::ClientData;
pub use cose::{FORGED, PublicKey};
pub use response::{AssertionResponse, Malformed, RegistrationResponse};

/// Why an answer is refused, for the log: clients get one answer for all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Fault(pub &'static str);

/// `holds`, or else the fault.
fn require(holds: bool, fault: &'static str) -> Result<(), Fault> {
    holds.then_some(()).ok_or(Fault(fault))
}

/// What an answer is an answer to.
pub struct Expected<'a> {
    pub challenge: Challenge,
    pub rp_id: &'a RpId,
    pub parties: &'a RelyingParties,
    /// Whether the authenticator must have verified its user.
    pub user_verification: bool,
}

/// What a registration says of its credential. All of it is the authenticator's own word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    pub id: CredentialId,
    pub key: CoseKey,
    pub algorithm: SignatureAlgorithm,
    pub sign_count: SignCount,
    pub user_verified: bool,
    pub backup: Backup,
    pub aaguid: [u8; 16],
    pub transports: Vec<String>,
}

/// What an assertion says of its credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asserted {
    pub sign_count: SignCount,
    pub user_verified: bool,
    pub backup: Backup,
}

/// Section 7.1. Steps 1 to 4 are the page's; 18 and 19 judge by policy, of which there is none; 26
/// is for the store, as 29 is; 27 makes the record of what this returns; 28 is for extensions.
///
/// # Errors
///
/// A step fails.
pub fn verify_registration(
    response: &RegistrationResponse,
    expected: &Expected,
) -> Result<Registered, Fault> {
    // 5 to 11.
    expected.verify_client_data(&response.client_data, "webauthn.create")?;
    // 12.
    let hash = Sha256::digest(&response.client_data);
    // 13.
    let object = AttestationObject::parse(&response.attestation_object)?;
    let data = AuthenticatorData::parse(object.authenticator_data)?;
    // 14 to 17. No registration is asked for with conditional mediation.
    expected.verify_authenticator_data(&data)?;
    let attested = data.attested.ok_or(Fault("there is no credential"))?;
    // 20.
    let key = PublicKey::parse(attested.key)?;
    // 21 to 24.
    object.verify_statement(&key, &hash)?;
    // 25 is for the answer's id, which is this one.
    let is_named = response.id.as_bytes() == attested.id;
    require(is_named, "the credential's id is not the answer's")?;
    Ok(Registered {
        id: response.id.clone(),
        key: CoseKey(attested.key.to_vec()),
        algorithm: key.algorithm(),
        sign_count: data.sign_count,
        user_verified: data.user_verified,
        backup: data.backup,
        aaguid: attested.aaguid,
        transports: response.transports.clone(),
    })
}

/// Section 7.2, for the credential with this key, whose eligibility for backups was stored with it.
/// Steps 1 to 4 are the page's; 5 and 6 find the credential, which the caller does, and who compares
/// the handle; 22 is [`SignCount::is_followed_by`], and what follows from it is a setting; 23 is for
/// extensions; 24 and 25 are the caller's.
///
/// # Errors
///
/// A step fails.
pub fn verify_assertion(
    response: &AssertionResponse,
    expected: &Expected,
    key: &CoseKey,
    backup: Backup,
) -> Result<Asserted, Fault> {
    // 7 to 14.
    expected.verify_client_data(&response.client_data, "webauthn.get")?;
    let data = AuthenticatorData::parse(&response.authenticator_data)?;
    // 15 to 18.
    expected.verify_authenticator_data(&data)?;
    // 19.
    let is_same = data.backup.is_eligible == backup.is_eligible;
    require(is_same, "the eligibility for backups has changed")?;
    // 20 and 21.
    PublicKey::parse(&key.0)?.verify(&response.signed(), &response.signature)?;
    Ok(Asserted {
        sign_count: data.sign_count,
        user_verified: data.user_verified,
        backup: data.backup,
    })
}

/// How the credential of a public key signs.
///
/// # Errors
///
/// The key is of none of the kinds that are supported.
#[cfg(feature = "cli")]
pub fn algorithm_of(key: &CoseKey) -> Result<SignatureAlgorithm, Fault> {
    Ok(PublicKey::parse(&key.0)?.algorithm())
}

/// A signature's work, for a credential that isn't known: its answer must not come sooner than that
/// of a known one with a bad signature.
pub fn verify_nothing(response: &AssertionResponse) {
    let verified = PublicKey::NOBODYS.verify(&response.signed(), &response.signature);
    std::hint::black_box(verified).ok();
}

impl Expected<'_> {
    /// What both ceremonies verify of the client data.
    fn verify_client_data(&self, bytes: &[u8], of_type: &str) -> Result<(), Fault> {
        let data = ClientData::parse(bytes)?;
        require(data.r#type == of_type, "the client data is of another type")?;
        let named = data.challenge();
        let is_same = named.is_some_and(|named| named.0.ct_eq(&self.challenge.0).into());
        require(is_same, "the challenge is another")?;
        let is_allowed = self.parties.allows(&data.origin, self.rp_id);
        require(is_allowed, "the origin is none of the domain's")?;
        let is_framed = data.cross_origin == Some(true) || data.top_origin.is_some();
        require(!is_framed, "the page is in a frame of another origin")
    }

    /// What both ceremonies verify of the authenticator data.
    fn verify_authenticator_data(&self, data: &AuthenticatorData) -> Result<(), Fault> {
        let hash = Sha256::digest(self.rp_id.as_str());
        let is_same = data.rp_id_hash[..] == hash[..];
        require(is_same, "the authenticator data is for another domain")?;
        require(data.user_present, "no user was present")?;
        let is_verified = data.user_verified || !self.user_verification;
        require(is_verified, "the user was not verified")?;
        let is_possible = data.backup.is_eligible || !data.backup.is_backed_up;
        require(is_possible, "what is backed up is not eligible for it")
    }
}

#[cfg(test)]
mod tests;
