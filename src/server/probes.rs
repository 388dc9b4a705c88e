//! `/healthz` and `/readyz`, for whatever watches containers: without a token, and beside the
//! limits on calls.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use http::{Method, Response, StatusCode};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use crate::api::App;

/// How long an answer of the database stands for others.
const REMEMBERED: Duration = Duration::from_secs(1);
/// For the database to answer in.
const PATIENCE: Duration = Duration::from_secs(2);

/// When the database was asked last, and whether it answered.
#[derive(Debug, Default)]
pub struct Probes(Mutex<Option<(Instant, bool)>>);

impl Probes {
    /// None: it is another path.
    pub async fn answer(
        &self,
        app: &App,
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
        Some(if is_ready {
            respond(StatusCode::OK, "ok\n")
        } else {
            respond(StatusCode::SERVICE_UNAVAILABLE, "unavailable\n")
        })
    }

    /// Asks it at most once a second, however many want to know.
    async fn database_answers(&self, app: &App) -> bool {
        let mut last = self.0.lock().await;
        if let Some((at, answered)) = *last
            && at.elapsed() < REMEMBERED
        {
            return answered;
        }
        let answered = matches!(timeout(PATIENCE, app.is_ready()).await, Ok(true));
        *last = Some((Instant::now(), answered));
        answered
    }
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
