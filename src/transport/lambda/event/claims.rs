//! The claims that a gateway's JWT authorizer found in a token, by the event.
//!
//! They are read leniently. Gateways copy all claims of an issuer, of any type, and a claim that
//! this service does not use must not fail the call.

use std::collections::HashMap;

use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::domain::{JwtName, JwtPrincipal};
use crate::service::Jwt;

/// The event's `requestContext.authorizer`, as JSON, if there is one.
pub(super) fn authorizer(event: &str) -> Option<Box<RawValue>> {
    // Most events have none, and need not be read twice.
    if !event.contains("\"authorizer\"") {
        return None;
    }
    let event: WithContext<'_> = serde_json::from_str(event).ok()?;
    Some(event.context?.authorizer?.to_owned())
}

#[derive(Deserialize)]
struct WithContext<'a> {
    #[serde(borrow, rename = "requestContext")]
    context: Option<WithAuthorizer<'a>>,
}

#[derive(Deserialize)]
struct WithAuthorizer<'a> {
    #[serde(borrow)]
    authorizer: Option<&'a RawValue>,
}

/// The fields that an authorizer writes, by name.
type Parts<'a> = HashMap<String, &'a RawValue>;

/// Reads the JWT of payload 2.0, where only JWT authorizers write `jwt`. Lambda authorizers write
/// `lambda`.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>
pub(super) fn jwt_of_http(authorizer: &RawValue) -> Option<Jwt> {
    let parts: Parts<'_> = serde_json::from_str(authorizer.get()).ok()?;
    let jwt = parts.get("jwt").filter(|jwt| is_set(jwt))?;
    let jwt: Parts<'_> = serde_json::from_str(jwt.get()).unwrap_or_default();
    Some(read(jwt.get("claims").copied(), jwt.get("scopes").copied()))
}

/// Reads the JWT of payload 1.0: `claims` and `scopes`, both of them null without an authorizer.
///
/// A Lambda authorizer writes its own fields in the same place. So an object with any field
/// beside these two is a Lambda authorizer's, and has no JWT; and so is one whose `claims` are a
/// text, because on REST APIs a Lambda authorizer can write nothing but texts.
pub(super) fn jwt_of_rest(authorizer: &RawValue) -> Option<Jwt> {
    let parts: Parts<'_> = serde_json::from_str(authorizer.get()).ok()?;
    let is_jwt = |name: &String| ["claims", "scopes"].contains(&name.as_str());
    let claims = *parts.get("claims")?;
    let is_object = claims.get().starts_with('{');
    (is_object && parts.keys().all(is_jwt))
        .then(|| read(Some(claims), parts.get("scopes").copied()))
}

fn is_set(value: &RawValue) -> bool {
    value.get() != "null"
}

/// The claims that this service uses. The others may be anything.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Claims {
    #[serde(deserialize_with = "present")]
    iss: Option<Value>,
    #[serde(deserialize_with = "present")]
    sub: Option<Value>,
    #[serde(deserialize_with = "present")]
    client_id: Option<Value>,
    scope: Option<Value>,
    scp: Option<Value>,
}

/// Reads a claim that is present, even if it is null: a null `sub` must not fall back to
/// `client_id`.
fn present<'de, D: Deserializer<'de>>(claim: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(claim).map(Some)
}

/// The scopes are in the token's `scope` claim, or in `scp`. The event has a list of them only if
/// the route requires some.
fn read(claims: Option<&RawValue>, scopes: Option<&RawValue>) -> Jwt {
    let claims = claims.and_then(|claims| serde_json::from_str(claims.get()).ok());
    let claims: Claims = claims.unwrap_or_default();
    let listed = scopes.and_then(|scopes| serde_json::from_str(scopes.get()).ok());
    let claimed = claims.scope.as_ref().or(claims.scp.as_ref());
    let scopes = listed.iter().chain(claimed).flat_map(list).collect();
    Jwt {
        principal: principal(claims),
        scopes,
    }
}

/// Reads the principal. A name has to be a string: two different numbers could become the same
/// text.
fn principal(claims: Claims) -> Option<JwtPrincipal> {
    let (kind, name) = match (claims.sub, claims.client_id) {
        (Some(subject), _) => (JwtName::Subject, subject),
        (None, Some(client)) => (JwtName::Client, client),
        (None, None) => return None,
    };
    match (claims.iss, name) {
        (Some(Value::String(issuer)), Value::String(name)) => {
            JwtPrincipal::new(issuer, kind, name).ok()
        }
        _ => None,
    }
}

/// Reads scopes from a list, from `a b`, or from `[a b]`, as an HTTP API writes a claim that is a
/// list. Commas don't separate scopes: they may be part of one.
/// <https://www.rfc-editor.org/rfc/rfc6749#section-3.3>
fn list(claim: &Value) -> Vec<String> {
    match claim {
        Value::String(text) => {
            let inner = text
                .strip_prefix('[')
                .and_then(|text| text.strip_suffix(']'));
            let words = inner.unwrap_or(text).split(' ');
            let words = words.filter(|word| !word.is_empty());
            words.map(str::to_owned).collect()
        }
        Value::Array(all) => {
            let texts = all.iter().filter_map(Value::as_str);
            texts.map(str::to_owned).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn raw(value: &Value) -> Box<RawValue> {
        serde_json::value::to_raw_value(value).unwrap()
    }

    fn text(jwt: Option<Jwt>) -> Option<String> {
        jwt.map(|jwt| {
            let principal = jwt.principal.map(|principal| principal.to_string());
            format!(
                "{}: {}",
                principal.unwrap_or_default(),
                jwt.scopes.join("|")
            )
        })
    }

    #[test]
    fn claims_name_an_issuer_and_a_subject_or_a_client() {
        for (claims, want) in [
            (json!({ "iss": "i", "sub": "a" }), "i sub a"),
            (json!({ "iss": "i", "client_id": "a" }), "i client_id a"),
            (
                json!({ "iss": "i", "sub": "a", "client_id": "b" }),
                "i sub a",
            ),
            (
                json!({
                    "iss": "i", "sub": "a", "exp": 1, "aud": ["x"], "cnf": { "jkt": null },
                    "email_verified": true, "nonce": null, "scope": 1,
                }),
                "i sub a",
            ),
            (json!({ "sub": "a" }), ""),
            (json!({ "client_id": "a" }), ""),
            (json!({ "iss": "i" }), ""),
            (json!({ "iss": "", "sub": "a" }), ""),
            (json!({ "iss": "i", "sub": "" }), ""),
            (json!({ "iss": "i", "client_id": "" }), ""),
            (json!({ "iss": "i", "sub": "", "client_id": "b" }), ""),
            (json!({ "iss": "i", "sub": null, "client_id": "b" }), ""),
            (json!({ "iss": "i", "sub": 42, "client_id": "b" }), ""),
            (json!({ "iss": "i", "sub": 42 }), ""),
            (json!({ "iss": "i", "sub": true }), ""),
            (json!({ "iss": "i", "sub": ["a"] }), ""),
            (json!({ "iss": "i", "client_id": 42 }), ""),
            (json!({ "iss": 42, "sub": "a" }), ""),
            (json!({ "iss": ["i"], "sub": "a" }), ""),
            (json!({}), ""),
        ] {
            let want = Some(format!("{want}: "));
            let http = raw(&json!({ "jwt": { "claims": claims, "scopes": null } }));
            assert_eq!(text(jwt_of_http(&http)), want, "{http}");
            let rest = raw(&json!({ "claims": claims, "scopes": null }));
            assert_eq!(text(jwt_of_rest(&rest)), want, "{rest}");
        }
    }

    #[test]
    fn scopes_are_parted_at_spaces_alone() {
        for (claims, scopes, want) in [
            (json!({ "scope": "a b" }), json!(null), "a|b"),
            (json!({ "scope": " a  b " }), json!(null), "a|b"),
            (json!({ "scope": "a,b c" }), json!(null), "a,b|c"),
            (json!({ "scope": "a\tb\nc" }), json!(null), "a\tb\nc"),
            (json!({ "scope": "[a b]" }), json!(null), "a|b"),
            (json!({ "scope": "[a]" }), json!(null), "a"),
            (json!({ "scope": "[a" }), json!(null), "[a"),
            (json!({ "scope": "[[a]]" }), json!(null), "[a]"),
            (json!({ "scope": "[]" }), json!(null), ""),
            (json!({ "scope": "" }), json!(null), ""),
            (json!({ "scope": ["a", 1, "b c"] }), json!(null), "a|b c"),
            (json!({ "scope": 1 }), json!(null), ""),
            (json!({ "scp": "[a b]" }), json!(null), "a|b"),
            (json!({ "scp": ["a"] }), json!(["b"]), "b|a"),
            (json!({ "scope": "a" }), json!(["b", null]), "b|a"),
            (json!({ "scope": "a" }), json!({ "b": 1 }), "a"),
            (json!({}), json!("[a b]"), "a|b"),
        ] {
            let want = Some(format!(": {want}"));
            let http = raw(&json!({ "jwt": { "claims": claims, "scopes": scopes } }));
            assert_eq!(text(jwt_of_http(&http)), want, "{http}");
            let rest = raw(&json!({ "claims": claims, "scopes": scopes }));
            assert_eq!(text(jwt_of_rest(&rest)), want, "{rest}");
        }
    }

    #[test]
    fn what_other_authorizers_say_are_no_claims() {
        let claims = json!({ "iss": "i", "sub": "a", "scope": "session.write" });
        let jwt = json!({ "claims": claims });

        for authorizer in [
            json!({ "lambda": jwt }),
            json!({ "lambda": { "jwt": jwt } }),
            json!({ "iam": { "claims": claims } }),
            json!({ "claims": claims }),
            json!({ "jwt": null }),
            json!({}),
            json!([]),
            json!("jwt"),
        ] {
            assert_eq!(jwt_of_http(&raw(&authorizer)), None, "{authorizer}");
        }
        for authorizer in [
            json!({ "claims": claims, "principalId": "a" }),
            json!({ "claims": claims, "integrationLatency": 1 }),
            json!({ "claims": claims.to_string() }),
            json!({ "claims": null, "scopes": null }),
            json!({ "jwt": jwt }),
            json!({ "scopes": ["session.write"] }),
            json!({ "sub": "a", "iss": "i", "scope": "session.write" }),
            json!({}),
            json!([]),
            json!("claims"),
        ] {
            assert_eq!(jwt_of_rest(&raw(&authorizer)), None, "{authorizer}");
        }
    }

    #[test]
    fn an_authorizer_is_found_where_the_gateway_puts_it() {
        for (event, want) in [
            (
                r#"{"requestContext":{"authorizer":{"a":1e999}}}"#,
                Some(r#"{"a":1e999}"#),
            ),
            (r#"{"requestContext":{"authorizer":null}}"#, None),
            (r#"{"requestContext":{},"headers":{"authorizer":{}}}"#, None),
            (r#"{"authorizer":{"a":1},"body":"\"authorizer\""}"#, None),
            (r#"{"requestContext":1,"authorizer":{}}"#, None),
            (r#"["authorizer"]"#, None),
        ] {
            let found = authorizer(event);
            assert_eq!(found.as_ref().map(|raw| raw.get()), want, "{event}");
        }
    }
}
