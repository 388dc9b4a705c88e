//! The HTTP server in the process of the test, for the limits that are no options.

use std::net::TcpListener;
use std::num::NonZeroUsize;
use std::sync::Arc;

use bytes::Bytes;
use http::Response;
use sesame::aws::KeySource;
use sesame::log::Log;
use sesame::transport::http::{Limits, Options, Tls, serve};
use tokio::sync::oneshot;

use crate::support::app::{App, NOW};

/// The length of the answer to [`PAGE`].
pub const PAGE_BYTES: usize = 100_000;
pub const PAGE: &str = "/page";

/// A server that ends when it is dropped.
pub struct LocalServer {
    pub url: String,
    _stop: oneshot::Sender<()>,
}

impl LocalServer {
    /// Starts a server with some limits other than the default ones.
    pub fn start(limit: impl FnOnce(&mut Limits)) -> Self {
        Self::with(limit, None)
    }

    pub fn with(limit: impl FnOnce(&mut Limits), tls: Option<Tls>) -> Self {
        let mut limits = Limits::DEFAULT;
        limit(&mut limits);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel::<()>();
        let options = Options {
            tls,
            limits,
            page_guard: None,
            hsts: false,
            pages: Some(Arc::new(|_: &_, path: &_, _: &_| {
                (path == PAGE).then(|| Response::new(Bytes::from(vec![b'x'; PAGE_BYTES])))
            })),
        };
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(async {
                let app = App::emulated(&[]).await;
                let (log, _) = Log::memory(None);
                let (store, two) = (app.faulty.clone(), NonZeroUsize::new(2).unwrap());
                let (key, messenger) = (KeySource::None, app.messenger());
                let api = sesame::app::App::new(store, &app.settings, key, messenger, two, log);
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                let stop = async {
                    let _ = stopped.await;
                };
                serve(listener, Arc::new(api), || NOW, options, stop).await;
            });
        });
        Self { url, _stop: stop }
    }
}
