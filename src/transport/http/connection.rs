use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::connections::Connection;
use super::guard::Guard;
use super::limits::Limits;
use super::server::Server;
use super::tls::Tls;

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
        // It would run while a connection is idle too, and not over HTTP/2 nor before the first
        // byte. `Connection::is_idle_for` limits all of these.
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

/// How long a client may take to react when its connection gives way to another one.
const GIVE_WAY_TIME: Duration = Duration::from_millis(100);

impl Server {
    /// Serves a connection, after the TLS handshake if there is one.
    pub async fn serve_connection(
        self: Arc<Self>,
        stream: TcpStream,
        (connection, _place): (Arc<Connection>, Guard),
        mut stopping: watch::Receiver<bool>,
    ) {
        // Without this, a small response might wait in the system for more data.
        let _ = stream.set_nodelay(true);
        let Some(Tls(acceptor)) = &self.tls else {
            let http = self.http.clone();
            return self.serve_http(http, stream, &connection, stopping).await;
        };
        let handshake = timeout(self.limits.headers, acceptor.accept(stream));
        let handshake = tokio::select! {
            handshake = handshake => handshake,
            () = connection.give_way.notified() => return,
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
            self.serve_http(http, stream, &connection, stopping).await;
        }
    }

    async fn serve_http<S>(
        self: &Arc<Self>,
        http: auto::Builder<TokioExecutor>,
        stream: S,
        connection: &Arc<Connection>,
        mut stopping: watch::Receiver<bool>,
    ) where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let service = service_fn(|request| self.respond(request, connection));
        let mut http = pin!(http.serve_connection(TokioIo::new(stream), service));
        // A request that has arrived is answered, so what may be on its way is read first.
        let gives_way = async {
            connection.give_way.notified().await;
            sleep(GIVE_WAY_TIME / 4).await;
        };
        let mut gives_way = tokio::select! {
            biased;
            _ = http.as_mut() => return,
            () = connection.unread.overdue() => return,
            () = connection.cut_off.notified() => return,
            () = gives_way => true,
            () = connection.is_idle_for(self.limits.idle) => false,
            () = sleep(self.limits.age) => false,
            _ = stopping.wait_for(|stopping| *stopping) => false,
        };
        http.as_mut().graceful_shutdown();
        // Within it, the requests in progress end.
        let closes_at =
            Instant::now() + self.limits.body + self.limits.response + self.limits.write;
        loop {
            let time = if gives_way {
                GIVE_WAY_TIME
            } else {
                self.limits.headers
            };
            let has_ended = async {
                sleep(time).await;
                connection.has_ended(gives_way).await;
            };
            tokio::select! {
                biased;
                _ = http.as_mut() => return,
                () = connection.unread.overdue() => return,
                () = connection.cut_off.notified() => return,
                () = connection.give_way.notified() => gives_way = true,
                () = has_ended => return,
                () = sleep_until(closes_at) => return,
            }
        }
    }
}
