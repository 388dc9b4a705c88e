//! The service over HTTP/1.1 and HTTP/2, both on one port, with TLS or without.
//!
//! For containers and for the local service. With TLS a client chooses by ALPN; without,
//! HTTP/2 is spoken with clients that begin with it ("prior knowledge").

mod activity;
mod answer;
mod body;
mod budget;
mod connection;
mod frames;
mod grpc;
mod health;
mod limits;
mod observed;
mod options;
mod probes;
mod tls;
mod unread;

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::TokioExecutor;
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use self::budget::Budget;
use self::grpc::Grpc;
pub use self::limits::Limits;
pub use self::options::{Options, Pages};
use self::probes::Probes;
pub use self::tls::{Tls, TlsError};
use crate::api::App;
use crate::domain::Timestamp;

/// For the calls under way when the server is to stop.
const GRACE: Duration = Duration::from_secs(30);

/// The service, the clock, and how connections are spoken with.
struct Server {
    app: Arc<App>,
    grpc: Grpc,
    pages: Option<Pages>,
    now: fn() -> Timestamp,
    tls: Option<Tls>,
    limits: Limits,
    http: auto::Builder<TokioExecutor>,
    probes: Probes,
    /// Places for calls under way.
    calls: Arc<Semaphore>,
    bodies: Budget,
    answers: Budget,
    stopping: watch::Sender<bool>,
}

impl Server {
    fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }
}

/// Answers on `listener` until `stop` resolves: then no connection is accepted and no
/// call begun, those under way have 30 s to finish.
pub async fn serve(
    listener: TcpListener,
    app: Arc<App>,
    now: fn() -> Timestamp,
    Options { tls, limits, pages }: Options,
    stop: impl Future<Output = ()>,
) {
    // Each connection has a receiver, so that this knows when the last has ended.
    let stopping = watch::Sender::new(false);
    let calls = Arc::new(Semaphore::new(limits.calls as usize));
    let body_share = limits.body_share(&app.limits());
    let server = Arc::new(Server {
        app,
        grpc: Grpc::new(stopping.clone(), &limits),
        pages,
        now,
        tls,
        limits,
        http: connection::http(&limits),
        probes: Probes::default(),
        calls: Arc::clone(&calls),
        // One request always has room.
        bodies: Budget::new(body_share.max(limits.body_bytes as usize)),
        answers: Budget::new(limits.answer_bytes as usize),
        stopping: stopping.clone(),
    });
    let places = Arc::new(Semaphore::new(limits.connections as usize));
    let mut stop = pin!(stop);
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut stop => break,
            accepted = accept(&listener, &places) => accepted,
        };
        if let Some((stream, place)) = accepted {
            let (server, stopping) = (Arc::clone(&server), stopping.subscribe());
            tokio::spawn(async move {
                server.connection(stream, stopping).await;
                drop(place);
            });
        }
    }
    drop(listener);
    stopping.send_replace(true);
    let all_ended = async {
        stopping.closed().await;
        // Calls are carried through though their clients have gone.
        drop(calls.acquire_many(limits.calls).await);
    };
    // After that, whoever still waits is cut off.
    let _ = tokio::time::timeout(GRACE, all_ended).await;
}

/// The next connection, once there is room for one. None: it broke before it began.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, _)) => Some((stream, place)),
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
