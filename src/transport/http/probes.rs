//! `/healthz` and `/readyz`, the probes of container platforms. They need no token, and the limits
//! on calls don't apply to them.

use std::future::ready;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use http::{Method, Response, StatusCode};
use tokio::time::{Instant, timeout};

use crate::app::App;
use crate::lock::lock;

/// For how long a result is used again.
const CACHE_TIME: Duration = Duration::from_secs(1);
/// How long the database may take.
const DATABASE_TIMEOUT: Duration = Duration::from_secs(2);

/// The time and the result of the last request to the database.
#[derive(Debug, Default)]
pub struct Probes(Mutex<Option<(Instant, IsReady)>>);

type IsReady = Shared<BoxFuture<'static, bool>>;

impl Probes {
    /// The response to a probe. `None`: the path is that of no probe.
    pub fn respond(
        &self,
        app: &Arc<App>,
        method: &Method,
        path: &str,
        is_stopping: bool,
    ) -> Option<BoxFuture<'static, Response<Bytes>>> {
        if !matches!(path, "/healthz" | "/readyz") {
            return None;
        }
        if method != Method::GET && method != Method::HEAD {
            let mut response =
                text_response(StatusCode::METHOD_NOT_ALLOWED, "method not allowed\n");
            let allowed = HeaderValue::from_static("GET, HEAD");
            response.headers_mut().insert(ALLOW, allowed);
            return Some(ready(response).boxed());
        }
        let is_ready = match path {
            "/healthz" => ready(true).boxed(),
            _ if is_stopping => ready(false).boxed(),
            _ => self.is_database_ready(app).boxed(),
        };
        let response = is_ready.map(|is_ready| {
            if is_ready {
                text_response(StatusCode::OK, "ok\n")
            } else {
                text_response(StatusCode::SERVICE_UNAVAILABLE, "unavailable\n")
            }
        });
        Some(response.boxed())
    }

    /// Whether the database responds. It gets at most one request a second, however many probes
    /// there are.
    fn is_database_ready(&self, app: &Arc<App>) -> IsReady {
        let mut last = lock(&self.0);
        match &*last {
            Some((at, is_ready)) if at.elapsed() < CACHE_TIME => is_ready.clone(),
            _ => last
                .insert((Instant::now(), query_database(Arc::clone(app))))
                .1
                .clone(),
        }
    }
}

/// Sends the request on a task of its own: the first probe may be dropped while others wait for
/// the same result.
fn query_database(app: Arc<App>) -> IsReady {
    let query = tokio::spawn(async move { timeout(DATABASE_TIMEOUT, app.is_ready()).await });
    query
        .map(|result| matches!(result, Ok(Ok(true))))
        .boxed()
        .shared()
}

fn text_response(status: StatusCode, text: &'static str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from_static(text.as_bytes()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    headers.insert(CONTENT_TYPE, plain);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
