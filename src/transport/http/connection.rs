use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};

use super::connection_state::{ConnectionState, ConnectionStatus};
use super::limits::Limits;
use super::metered_stream::MeteredStream;
use super::respond::ConnectionResources;
use super::server::Server;
use super::tls::Tls;
use super::unread::UnreadResponses;

/// After this time without a byte, an HTTP/2 client gets a ping, which it has to answer in the same
/// time.
const PING_AFTER: Duration = Duration::from_secs(30);

/// How many bytes a client may send on a stream before the server reads them.
const WINDOW_BYTES: u32 = 64 * 1024;

/// The configuration of HTTP/1.1 and HTTP/2.
pub fn http(limits: &Limits) -> auto::Builder<TokioExecutor> {
    let mut http = auto::Builder::new(TokioExecutor::new());
    http.http1()
        .timer(TokioTimer::new())
        // hyper would close idle connections after it too; `ConnectionState` has both limits.
        .header_read_timeout(None)
        .max_buf_size(limits.header_bytes as usize);
    http.http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams)
        // Bodies are read as they come, and responses are written in chunks, so these buffers
        // stay small however slow a client is.
        .initial_stream_window_size(WINDOW_BYTES)
        .initial_connection_window_size(4 * WINDOW_BYTES)
        .max_send_buf_size(WINDOW_BYTES as usize)
        .max_header_list_size(limits.header_bytes)
        .keep_alive_interval(PING_AFTER)
        .keep_alive_timeout(PING_AFTER);
    http
}

impl Server {
    /// Serves a connection, after the TLS handshake if there is one.
    pub async fn serve_connection(
        self: Arc<Self>,
        stream: TcpStream,
        mut stopping: watch::Receiver<bool>,
    ) {
        let peer = stream.peer_addr().ok();
        let peer = peer.map(|address| address.ip().to_canonical());
        // Without this, a small response might wait in the system for more data.
        let _ = stream.set_nodelay(true);
        let Some(Tls(acceptor)) = &self.tls else {
            let http = self.http.clone();
            return self.serve_http(http, stream, peer, stopping).await;
        };
        let handshake = timeout(self.limits.headers, acceptor.accept(stream));
        let handshake = tokio::select! {
            handshake = handshake => handshake,
            _ = stopping.wait_for(|stopping| *stopping) => return,
        };
        // A handshake that fails is not logged: a TLS alert has told the client why.
        if let Ok(Ok(stream)) = handshake {
            let http = self.http.clone();
            let http = match stream.get_ref().1.alpn_protocol() {
                Some(b"h2") => http.http2_only(),
                Some(_) => http.http1_only(),
                None => http,
            };
            self.serve_http(http, stream, peer, stopping).await;
        }
    }

    async fn serve_http<S>(
        self: Arc<Self>,
        http: auto::Builder<TokioExecutor>,
        stream: S,
        peer: Option<IpAddr>,
        mut stopping: watch::Receiver<bool>,
    ) where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let state = Arc::new(ConnectionState::new(Instant::now()));
        let unread = Arc::new(UnreadResponses::default());
        let resources = Arc::new(ConnectionResources {
            peer,
            bodies: self
                .bodies
                .share(self.limits.body_share(&self.app.limits())),
            responses: self.responses.share(self.limits.response_share()),
            unread: Arc::clone(&unread),
        });
        let service = service_fn(|request| {
            Arc::clone(&self).respond(request, Arc::clone(&resources), state.begin_call())
        });
        let stream = MeteredStream {
            stream,
            state: Arc::clone(&state),
        };
        let connection = http.serve_connection(TokioIo::new(stream), service);
        let mut connection = pin!(connection);
        let mut limits = self.limits;
        let mut ending = false;
        let mut check_at = Instant::now();
        let ends_at = Instant::now() + limits.age;
        // Until then a connection that is ending may finish its calls.
        let mut closes_at = None;
        loop {
            tokio::select! {
                _ = connection.as_mut() => return,
                () = unread.overdue() => return,
                () = sleep_until(ends_at), if !ending => {}
                () = sleep_until(closes_at.unwrap_or(ends_at)), if closes_at.is_some() => return,
                _ = stopping.wait_for(|stopping| *stopping), if !ending => {}
                () = sleep_until(check_at) => match state.status(&limits, Instant::now()) {
                    ConnectionStatus::Active(at) => {
                        check_at = at;
                        continue;
                    }
                    ConnectionStatus::Idle if !ending => {}
                    ConnectionStatus::Idle | ConnectionStatus::TimedOut => return,
                }
            }
            // A client has to react to the shutdown as fast as it has to send headers.
            ending = true;
            closes_at = Some(Instant::now() + limits.body + limits.response + limits.write);
            limits.idle = limits.idle.min(limits.headers);
            check_at = Instant::now() + limits.idle;
            connection.as_mut().graceful_shutdown();
        }
    }
}
