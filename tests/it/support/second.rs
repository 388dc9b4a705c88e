//! Users with second factors, and codes for them.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use sesame::aws::ServerKeySetting;
use sesame::domain::{
    Account, Contact, EmailAddress, FactorKind, OtpMethod, Password, PhoneNumber,
    PresentedRecoveryCode, RecoveryCode, RecoveryCodeHash, SealedSecret, SecondFactors, Timestamp,
    Totp, TotpSecret, User, UserId, UserRef, UserSearch,
};
use sesame::store::{Alongside, ChangeOutcome};
use sesame::token::ServerKey;
use tokio::sync::OnceCell;

use super::app::{App, NOW, PASSWORD};

pub const SERVER_KEY: &str = "a server key of at least 32 characters";

/// The settings of a deployment with second factors.
pub const SECOND: [(&str, &str); 4] = [
    ("MAIL_FROM", "login@acme.example"),
    (
        "SMS_ORIGINATION",
        "arn:aws:sms-voice:eu-central-1:123456789012:pool/pool-1",
    ),
    ("LINK_BASE_URLS", "https://login.example/"),
    ("SERVER_KEY", SERVER_KEY),
];

/// The recovery codes of each user who has some.
pub const RECOVERY_CODES: [&str; 3] = [
    "8XK2-0D4M-TQ7R-5N1W-9HJC-3VEP",
    "8XK2-0D4M-TQ7R-5N1W-9HJC-3VEQ",
    "8XK2-0D4M-TQ7R-5N1W-9HJC-3VER",
];

/// The secret of each user's authenticator app, which depends on the user.
pub fn totp_secret(user: &UserId) -> TotpSecret {
    let UserRef(half) = UserRef::from(user);
    TotpSecret::from_bytes([&half[..], &[7; 4]].concat())
}

/// The code that the user's app shows at `now`, as another implementation makes it.
pub fn totp(user: &UserId, now: Timestamp) -> String {
    let seconds = u64::try_from(now.as_millis()).unwrap() / 1000;
    let app = totp_rs::Builder::new()
        .with_algorithm(totp_rs::Algorithm::SHA1)
        .with_digits(6)
        .with_step_duration(30)
        .with_skew(1)
        .with_secret(totp_secret(user).as_bytes().to_vec())
        .build()
        .unwrap();
    // It isn't noted as a secret: six digits are in any log by accident.
    app.generate(seconds).to_string()
}

/// A code that the user's app shows at no time around `now`.
pub fn wrong_totp(user: &UserId, now: Timestamp) -> String {
    let around = [now.minus(SECONDS_30), now, now.plus(SECONDS_30)];
    let right = around.map(|at| totp(user, at));
    let mut all = (0..10).map(|n| format!("00000{n}"));
    all.find(|code| !right.contains(code)).unwrap()
}

/// Another code of eight digits.
pub fn altered(code: &str) -> String {
    let number: u32 = code.parse().unwrap();
    format!("{:08}", (number + 1) % 100_000_000)
}

pub fn email(user: &UserId) -> String {
    format!("{}@mouse.example", UserRef::from(user))
}

pub fn phone(user: &UserId) -> String {
    let UserRef(half) = UserRef::from(user);
    let number = u32::from_be_bytes([half[0], half[1], half[2], half[3]]) % 10_000_000;
    format!("+4171{number:07}")
}

impl App {
    pub fn server_key(&self) -> ServerKey {
        match &self.settings.server_key {
            ServerKeySetting::Keys(keys) => keys.first().clone(),
            _ => ServerKey::parse(SERVER_KEY.into()).unwrap(),
        }
    }

    /// Adds a user with a password, a verified address and number, and second factors of these kinds.
    pub async fn user_with(&self, name: &str, kinds: &[FactorKind]) -> User {
        let user = self.user_with_hash(name, Some(self.hash().await)).await;
        let id = user.user_id.clone();
        let key = self.server_key();
        self.change_user(&id, |account| {
            let email = EmailAddress::from_stored(email(&id));
            let phone = PhoneNumber::from_stored(phone(&id));
            account.profile.email = Some(Contact {
                address: email,
                verified_at: Some(NOW),
            });
            account.profile.phone = Some(Contact {
                address: phone,
                verified_at: Some(NOW),
            });
            for kind in kinds {
                give(&mut account.factors, *kind, &id, &key);
            }
        })
        .await;
        user
    }

    /// The hash of [`PASSWORD`], which is made once for all.
    async fn hash(&self) -> &'static str {
        static HASH: OnceCell<String> = OnceCell::const_new();
        let make = async || {
            let password = Password::new(PASSWORD.to_owned());
            let hash = self.password_pool().hash(password).await;
            hash.unwrap().as_str().to_owned()
        };
        HASH.get_or_init(make).await
    }

    /// Changes a user as a call would.
    pub async fn change_user(&self, id: &UserId, change: impl Fn(&mut Account)) {
        let search = UserSearch::Id(id.clone());
        let seen = self.store.read_user(&search).await.unwrap().unwrap();
        let mut after = seen.account.clone();
        change(&mut after);
        let after = after.changed(NOW);
        let none = Alongside::default();
        let changed = self.store.change_account(&seen, &after, false, &none).await;
        assert_eq!(changed.unwrap(), ChangeOutcome::Done);
    }

    pub async fn factors_of(&self, id: &UserId) -> SecondFactors {
        self.store.get_factors(id).await.unwrap()
    }

    /// The newest code that was sent to the user by a method.
    pub fn sent_code(&self, id: &UserId, method: OtpMethod) -> String {
        let to = match method {
            OtpMethod::Email => email(id),
            OtpMethod::Sms => phone(id),
        };
        let outbox = self.outbox();
        let message = outbox.iter().rev().find(|message| message.to == to);
        let text = &message.expect("a code was sent").text;
        let mut words = text.split(|c: char| !c.is_ascii_digit());
        let code = words.rfind(|word| word.len() == 8);
        code.expect("the message has a code").to_owned()
    }
}

/// Gives a user a second factor, as if it had been set up.
pub fn give(factors: &mut SecondFactors, kind: FactorKind, user: &UserId, key: &ServerKey) {
    match kind {
        FactorKind::Totp => {
            factors.totp = Some(Totp {
                secret: sealed(user, key),
                last_step: 0,
                added_at: NOW,
            });
        }
        FactorKind::OtpEmail => factors.otp_email = Some(NOW),
        FactorKind::OtpSms => factors.otp_sms = Some(NOW),
        FactorKind::RecoveryCodes => {
            factors.recovery_codes = RECOVERY_CODES
                .iter()
                .map(|code| recovery_hash(user, code))
                .collect::<BTreeSet<_>>();
        }
        // An authenticator has to register these.
        FactorKind::Passkey | FactorKind::U2f => {}
    }
}

pub fn sealed(user: &UserId, key: &ServerKey) -> SealedSecret {
    key.seal("totp", user, totp_secret(user).as_bytes())
        .unwrap()
}

pub fn recovery_hash(user: &UserId, code: &str) -> RecoveryCodeHash {
    let code = PresentedRecoveryCode::parse(code.to_owned()).unwrap();
    RecoveryCodeHash::of(user, &code.unwrap())
}

/// The message of a create with a user and a password, with more checks.
pub fn login(user: &User, more: Value) -> Value {
    let mut checks = json!({
        "user": { "userId": user.user_id.as_str() },
        "password": { "password": PASSWORD },
    });
    let Value::Object(more) = more else {
        panic!("the checks are no object: {more}");
    };
    for (name, check) in more {
        checks[name] = check;
    }
    json!({ "checks": checks })
}

pub const SECONDS_30: Duration = Duration::from_secs(30);

/// A recovery code that was never given to anybody.
pub fn unknown_recovery_code() -> String {
    RecoveryCode::generate().unwrap().as_str().to_owned()
}

/// A code that fits none of a user's apps and messages but by an accident of one in a million.
pub const WRONG: &str = "000000";
