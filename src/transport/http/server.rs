use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method, Response};
use tokio::sync::{Semaphore, watch};

use super::grpc::Grpc;
use super::limits::Limits;
use super::probes::Probes;
use super::tls::Tls;
use crate::app::App;
use crate::domain::Timestamp;
use crate::transport::admission::PageGuard;

/// The state that all connections share.
pub struct Server {
    pub app: Arc<App>,
    pub now: fn() -> Timestamp,
    pub options: Options,
    pub grpc: Grpc,
    pub probes: Probes,
    /// One permit for each call that may be carried out at a time.
    pub calls: Arc<Semaphore>,
    pub stopping: watch::Sender<bool>,
}

/// Gives the response for a method, a path and headers that are not of the API, before the API sees
/// the request.
pub type Pages = Arc<dyn Fn(&Method, &str, &HeaderMap) -> Option<Response<Bytes>> + Send + Sync>;

/// The options of the server.
#[derive(Clone)]
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
