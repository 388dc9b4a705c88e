//! What a gateway's JWT authorizer says of the token that it has checked.

use lambda_http::aws_lambda_events::apigw::{ApiGatewayRequestAuthorizer, ApiGatewayV2httpRequest};
use lambda_http::request::LambdaRequest;
use serde_json::Value;

use crate::domain::{JwtName, JwtPrincipal};
use crate::service::Jwt;

/// An event of an HTTP API (payload 2.0) in which a claim is no string: `lambda_http` reads
/// none with one. The claims stand beside it. None: it is another event.
pub(super) fn with_any_claims(event: &str) -> Option<(LambdaRequest, Option<Jwt>)> {
    let mut event: Value = serde_json::from_str(event).ok()?;
    let authorizer = event.get_mut("requestContext")?.get_mut("authorizer")?;
    let jwt = authorizer.get_mut("jwt")?.take();
    let jwt = jwt.is_object().then(|| {
        let claim = |name: &str| match &jwt["claims"][name] {
            Value::Null if jwt["claims"].get(name).is_none() => None,
            value => Some(value),
        };
        read(claim, Some(&jwt["scopes"]))
    });
    let event: ApiGatewayV2httpRequest = serde_json::from_value(event).ok()?;
    Some((LambdaRequest::ApiGatewayV2(event), jwt))
}

/// Of payload 2.0, all of whose claims are strings.
pub(super) fn of_http(authorizer: ApiGatewayRequestAuthorizer) -> Option<Jwt> {
    let jwt = authorizer.jwt?;
    let claims = jwt.claims.into_iter();
    let claims: serde_json::Map<_, _> = claims
        .map(|(name, value)| (name, Value::String(value)))
        .collect();
    let scopes = jwt.scopes.map(Value::from);
    Some(read(|name| claims.get(name), scopes.as_ref()))
}

/// Of payload 1.0. What an authorizer of one's own adds stands beside `claims`, and can't be
/// an object, as these are.
pub(super) fn of_rest(authorizer: &ApiGatewayRequestAuthorizer) -> Option<Jwt> {
    let claims = authorizer.fields.get("claims")?.as_object()?;
    let scopes = authorizer.fields.get("scopes");
    Some(read(|name| claims.get(name), scopes))
}

/// The principal is `iss` and `sub`, or `client_id` where there is no `sub`. Scopes stand in the
/// claim `scope` or `scp`; the event repeats them in a list where the route asks for some.
fn read<'a>(claim: impl Fn(&str) -> Option<&'a Value>, scopes: Option<&'a Value>) -> Jwt {
    let (kind, name) = match claim("sub") {
        Some(subject) => (JwtName::Subject, Some(subject)),
        None => (JwtName::Client, claim("client_id")),
    };
    let texts = claim("iss")
        .and_then(Value::as_str)
        .zip(name.and_then(Value::as_str));
    let claimed = claim("scope").or_else(|| claim("scp"));
    let scopes = claimed.into_iter().chain(scopes).flat_map(scopes_of);
    Jwt {
        principal: texts.and_then(|(issuer, name)| JwtPrincipal::new(issuer, kind, name)),
        scopes: scopes.collect(),
    }
}

/// Of `"a b"`, of the gateway's text for a list, `"[a b]"`, or of a list.
fn scopes_of(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => {
            let list = text
                .strip_prefix('[')
                .and_then(|rest| rest.strip_suffix(']'));
            let scopes = list.unwrap_or(text).split(' ');
            scopes.map(str::to_owned).collect()
        }
        Value::Array(scopes) => {
            let scopes = scopes.iter().filter_map(Value::as_str);
            scopes.map(str::to_owned).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(claims: &Value) -> Jwt {
        read(|name| claims.get(name), None)
    }

    #[test]
    fn a_principal_is_an_issuer_and_a_name() {
        let subject = |name| JwtPrincipal::new("i", JwtName::Subject, name);
        let client = |name| JwtPrincipal::new("i", JwtName::Client, name);
        for (claims, want) in [
            (json!({ "iss": "i", "sub": "s" }), subject("s")),
            (
                json!({ "iss": "i", "sub": "s", "client_id": "c" }),
                subject("s"),
            ),
            (json!({ "iss": "i", "client_id": "c" }), client("c")),
            (json!({ "sub": "s" }), None),
            (json!({ "iss": "", "sub": "s" }), None),
            (json!({ "iss": "i", "sub": "" }), None),
            (json!({ "iss": "i", "sub": "", "client_id": "c" }), None),
            (json!({ "iss": "i", "sub": null, "client_id": "c" }), None),
            (json!({ "iss": "i", "sub": 42 }), None),
            (json!({ "iss": ["i"], "sub": "s" }), None),
            (json!({ "iss": "i", "client_id": "" }), None),
            (json!({ "iss": "i" }), None),
            (json!({}), None),
        ] {
            assert_eq!(of(&claims).principal, want, "{claims}");
        }
    }

    #[test]
    fn scopes_are_parted_at_spaces_alone() {
        for (claims, want) in [
            (json!({ "scope": "a b" }), &["a", "b"][..]),
            (json!({ "scope": "[a b]" }), &["a", "b"]),
            (json!({ "scope": "a,b" }), &["a,b"]),
            (json!({ "scope": "[a" }), &["[a"]),
            (json!({ "scope": ["a", "b", 1] }), &["a", "b"]),
            (json!({ "scp": "a" }), &["a"]),
            (json!({ "scope": "a", "scp": "b" }), &["a"]),
            (json!({ "scope": 1 }), &[]),
            (json!({}), &[]),
        ] {
            assert_eq!(of(&claims).scopes, want, "{claims}");
        }
    }
}
