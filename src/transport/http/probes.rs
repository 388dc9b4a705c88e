//! `/healthz` and `/readyz`, the probes of container platforms. They need no token, and the limits
//! on calls don't apply to them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use http::{Method, Response, StatusCode};
use tokio::time::{Instant, timeout};

use crate::api::App;

/// For how long a result is used again.
const CACHE_TIME: Duration = Duration::from_secs(1);
/// How long the database may take.
const DATABASE_TIMEOUT: Duration = Duration::from_secs(2);

/// The time and the result of the last request to the database.
#[derive(Debug, Default)]
pub struct Probes(Mutex<Option<(Instant, IsReady)>>);

type IsReady = Shared<BoxFuture<'static, bool>>;

/// Whether a path is that of a probe.
pub fn is_probe(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz")
}

impl Probes {
    /// The response to a probe.
    pub async fn respond(
        &self,
        app: &Arc<App>,
        method: &Method,
        path: &str,
        is_stopping: bool,
    ) -> Response<Bytes> {
        if method != Method::GET && method != Method::HEAD {
            let mut response =
                text_response(StatusCode::METHOD_NOT_ALLOWED, "method not allowed\n");
            let allowed = HeaderValue::from_static("GET, HEAD");
            response.headers_mut().insert(ALLOW, allowed);
            return response;
        }
        let is_ready = path == "/healthz" || !is_stopping && self.is_database_ready(app).await;
        let mut response = if is_ready {
            text_response(StatusCode::OK, "ok\n")
        } else {
            text_response(StatusCode::SERVICE_UNAVAILABLE, "unavailable\n")
        };
        // Over HTTP/2, hyper would send the body in spite of the method.
        if method == Method::HEAD {
            response.body_mut().clear();
        }
        response
    }

    /// Whether the database responds. It gets at most one request a second, however many probes
    /// there are.
    async fn is_database_ready(&self, app: &Arc<App>) -> bool {
        let is_ready = {
            let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            match &*last {
                Some((at, is_ready)) if at.elapsed() < CACHE_TIME => is_ready.clone(),
                _ => {
                    let is_ready = query_database(Arc::clone(app));
                    *last = Some((Instant::now(), is_ready.clone()));
                    is_ready
                }
            }
        };
        is_ready.await
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
    response.headers_mut().extend([
        (
            CONTENT_TYPE,
            HeaderValue::from_static("text/plain; charset=utf-8"),
        ),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ]);
    response
}
