//! What this service reads of an event, whoever sends it. All else in it may be anything.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>,
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html>

mod multiple;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, Method};
use serde::Deserialize;
use serde_json::value::RawValue;

pub(super) use self::multiple::Parameters;
use self::multiple::{headers, parameters};
use crate::error::Error;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Payload<'a> {
    /// Of payload 1.0 and of load balancers.
    http_method: Option<String>,
    /// Of payload 1.0 and of load balancers.
    pub path: Option<String>,
    /// Of payload 2.0.
    pub raw_path: Option<String>,
    /// Of payload 2.0.
    pub raw_query_string: Option<String>,
    #[serde(default, deserialize_with = "headers")]
    pub headers: HeaderMap,
    #[serde(default, deserialize_with = "headers")]
    pub multi_value_headers: HeaderMap,
    #[serde(default, deserialize_with = "parameters")]
    pub query_string_parameters: Parameters,
    #[serde(default, deserialize_with = "parameters")]
    pub multi_value_query_string_parameters: Parameters,
    #[serde(borrow)]
    pub request_context: Context<'a>,
    body: Option<String>,
    is_base64_encoded: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Context<'a> {
    /// Of payload 1.0.
    http_method: Option<String>,
    /// Of payload 1.0.
    #[serde(default)]
    identity: Source,
    /// Of payload 2.0.
    http: Option<Http>,
    /// Of load balancers.
    elb: Option<LoadBalancer>,
    pub stage: Option<String>,
    /// What an authorizer found. It is read on its own, because gateways copy all claims of an
    /// issuer, of any type.
    #[serde(borrow)]
    pub authorizer: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Source {
    source_ip: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Http {
    method: String,
    source_ip: Option<String>,
}

#[derive(Deserialize)]
struct LoadBalancer {}

/// The form of an event, with what only that form has.
pub(super) enum Form {
    /// Payload 1.0, of a REST API or of an HTTP API.
    V1 {
        method: Method,
        source_ip: Option<String>,
    },
    /// Payload 2.0, of an HTTP API or of a function URL.
    V2 {
        method: Method,
        source_ip: Option<String>,
    },
    LoadBalancer {
        method: Method,
    },
}

impl Payload<'_> {
    /// Takes the form out of the event. `None`: it is no HTTP request.
    pub fn form(&mut self) -> Option<Form> {
        let context = &mut self.request_context;
        let method = self.http_method.as_deref();
        if let (Some(method), Some(of_context)) = (method, &context.http_method) {
            read_method(of_context)?;
            return Some(Form::V1 {
                method: read_method(method)?,
                source_ip: context.identity.source_ip.take(),
            });
        }
        if let Some(http) = context.http.take() {
            return Some(Form::V2 {
                method: read_method(&http.method)?,
                source_ip: http.source_ip,
            });
        }
        context.elb.as_ref()?;
        Some(Form::LoadBalancer {
            method: read_method(method?)?,
        })
    }

    /// Takes the body.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`]: it is not the base64 that the event says it is.
    pub fn body(&mut self) -> Result<Bytes, Error> {
        let text = self.body.take().unwrap_or_default();
        if !self.is_base64_encoded.unwrap_or_default() {
            return Ok(Bytes::from(text));
        }
        STANDARD
            .decode(text)
            .map(Bytes::from)
            .map_err(|_| Error::Malformed("the event's body is not base64".into()))
    }
}

/// Reads a method; consoles that make events for a try leave it empty.
fn read_method(method: &str) -> Option<Method> {
    if method.is_empty() {
        return Some(Method::GET);
    }
    method.parse().ok()
}
