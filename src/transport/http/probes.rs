//! `/healthz` and `/readyz`, for whatever watches containers: without a token, and beside the
//! limits on calls.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use http::{Method, Response, StatusCode};
use tokio::time::{Instant, timeout};

use crate::api::App;

/// How long the database is not asked again.
const REMEMBERED: Duration = Duration::from_secs(1);
/// For the database to answer in.
const PATIENCE: Duration = Duration::from_secs(2);

/// When the database was asked last, and whether it answers that.
#[derive(Debug, Default)]
pub struct Probes(Mutex<Option<(Instant, IsReady)>>);

type IsReady = Shared<BoxFuture<'static, bool>>;

impl Probes {
    /// None: it is another path.
    pub async fn answer(
        &self,
        app: &Arc<App>,
        method: &Method,
        path: &str,
        is_stopping: bool,
    ) -> Option<Response<Bytes>> {
        let is_ready = match path {
            "/healthz" | "/readyz" if method != Method::GET && method != Method::HEAD => {
                let mut response = respond(StatusCode::METHOD_NOT_ALLOWED, "method not allowed\n");
                let allowed = HeaderValue::from_static("GET, HEAD");
                response.headers_mut().insert(ALLOW, allowed);
                return Some(response);
            }
            "/healthz" => true,
            "/readyz" => !is_stopping && self.database_answers(app).await,
            _ => return None,
        };
        let mut response = if is_ready {
            respond(StatusCode::OK, "ok\n")
        } else {
            respond(StatusCode::SERVICE_UNAVAILABLE, "unavailable\n")
        };
        // Over HTTP/2, hyper would send it after its headers all the same.
        if method == Method::HEAD {
            response.body_mut().clear();
        }
        Some(response)
    }

    /// Asks it at most once a second, however many want to know.
    async fn database_answers(&self, app: &Arc<App>) -> bool {
        let is_ready = {
            let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            match &*last {
                Some((at, is_ready)) if at.elapsed() < REMEMBERED => is_ready.clone(),
                _ => {
                    let is_ready = ask(Arc::clone(app));
                    *last = Some((Instant::now(), is_ready.clone()));
                    is_ready
                }
            }
        };
        is_ready.await
    }
}

/// On a task of its own: whoever asked first may go away, and others wait for the same answer.
fn ask(app: Arc<App>) -> IsReady {
    let asked = tokio::spawn(async move { timeout(PATIENCE, app.is_ready()).await });
    asked
        .map(|answered| matches!(answered, Ok(Ok(true))))
        .boxed()
        .shared()
}

fn respond(status: StatusCode, text: &'static str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from_static(text.as_bytes()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
