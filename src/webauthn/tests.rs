mod answers;
mod bits;
mod client_data;
mod level_3;
mod parts;
mod recorded;

use serde_json::{Value, json};

use super::{
    Asserted, AssertionResponse, Expected, Fault, Registered, RegistrationResponse,
    verify_assertion, verify_registration,
};
use crate::domain::{Backup, Challenge, CoseKey, RelyingParties, RpId};

/// A registration or an assertion, in hexadecimal or in base64 as the browser gave it.
#[derive(Clone)]
struct Answer {
    challenge: Challenge,
    rp_id: &'static str,
    origin: &'static str,
    user_verification: bool,
    json: Value,
}

impl Answer {
    fn verify<T>(&self, verify: impl FnOnce(&Expected) -> Result<T, Fault>) -> Result<T, Fault> {
        let parties = RelyingParties::parse(self.rp_id, self.origin)
            .unwrap()
            .unwrap();
        verify(&Expected {
            challenge: self.challenge,
            rp_id: &RpId::stored(self.rp_id.into()),
            parties: &parties,
            user_verification: self.user_verification,
        })
    }

    fn register(&self) -> Result<Registered, Fault> {
        let response = RegistrationResponse::parse(&self.json)?;
        self.verify(|expected| verify_registration(&response, expected))
    }

    fn assert(&self, key: &CoseKey, backup: Backup) -> Result<Asserted, Fault> {
        let response = AssertionResponse::parse(&self.json)?;
        self.verify(|expected| verify_assertion(&response, expected, key, backup))
    }
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b' ').collect();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

/// The JSON of a credential with this response, whose values are bytes.
fn credential(id: &[u8], response: &[(&str, &[u8])]) -> Value {
    let members = response
        .iter()
        .map(|(name, bytes)| ((*name).to_owned(), json!(base64(bytes))));
    let response: serde_json::Map<String, Value> = members.collect();
    json!({ "id": base64(id), "rawId": base64(id), "type": "public-key", "response": response })
}
