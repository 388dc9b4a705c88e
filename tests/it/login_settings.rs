//! What login pages ask for beside users and sessions: the Settings and the Organization service.

mod cost;
mod factors;
mod organizations;
mod rights;

use http::Method;
use serde_json::{Value, json};
use sesame::domain::Operation;

use crate::support::answer::Outcome;
use crate::support::app::{App, NOW, header, post};
use crate::support::client::{Client, Wire};

/// The id of the tests' organization.
const OWN: &str = "69629023906488334";

/// The calls whose requests have `ctx`.
const WITH_CONTEXT: [Operation; 7] = [
    Operation::GetLoginSettings,
    Operation::GetActiveIdentityProviders,
    Operation::GetPasswordComplexitySettings,
    Operation::GetPasswordExpirySettings,
    Operation::GetBrandingSettings,
    Operation::GetLegalAndSupportSettings,
    Operation::GetLockoutSettings,
];

/// Every call of both services, with a request that is right.
fn calls() -> Vec<(Operation, Value)> {
    let mut calls: Vec<_> = WITH_CONTEXT.map(|rpc| (rpc, json!({}))).to_vec();
    calls.extend([
        (Operation::GetGeneralSettings, json!({})),
        (Operation::GetSecuritySettings, json!({})),
        (
            Operation::GetHostedLoginTranslation,
            json!({ "locale": "en" }),
        ),
        (Operation::ListOrganizations, json!({})),
    ]);
    calls
}

/// Asks in each protocol, which all have to answer alike.
async fn ask(client: Client<'_>, rpc: Operation, request: &Value) -> Outcome {
    let mut answers = Vec::new();
    for wire in Wire::ALL {
        answers.push((wire, client.by(wire).ask(rpc, request.clone()).await));
    }
    let (_, first) = answers[0].clone();
    for (wire, answer) in answers {
        assert_eq!(answer, first, "{wire:?} {rpc:?} {request}");
    }
    first
}

/// The answer with `settings` that the deployment's organization has.
fn owned(settings: &Value) -> Value {
    json!({ "details": { "resourceOwner": OWN }, "settings": settings })
}

#[tokio::test]
async fn each_call_answers_what_the_defaults_are() {
    let app = App::start().await;
    let client = app.service(&[]).await;
    for (rpc, want) in [
        (
            Operation::GetGeneralSettings,
            json!({
                "defaultOrgId": OWN,
                "defaultLanguage": "en",
                "supportedLanguages": ["en", "de"],
            }),
        ),
        (
            Operation::GetLoginSettings,
            owned(&json!({
                "allowUsernamePassword": true,
                "allowRegister": true,
                "hidePasswordReset": true,
                "passwordCheckLifetime": "86400s",
                "externalLoginCheckLifetime": "86400s",
                "secondFactorCheckLifetime": "86400s",
                "multiFactorCheckLifetime": "86400s",
            })),
        ),
        (
            Operation::GetActiveIdentityProviders,
            json!({ "details": { "timestamp": "2027-01-15T08:00:00.123Z" } }),
        ),
        (
            Operation::GetPasswordComplexitySettings,
            owned(&json!({ "minLength": "8" })),
        ),
        (Operation::GetPasswordExpirySettings, owned(&json!({}))),
        (Operation::GetBrandingSettings, owned(&json!({}))),
        (Operation::GetLegalAndSupportSettings, owned(&json!({}))),
        (
            Operation::GetLockoutSettings,
            owned(&json!({ "maxPasswordAttempts": "10", "maxOtpAttempts": "5" })),
        ),
        (Operation::GetSecuritySettings, owned(&json!({}))),
    ] {
        assert_eq!(ask(client, rpc, &json!({})).await, Ok(want), "{rpc:?}");
    }
}

#[tokio::test]
async fn each_call_answers_what_the_settings_say() {
    let app = App::with(&[
        ("SESSION_LIFETIME_SECONDS", "3600"),
        ("MAX_PASSWORD_ATTEMPTS", "3"),
        ("MAX_FACTOR_ATTEMPTS", "20"),
        ("MFA", "required"),
        ("PASSWORD_MIN_LENGTH", "15"),
        ("LOGIN_REGISTRATION", "false"),
        ("LOGIN_IGNORE_UNKNOWN", "true"),
        ("LOGIN_REDIRECT_URI", "https://acme.example/start"),
        ("TOS_LINK", "https://acme.example/terms?a=1#b"),
        ("PRIVACY_POLICY_LINK", "http://localhost:8080/privacy"),
        ("HELP_LINK", "https://acme.example/help"),
        ("SUPPORT_EMAIL", "help@acme.example"),
    ])
    .await;
    let client = app.service(&[]).await;
    for (rpc, want) in [
        (
            Operation::GetLoginSettings,
            json!({
                "allowUsernamePassword": true,
                "forceMfa": true,
                "hidePasswordReset": true,
                "ignoreUnknownUsernames": true,
                "defaultRedirectUri": "https://acme.example/start",
                "passwordCheckLifetime": "3600s",
                "externalLoginCheckLifetime": "3600s",
                "secondFactorCheckLifetime": "3600s",
                "multiFactorCheckLifetime": "3600s",
            }),
        ),
        (
            Operation::GetPasswordComplexitySettings,
            json!({ "minLength": "15" }),
        ),
        (
            Operation::GetLegalAndSupportSettings,
            json!({
                "tosLink": "https://acme.example/terms?a=1#b",
                "privacyPolicyLink": "http://localhost:8080/privacy",
                "helpLink": "https://acme.example/help",
                "supportEmail": "help@acme.example",
            }),
        ),
        (
            Operation::GetLockoutSettings,
            json!({ "maxPasswordAttempts": "3", "maxOtpAttempts": "20" }),
        ),
    ] {
        let answer = ask(client, rpc, &json!({})).await;
        assert_eq!(answer, Ok(owned(&want)), "{rpc:?}");
    }
}

#[tokio::test]
async fn a_password_reset_is_offered_where_its_code_can_be_mailed() {
    let key = "a server key of at least 32 characters";
    for (settings, hidden) in [
        (&[("SERVER_KEY", key)][..], None),
        (&[("SERVER_KEY", key), ("MAIL_FROM", "none")], Some(true)),
        (&[], Some(true)),
    ] {
        let app = App::with(settings).await;
        let client = app.service(&[]).await;
        let answer = ask(client, Operation::GetLoginSettings, &json!({})).await;
        let hides = answer.unwrap()["settings"]["hidePasswordReset"].as_bool();
        assert_eq!(hides, hidden, "{settings:?}");
    }
}

#[tokio::test]
async fn a_link_that_is_not_set_is_left_out_and_the_others_stay() {
    let app = App::with(&[("HELP_LINK", "https://acme.example/help")]).await;
    let client = app.service(&[]).await;

    let rpc = Operation::GetLegalAndSupportSettings;
    let answer = ask(client, rpc, &json!({})).await;
    let want = json!({ "helpLink": "https://acme.example/help" });
    assert_eq!(answer, Ok(owned(&want)));
}

#[tokio::test]
async fn settings_are_those_of_the_only_organization() {
    let app = App::start().await;
    let client = app.service(&[]).await;
    for rpc in WITH_CONTEXT {
        let own = ask(client, rpc, &json!({})).await;
        assert!(own.is_ok(), "{rpc:?} {own:?}");
        for (context, want) in [
            (json!({}), None),
            (json!({ "orgId": OWN }), None),
            (json!({ "orgId": "" }), None),
            (json!({ "instance": true }), None),
            (json!({ "orgId": "1" }), Some("code 5")),
            (json!({ "orgId": format!("{OWN} ") }), Some("code 5")),
            (json!({ "instance": false }), Some("code 3")),
        ] {
            let answer = ask(client, rpc, &json!({ "ctx": context })).await;
            let want = want.map_or_else(|| own.clone(), |code| Err(code.to_owned()));
            assert_eq!(answer, want, "{rpc:?} {context}");
        }
    }
}

/// A GET on a JSON route with a query.
async fn get(client: Client<'_>, path: &str, query: &[(&str, &str)]) -> Outcome {
    let mut request = post("");
    request.method = Method::GET;
    path.clone_into(&mut request.path);
    let pair = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
    request.query = query.iter().map(pair).collect();
    let bearer = format!("Bearer {}", client.token.unwrap());
    let request = header(request, "authorization", &bearer);
    client.app.send(request, NOW).await.result()
}

#[tokio::test]
async fn a_query_names_the_organization() {
    let app = App::start().await;
    let client = app.service(&[]).await;
    for path in [
        "login",
        "login/idps",
        "password/complexity",
        "password/expiry",
        "lockout",
        "legal_support",
        "branding",
    ] {
        for (query, want) in [
            (&[][..], None),
            (&[("ctx.orgId", OWN)], None),
            (&[("ctx.org_id", OWN)], None),
            (&[("ctx.orgId", "")], None),
            (&[("ctx.instance", "true")], None),
            (&[("ctx.other", "1")], None),
            (&[("ctx.orgId", "1")], Some("code 5")),
            (&[("ctx.instance", "false")], Some("code 3")),
            (&[("ctx.instance", "1")], Some("code 3")),
            (&[("ctx", OWN)], Some("code 3")),
            (
                &[("ctx.orgId", OWN), ("ctx.instance", "true")],
                Some("code 3"),
            ),
        ] {
            let answer = get(client, &format!("/v2/settings/{path}"), query).await;
            assert_eq!(answer.err().as_deref(), want, "{path} {query:?}");
        }
    }
    // It has no context, so a name of one is like any other that is unknown.
    for path in ["/v2/settings", "/v2/settings/security"] {
        assert!(get(client, path, &[("ctx.orgId", "1")]).await.is_ok());
    }
}

#[tokio::test]
async fn what_a_provider_may_do_is_read_and_makes_no_difference() {
    let app = App::start().await;
    let client = app.service(&[]).await;
    let rpc = Operation::GetActiveIdentityProviders;
    let none = ask(client, rpc, &json!({})).await;
    for flag in [true, false] {
        let request = json!({
            "ctx": { "orgId": OWN },
            "creationAllowed": flag,
            "linkingAllowed": flag,
            "autoCreation": flag,
            "autoLinking": flag,
        });
        assert_eq!(ask(client, rpc, &request).await, none);
    }
    let path = "/v2/settings/login/idps";
    let query = [("creationAllowed", "true"), ("linking_allowed", "false")];
    assert_eq!(get(client, path, &query).await, none);
    let wrong = get(client, path, &[("autoLinking", "yes")]).await;
    assert_eq!(wrong, Err("code 3".to_owned()));
}

#[tokio::test]
async fn a_translation_is_empty_and_has_the_same_tag_each_time() {
    let app = App::start().await;
    let other = App::with(&[("ORGANIZATION_NAME", "Acme")]).await;
    let client = app.service(&[]).await;
    let rpc = Operation::GetHostedLoginTranslation;
    let first = ask(client, rpc, &json!({ "locale": "en" })).await.unwrap();
    assert_eq!(first["translations"], json!({}));
    let tag = first["etag"].as_str().unwrap();
    assert_eq!(tag.len(), 32);
    assert!(tag.bytes().all(|byte| byte.is_ascii_hexdigit()), "{tag}");
    let elsewhere = other.service(&[]).await;

    for (request, want) in [
        (json!({ "locale": "de" }), None),
        (json!({ "locale": "de-CH", "system": true }), None),
        (json!({ "locale": "en", "instance": true }), None),
        (json!({ "locale": "en", "organizationId": OWN }), None),
        (json!({ "locale": "en", "ignoreInheritance": true }), None),
        (json!({ "locale": "\u{1f42d}\u{1f42d}" }), None),
        (json!({}), Some("code 3")),
        (json!({ "locale": "" }), Some("code 3")),
        (json!({ "locale": "e" }), Some("code 3")),
        (json!({ "locale": "\u{1f42d}" }), Some("code 3")),
        (json!({ "locale": "en", "system": false }), Some("code 3")),
        (json!({ "locale": "en", "instance": false }), Some("code 3")),
        (
            json!({ "locale": "en", "organizationId": "1" }),
            Some("code 5"),
        ),
    ] {
        for client in [client, elsewhere] {
            let answer = ask(client, rpc, &request).await;
            let want = want.map_or_else(|| Ok(first.clone()), |code| Err(code.to_owned()));
            assert_eq!(answer, want, "{request}");
        }
    }
    let path = "/v2/settings/hosted_login_translation";
    let query = [("locale", "en"), ("organizationId", OWN)];
    assert_eq!(get(client, path, &query).await, Ok(first));
}
