use bytes::Bytes;
use http::{Method, Response};

use super::limits::Limits;
use super::tls::Tls;

/// Answers what isn't the service's, by method and path, before the service is asked.
pub type Pages = fn(&Method, &str) -> Option<Response<Bytes>>;

/// How clients are spoken with.
#[derive(Clone, Default)]
pub struct Options {
    /// None: without TLS.
    pub tls: Option<Tls>,
    pub limits: Limits,
    pub pages: Option<Pages>,
}

impl Options {
    /// What the server's URLs begin with.
    pub fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }
}
