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
}
