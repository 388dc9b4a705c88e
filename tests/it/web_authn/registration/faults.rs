//! Answers that are refused, each of which uses its registration up.

use serde_json::{Value, json};
use sesame::domain::{Operation, SignatureAlgorithm};

use super::{
    Begun, Kind, add, administrator, authenticator, begin, methods, outcome, register, start,
    start_with,
};
use crate::support::authenticator::{Attestation, Authenticator, USER_PRESENT, USER_VERIFIED};
use crate::support::client::Wire;
use crate::web_authn::ORIGIN;

const NONE: &str = "WEBAU-5M9so";
const WRONG: &str = "WEBAU-3Vb9s";
const UNREADABLE: &str = "WEBAU-sEr8c";

/// What an authenticator does, and what is answered for a passkey and for a security key.
type Fault = (
    &'static str,
    fn(&mut Authenticator, &Begun) -> Value,
    [&'static str; 2],
);

fn answer(authenticator: &mut Authenticator, begun: &Begun) -> Value {
    authenticator.register(&begun.options, ORIGIN)
}

const FAULTS: &[Fault] = &[
    ("right", answer, ["ok", "ok"]),
    (
        "another challenge",
        |one, begun| {
            one.challenge = Some(vec![7; 32]);
            answer(one, begun)
        },
        [WRONG, WRONG],
    ),
    (
        "another origin",
        |one, begun| one.register(&begun.options, "https://evil.example"),
        [WRONG, WRONG],
    ),
    (
        "an origin of another domain",
        |one, begun| one.register(&begun.options, "https://www.acme.example"),
        [WRONG, WRONG],
    ),
    (
        "a host that begins the same",
        |one, begun| one.register(&begun.options, "https://login.example.evil.example"),
        [WRONG, WRONG],
    ),
    (
        "another domain",
        |one, begun| {
            one.rp_id = Some("acme.example");
            answer(one, begun)
        },
        [WRONG, WRONG],
    ),
    (
        "in a frame",
        |one, begun| {
            one.cross_origin = Some(true);
            answer(one, begun)
        },
        [WRONG, WRONG],
    ),
    (
        "of a login",
        |one, begun| {
            one.kind = Some("webauthn.get");
            answer(one, begun)
        },
        [WRONG, WRONG],
    ),
    (
        "nobody there",
        |one, begun| {
            one.flags = USER_VERIFIED;
            answer(one, begun)
        },
        [WRONG, WRONG],
    ),
    (
        "not verified",
        |one, begun| {
            one.flags = USER_PRESENT;
            answer(one, begun)
        },
        [WRONG, "ok"],
    ),
    (
        "a forged attestation",
        |one, begun| {
            one.attestation = Attestation::OwnForged;
            answer(one, begun)
        },
        [WRONG, WRONG],
    ),
    ("no answer", |_, _| json!({}), [UNREADABLE, UNREADABLE]),
    (
        "another type",
        |one, begun| {
            let mut answer = answer(one, begun);
            answer["type"] = json!("password");
            answer
        },
        [UNREADABLE, UNREADABLE],
    ),
    (
        "two ids",
        |one, begun| {
            let mut answer = answer(one, begun);
            answer["rawId"] = json!("AAAA");
            answer
        },
        [UNREADABLE, UNREADABLE],
    ),
];

#[tokio::test]
async fn a_wrong_answer_registers_nothing_and_ends_its_registration() {
    let app = start().await;
    let admin = administrator(&app).await;
    for wire in Wire::ALL {
        let client = admin.by(wire);
        for (n, (what, make, wants)) in FAULTS.iter().enumerate() {
            for (kind, want) in Kind::ALL.into_iter().zip(wants) {
                let about = format!("{what} {kind:?} {wire:?}");
                let user = add(admin, &format!("{n}{kind:?}{wire:?}")).await;
                let begun = begin(client, kind, &user).await;
                let other = begin(client, kind, &user).await;
                let wrong = make(&mut authenticator(), &begun);
                assert_eq!(begun.complete(client, &wrong).await, *want, "{about}");

                let mut listed = vec!["PASSWORD"];
                listed.extend((*want == "ok").then_some(kind.method()));
                assert_eq!(methods(admin, &user).await, listed, "{about}");
                assert_eq!(begun.complete_rightly(client).await, NONE, "{about}");
                assert_eq!(other.complete_rightly(client).await, "ok", "{about}");
            }
        }
    }
}

#[tokio::test]
async fn each_algorithm_registers_both_kinds() {
    let app = start().await;
    let admin = administrator(&app).await;
    let user = add(admin, "mini").await;
    for algorithm in SignatureAlgorithm::ALL {
        for kind in Kind::ALL {
            let begun = begin(admin, kind, &user).await;
            let mut authenticator = Authenticator::new(algorithm);
            let answer = authenticator.register(&begun.options, ORIGIN);
            assert_eq!(begun.complete(admin, &answer).await, "ok", "{algorithm:?}");
        }
    }
}

#[tokio::test]
async fn a_registration_is_named_by_its_own_kind_user_and_id() {
    let app = start().await;
    let admin = administrator(&app).await;
    let (mini, other) = (add(admin, "mini").await, add(admin, "other").await);
    for kind in Kind::ALL {
        let begun = begin(admin, kind, &mini).await;
        let another_kind = Kind::ALL.into_iter().find(|one| *one != kind).unwrap();
        let named = |change: &dyn Fn(&mut Begun)| {
            let mut begun = begun.clone();
            change(&mut begun);
            begun
        };
        for (what, begun, want) in [
            ("kind", named(&|one| one.kind = another_kind), NONE),
            ("user", named(&|one| one.user.clone_from(&other)), NONE),
            ("id", named(&|one| one.id = "0".repeat(32)), NONE),
            ("text", named(&|one| one.id = "laptop".to_owned()), NONE),
            (
                "case",
                named(&|one| one.id = one.id.to_uppercase() + "x"),
                NONE,
            ),
            (
                "nobody",
                named(&|one| one.user = "nobody".to_owned()),
                "COMMAND-4g3xq",
            ),
        ] {
            let got = begun.complete_rightly(admin).await;
            assert_eq!(got, want, "{kind:?} {what}");
        }
        assert_eq!(begun.complete_rightly(admin).await, "ok", "{kind:?}");
    }
}

#[tokio::test]
async fn a_credential_is_registered_once_whoever_has_it() {
    let app = start().await;
    let admin = administrator(&app).await;
    let (mini, other) = (add(admin, "mini").await, add(admin, "other").await);
    let (id, mut taken) = register(admin, Kind::Passkey, &mini).await;
    for user in [&mini, &other] {
        for kind in Kind::ALL {
            let begun = begin(admin, kind, user).await;
            let answer = taken.register(&begun.options, ORIGIN);
            let about = format!("{kind:?} {}", user == &mini);
            assert_eq!(begun.complete(admin, &answer).await, WRONG, "{about}");
            assert_eq!(begun.complete_rightly(admin).await, NONE, "{about}");
        }
    }
    assert_eq!(methods(admin, &mini).await, ["PASSWORD", "PASSKEY"]);
    assert_eq!(methods(admin, &other).await, ["PASSWORD"]);
    assert_eq!(super::passkeys(admin, &mini).await, [id]);
}

#[tokio::test]
async fn names_have_1_to_200_characters_and_answers_are_small() {
    let app = start().await;
    let admin = administrator(&app).await;
    let user = add(admin, "mini").await;
    for kind in Kind::ALL {
        let begun = begin(admin, kind, &user).await;
        let right = authenticator().register(&begun.options, ORIGIN);
        let mut large = right.clone();
        large["more"] = json!("a".repeat(65_536));
        let mut deep = json!(1);
        for _ in 0..16 {
            deep = json!([deep]);
        }
        let mut nested = right.clone();
        nested["more"] = deep;
        let message = |answer: &Value, name: &str| {
            json!({
                "userId": user,
                kind.id(): begun.id,
                "publicKeyCredential": answer,
                kind.name(): name,
            })
        };
        for (what, message, want) in [
            ("no name", message(&right, ""), "code 3"),
            ("a long name", message(&right, &"ä".repeat(201)), "code 3"),
            ("a large answer", message(&large, "a"), "code 3"),
            ("a nested answer", message(&nested, "a"), "code 3"),
            (
                "no answer",
                {
                    let mut message = message(&right, "a");
                    message
                        .as_object_mut()
                        .unwrap()
                        .remove("publicKeyCredential");
                    message
                },
                "code 3",
            ),
            ("the longest name", message(&right, &"ä".repeat(200)), "ok"),
        ] {
            let got = outcome(&admin.ask(kind.verify(), message).await);
            assert_eq!(got, want, "{kind:?} {what}");
        }
    }
}

#[tokio::test]
async fn without_domains_there_is_nothing_of_it() {
    let app = start_with(&[("RP_IDS", "none"), ("RP_ORIGINS", "none")]).await;
    let admin = app.service(&sesame::domain::Permission::ALL).await;
    let user = add(admin, "mini").await;
    let code = json!({ "id": "a", "code": "22222222" });
    for (call, message) in [
        (
            Operation::CreatePasskeyRegistrationLink,
            json!({ "returnCode": {} }),
        ),
        (Operation::RegisterPasskey, json!({})),
        (Operation::RegisterPasskey, json!({ "code": code })),
        (
            Operation::VerifyPasskeyRegistration,
            json!({ "passkeyId": "a", "publicKeyCredential": {}, "passkeyName": "a" }),
        ),
        (Operation::ListPasskeys, json!({})),
        (Operation::RemovePasskey, json!({ "passkeyId": "a" })),
        (Operation::RegisterU2F, json!({})),
        (
            Operation::VerifyU2FRegistration,
            json!({ "u2fId": "a", "publicKeyCredential": {}, "tokenName": "a" }),
        ),
        (Operation::RemoveU2F, json!({ "u2fId": "a" })),
    ] {
        let mut message = message;
        message["userId"] = json!(user);
        let got = outcome(&admin.ask(call, message).await);
        assert_eq!(got, "code 12", "{call:?}");
    }
}

#[tokio::test]
async fn security_keys_are_one_of_the_second_factors_that_can_be_switched_off() {
    let app = start_with(&[("SECOND_FACTORS", "totp")]).await;
    let admin = administrator(&app).await;
    let user = add(admin, "mini").await;
    let refused = super::begin_with(admin, Kind::U2f, &user, json!({})).await;
    assert_eq!(refused.unwrap_err(), "SESAME-Foff1");
    register(admin, Kind::Passkey, &user).await;
}
