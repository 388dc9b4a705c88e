//! Hashes are made of a password's NFC form; the bytes as they were sent are tried too.
//!
//! ASVS V6.2.8: a password is verified exactly as it was received. NIST SP 800-63B-4, 3.1.1.2: it is
//! normalised before it is hashed.

use serde_json::json;
use sesame::domain::Password;
use sesame::password::PasswordHash;

use crate::support::app::{App, by_name};
use crate::support::record;

/// A password as it is sent, and its NFC form.
const FORMS: [(&str, &str, &str); 5] = [
    ("ASCII", "k7#wq2xz", "k7#wq2xz"),
    ("NFC", "pässwörd-é", "pässwörd-é"),
    ("NFD", "pa\u{308}sswo\u{308}rd-e\u{301}", "pässwörd-é"),
    (
        "another order of marks",
        "q\u{307}\u{323}-password",
        "q\u{323}\u{307}-password",
    ),
    (
        "a longer NFC form",
        "\u{1d160}\u{1d160}-password",
        "\u{1d158}\u{1d165}\u{1d16e}\u{1d158}\u{1d165}\u{1d16e}-password",
    ),
];

/// A current argon2id hash of just these bytes, as another program would make it with the params of
/// [`App`].
fn hash_of(bytes: &str) -> String {
    let salt = b"0123456789abcdef";
    let params = argon2::Params::new(7168, 1, 1, None).unwrap();
    let mut output = [0; 32];
    argon2::Argon2::new(
        argon2::Algorithm::Argon2id,
        argon2::Version::V0x13,
        params.clone(),
    )
    .hash_password_into(bytes.as_bytes(), salt, &mut output)
    .unwrap();
    let encode = |bytes: &[u8]| {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD_NO_PAD.encode(bytes)
    };
    format!(
        "$argon2id$v=19$m={},t=1,p=1${}${}",
        params.m_cost(),
        encode(salt),
        encode(&output)
    )
}

fn bcrypt_of(bytes: &str) -> String {
    bcrypt::hash_with_salt(bytes, 4, *b"0123456789abcdef")
        .unwrap()
        .to_string()
}

/// What came of a login: its outcome, the hashes that it computed, the failures in a row, and
/// whether the stored hash is another one.
async fn log_in(app: &App, name: &str, password: &str) -> (String, u64, u32, bool) {
    record::secret(Some(password));
    let before = app.login(name).await.password_hash;
    let body = by_name(&app.login_name(name), password);
    let outcome = app.client().create_json(&body).await.outcome();
    let line = app.logged().pop().unwrap();
    let after = app.login(name).await;
    let changed = after.password_hash != before;
    let hashes = line["hashes"].as_u64().unwrap_or_default();
    (outcome, hashes, after.attempts.failures, changed)
}

const WRONG: &str = "COMMAND-3M0fs";

#[tokio::test]
async fn a_password_opens_the_hash_of_its_nfc_form_and_that_of_its_bytes() {
    let app = App::start().await;
    for (n, (form, sent, composed)) in FORMS.into_iter().enumerate() {
        let differs = sent != composed;
        let tries = if differs { 2 } else { 1 };

        let of_nfc = format!("nfc{n}");
        app.user_with_hash(&of_nfc, Some(&hash_of(composed))).await;
        let got = log_in(&app, &of_nfc, sent).await;
        assert_eq!(got, ("ok".to_owned(), 1, 0, false), "{form}");

        let of_bytes = format!("bytes{n}");
        app.user_with_hash(&of_bytes, Some(&hash_of(sent))).await;
        let got = log_in(&app, &of_bytes, sent).await;
        assert_eq!(got, ("ok".to_owned(), tries, 0, differs), "{form}");
        let stored = app.login(&of_bytes).await.password_hash.unwrap();
        let stored = PasswordHash::parse(stored.as_str()).unwrap();
        assert!(app.password_pool().is_current(&stored));
        // Now that of the NFC form is stored, so each form opens it by one hash.
        for again in [sent, composed] {
            let got = log_in(&app, &of_bytes, again).await;
            assert_eq!(got, ("ok".to_owned(), 1, 0, false), "{form}");
        }

        let of_neither = format!("neither{n}");
        app.user_with_hash(&of_neither, Some(&hash_of("another")))
            .await;
        let got = log_in(&app, &of_neither, sent).await;
        assert_eq!(got, (WRONG.to_owned(), tries, 1, false), "{form}");
    }
}

/// bcrypt reads 72 bytes, so the hash of 72 or more is kept, whichever form matched.
#[tokio::test]
async fn a_hash_that_may_not_have_read_all_of_a_form_is_kept() {
    let app = App::start().await;
    for bytes in 71..=73 {
        // In NFC the password is a byte shorter.
        let sent = format!("e\u{301}{}", "x".repeat(bytes - 3));
        let composed = format!("é{}", "x".repeat(bytes - 3));
        for (name, hashed, tries, replaced) in [
            (format!("sent{bytes}"), &sent, 2, sent.len() < 72),
            (format!("nfc{bytes}"), &composed, 1, composed.len() < 72),
        ] {
            app.user_with_hash(&name, Some(&bcrypt_of(hashed))).await;
            let got = log_in(&app, &name, &sent).await;
            assert_eq!(got, ("ok".to_owned(), tries, 0, replaced), "{name}");
        }
    }
}

#[tokio::test]
async fn a_login_without_a_match_takes_two_hashes_if_the_bytes_differ() {
    let app = App::with(&[("MAX_PASSWORD_ATTEMPTS", "1")]).await;
    app.user("locked").await;
    let locked = by_name(&app.login_name("locked"), "wrong");
    assert_eq!(app.client().create_json(&locked).await.outcome(), WRONG);
    app.logged();
    for (form, sent, composed) in FORMS {
        record::secret(Some(sent));
        for name in ["locked", "nobody"] {
            let body = by_name(&app.login_name(name), sent);
            assert_eq!(app.client().create_json(&body).await.outcome(), WRONG);
            let want = if sent == composed { 1 } else { 2 };
            assert_eq!(app.logged()[0]["hashes"], json!(want), "{form} {name}");
        }
    }
}

#[tokio::test]
async fn a_hash_is_made_of_the_nfc_form() {
    let app = App::start().await;
    let pool = app.password_pool();
    for (form, sent, composed) in FORMS {
        let password = |text: &str| Password::new(text.to_owned());
        let hash = pool.hash(password(sent)).await.unwrap();
        let checked = pool.verify(password(composed), hash).await.unwrap();
        assert!(checked.matched, "{form}");
        assert_eq!(checked.hashes, 1, "{form}");
    }
}
