use std::net::IpAddr;

use serde_json::{Map, Value};

use crate::domain::{SessionId, parse_address};
use crate::error::{Error, TokenFault};
use crate::log::TraceId;
use crate::token::PresentedToken;
use crate::transport::lambda::has_object;

/// An event of an API's authorizer. A client can make parts of it malformed, so any bytes are an
/// event, and a malformed one leads to a denial and not to an error.
pub(super) struct AuthorizerEvent {
    /// The token in the request's `Authorization` header.
    pub token: Result<Option<PresentedToken>, TokenFault>,
    /// The resource of a policy: every method and path of the stage that the request is for.
    /// API Gateway caches a policy by the token, and would apply it to other methods. An event
    /// that names no stage is only ever denied, of everything.
    pub whole_stage: String,
    /// The client's address by the gateway's word; events of the type `TOKEN` have none.
    pub client_ip: Option<IpAddr>,
    /// The id of the trace, by the request's header.
    pub trace_id: Option<TraceId>,
    /// Whether the event has payload version 2.0, which only HTTP APIs send.
    pub is_2_0: bool,
    /// Why nobody is allowed by this event: it can't be read, or names no stage.
    pub fault: Option<Error>,
}

impl AuthorizerEvent {
    pub fn read(event: &[u8]) -> Self {
        match serde_json::from_slice(event) {
            Ok(value) => Self::from_value(&value),
            Err(_) => Self {
                is_2_0: has_object(event, "http"),
                fault: Some(Error::Malformed("the event is not JSON in UTF-8".into())),
                ..Self::from_value(&Value::Null)
            },
        }
    }

    fn from_value(event: &Value) -> Self {
        let arn = ["methodArn", "routeArn"].map(|name| event[name].as_str());
        let whole_stage = arn.into_iter().flatten().find_map(whole_stage);
        let no_arn = || Error::Malformed("the event is not an authorizer's".into());
        let fault = whole_stage.is_none().then(no_arn);
        let authorization = match event["type"].as_str() {
            // The one header that the authorizer is configured to read.
            Some("TOKEN") => event["authorizationToken"].as_str().into_iter().collect(),
            // Not `authorizationToken` or `identitySource`, which hold whatever sources the
            // API's owner has configured.
            Some("REQUEST") => header(event, "authorization"),
            _ => Vec::new(),
        };
        let trace_ids = header(event, "x-amzn-trace-id");
        let is_same = |id: &&&str| trace_ids.iter().all(|other| other == *id);
        let trace_id = trace_ids.first().filter(is_same);
        Self {
            token: PresentedToken::from_authorization(authorization.iter().map(|v| v.as_bytes())),
            whole_stage: whole_stage.unwrap_or_else(|| "*".to_owned()),
            client_ip: source_ip(event),
            trace_id: trace_id.and_then(|id| TraceId::parse(id)),
            is_2_0: event["version"] == "2.0",
            fault,
        }
    }

    /// The id of the session in the token.
    pub fn session(&self) -> Option<SessionId> {
        match self.token.as_ref().ok()?.as_ref()? {
            PresentedToken::Session(token) => Some(token.session()),
            PresentedToken::ServiceAccount(_) => None,
        }
    }
}

/// The client's address, in the places of payloads 2.0 and 1.0.
fn source_ip(event: &Value) -> Option<IpAddr> {
    let places = ["http", "identity"].map(|part| &event["requestContext"][part]["sourceIp"]);
    let address = places.into_iter().find_map(Value::as_str);
    address.and_then(parse_address)
}

/// All values of a header. A value that is in both maps is one. Different values are all kept: the
/// gateway may have used another one as the key under which it caches the policy.
fn header<'a>(event: &'a Value, name: &str) -> Vec<&'a str> {
    let [single, multiple] = ["headers", "multiValueHeaders"].map(|map| {
        let headers = event[map].as_object().into_iter().flat_map(Map::iter);
        let headers = headers.filter(|(found, _)| found.eq_ignore_ascii_case(name));
        headers.flat_map(|(_, value)| values(value)).collect()
    });
    let (single, mut all): (Vec<_>, Vec<_>) = (single, multiple);
    for value in single {
        if !all.contains(&value) {
            all.push(value);
        }
    }
    all
}

/// The texts of a value: itself, or those of a list. In a list, a value that is no text is read as
/// an empty one, so that the header has several values.
fn values(value: &Value) -> impl Iterator<Item = &str> {
    let (values, is_list) = match value {
        Value::Array(values) => (values.as_slice(), true),
        value => (std::slice::from_ref(value), false),
    };
    values
        .iter()
        .filter_map(move |value| value.as_str().or(is_list.then_some("")))
}

/// Reads `arn:aws:execute-api:<region>:<account>:<api>/<stage>/<method>/<path>`. Stages are
/// letters, digits, `-` and `_`, or `$default`, so that no wildcard gets into a policy.
fn whole_stage(arn: &str) -> Option<String> {
    let plain = |text: &str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_$".contains(&byte);
        !text.is_empty() && text.bytes().all(allowed)
    };
    let parts: Vec<_> = arn.splitn(6, ':').collect();
    let &["arn", partition, "execute-api", region, account, resource] = parts.as_slice() else {
        return None;
    };
    let mut resource = resource.split('/');
    let (api, stage) = (resource.next()?, resource.next()?);
    let all_plain = [partition, region, account, api, stage]
        .into_iter()
        .all(plain);
    let prefix = format!("arn:{partition}:execute-api:{region}:{account}:{api}/{stage}");
    all_plain.then(|| format!("{prefix}/*"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_is_for_all_of_the_stage() {
        let api = "arn:aws:execute-api:eu-central-1:123456789012:abcdef1234";
        for (stage, rest) in [
            ("prod", "/GET/pets/1"),
            ("prod", "/GET/"),
            ("prod", "/GET/a:b/*/${c}"),
            ("prod", ""),
            ("$default", "/POST/pets"),
            ("test-invoke_1", "/$connect"),
        ] {
            let arn = format!("{api}/{stage}{rest}");
            assert_eq!(whole_stage(&arn), Some(format!("{api}/{stage}/*")), "{arn}");
        }
        for arn in [
            "",
            "arn",
            api,
            "arn:aws:execute-api:eu-central-1:123456789012:abcdef1234/",
            "arn:aws:execute-api:eu-central-1:123456789012:/prod/GET/",
            "arn:aws:execute-api:eu-central-1:123456789012:abcdef1234/*/GET/",
            "arn:aws:execute-api:eu-central-1:123456789012:*/prod/GET/",
            "arn:aws:execute-api:*:123456789012:abcdef1234/prod/GET/",
            "arn:aws:execute-api:eu-central-1::abcdef1234/prod/GET/",
            "arn:aws:execute-api:eu-central-1:123456789012:abcdef1234/p?/GET/",
            "arn:aws:execute-api:eu-central-1:123456789012:abcdef1234/${p}/GET/",
            "arn:aws:lambda:eu-central-1:123456789012:abcdef1234/prod/GET/",
        ] {
            assert_eq!(whole_stage(arn), None, "{arn}");
        }
    }

    #[test]
    fn one_value_in_both_maps_is_one_and_several_are_several() {
        let one = || json!({ "Authorization": "a" });
        let in_two_cases = json!({ "Authorization": "a", "authorization": "b" });
        for (headers, multiple, want) in [
            (json!({ "authorization": "a" }), json!(null), &["a"][..]),
            (one(), json!(null), &["a"][..]),
            (json!({ "AUTHORIZATION": "a" }), json!({}), &["a"][..]),
            (json!(null), json!({ "Authorization": ["a"] }), &["a"][..]),
            (one(), json!({ "Authorization": ["a", "a"] }), &["a", "a"]),
            (one(), json!({ "Authorization": ["b", "a"] }), &["b", "a"]),
            (in_two_cases, json!(null), &["a", "b"][..]),
            (json!({ "Authorization": "" }), json!(null), &[""][..]),
            (json!({ "Authorization": null }), json!(null), &[][..]),
            (json!({ "Authorization": 1 }), json!(null), &[][..]),
            (json!({ "Authorization": {} }), json!(null), &[][..]),
            (json!({ "Authorization": [] }), json!(null), &[][..]),
            (json!({ "X-Authorization": "a" }), json!(null), &[][..]),
            (json!([]), json!(""), &[][..]),
            (json!(null), json!(null), &[][..]),
        ] {
            let event = json!({ "headers": headers, "multiValueHeaders": multiple });
            assert_eq!(header(&event, "authorization"), want, "{event}");
        }
    }
}
