use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
    UnparsedPublicKey, VerificationAlgorithm,
};

use super::Fault;
use super::cbor::Value::{Bytes, Integer};
use super::cbor::members;
use crate::domain::SignatureAlgorithm;

/// The one fault that is found by a signature's work.
pub const FORGED: Fault = Fault("the signature is not the credential's");

/// A public key of one of the kinds that are offered. Whether it is a point of its curve is found by
/// the first signature: who registers one that isn't has a credential that can't sign.
/// <https://www.w3.org/TR/webauthn-3/#sctn-encoded-credPubKey-examples>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublicKey<'a> {
    /// The coordinates of a point of P-256.
    Es256 { x: &'a [u8; 32], y: &'a [u8; 32] },
    /// A point of Ed25519, compressed.
    EdDsa { x: &'a [u8; 32] },
    /// Modulus and exponent, with the first byte first and without a zero before it.
    Rs256 { n: &'a [u8], e: &'a [u8] },
}

impl<'a> PublicKey<'a> {
    /// The base point of P-256, whose private key is 1.
    /// <https://nvlpubs.nist.gov/nistpubs/SpecialPublications/NIST.SP.800-186.pdf>
    pub(super) const NOBODYS: Self = Self::Es256 {
        x: b"\x6b\x17\xd1\xf2\xe1\x2c\x42\x47\xf8\xbc\xe6\xe5\x63\xa4\x40\xf2\
             \x77\x03\x7d\x81\x2d\xeb\x33\xa0\xf4\xa1\x39\x45\xd8\x98\xc2\x96",
        y: b"\x4f\xe3\x42\xe2\xfe\x1a\x7f\x9b\x8e\xe7\xeb\x4a\x7c\x0f\x9e\x16\
             \x2b\xce\x33\x57\x6b\x31\x5e\xce\xcb\xb6\x40\x68\x37\xbf\x51\xf5",
    };

    /// In bytes. RSA with 4,096 bits takes 528.
    const MAX_BYTES: usize = 1024;

    /// Reads a `COSE_Key`. Members that its kind doesn't need are ignored, and should not be there.
    /// <https://www.w3.org/TR/webauthn-3/#credentialpublickey>
    ///
    /// # Errors
    ///
    /// It is no such map, or the key is of another kind.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Fault> {
        let fits = bytes.len() <= Self::MAX_BYTES;
        let key = fits.then(|| Self::of_map(bytes)).flatten();
        key.ok_or(Fault("the public key is of no kind that was offered"))
    }

    fn of_map(bytes: &'a [u8]) -> Option<Self> {
        // kty, alg, and what the other three are for the kind.
        // <https://www.iana.org/assignments/cose/cose.xhtml>
        let [kty, alg, first, second, third] = members(bytes, [1, 3, -1, -2, -3].map(Integer))?;
        match (kty?, alg?, first?, second?, third) {
            // EC2, ES256, P-256.
            (Integer(2), Integer(-7), Integer(1), Bytes(x), Some(Bytes(y))) => {
                let (x, y) = (x.try_into().ok()?, y.try_into().ok()?);
                Some(Self::Es256 { x, y })
            }
            // OKP, EdDSA, Ed25519.
            (Integer(1), Integer(-8), Integer(6), Bytes(x), None) => {
                let x = x.try_into().ok()?;
                Some(Self::EdDsa { x })
            }
            // RSA, RS256.
            (Integer(3), Integer(-257), Bytes(n), Bytes(e), None) => {
                let zeros = usize::try_from(n.first()?.leading_zeros()).ok()?;
                let is_plain = zeros < 8 && *e.first()? != 0;
                let bits = n.len() * 8 - zeros;
                (is_plain && (2048..=4096).contains(&bits)).then_some(Self::Rs256 { n, e })
            }
            _ => None,
        }
    }

    pub fn algorithm(&self) -> SignatureAlgorithm {
        match self {
            Self::Es256 { .. } => SignatureAlgorithm::Es256,
            Self::EdDsa { .. } => SignatureAlgorithm::EdDsa,
            Self::Rs256 { .. } => SignatureAlgorithm::Rs256,
        }
    }

    /// # Errors
    ///
    /// The key did not sign the message so.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Fault> {
        let key: (&'static dyn VerificationAlgorithm, &[u8]) = match self {
            // As SEC 1 writes a point that is not compressed.
            Self::Es256 { x, y } => (&ECDSA_P256_SHA256_ASN1, &[&[4], &x[..], &y[..]].concat()),
            Self::EdDsa { x } => (&ED25519, &x[..]),
            Self::Rs256 { n, e } => {
                let key = RsaPublicKeyComponents { n, e };
                let verified = key.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature);
                return verified.map_err(|_| FORGED);
            }
        };
        let verified = UnparsedPublicKey::new(key.0, key.1).verify(message, signature);
        verified.map_err(|_| FORGED)
    }
}
