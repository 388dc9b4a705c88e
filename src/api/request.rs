use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method};

use crate::log::TraceId;
use crate::service::Jwt;

/// A request of any transport. It holds secrets, and so has no `Debug`.
#[derive(Clone)]
pub struct Request {
    pub method: Method,
    /// The path as it was sent, neither decoded nor normalised, without a gateway's stage but with
    /// the base path.
    pub path: String,
    /// The names and values of the query, decoded.
    pub query: Vec<(String, String)>,
    pub headers: HeaderMap,
    pub body: Bytes,
    pub context: RequestContext,
}

/// The facts about a request that only its transport knows.
#[derive(Clone, Debug, Default)]
pub struct RequestContext {
    /// The id of the request in the log and in the answer.
    pub request_id: String,
    /// The claims of a JWT that a gateway's authorizer has checked.
    pub jwt: Option<Jwt>,
    /// The address of whoever called the platform, if that says it.
    pub client_ip: Option<IpAddr>,
    pub platform: Platform,
    /// The id of its X-Ray trace.
    pub trace_id: Option<TraceId>,
    /// How long the transport waits for the answer.
    pub budget: Option<Duration>,
    /// Whether trailers reach the client, as HTTP/2 carries them.
    pub trailers: bool,
}

/// Who has taken a request from the client, or from the proxies in front, and so what of
/// `X-Forwarded-For` is its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Platform {
    /// `serve` and `dev`, which add nothing.
    #[default]
    Socket,
    /// API Gateway and function URLs, which add the address that called them. What stands between,
    /// of Amazon, adds its own behind that.
    Gateway,
    /// A load balancer, which adds the address that called it as the last entry.
    LoadBalancer,
}

/// The limits on the size of a request, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WireLimits {
    /// The longest body, as it is sent.
    pub body: usize,
    /// The longest message in a body, once it is decompressed.
    pub message: usize,
}

/// Parses the query of a URL into names and values.
pub fn query(text: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(text.as_bytes())
        .into_owned()
        .collect()
}
