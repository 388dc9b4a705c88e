use super::cbor::Value::{Bytes, Integer, Map, Text};
use super::cbor::members;
use super::cose::PublicKey;
use super::{Fault, require};

const MALFORMED: Fault = Fault("the attestation object is malformed");

/// What an authenticator answers to a registration.
/// <https://www.w3.org/TR/webauthn-3/#sctn-attestation>
#[derive(Clone, Copy, Debug)]
pub struct AttestationObject<'a> {
    pub format: &'a str,
    /// The CBOR of a map.
    pub statement: &'a [u8],
    pub authenticator_data: &'a [u8],
}

impl<'a> AttestationObject<'a> {
    /// Reads all of the bytes. Other members than the three are ignored.
    ///
    /// # Errors
    ///
    /// They are no attestation object.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Fault> {
        let labels = ["fmt", "attStmt", "authData"].map(Text);
        match members(bytes, labels) {
            Some(
                [
                    Some(Text(format)),
                    Some(Map(statement)),
                    Some(Bytes(authenticator_data)),
                ],
            ) => Ok(Self {
                format,
                statement,
                authenticator_data,
            }),
            _ => Err(MALFORMED),
        }
    }

    /// Steps 21 to 24 of section 7.1. A statement that nobody asked for, and that a certificate would
    /// prove, is ignored as the note of step 24 has it: no authority is trusted, and the credential
    /// counts as one without. What an authenticator states by its own key is verified.
    ///
    /// # Errors
    ///
    /// A statement of none says something, or one by the credential's `key` isn't by it.
    pub(super) fn verify_statement(&self, key: &PublicKey, hash: &[u8]) -> Result<(), Fault> {
        match self.format {
            // <https://www.w3.org/TR/webauthn-3/#sctn-none-attestation>
            "none" => require(
                self.statement == [0xa0],
                "no attestation is not an empty map",
            ),
            "packed" => self.verify_packed(key, hash),
            _ => Ok(()),
        }
    }

    /// <https://www.w3.org/TR/webauthn-3/#sctn-packed-attestation>
    fn verify_packed(&self, key: &PublicKey, hash: &[u8]) -> Result<(), Fault> {
        let labels = ["alg", "sig", "x5c"].map(Text);
        match members(self.statement, labels).ok_or(MALFORMED)? {
            // By a certificate.
            [_, _, Some(_)] => Ok(()),
            [Some(Integer(algorithm)), Some(Bytes(signature)), None] => {
                let is_own = algorithm == i64::from(key.algorithm().cose());
                require(is_own, "the attestation's algorithm is not the key's")?;
                let signed = [self.authenticator_data, hash].concat();
                key.verify(&signed, signature)
            }
            _ => Err(MALFORMED),
        }
    }
}
