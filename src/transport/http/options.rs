use bytes::Bytes;
use http::{Method, Response};

use super::limits::Limits;
use super::tls::Tls;
use crate::transport::admission::PageGuard;

/// Gives the response for a method and a path that are not of the API, before the API sees the
/// request.
pub type Pages = fn(&Method, &str) -> Option<Response<Bytes>>;

/// The options of the server.
#[derive(Clone, Default)]
pub struct Options {
    /// `None`: the server has no TLS.
    pub tls: Option<Tls>,
    pub limits: Limits,
    pub pages: Option<Pages>,
    /// What keeps pages of elsewhere from calling. `None`: nothing does.
    pub page_guard: Option<PageGuard>,
    /// Whether browsers are told to use nothing but TLS with this host from then on, if there is
    /// TLS.
    pub hsts: bool,
}

impl Options {
    /// The scheme of the server's URLs.
    pub fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }
}
