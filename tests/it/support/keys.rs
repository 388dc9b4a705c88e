//! Users with passkeys and security keys.

use serde_json::{Value, json};
use sesame::domain::{
    Challenge, Credential, CredentialKind, RelyingParties, RpId, SignatureAlgorithm, User,
    UserHandle,
};
use sesame::webauthn::{Expected, RegistrationResponse, verify_registration};

use super::app::{App, NOW};
use super::authenticator::Authenticator;
use super::second::SECOND;

/// The settings of a deployment with credentials of two domains, and with second factors.
pub const KEYS: [(&str, &str); 6] = [
    SECOND[0],
    SECOND[1],
    SECOND[2],
    SECOND[3],
    ("RP_IDS", "acme.example,other.example"),
    (
        "RP_ORIGINS",
        "https://login.acme.example,https://login.other.example",
    ),
];

pub const DOMAIN: &str = "acme.example";
pub const ORIGIN: &str = "https://login.acme.example";
pub const OTHER_DOMAIN: &str = "other.example";
pub const OTHER_ORIGIN: &str = "https://login.other.example";

impl App {
    fn parties(&self) -> &RelyingParties {
        self.settings.policy.relying_parties.as_ref().unwrap()
    }

    /// Registers a credential of the first domain for a user.
    pub async fn key(&self, user: &User, kind: CredentialKind) -> Authenticator {
        let authenticator = Authenticator::new(SignatureAlgorithm::Es256);
        self.register(user, kind, authenticator, DOMAIN).await
    }

    /// Registers the credential of an authenticator for a user, as if the calls for it had been made.
    pub async fn register(
        &self,
        user: &User,
        kind: CredentialKind,
        mut authenticator: Authenticator,
        domain: &str,
    ) -> Authenticator {
        let id = &user.user_id;
        let own = self.store.get_credentials(id).await.unwrap().handle;
        let handle = own.unwrap_or_else(|| UserHandle::generate().unwrap());
        let options = json!({
            "challenge": "paWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaU",
            "rp": { "id": domain },
            "user": { "id": base64url(&handle.0) },
        });
        let origin = format!("https://login.{domain}");
        let answer = authenticator.register(&options, &origin);
        let response = RegistrationResponse::parse(&answer).unwrap();
        let rp_id = RpId::parse(domain).unwrap();
        let expected = Expected {
            challenge: Challenge([0xa5; 32]),
            rp_id: &rp_id,
            parties: self.parties(),
            user_verification: kind == CredentialKind::Passkey,
        };
        let registered = verify_registration(&response, &expected).unwrap();
        let credential = Credential {
            id: registered.id,
            user: id.clone(),
            handle,
            kind,
            rp_id,
            key: registered.key,
            algorithm: registered.algorithm,
            sign_count: registered.sign_count,
            backup: registered.backup,
            transports: registered.transports,
            aaguid: registered.aaguid,
            created_at: NOW,
            used_at: None,
        };
        self.change_user(id, |account| {
            let mut all = account.credentials.clone();
            all.handle = Some(handle);
            account.credentials = all.with(credential.clone(), "a key".to_owned());
        })
        .await;
        authenticator
    }

    pub async fn credential(&self, authenticator: &Authenticator) -> Credential {
        let id = sesame::domain::CredentialId::new(authenticator.id.clone()).unwrap();
        let stored = self.store.get_credential(id.hash()).await.unwrap();
        stored.unwrap()
    }
}

pub fn base64url(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

/// What asks for a challenge of the first domain.
pub fn asking(level: &str) -> Value {
    asking_of(DOMAIN, level)
}

pub fn asking_of(domain: &str, level: &str) -> Value {
    json!({
        "webAuthN": {
            "domain": domain,
            "userVerificationRequirement": format!("USER_VERIFICATION_REQUIREMENT_{level}"),
        },
    })
}
