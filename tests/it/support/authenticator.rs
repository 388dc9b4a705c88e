//! An authenticator with one credential, and the browser that it is used by. Its answers are
//! honest until a field says otherwise.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use minicbor::Encoder;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
    RsaKeyPair, RsaPublicKeyComponents,
};
use serde_json::{Map, Value, json};
use sesame::domain::SignatureAlgorithm;
use sha2::{Digest as _, Sha256};

/// 2,048 bits, in PKCS #8, as `openssl genpkey` made it: `ring` makes no keys of RSA.
const RSA: &[u8] = include_bytes!("authenticator/rsa.pk8");

/// The flags of authenticator data.
/// <https://www.w3.org/TR/webauthn-3/#authdata-flags>
pub const USER_PRESENT: u8 = 1;
pub const USER_VERIFIED: u8 = 1 << 2;
pub const BACKUP_ELIGIBLE: u8 = 1 << 3;
pub const BACKED_UP: u8 = 1 << 4;
const HAS_CREDENTIAL: u8 = 1 << 6;

/// How bytes are written in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    /// As browsers do.
    UrlSafe,
    UrlSafePadded,
    Standard,
    StandardUnpadded,
}

/// Which members an answer has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Those of `toJSON()`.
    ToJson,
    /// Those that pages wrote by hand: `rawId` and the least of `response`.
    ByHand,
}

/// What a registration states about the authenticator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attestation {
    None,
    /// A statement where there should be none.
    NoneWithMembers,
    /// By the credential itself.
    Own,
    /// The same, over other bytes.
    OwnForged,
    /// In a format that nobody knows.
    Unknown,
}

/// One credential. A clone is a copy of it, with a counter of its own.
#[derive(Clone)]
pub struct Authenticator {
    pub algorithm: SignatureAlgorithm,
    /// The private key, in PKCS #8.
    pub key: Vec<u8>,
    pub id: Vec<u8>,
    /// That of the user for whom it was registered, as an assertion says.
    pub handle: Option<Vec<u8>>,
    pub aaguid: [u8; 16],
    pub transports: Vec<&'static str>,
    /// That of the last signature. Each assertion adds `step` to it.
    pub sign_count: u32,
    pub step: u32,
    /// Those of each answer: by default the user is there and verified.
    pub flags: u8,
    pub attestation: Attestation,
    /// In the place of the ceremony's `type` in the client data.
    pub kind: Option<&'static str>,
    /// In the place of the options' challenge.
    pub challenge: Option<Vec<u8>>,
    /// In the place of the options' domain.
    pub rp_id: Option<&'static str>,
    /// `crossOrigin` in the client data.
    pub cross_origin: Option<bool>,
    pub top_origin: Option<String>,
    /// Added to the client data.
    pub more: Map<String, Value>,
    pub bad_signature: bool,
    pub spelling: Spelling,
    pub form: Form,
}

impl Authenticator {
    pub fn new(algorithm: SignatureAlgorithm) -> Self {
        let random = SystemRandom::new();
        let key = match algorithm {
            SignatureAlgorithm::Es256 => {
                let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random);
                made.unwrap().as_ref().to_vec()
            }
            SignatureAlgorithm::EdDsa => {
                let made = Ed25519KeyPair::generate_pkcs8(&random);
                made.unwrap().as_ref().to_vec()
            }
            SignatureAlgorithm::Rs256 => RSA.to_vec(),
        };
        let mut id = vec![0; 32];
        getrandom::fill(&mut id).unwrap();
        Self {
            algorithm,
            key,
            id,
            handle: None,
            aaguid: [0; 16],
            transports: vec!["internal", "hybrid"],
            sign_count: 0,
            step: 1,
            flags: USER_PRESENT | USER_VERIFIED,
            attestation: Attestation::None,
            kind: None,
            challenge: None,
            rp_id: None,
            cross_origin: Some(false),
            top_origin: None,
            more: Map::new(),
            bad_signature: false,
            spelling: Spelling::UrlSafe,
            form: Form::ToJson,
        }
    }

    /// Answers the options of a registration, with `publicKey` around them or without, and keeps
    /// the handle of the user whom they name.
    pub fn register(&mut self, options: &Value, origin: &str) -> Value {
        let options = options.get("publicKey").unwrap_or(options);
        self.handle = Some(decode(&options["user"]["id"]));
        let client_data = self.client_data("webauthn.create", options, origin);
        let data = self.authenticator_data(&options["rp"]["id"], true);
        let object = self.attestation_object(&data, &client_data);
        let mut response = json!({
            "clientDataJSON": self.encode(&client_data),
            "attestationObject": self.encode(&object),
        });
        if self.form == Form::ToJson {
            response["authenticatorData"] = json!(self.encode(&data));
            response["publicKey"] = json!(self.encode(&self.cose_key()));
            response["publicKeyAlgorithm"] = json!(self.algorithm.cose());
            response["transports"] = json!(self.transports);
        }
        self.credential(&response)
    }

    /// Answers the options of a login. It doesn't look whether they list its credential.
    pub fn assert(&mut self, options: &Value, origin: &str) -> Value {
        let options = options.get("publicKey").unwrap_or(options);
        self.sign_count += self.step;
        let client_data = self.client_data("webauthn.get", options, origin);
        let data = self.authenticator_data(&options["rpId"], false);
        let mut signature = self.sign(&data, &client_data);
        if self.bad_signature {
            // In the middle of it, so that it is still read as one.
            let at = signature.len() / 2;
            signature[at] ^= 1;
        }
        let mut response = json!({
            "clientDataJSON": self.encode(&client_data),
            "authenticatorData": self.encode(&data),
            "signature": self.encode(&signature),
        });
        match &self.handle {
            Some(handle) => response["userHandle"] = json!(self.encode(handle)),
            None if self.form == Form::ByHand => response["userHandle"] = json!(""),
            None => {}
        }
        self.credential(&response)
    }

    fn credential(&self, response: &Value) -> Value {
        let id = self.encode(&self.id);
        match self.form {
            Form::ToJson => json!({
                "id": id,
                "rawId": id,
                "type": "public-key",
                "authenticatorAttachment": "platform",
                "clientExtensionResults": {},
                "response": response,
            }),
            Form::ByHand => json!({ "rawId": id, "type": "public-key", "response": response }),
        }
    }

    fn client_data(&self, kind: &str, options: &Value, origin: &str) -> Vec<u8> {
        let named = decode(&options["challenge"]);
        let challenge = self.challenge.as_ref().unwrap_or(&named);
        let mut data = json!({
            "type": self.kind.unwrap_or(kind),
            "challenge": URL_SAFE_NO_PAD.encode(challenge),
            "origin": origin,
        });
        if let Some(cross_origin) = self.cross_origin {
            data["crossOrigin"] = json!(cross_origin);
        }
        if let Some(top_origin) = &self.top_origin {
            data["topOrigin"] = json!(top_origin);
        }
        data.as_object_mut().unwrap().extend(self.more.clone());
        data.to_string().into_bytes()
    }

    fn authenticator_data(&self, rp_id: &Value, has_credential: bool) -> Vec<u8> {
        let rp_id = self.rp_id.or(rp_id.as_str()).unwrap();
        let mut data = Sha256::digest(rp_id).to_vec();
        let credential = if has_credential { HAS_CREDENTIAL } else { 0 };
        data.push(self.flags | credential);
        data.extend(self.sign_count.to_be_bytes());
        if has_credential {
            data.extend(self.aaguid);
            data.extend(u16::try_from(self.id.len()).unwrap().to_be_bytes());
            data.extend(&self.id);
            data.extend(self.cose_key());
        }
        data
    }

    fn attestation_object(&self, data: &[u8], client_data: &[u8]) -> Vec<u8> {
        let mut object = Encoder::new(Vec::new());
        object.map(3).unwrap().str("fmt").unwrap();
        let statement = match self.attestation {
            Attestation::None | Attestation::NoneWithMembers => object.str("none"),
            Attestation::Own | Attestation::OwnForged => object.str("packed"),
            Attestation::Unknown => object.str("none-that-is-known"),
        };
        let statement = statement.unwrap().str("attStmt").unwrap();
        match self.attestation {
            Attestation::None => statement.map(0).unwrap(),
            Attestation::NoneWithMembers | Attestation::Unknown => {
                let member = statement.map(1).unwrap().str("ver").unwrap();
                member.str("2.0").unwrap()
            }
            Attestation::Own | Attestation::OwnForged => {
                let is_forged = self.attestation == Attestation::OwnForged;
                let signature = self.sign(if is_forged { &[] } else { data }, client_data);
                let members = statement.map(2).unwrap().str("alg").unwrap();
                let members = members.i32(self.algorithm.cose()).unwrap();
                members.str("sig").unwrap().bytes(&signature).unwrap()
            }
        };
        object.str("authData").unwrap().bytes(data).unwrap();
        object.into_writer()
    }

    /// The public key as `COSE_Key`.
    fn cose_key(&self) -> Vec<u8> {
        let random = SystemRandom::new();
        let mut key = Encoder::new(Vec::new());
        let mut begin = |members, kind: i8, first: &[(i8, i8)]| {
            key.map(members).unwrap().i8(1).unwrap().i8(kind).unwrap();
            key.i8(3).unwrap().i32(self.algorithm.cose()).unwrap();
            for (label, number) in first {
                key.i8(*label).unwrap().i8(*number).unwrap();
            }
        };
        match self.algorithm {
            SignatureAlgorithm::Es256 => {
                let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
                let pair = EcdsaKeyPair::from_pkcs8(algorithm, &self.key, &random).unwrap();
                begin(5, 2, &[(-1, 1)]);
                // After the byte that says that it isn't compressed.
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                key.i8(-2).unwrap().bytes(x).unwrap();
                key.i8(-3).unwrap().bytes(y).unwrap();
            }
            SignatureAlgorithm::EdDsa => {
                let pair = Ed25519KeyPair::from_pkcs8(&self.key).unwrap();
                begin(4, 1, &[(-1, 6)]);
                let x = pair.public_key().as_ref();
                key.i8(-2).unwrap().bytes(x).unwrap();
            }
            SignatureAlgorithm::Rs256 => {
                let pair = RsaKeyPair::from_pkcs8(&self.key).unwrap();
                let public = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public());
                begin(4, 3, &[]);
                key.i8(-1).unwrap().bytes(&public.n).unwrap();
                key.i8(-2).unwrap().bytes(&public.e).unwrap();
            }
        }
        key.into_writer()
    }

    fn sign(&self, data: &[u8], client_data: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        let signed = [data, &Sha256::digest(client_data)].concat();
        match self.algorithm {
            SignatureAlgorithm::Es256 => {
                let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
                let pair = EcdsaKeyPair::from_pkcs8(algorithm, &self.key, &random).unwrap();
                pair.sign(&random, &signed).unwrap().as_ref().to_vec()
            }
            SignatureAlgorithm::EdDsa => {
                let pair = Ed25519KeyPair::from_pkcs8(&self.key).unwrap();
                pair.sign(&signed).as_ref().to_vec()
            }
            SignatureAlgorithm::Rs256 => {
                let pair = RsaKeyPair::from_pkcs8(&self.key).unwrap();
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, &signed, &mut signature)
                    .unwrap();
                signature
            }
        }
    }

    fn encode(&self, bytes: &[u8]) -> String {
        match self.spelling {
            Spelling::UrlSafe => URL_SAFE_NO_PAD.encode(bytes),
            Spelling::UrlSafePadded => URL_SAFE.encode(bytes),
            Spelling::Standard => STANDARD.encode(bytes),
            Spelling::StandardUnpadded => STANDARD_NO_PAD.encode(bytes),
        }
    }
}

/// The bytes of a member of options.
fn decode(text: &Value) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text.as_str().unwrap()).unwrap()
}
