//! The service over HTTP/1.1 and HTTP/2, both on one port, with TLS or without.
//!
//! It serves containers and the local service. With TLS a client chooses the version by ALPN;
//! without TLS it may begin with HTTP/2 ("prior knowledge").

mod body;
mod budget;
mod connection;
mod connection_state;
mod frames;
mod grpc;
mod health;
mod limits;
mod metered_stream;
mod options;
mod probes;
mod respond;
mod server;
mod tls;
mod unread;

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use self::budget::Budget;
use self::grpc::Grpc;
pub use self::limits::Limits;
pub use self::options::{Options, Pages};
use self::probes::Probes;
use self::server::Server;
pub use self::tls::{Tls, TlsError};
use crate::api::App;
use crate::domain::Timestamp;

/// How long the calls in progress may take when the server stops.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(30);

/// Serves `listener` until `stop` resolves. After that it accepts no connection and begins no call,
/// and the calls in progress have 30 s to finish.
pub async fn serve(
    listener: TcpListener,
    app: Arc<App>,
    now: fn() -> Timestamp,
    options: Options,
    stop: impl Future<Output = ()>,
) {
    let limits = options.limits;
    // Each connection has a receiver, so the channel is closed once the last one has ended.
    let stopping = watch::Sender::new(false);
    let calls = Arc::new(Semaphore::new(limits.calls as usize));
    let body_share = limits.body_share(&app.limits());
    let server = Arc::new(Server {
        app,
        grpc: Grpc::new(stopping.clone(), &limits),
        pages: options.pages,
        page_guard: options.page_guard,
        hsts: options.hsts && options.tls.is_some(),
        now,
        tls: options.tls,
        limits,
        http: connection::http(&limits),
        probes: Probes::default(),
        calls: Arc::clone(&calls),
        // There is always room for one request.
        bodies: Budget::new(body_share.max(limits.body_bytes as usize)),
        responses: Budget::new(limits.response_bytes as usize),
        stopping: stopping.clone(),
    });
    let connections = Arc::new(Semaphore::new(limits.connections as usize));
    let mut stop = pin!(stop);
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut stop => break,
            accepted = accept(&listener, &connections) => accepted,
        };
        if let Some((stream, permit)) = accepted {
            let (server, stopping) = (Arc::clone(&server), stopping.subscribe());
            tokio::spawn(async move {
                server.serve_connection(stream, stopping).await;
                drop(permit);
            });
        }
    }
    drop(listener);
    stopping.send_replace(true);
    let all_ended = async {
        stopping.closed().await;
        // A call is finished even if its client has disconnected.
        drop(calls.acquire_many(limits.calls).await);
    };
    // Then the connections that are left are closed.
    let _ = tokio::time::timeout(SHUTDOWN_GRACE, all_ended).await;
}

/// Accepts the next connection, once there is a permit for one. `None`: accepting failed.
async fn accept(
    listener: &TcpListener,
    connections: &Arc<Semaphore>,
) -> Option<(TcpStream, OwnedSemaphorePermit)> {
    let permit = Arc::clone(connections).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, _)) => Some((stream, permit)),
        Err(error) => {
            // A fault of one connection is over; a lack of file descriptors lasts for a while.
            if !is_connection_error(&error) {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            None
        }
    }
}

/// Whether an error concerns only the connection that was to be accepted.
fn is_connection_error(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
    )
}
