//! The emulator over HTTP, for the AWS CLI and for other processes.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use dynoxide::DynoxideError;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::sync::oneshot;

use super::guard::{self, HostName};
use super::{Emulator, operation};

/// DynamoDB itself deletes within days of the time
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/howitworks-ttl.html>).
const SWEEP_EVERY: Duration = Duration::from_mins(1);

/// For the requests under way when the server is to stop. A client that has sent
/// half a request would hold it for ever.
const GRACE: Duration = Duration::from_secs(2);

/// An emulator that listens, on a thread of its own.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    ended: oneshot::Receiver<io::Result<()>>,
}

impl Emulator {
    /// Answers on `listener` until `shutdown` resolves, and sweeps what is past its
    /// time to live once a minute. No web page is answered, nor a request that names another
    /// host than an address, `localhost` and `hosts`.
    ///
    /// Everything runs on one new thread: SQLite takes one request at a time anyway.
    /// `shutdown` runs there too.
    ///
    /// # Errors
    ///
    /// When the listener, the thread or its runtime can't be set up.
    pub fn serve(
        &self,
        listener: TcpListener,
        hosts: Vec<HostName>,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<Server> {
        let address = listener.local_addr()?;
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
                // Tasks may still hold the database; the file's lock goes after them.
                drop(runtime);
                drop(emulator);
                let _ = end.send(outcome);
            })?;
        Ok(Server { address, ended })
    }
}

impl Server {
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The endpoint to give to a client.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Waits until the server has stopped and let go of the database.
    ///
    /// # Errors
    ///
    /// What ended it before its shutdown.
    pub async fn ended(self) -> io::Result<()> {
        self.ended
            .await
            .unwrap_or_else(|_| Err(io::Error::other("the emulator's thread panicked")))
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
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        () = accept(listener, &emulator, hosts.into(), shutdown) => Ok(()),
        () = overdue => Ok(()),
        error = sweep_for_ever(emulator.clone()) => Err(io::Error::other(error)),
    }
}

/// Answers each connection until `shutdown`, and then those requests that are under way.
async fn accept(
    listener: tokio::net::TcpListener,
    emulator: &Emulator,
    hosts: Arc<[HostName]>,
    shutdown: impl Future<Output = ()>,
) {
    let http = auto::Builder::new(TokioExecutor::new());
    let connections = GracefulShutdown::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else {
            // A lack of file descriptors isn't over at once.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let (emulator, hosts) = (emulator.clone(), Arc::clone(&hosts));
        let service = service_fn(move |request| answer(emulator.clone(), hosts.clone(), request));
        let connection = http.serve_connection(TokioIo::new(stream), service);
        let connection = connections.watch(connection.into_owned());
        // What breaks off is its client's affair.
        tokio::spawn(async move { connection.await.ok() });
    }
    drop(listener);
    connections.shutdown().await;
}

/// In bytes: DynamoDB takes no longer ones.
const MAX_BODY: usize = 16 * 1024 * 1024;

/// DynamoDB's JSON protocol: a `POST` whose `x-amz-target` names the action.
async fn answer(
    emulator: Emulator,
    hosts: Arc<[HostName]>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    if let Err(refused) = guard::check(&request, &hosts) {
        return Ok(failure(403, "AccessDeniedException", &refused.to_string()));
    }
    if request.method() != Method::POST {
        let health = Full::new(Bytes::from_static(b"healthy: an emulated DynamoDB\n"));
        return Ok(Response::new(health));
    }
    let target = request.headers().get("x-amz-target");
    let target = target.and_then(|target| target.to_str().ok());
    let target = target.unwrap_or_default().to_owned();
    let Ok(body) = Limited::new(request.into_body(), MAX_BODY).collect().await else {
        return Ok(failure(413, "ValidationException", "the body is too long"));
    };
    let body = body.to_bytes();
    let run = move || operation::run(emulator.database(), &target, &body);
    let Ok(answer) = tokio::task::spawn_blocking(run).await else {
        return Ok(failure(500, "InternalServerError", "the request panicked"));
    };
    Ok(respond(answer.status, answer.body))
}

fn failure(status: u16, name: &str, message: &str) -> Response<Full<Bytes>> {
    let name = format!("com.amazonaws.dynamodb.v20120810#{name}");
    let body = serde_json::json!({ "__type": name, "message": message });
    respond(status, body.to_string().into_bytes())
}

fn respond(status: u16, body: Vec<u8>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let json = HeaderValue::from_static("application/x-amz-json-1.0");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}

/// Returns when a sweep fails, which no write would survive either.
async fn sweep_for_ever(emulator: Emulator) -> DynoxideError {
    let mut ticks = tokio::time::interval(SWEEP_EVERY);
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

    /// Epoch seconds.
    const NOW: u64 = 1_800_000_000;

    #[tokio::test(start_paused = true)]
    async fn what_expires_is_gone_after_a_minute() {
        let clock = ManualClock::new(NOW);
        let database = Database::memory_with_clock(clock.arc()).unwrap();
        let emulator = Emulator::over(database, None);
        for (action, body) in [
            (
                "CreateTable",
                r#"{"TableName":"things","BillingMode":"PAY_PER_REQUEST",
                    "AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],
                    "KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}]}"#,
            ),
            (
                "UpdateTimeToLive",
                r#"{"TableName":"things",
                    "TimeToLiveSpecification":{"AttributeName":"ttl","Enabled":true}}"#,
            ),
            (
                "PutItem",
                r#"{"TableName":"things","Item":{"pk":{"S":"a"},"ttl":{"N":"1800000001"}}}"#,
            ),
        ] {
            ask(&emulator, action, body);
        }
        let count = || ask(&emulator, "Scan", r#"{"TableName":"things"}"#)["Count"].clone();
        tokio::spawn(sweep_for_ever(emulator.clone()));

        tokio::time::sleep(SWEEP_EVERY / 2).await;
        clock.set(NOW + 2);
        assert_eq!(count(), 1);
        tokio::time::sleep(SWEEP_EVERY).await;
        assert_eq!(count(), 0);
    }

    fn ask(emulator: &Emulator, action: &str, body: &str) -> serde_json::Value {
        let answer = operation::run(emulator.database(), action, body.as_bytes());
        let body = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(answer.status, 200, "{action}: {body}");
        body
    }
}
