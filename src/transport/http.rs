//! The service over HTTP/1.1 and HTTP/2, both on one port, with TLS or without.
//!
//! It serves containers and the local service. With TLS a client chooses the version by ALPN;
//! without TLS it may begin with HTTP/2 ("prior knowledge").

mod connection;
mod connections;
mod grpc;
mod guard;
mod health;
mod limits;
mod options;
mod probes;
mod request;
mod respond;
mod server;
mod tls;
mod unread;

use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

use self::connections::{Connection, Connections};
use self::grpc::Grpc;
use self::guard::Guard;
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
    let connections = Connections::new(&limits, &app.limits());
    let server = Arc::new(Server {
        app: Arc::clone(&app),
        now,
        grpc: Grpc::new(stopping.clone(), &limits),
        pages: options.pages,
        page_guard: options.page_guard,
        hsts: options.hsts && options.tls.is_some(),
        tls: options.tls,
        limits,
        http: connection::http(&limits),
        probes: Probes::default(),
        calls: Arc::clone(&calls),
        stopping: stopping.clone(),
    });
    let mut stop = pin!(stop);
    let logging = {
        let connections = Arc::clone(&connections);
        tokio::spawn(async move { connections.losses.log_to(app.log(), now).await })
    };
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut stop => break,
            accepted = accept(&listener, &connections) => accepted,
        };
        if let Some((stream, place)) = accepted {
            let (server, stopping) = (Arc::clone(&server), stopping.subscribe());
            tokio::spawn(server.serve_connection(stream, place, stopping));
        }
    }
    drop(listener);
    stopping.send_replace(true);
    logging.abort();
    let all_ended = async {
        stopping.closed().await;
        // A call is finished even if its client has disconnected.
        drop(calls.acquire_many(limits.calls).await);
    };
    // Then the connections that are left are closed.
    let _ = tokio::time::timeout(SHUTDOWN_GRACE, all_ended).await;
}

/// Accepts the next connection, once there is a place for it. `None`: accepting failed.
async fn accept(
    listener: &TcpListener,
    connections: &Arc<Connections>,
) -> Option<(TcpStream, (Arc<Connection>, Guard))> {
    match listener.accept().await {
        Ok((stream, peer)) => {
            let place = connections.open(peer.ip().to_canonical()).await;
            Some((stream, place))
        }
        Err(error) => {
            // A fault of one connection is over; a lack of file descriptors lasts.
            let of_one = [ConnectionAborted, ConnectionRefused, ConnectionReset];
            if !of_one.contains(&error.kind()) {
                connections.free_descriptor().await;
            }
            None
        }
    }
}
