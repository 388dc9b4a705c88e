use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::connections::{Connection, GIVE_WAY_TIME};
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
fn http(limits: &Limits) -> auto::Builder<TokioExecutor> {
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
        let http = http(&self.options.limits);
        let Some(Tls(acceptor)) = &self.options.tls else {
            return self.serve_http(http, stream, &connection, stopping).await;
        };
        let handshake = timeout(self.options.limits.headers, acceptor.accept(stream));
        let handshake = tokio::select! {
            handshake = handshake => handshake,
            () = connection.gives_way() => return,
            _ = stopping.wait_for(|stopping| *stopping) => return,
        };
        // A handshake that fails is not logged: a TLS alert has told the client why.
        if let Ok(Ok(stream)) = handshake {
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
        let limits = &self.options.limits;
        let service = service_fn(|request| self.respond(request, connection));
        let mut http = pin!(http.serve_connection(TokioIo::new(stream), service));
        // A request that has arrived is answered, so what may be on its way is read first.
        let gives_way = async {
            connection.gives_way().await;
            sleep(GIVE_WAY_TIME / 4).await;
        };
        let shuts_down = async {
            tokio::select! {
                () = gives_way => {}
                () = connection.is_idle_for(limits.idle) => {}
                () = sleep(limits.age) => {}
                _ = stopping.wait_for(|stopping| *stopping) => {}
            }
        };
        let may_close = async {
            let has_ended = async {
                sleep(limits.headers).await;
                connection.has_no_request().await;
            };
            tokio::select! {
                () = has_ended => {}
                () = connection.has_given_way() => {}
                // Within this time, the requests in progress end.
                () = sleep(limits.body + limits.response + limits.write) => {}
            }
        };
        let served = async {
            tokio::select! {
                biased;
                _ = http.as_mut() => return,
                () = shuts_down => {}
            }
            http.as_mut().graceful_shutdown();
            tokio::select! {
                biased;
                _ = http => {}
                () = may_close => {}
            }
        };
        tokio::select! {
            biased;
            () = served => {}
            () = connection.is_overdue() => {}
        }
    }
}
