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

use super::Server;
use super::activity::{Activity, Verdict};
use super::answer::Shares;
use super::limits::Limits;
use super::observed::Observed;
use super::tls::Tls;
use super::unread::Unread;

/// A silent HTTP/2 client is asked whether it is there, and must answer in the same time.
const SILENCE: Duration = Duration::from_secs(30);

/// Bytes that a client may send on a stream before they are read.
const WINDOW: u32 = 64 * 1024;

/// How to speak with any client.
pub fn http(limits: &Limits) -> auto::Builder<TokioExecutor> {
    let mut http = auto::Builder::new(TokioExecutor::new());
    http.http1()
        .timer(TokioTimer::new())
        // It would be the limit of idle connections too; `Activity` knows better.
        .header_read_timeout(None)
        .max_buf_size(limits.header_bytes as usize);
    http.http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams)
        // Bodies are read as they come, and answers handed on in pieces: what a client
        // doesn't send or read on is not to lie about here.
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(4 * WINDOW)
        .max_send_buf_size(WINDOW as usize)
        .max_header_list_size(limits.header_bytes)
        .keep_alive_interval(SILENCE)
        .keep_alive_timeout(SILENCE);
    http
}

impl Server {
    pub async fn connection(
        self: Arc<Self>,
        stream: TcpStream,
        mut stopping: watch::Receiver<bool>,
    ) {
        let peer = stream.peer_addr().ok();
        let peer = peer.map(|address| address.ip().to_canonical());
        // A small answer isn't to wait for a larger one.
        let _ = stream.set_nodelay(true);
        let Some(Tls(acceptor)) = &self.tls else {
            return self.speak(stream, peer, stopping).await;
        };
        let handshake = timeout(self.limits.headers, acceptor.accept(stream));
        let handshake = tokio::select! {
            handshake = handshake => handshake,
            _ = stopping.wait_for(|stopping| *stopping) => return,
        };
        // Why there is none is the client's affair, and an alert has told it.
        if let Ok(Ok(stream)) = handshake {
            self.speak(stream, peer, stopping).await;
        }
    }

    async fn speak<S>(
        self: Arc<Self>,
        stream: S,
        peer: Option<IpAddr>,
        mut stopping: watch::Receiver<bool>,
    ) where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let activity = Arc::new(Activity::new(Instant::now()));
        let unread = Arc::new(Unread::default());
        let shares = Arc::new(Shares {
            peer,
            bodies: self
                .bodies
                .share(self.limits.body_share(&self.app.limits())),
            answers: self.answers.share(self.limits.answer_share()),
            unread: Arc::clone(&unread),
        });
        let service = service_fn(|request| {
            Arc::clone(&self).answer(request, Arc::clone(&shares), activity.call())
        });
        let stream = Observed {
            stream,
            activity: Arc::clone(&activity),
        };
        let connection = self.http.serve_connection(TokioIo::new(stream), service);
        let mut connection = pin!(connection);
        let mut limits = self.limits;
        let mut ending = false;
        let mut judge_at = Instant::now();
        let old_at = Instant::now() + limits.age;
        // For the calls that an old connection still has, and for their answers.
        let mut last_at = None;
        loop {
            tokio::select! {
                _ = connection.as_mut() => return,
                () = unread.overdue() => return,
                () = sleep_until(old_at), if !ending => {}
                () = sleep_until(last_at.unwrap_or(old_at)), if last_at.is_some() => return,
                _ = stopping.wait_for(|stopping| *stopping), if !ending => {}
                () = sleep_until(judge_at) => match activity.judge(&limits, Instant::now()) {
                    Verdict::Fine(at) => {
                        judge_at = at;
                        continue;
                    }
                    Verdict::Idle if !ending => {}
                    Verdict::Idle | Verdict::Late => return,
                }
            }
            // What a client is told, it has to take note of as fast as it has to send.
            ending = true;
            last_at = Some(Instant::now() + limits.body + limits.answer + limits.write);
            limits.idle = limits.idle.min(limits.headers);
            judge_at = Instant::now() + limits.idle;
            connection.as_mut().graceful_shutdown();
        }
    }
}
