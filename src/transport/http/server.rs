use std::sync::Arc;

use hyper_util::rt::TokioExecutor;
use hyper_util::server::conn::auto;
use tokio::sync::{Semaphore, watch};

use super::grpc::Grpc;
use super::limits::Limits;
use super::options::Pages;
use super::probes::Probes;
use super::tls::Tls;
use crate::api::App;
use crate::domain::Timestamp;
use crate::transport::admission::PageGuard;

/// The state that all connections share.
pub struct Server {
    pub app: Arc<App>,
    pub now: fn() -> Timestamp,
    pub grpc: Grpc,
    pub pages: Option<Pages>,
    pub page_guard: Option<PageGuard>,
    pub hsts: bool,
    pub tls: Option<Tls>,
    pub limits: Limits,
    pub http: auto::Builder<TokioExecutor>,
    pub probes: Probes,
    /// One permit for each call that may be carried out at a time.
    pub calls: Arc<Semaphore>,
    pub stopping: watch::Sender<bool>,
}

impl Server {
    pub fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }
}
