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
mod probes;
mod request;
mod respond;
mod server;
mod tls;
mod unread;

use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;

use self::connections::Connections;
use self::grpc::Grpc;
pub use self::limits::Limits;
use self::probes::Probes;
use self::server::Server;
pub use self::server::{Options, Pages};
pub use self::tls::{Tls, TlsError};
use crate::app::App;
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
    let connections = Connections::new(&limits, &app.limits());
    let server = Arc::new(Server {
        app: Arc::clone(&app),
        now,
        options,
        grpc: Grpc::new(stopping.clone(), &limits),
        probes: Probes::default(),
        calls: Arc::new(Semaphore::new(limits.calls as usize)),
        stopping: stopping.clone(),
    });
    tokio::select! {
        biased;
        () = stop => {}
        () = accept(listener, &connections, &server) => {}
        () = connections.losses.log_to(app.log(), now) => {}
    }
    stopping.send_replace(true);
    let all_ended = async {
        stopping.closed().await;
        // A call is finished even if its client has disconnected.
        drop(server.calls.acquire_many(limits.calls).await);
    };
    // Then the connections that are left are closed.
    let _ = timeout(SHUTDOWN_GRACE, all_ended).await;
}

/// Accepts connections, each once there is a place for it.
async fn accept(listener: TcpListener, connections: &Arc<Connections>, server: &Arc<Server>) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                let place = connections.open(peer.ip().to_canonical()).await;
                let stopping = server.stopping.subscribe();
                tokio::spawn(Arc::clone(server).serve_connection(stream, place, stopping));
            }
            // A fault of one connection is over; a lack of file descriptors lasts.
            Err(error) => match error.kind() {
                ConnectionAborted | ConnectionRefused | ConnectionReset => {}
                _ => connections.free_descriptor().await,
            },
        }
    }
}
