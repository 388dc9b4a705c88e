use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::ready;
use futures_util::stream::{BoxStream, iter, once};
use tokio::sync::watch;
use tonic::{Request, Response, Status};
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_server;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};

use super::limits::Limits;

/// The services are healthy until the server stops, which ends those who watch them.
pub struct Health {
    services: Vec<String>,
    stopping: watch::Sender<bool>,
    /// How long anybody may watch.
    age: Duration,
}

impl Health {
    pub fn new(services: Vec<String>, stopping: watch::Sender<bool>, limits: &Limits) -> Self {
        Self {
            services,
            stopping,
            age: limits.watch,
        }
    }

    /// None: no such service. The empty name is the server's.
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
        Ok(Response::new(answer(status)))
    }

    type WatchStream = BoxStream<'static, Result<HealthCheckResponse, Status>>;

    async fn watch(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let service = &request.get_ref().service;
        let status = |stopping| {
            let status = self.status(service, stopping);
            answer(status.unwrap_or(ServingStatus::ServiceUnknown))
        };
        let (now, last) = (status(*self.stopping.borrow()), status(true));
        let mut stopping = self.stopping.subscribe();
        let age = self.age;
        let ended = async move {
            // No sender left: stopped all the more.
            let stopped = stopping.wait_for(|stopping| *stopping);
            // Who watches would keep the server from ending.
            match tokio::time::timeout(age, stopped).await {
                Ok(_) => vec![Ok(last), Err(Status::unavailable("the server is stopping"))],
                Err(_) => vec![Err(Status::unavailable("watched for long, watch again"))],
            }
        };
        let statuses = once(ready(Ok(now))).chain(once(ended).flat_map(iter));
        Ok(Response::new(statuses.boxed()))
    }
}

fn answer(status: ServingStatus) -> HealthCheckResponse {
    HealthCheckResponse {
        status: status.into(),
    }
}
