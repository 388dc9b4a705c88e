//! What a page is given for the browser, and what is listed afterwards.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sesame::domain::Operation;

use super::{
    Kind, add, administrator, authenticator, begin, begin_with, methods_with, passkeys, register,
    start,
};
use crate::support::client::Wire;
use crate::web_authn::RP_ID;

fn bytes(text: &Value) -> usize {
    URL_SAFE_NO_PAD
        .decode(text.as_str().unwrap())
        .unwrap()
        .len()
}

#[tokio::test]
async fn options_are_those_of_the_kind_in_each_protocol() {
    let app = start().await;
    let admin = administrator(&app).await;
    let user = add(admin, "mini").await;
    for wire in Wire::ALL {
        for (kind, resident_key, verification) in [
            (Kind::Passkey, "preferred", "required"),
            (Kind::U2f, "discouraged", "discouraged"),
        ] {
            let begun = begin(admin.by(wire), kind, &user).await;
            let mut options = begun.options["publicKey"].clone();
            let challenge = options["challenge"].take();
            assert_eq!(bytes(&challenge), 32, "{wire:?}");
            let handle = options["user"]["id"].take();
            assert_eq!(bytes(&handle), 16, "{wire:?}");
            let parameter = |alg: f64| json!({ "type": "public-key", "alg": alg });
            let want = json!({
                "challenge": null,
                "rp": { "id": RP_ID, "name": app.settings.policy.totp_issuer },
                "user": {
                    "id": null,
                    "name": app.login_name("mini").as_str(),
                    "displayName": "Mini Mouse",
                },
                "pubKeyCredParams": [parameter(-7.0), parameter(-8.0), parameter(-257.0)],
                "timeout": 300_000.0,
                "attestation": "none",
                "excludeCredentials": [],
                "authenticatorSelection": {
                    "residentKey": resident_key,
                    "userVerification": verification,
                },
            });
            assert_eq!(options, want, "{wire:?} {kind:?}");
        }
    }
}

/// As browsers, which compare the types of numbers no more than these do, are not all that read it.
#[tokio::test]
async fn numbers_of_options_are_integers_in_json() {
    let app = start().await;
    let admin = administrator(&app).await;
    let user = add(admin, "mini").await;
    let request = admin.json(Operation::RegisterPasskey, json!({ "userId": user }));
    let answer = admin.send(request).await;
    let text = String::from_utf8(answer.body.to_vec()).unwrap();
    for part in ["\"timeout\":300000,", "\"alg\":-257,"] {
        assert!(text.contains(part), "{text}");
    }
}

#[tokio::test]
async fn the_authenticator_is_as_asked() {
    let app = start().await;
    let admin = administrator(&app).await;
    let user = add(admin, "mini").await;
    for (asked, want) in [
        (json!("PASSKEY_AUTHENTICATOR_UNSPECIFIED"), Value::Null),
        (json!("PASSKEY_AUTHENTICATOR_PLATFORM"), json!("platform")),
        (
            json!("PASSKEY_AUTHENTICATOR_CROSS_PLATFORM"),
            json!("cross-platform"),
        ),
    ] {
        let more = json!({ "authenticator": asked });
        let begun = begin_with(admin, Kind::Passkey, &user, more).await.unwrap();
        let selection = &begun.options["publicKey"]["authenticatorSelection"];
        assert_eq!(selection["authenticatorAttachment"], want, "{asked}");
    }
    let more = json!({ "authenticator": 3 });
    let refused = begin_with(admin, Kind::Passkey, &user, more).await;
    assert_eq!(refused.unwrap_err(), "code 3");
}

#[tokio::test]
async fn a_domain_is_one_of_the_settings_and_its_credentials_are_excluded() {
    let app = start().await;
    let admin = administrator(&app).await;
    let user = add(admin, "mini").await;
    let (_, first) = register(admin, Kind::Passkey, &user).await;
    let (_, second) = register(admin, Kind::U2f, &user).await;
    let id = |authenticator: &crate::support::authenticator::Authenticator| {
        URL_SAFE_NO_PAD.encode(&authenticator.id)
    };
    for kind in Kind::ALL {
        for (domain, want) in [
            (json!(null), Ok((RP_ID, vec![id(&first), id(&second)]))),
            (json!(RP_ID), Ok((RP_ID, vec![id(&first), id(&second)]))),
            (json!("acme.example"), Ok(("acme.example", vec![]))),
            (json!("www.acme.example"), Err("code 3")),
            (json!("example"), Err("code 3")),
            (json!("LOGIN.EXAMPLE"), Err("code 3")),
        ] {
            let mut more = json!({});
            if !domain.is_null() {
                more["domain"] = domain.clone();
            }
            let begun = begin_with(admin, kind, &user, more).await;
            let got = begun.map(|begun| {
                let options = &begun.options["publicKey"];
                let excluded = options["excludeCredentials"].as_array().unwrap().iter();
                let ids = excluded.map(|one| {
                    assert_eq!(one["type"], "public-key");
                    assert_eq!(one["transports"], json!(["internal", "hybrid"]));
                    one["id"].as_str().unwrap().to_owned()
                });
                let rp_id = options["rp"]["id"].as_str().unwrap().to_owned();
                (rp_id, ids.collect::<Vec<_>>())
            });
            let want = want.map(|(rp_id, ids)| (rp_id.to_owned(), ids));
            assert_eq!(got, want.map_err(str::to_owned), "{kind:?} {domain}");
        }
    }
}

#[tokio::test]
async fn a_user_keeps_the_handle_of_the_first_registration() {
    let app = start().await;
    let admin = administrator(&app).await;
    let (mini, other) = (add(admin, "mini").await, add(admin, "other").await);
    let handle = async |kind, user: &str| {
        begin(admin, kind, user).await.options["publicKey"]["user"]["id"].clone()
    };
    let first = handle(Kind::U2f, &mini).await;
    register(admin, Kind::Passkey, &mini).await;
    assert_eq!(handle(Kind::Passkey, &mini).await, first);
    assert_ne!(handle(Kind::Passkey, &other).await, first);
}

#[tokio::test]
async fn what_is_registered_is_listed_by_name_and_domain() {
    let app = start().await;
    let admin = administrator(&app).await;
    let user = add(admin, "mini").await;
    let (passkey, _) = register(admin, Kind::Passkey, &user).await;
    let more = json!({ "domain": "acme.example" });
    let begun = begin_with(admin, Kind::U2f, &user, more).await.unwrap();
    let answer = authenticator().register(&begun.options, "https://www.acme.example");
    assert_eq!(begun.complete(admin, &answer).await, "ok");

    assert_eq!(passkeys(admin, &user).await, std::slice::from_ref(&passkey));
    let message = json!({ "userId": user });
    let listed = admin.ask(Operation::ListPasskeys, message).await.unwrap();
    let want = json!([{ "id": passkey, "state": "AUTH_FACTOR_STATE_READY", "name": "laptop" }]);
    assert_eq!(listed["result"], want);
    assert_eq!(listed["details"]["totalResult"], "1");

    let message = json!({ "userId": user });
    let listed = admin
        .ask(Operation::ListAuthenticationFactors, message)
        .await;
    let key = json!({ "id": begun.id, "name": "laptop" });
    let want = json!([{ "state": "AUTH_FACTOR_STATE_READY", "u2f": key }]);
    assert_eq!(listed.unwrap()["result"], want);
    for (filter, want) in [
        (json!({ "authFactors": ["U2F"] }), 1),
        (json!({ "authFactors": ["OTP"] }), 0),
        (json!({ "states": ["AUTH_FACTOR_STATE_NOT_READY"] }), 0),
    ] {
        let mut message = filter.clone();
        message["userId"] = json!(user);
        let listed = admin
            .ask(Operation::ListAuthenticationFactors, message)
            .await;
        let result = listed.unwrap()["result"].clone();
        let count = result.as_array().map_or(0, Vec::len);
        assert_eq!(count, want, "{filter}");
    }

    for (domain, want) in [
        (RP_ID, &["PASSWORD", "PASSKEY"][..]),
        ("acme.example", &["PASSWORD", "U2F"]),
        ("other.example", &["PASSWORD"]),
    ] {
        for without in [true, false] {
            let query = json!({ "domain": domain, "includeWithoutDomain": without });
            let query = json!({ "domainQuery": query });
            let got = methods_with(admin.by(Wire::Grpc), &user, query).await;
            assert_eq!(got, want, "{domain} {without}");
        }
    }
}
