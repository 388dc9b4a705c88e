use std::net::IpAddr;

use serde_json::{Map, Value};

use crate::domain::SessionId;
use crate::error::Error;
use crate::log::TraceId;
use crate::service::BearerText;
use crate::token::{Presented, bearer};
use crate::transport::origin::address;

/// What an event asks. Read leniently: whatever is odd about it, somebody sent it on
/// purpose, and gets a denial and not an error.
pub(super) struct Question {
    /// None: there is none, or there are several different ones.
    pub bearer: Option<BearerText>,
    /// The resource of a policy: every method and path of the stage that was asked for.
    /// API Gateway keeps an answer by the token, and would hold it against other methods.
    pub whole_stage: String,
    /// The gateway's word for it; events of the type `TOKEN` have none.
    pub client_ip: Option<IpAddr>,
    /// By the header that came along, if any did.
    pub trace_id: Option<TraceId>,
    /// Payload 2.0, of HTTP APIs alone.
    pub is_2_0: bool,
}

impl Question {
    /// # Errors
    ///
    /// [`Error::Malformed`]: it names no method of an API, and so is no authorizer's event.
    pub fn read(event: &Value) -> Result<Self, Error> {
        let arn = ["methodArn", "routeArn"].map(|name| event[name].as_str());
        let whole_stage = arn.into_iter().flatten().find_map(whole_stage);
        let no_arn = || Error::Malformed("the event is not an authorizer's".into());
        let authorization = match event["type"].as_str() {
            // The value of the one header that such an authorizer is told to look at.
            Some("TOKEN") => event["authorizationToken"].as_str(),
            // Not `authorizationToken` or `identitySource`: they are whatever the API's
            // owner had the gateway join.
            Some("REQUEST") => header(event, "authorization"),
            _ => None,
        };
        Ok(Self {
            bearer: authorization
                .and_then(bearer)
                .map(|token| BearerText(token.to_owned())),
            whole_stage: whole_stage.ok_or_else(no_arn)?,
            client_ip: source_ip(event),
            trace_id: header(event, "x-amzn-trace-id").and_then(TraceId::parse),
            is_2_0: event["version"] == "2.0",
        })
    }

    /// The session that the token says it is of.
    pub fn session(&self) -> Option<SessionId> {
        let presented = Presented::parse(&self.bearer.as_ref()?.0)?;
        Some(presented.session)
    }
}

/// Where payload 2.0 and 1.0 say it.
fn source_ip(event: &Value) -> Option<IpAddr> {
    let context = &event["requestContext"];
    let places = [
        &context["http"]["sourceIp"],
        &context["identity"]["sourceIp"],
    ];
    places.into_iter().find_map(Value::as_str).and_then(address)
}

/// The value of a header, if it is one: the gateway keeps answers by what it takes for the
/// token, which of two may be the other.
fn header<'a>(event: &'a Value, name: &str) -> Option<&'a str> {
    let headers = ["headers", "multiValueHeaders"].map(|all| event[all].as_object());
    let mut values = headers
        .into_iter()
        .flatten()
        .flat_map(Map::iter)
        .filter(|(found, _)| found.eq_ignore_ascii_case(name))
        .flat_map(|(_, value)| match value {
            Value::Array(values) => values.iter(),
            value => std::slice::from_ref(value).iter(),
        });
    let first = values.next()?;
    values
        .all(|value| value == first)
        .then_some(first)?
        .as_str()
}

/// From `arn:aws:execute-api:<region>:<account>:<api>/<stage>/<method>/<path>`. Stages are
/// letters, digits, `-` and `_`, or `$default`: no wildcard of a policy gets in.
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
    fn the_header_counts_if_there_is_one_value() {
        for (headers, multiple, want) in [
            (json!({ "authorization": "a" }), json!(null), Some("a")),
            (json!({ "Authorization": "a" }), json!(null), Some("a")),
            (json!({ "AUTHORIZATION": "a" }), json!({}), Some("a")),
            (json!(null), json!({ "Authorization": ["a"] }), Some("a")),
            (
                json!({ "Authorization": "a" }),
                json!({ "Authorization": ["a", "a"] }),
                Some("a"),
            ),
            (
                json!({ "Authorization": "a" }),
                json!({ "Authorization": ["b", "a"] }),
                None,
            ),
            (
                json!({ "Authorization": "a", "authorization": "b" }),
                json!(null),
                None,
            ),
            (json!({ "Authorization": "" }), json!(null), Some("")),
            (json!({ "Authorization": null }), json!(null), None),
            (json!({ "Authorization": 1 }), json!(null), None),
            (json!({ "Authorization": {} }), json!(null), None),
            (json!({ "Authorization": [] }), json!(null), None),
            (json!({ "X-Authorization": "a" }), json!(null), None),
            (json!([]), json!(""), None),
            (json!(null), json!(null), None),
        ] {
            let event = json!({ "headers": headers, "multiValueHeaders": multiple });
            assert_eq!(header(&event, "authorization"), want, "{event}");
        }
    }
}
