//! The service over HTTP/1.1 and HTTP/2, without TLS, both on one port.
//!
//! For containers and for the local service, behind whatever speaks TLS. HTTP/2 is
//! spoken with clients that begin with it ("prior knowledge").

mod body;

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Response, Version};
use http_body_util::combinators::WithTrailers;
use http_body_util::{BodyExt as _, Either, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::api::{self, App, Context};
use crate::domain::Timestamp;
use crate::token::draw_uuid;

/// More wait in the system's queue.
const CONNECTIONS: usize = 1024;
/// Of one HTTP/2 connection at a time.
const STREAMS: u32 = 100;
/// For the headers of a request: from the connection, or from the answer before.
const HEADERS_WITHIN: Duration = Duration::from_secs(10);
/// Of headers, in bytes.
const HEADERS: u16 = 32 * 1024;
/// A silent HTTP/2 client is asked whether it is there, and must answer in the same time.
const SILENCE: Duration = Duration::from_secs(30);
/// For an answer; what `template.yaml` gives the function.
const BUDGET: Duration = Duration::from_secs(25);
/// For the calls under way when the server is to stop.
const GRACE: Duration = Duration::from_secs(30);

/// An answer's bytes, and the trailers behind them.
type Answer = Either<Full<Bytes>, WithTrailers<Full<Bytes>, Ready<Option<TrailersOrError>>>>;
type TrailersOrError = Result<HeaderMap, Infallible>;

/// The service, the clock, and how connections are spoken with.
struct Server {
    app: Arc<App>,
    now: fn() -> Timestamp,
    http: auto::Builder<TokioExecutor>,
}

/// Answers on `listener` until `stop` resolves: then no connection is accepted and no
/// call begun, those under way have 30 s to finish.
pub async fn serve(
    listener: TcpListener,
    app: Arc<App>,
    now: fn() -> Timestamp,
    stop: impl Future<Output = ()>,
) {
    let server = Arc::new(Server {
        app,
        now,
        http: http(),
    });
    let connections = Arc::new(Semaphore::new(CONNECTIONS));
    let graceful = GracefulShutdown::new();
    let mut stop = pin!(stop);
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut stop => break,
            accepted = accept(&listener, &connections) => accepted,
        };
        if let Some((stream, permit)) = accepted {
            let (server, watcher) = (Arc::clone(&server), graceful.watcher());
            tokio::spawn(async move {
                server.connection(stream, watcher).await;
                drop(permit);
            });
        }
    }
    drop(listener);
    // After that, whoever still waits is cut off.
    let _ = tokio::time::timeout(GRACE, graceful.shutdown()).await;
}

fn http() -> auto::Builder<TokioExecutor> {
    let mut http = auto::Builder::new(TokioExecutor::new());
    http.http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS_WITHIN)
        .max_buf_size(HEADERS.into());
    http.http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(HEADERS.into())
        .keep_alive_interval(SILENCE)
        .keep_alive_timeout(SILENCE);
    http
}

/// The next connection, once there is room for one. None: it broke before it began.
async fn accept(
    listener: &TcpListener,
    connections: &Arc<Semaphore>,
) -> Option<(TcpStream, OwnedSemaphorePermit)> {
    let permit = Arc::clone(connections).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, _)) => Some((stream, permit)),
        Err(error) => {
            // The client's fault is over; a lack of file descriptors isn't at once.
            if !is_of_one_connection(&error) {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            None
        }
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
    )
}

impl Server {
    async fn connection(self: Arc<Self>, stream: TcpStream, watcher: Watcher) {
        // A small answer isn't to wait for a larger one.
        let _ = stream.set_nodelay(true);
        let asked = AtomicBool::new(false);
        let service = service_fn(|request| {
            asked.store(true, Ordering::Relaxed);
            Arc::clone(&self).answer(request)
        });
        let connection = self.http.serve_connection(TokioIo::new(stream), service);
        let mut connection = pin!(watcher.watch(connection));
        // Before it knows which HTTP this is, hyper waits without end.
        let first_within = tokio::time::sleep(HEADERS_WITHIN);
        tokio::select! {
            _ = &mut connection => return,
            () = first_within => {}
        }
        if asked.load(Ordering::Relaxed) {
            let _ = connection.await;
        }
    }

    /// An error ends the connection, or the stream of HTTP/2, without an answer: a body
    /// that breaks off has nobody who would read one.
    async fn answer(
        self: Arc<Self>,
        request: http::Request<Incoming>,
    ) -> Result<Response<Answer>, body::Broken> {
        let (head, body) = request.into_parts();
        let request = api::Request {
            method: head.method,
            path: head.uri.path().to_owned(),
            headers: head.headers,
            body: body::read(body, self.app.limits().body).await?,
            context: Context {
                request_id: draw_uuid().to_string(),
                budget: Some(BUDGET),
                trailers: head.version == Version::HTTP_2,
                ..Context::default()
            },
        };
        // On a task of its own, so that a call is carried through, as it is on Lambda,
        // though its client goes away.
        let call = tokio::spawn(async move { api::handle(&self.app, request, (self.now)()).await });
        let response = call.await.map_err(body::Broken::Call)?;
        Ok(response.map(answer))
    }
}

fn answer(body: api::Body) -> Answer {
    let data = Full::new(body.data);
    match body.trailers {
        None => Either::Left(data),
        Some(trailers) => Either::Right(data.with_trailers(ready(Some(Ok(trailers))))),
    }
}
