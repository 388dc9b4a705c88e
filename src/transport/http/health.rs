use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::ready;
use futures_util::stream::{BoxStream, iter, once};
use tokio::sync::watch;
use tonic::{Request, Response, Status};
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_server;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};

/// gRPC's health service. The services are healthy until the server stops, which ends all
/// watches.
pub struct Health {
    pub services: Vec<String>,
    pub stopping: watch::Sender<bool>,
    /// How long a watch may last.
    pub max_watch: Duration,
}

impl Health {
    /// The status of a service. The empty name is that of the server; `None`: there is no such
    /// service.
    fn status(&self, service: &str, stopping: bool) -> Option<ServingStatus> {
        let is_known = service.is_empty() || self.services.iter().any(|name| name == service);
        let status = if stopping {
            ServingStatus::NotServing
        } else {
            ServingStatus::Serving
        };
        is_known.then_some(status)
    }
}

#[tonic::async_trait]
impl health_server::Health for Health {
    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        let stopping = *self.stopping.borrow();
        let status = self
            .status(&request.get_ref().service, stopping)
            .ok_or_else(|| Status::not_found("there is no such service"))?;
        Ok(Response::new(respond(status)))
    }

    type WatchStream = BoxStream<'static, Result<HealthCheckResponse, Status>>;

    async fn watch(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let service = &request.get_ref().service;
        let status = |stopping| {
            let status = self.status(service, stopping);
            respond(status.unwrap_or(ServingStatus::ServiceUnknown))
        };
        let (now, last) = (status(*self.stopping.borrow()), status(true));
        let mut stopping = self.stopping.subscribe();
        let max_watch = self.max_watch;
        let ended = async move {
            // An error means that the sender is gone, so the server has stopped.
            let stopped = stopping.wait_for(|stopping| *stopping);
            // Without a limit, a watch would keep its connection open for ever.
            match tokio::time::timeout(max_watch, stopped).await {
                Ok(_) => vec![Ok(last), Err(Status::unavailable("the server is stopping"))],
                Err(_) => vec![Err(Status::unavailable("watched for long, watch again"))],
            }
        };
        let statuses = once(ready(Ok(now))).chain(once(ended).flat_map(iter));
        Ok(Response::new(statuses.boxed()))
    }
}

fn respond(status: ServingStatus) -> HealthCheckResponse {
    HealthCheckResponse {
        status: status.into(),
    }
}
