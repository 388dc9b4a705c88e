use super::cbor::Reader;
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
        let mut reader = Reader::new(bytes, MALFORMED);
        let (mut format, mut statement, mut data) = (None, None, None);
        for _ in 0..reader.map()? {
            let is_repeated = match reader.text()? {
                "fmt" => format.replace(reader.text()?).is_some(),
                "attStmt" => statement.replace(reader.value()?).is_some(),
                "authData" => data.replace(reader.bytes()?).is_some(),
                _ => reader.value().map(|_| false)?,
            };
            require(!is_repeated, MALFORMED.0)?;
        }
        reader.end()?;
        let object = Self {
            format: format.ok_or(MALFORMED)?,
            statement: statement.ok_or(MALFORMED)?,
            authenticator_data: data.ok_or(MALFORMED)?,
        };
        Reader::new(object.statement, MALFORMED).map()?;
        Ok(object)
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
            "none" => {
                let members = Reader::new(self.statement, MALFORMED).map()?;
                require(members == 0, "the statement of no attestation is not empty")
            }
            "packed" => self.verify_packed(key, hash),
            _ => Ok(()),
        }
    }

    /// <https://www.w3.org/TR/webauthn-3/#sctn-packed-attestation>
    fn verify_packed(&self, key: &PublicKey, hash: &[u8]) -> Result<(), Fault> {
        let mut reader = Reader::new(self.statement, MALFORMED);
        let (mut algorithm, mut signature, mut has_certificates) = (None, None, false);
        for _ in 0..reader.map()? {
            let is_repeated = match reader.text()? {
                "alg" => algorithm.replace(reader.integer()?).is_some(),
                "sig" => signature.replace(reader.bytes()?).is_some(),
                "x5c" => {
                    reader.value()?;
                    std::mem::replace(&mut has_certificates, true)
                }
                _ => return Err(MALFORMED),
            };
            require(!is_repeated, MALFORMED.0)?;
        }
        let (algorithm, signature) = algorithm.zip(signature).ok_or(MALFORMED)?;
        if has_certificates {
            return Ok(());
        }
        let is_own = algorithm == i64::from(key.algorithm().cose());
        require(
            is_own,
            "the attestation is by another algorithm than the key's",
        )?;
        let signed = [self.authenticator_data, hash].concat();
        let verified = key.verify(&signed, signature);
        verified.map_err(|_| Fault("the attestation is not signed by the credential"))
    }
}
