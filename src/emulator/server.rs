//! The emulator over HTTP, for the AWS CLI and for other processes.

use std::future::Future;
use std::io;
use std::net::TcpListener;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use dynoxide::DynoxideError;
use http::header::CONTENT_TYPE;
use http::{Method, Request, StatusCode};
use tokio::sync::oneshot;

use super::{Emulator, guard, operation};
use crate::host::HostName;

/// How often expired items are deleted. DynamoDB itself deletes them within days
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/howitworks-ttl.html>).
const SWEEP_INTERVAL: Duration = Duration::from_mins(1);

/// How long the requests in progress may take when the server stops. Without a limit, a client that
/// has sent half a request would keep it running.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(2);

/// Resolves when the server has stopped and dropped its clone of the emulator, to the reason if it
/// stopped before its shutdown.
pub type ServerEnd = Pin<Box<dyn Future<Output = io::Result<()>> + Send>>;

impl Emulator {
    /// Serves `listener` until `shutdown` resolves, and deletes expired items once a minute.
    ///
    /// Requests of web pages are refused, and those that name another host than an address,
    /// `localhost` and `hosts`. Everything, including `shutdown`, runs on one thread: SQLite carries
    /// out one request at a time anyway.
    ///
    /// # Errors
    ///
    /// The listener, the thread or its runtime can't be set up.
    pub fn serve(
        &self,
        listener: TcpListener,
        hosts: Vec<HostName>,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<ServerEnd> {
        listener.set_nonblocking(true)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (end, ended) = oneshot::channel();
        let emulator = self.clone();
        std::thread::Builder::new()
            .name("dynamodb".to_owned())
            .spawn(move || {
                let outcome = runtime.block_on(serve(emulator.clone(), listener, hosts, shutdown));
                // Tasks may still hold the database, whose file is unlocked after they are dropped.
                drop(runtime);
                drop(emulator);
                let _ = end.send(outcome);
            })?;
        Ok(Box::pin(async {
            let panicked = |_| Err(io::Error::other("the emulator's thread panicked"));
            ended.await.unwrap_or_else(panicked)
        }))
    }
}

async fn serve(
    emulator: Emulator,
    listener: TcpListener,
    hosts: Vec<HostName>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let (stopping, stopped) = oneshot::channel();
    let shutdown = async move {
        shutdown.await;
        let _ = stopping.send(());
    };
    let overdue = async move {
        let _ = stopped.await;
        tokio::time::sleep(SHUTDOWN_GRACE).await;
    };
    let service = Router::new()
        .fallback(respond)
        .with_state((emulator.clone(), hosts.into()));
    tokio::select! {
        served = axum::serve(listener, service).with_graceful_shutdown(shutdown) => served,
        () = overdue => Ok(()),
        error = sweep_for_ever(emulator.clone()) => Err(io::Error::other(error)),
    }
}

/// The length in bytes of the longest body that DynamoDB accepts.
const MAX_BODY_BYTES: usize = 16 * 1024 * 1024;

/// Responds to a request of DynamoDB's JSON protocol: a `POST` whose `x-amz-target` names the
/// action.
async fn respond(
    State((emulator, hosts)): State<(Emulator, Arc<[HostName]>)>,
    request: Request<Body>,
) -> Response {
    if let Err(refused) = guard::check(&request, &hosts) {
        return failure(403, "AccessDeniedException", refused);
    }
    if request.method() != Method::POST {
        return Response::new("healthy: an emulated DynamoDB\n".into());
    }
    let target = request.headers().get("x-amz-target");
    let target = target.and_then(|target| target.to_str().ok());
    let target = target.unwrap_or_default().to_owned();
    let Ok(body) = to_bytes(request.into_body(), MAX_BODY_BYTES).await else {
        return failure(413, "ValidationException", "the body is too long");
    };
    let run = move || operation::run(emulator.database(), &target, &body);
    let Ok((status, body)) = tokio::task::spawn_blocking(run).await else {
        return failure(500, "InternalServerError", "the request panicked");
    };
    json_response(status, body)
}

fn failure(status: u16, name: &str, message: &str) -> Response {
    let name = format!("com.amazonaws.dynamodb.v20120810#{name}");
    let body = serde_json::json!({ "__type": name, "message": message });
    json_response(status, body.to_string().into_bytes())
}

fn json_response(status: u16, body: Vec<u8>) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(CONTENT_TYPE, "application/x-amz-json-1.0")], body).into_response()
}

/// Deletes expired items regularly. It returns when that fails, because writes would then fail
/// too.
async fn sweep_for_ever(emulator: Emulator) -> DynoxideError {
    let mut ticks = tokio::time::interval(SWEEP_INTERVAL);
    loop {
        ticks.tick().await;
        let emulator = emulator.clone();
        match tokio::task::spawn_blocking(move || emulator.sweep()).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => return error,
            Err(error) => return DynoxideError::InternalServerError(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use dynoxide::Database;
    use dynoxide::storage_backend::ManualClock;

    use super::*;
    use crate::emulator::operation;

    /// Seconds since 1970.
    const NOW: u64 = 1_800_000_000;

    #[tokio::test(start_paused = true)]
    async fn an_expired_item_is_deleted_within_a_minute() {
        let clock = ManualClock::new(NOW);
        let database = Database::memory_with_clock(clock.arc()).unwrap();
        let emulator = Emulator {
            database,
            _lock: None,
        };
        let put = |item: &str| {
            let body = format!(r#"{{"TableName":"things","Item":{item}}}"#);
            request(&emulator, "PutItem", &body);
        };
        request(
            &emulator,
            "CreateTable",
            r#"{"TableName":"things","BillingMode":"PAY_PER_REQUEST",
                "AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],
                "KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}]}"#,
        );
        request(
            &emulator,
            "UpdateTimeToLive",
            r#"{"TableName":"things",
                "TimeToLiveSpecification":{"AttributeName":"ttl","Enabled":true}}"#,
        );
        put(r#"{"pk":{"S":"for ever"}}"#);
        put(r#"{"pk":{"S":"later"},"ttl":{"N":"1800001000"}}"#);
        put(r#"{"pk":{"S":"soon"},"ttl":{"N":"1800000001"}}"#);
        let count = || request(&emulator, "Scan", r#"{"TableName":"things"}"#)["Count"].clone();
        tokio::spawn(sweep_for_ever(emulator.clone()));

        tokio::time::sleep(SWEEP_INTERVAL / 2).await;
        clock.set(NOW + 2);
        assert_eq!(count(), 3);
        tokio::time::sleep(SWEEP_INTERVAL).await;
        assert_eq!(count(), 2);
    }

    fn request(emulator: &Emulator, action: &str, body: &str) -> serde_json::Value {
        let (status, body) = operation::run(&emulator.database, action, body.as_bytes());
        let body = serde_json::from_slice(&body).unwrap();
        assert_eq!(status, 200, "{action}: {body}");
        body
    }
}
