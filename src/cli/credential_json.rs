//! A passkey or security key in a line of an export or import.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use serde::{Deserialize, Serialize};

use crate::api::codec::json::parse_timestamp;
use crate::domain::{
    Backup, CoseKey, Credential, CredentialId, CredentialKind, ListedCredential, RegistrationId,
    RpId, SignCount, Timestamp, UserHandle, UserId,
};
use crate::service::GivenCredential;
use crate::webauthn::algorithm_of;

/// Bytes are in base64 for URLs, without padding.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CredentialJson {
    /// By which clients name it.
    id: String,
    credential_id: String,
    user_handle: String,
    kind: String,
    rp_id: String,
    name: String,
    /// As `COSE_Key`.
    public_key: String,
    sign_count: u32,
    backup_eligible: bool,
    backed_up: bool,
    #[serde(default)]
    transports: Vec<String>,
    aaguid: String,
    created_at: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    used_at: Option<String>,
}

const NAME: std::ops::RangeInclusive<usize> = 1..=200;
const MAX_TRANSPORTS: usize = 10;
const MAX_TRANSPORT: usize = 32;

impl CredentialJson {
    pub fn new(credential: &Credential, listed: &ListedCredential) -> Self {
        let encode = Base64UrlUnpadded::encode_string;
        Self {
            id: listed.registration.to_string(),
            credential_id: encode(credential.id.as_bytes()),
            user_handle: encode(&credential.handle.0),
            kind: credential.kind.as_str().to_owned(),
            rp_id: credential.rp_id.as_str().to_owned(),
            name: listed.name.clone(),
            public_key: encode(&credential.key.0),
            sign_count: credential.sign_count.0,
            backup_eligible: credential.backup.is_eligible,
            backed_up: credential.backup.is_backed_up,
            transports: credential.transports.clone(),
            aaguid: encode(&credential.aaguid),
            created_at: credential.created_at.to_rfc3339(),
            used_at: credential.used_at.map(Timestamp::to_rfc3339),
        }
    }

    /// The credential of a user.
    ///
    /// # Errors
    ///
    /// The name of the member that can't be read.
    pub fn given(self, user: &UserId) -> Result<GivenCredential, &'static str> {
        let is_name = NAME.contains(&self.name.chars().count());
        let is_transport = |text: &String| (1..=MAX_TRANSPORT).contains(&text.len());
        if self.transports.len() > MAX_TRANSPORTS || !self.transports.iter().all(is_transport) {
            return Err("transports");
        }
        let id = decode(&self.credential_id).and_then(|bytes| CredentialId::new(bytes).ok());
        let key = CoseKey(decode(&self.public_key).ok_or("publicKey")?);
        let used_at = self
            .used_at
            .as_deref()
            .map(|text| time(text).ok_or("usedAt"));
        let credential = Credential {
            id: id.ok_or("credentialId")?,
            user: user.clone(),
            handle: UserHandle(array(&self.user_handle).ok_or("userHandle")?),
            kind: CredentialKind::named(&self.kind).ok_or("kind")?,
            rp_id: RpId::parse(&self.rp_id).ok_or("rpId")?,
            algorithm: algorithm_of(&key).map_err(|_| "publicKey")?,
            key,
            sign_count: SignCount(self.sign_count),
            backup: Backup {
                is_eligible: self.backup_eligible,
                is_backed_up: self.backed_up,
            },
            transports: self.transports,
            aaguid: array(&self.aaguid).ok_or("aaguid")?,
            created_at: time(&self.created_at).ok_or("createdAt")?,
            used_at: used_at.transpose()?,
        };
        if self.backed_up && !self.backup_eligible {
            return Err("backedUp");
        }
        Ok(GivenCredential {
            registration: RegistrationId::parse(&self.id).ok_or("id")?,
            name: if is_name {
                self.name
            } else {
                return Err("name");
            },
            credential,
        })
    }
}

fn decode(text: &str) -> Option<Vec<u8>> {
    Base64UrlUnpadded::decode_vec(text).ok()
}

fn array<const N: usize>(text: &str) -> Option<[u8; N]> {
    decode(text)?.try_into().ok()
}

fn time(text: &str) -> Option<Timestamp> {
    let at = parse_timestamp(text)?;
    let millis = at.seconds * 1000 + i64::from(at.nanos / 1_000_000);
    Some(Timestamp::from_millis(millis))
}
