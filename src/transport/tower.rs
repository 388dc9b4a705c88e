//! A `tower` layer for services of others that session tokens are to protect.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{AUTHORIZATION, CACHE_CONTROL, HeaderValue};
use http::{HeaderMap, Request, Response};
use tower_layer::Layer;
use tower_service::Service;

use crate::api::json_error;
use crate::domain::{SessionUser, Timestamp};
use crate::error::{Error, TokenFault};
use crate::service::{BearerText, user_of_token};
use crate::store::Store;
use crate::token::bearer;

/// Lets those requests pass whose `Authorization: Bearer …` is a session's token that stands
/// for a user, with the [`SessionUser`] among their extensions.
///
/// At one strongly consistent request to the database for each, so that a session counts
/// until the instant in which it ends. All others are answered with an error of the JSON API:
///
/// | | status | |
/// |---|---|---|
/// | no token | 401 | `WWW-Authenticate: Bearer` |
/// | a token that stands for nobody, or several | 401 | `WWW-Authenticate: Bearer error="invalid_token"` |
/// | the database is throttled or gone | 503 | `Retry-After` |
/// | a fault of ours | 500 | |
///
/// Such an answer has the [`Error`] among its extensions, as an `Arc`: for a log, since its
/// sources are not for callers to see.
#[derive(Clone, Debug)]
pub struct SessionLayer {
    store: Store,
    now: fn() -> Timestamp,
}

impl SessionLayer {
    /// `now` reads the clock.
    pub fn new(store: Store, now: fn() -> Timestamp) -> Self {
        Self { store, now }
    }
}

impl<S> Layer<S> for SessionLayer {
    type Service = SessionService<S>;

    fn layer(&self, inner: S) -> SessionService<S> {
        SessionService {
            layer: self.clone(),
            inner,
        }
    }
}

/// What a [`SessionLayer`] makes of a service.
#[derive(Clone)]
pub struct SessionService<S> {
    layer: SessionLayer,
    inner: S,
}

impl<S> fmt::Debug for SessionService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionService(…)")
    }
}

impl<S, RequestBody, ResponseBody> Service<Request<RequestBody>> for SessionService<S>
where
    S: Service<Request<RequestBody>, Response = Response<ResponseBody>> + Clone + Send + 'static,
    S::Future: Send,
    RequestBody: Send + 'static,
    ResponseBody: From<Bytes>,
{
    type Response = Response<ResponseBody>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<RequestBody>) -> Self::Future {
        // The one that is ready goes, a clone of it stays: that one isn't ready.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let SessionLayer { store, now } = self.layer.clone();
        Box::pin(async move {
            match user(&store, request.headers(), now()).await {
                Ok(user) => {
                    request.extensions_mut().insert(user);
                    inner.call(request).await
                }
                Err(error) => Ok(refusal(error)),
            }
        })
    }
}

async fn user(store: &Store, headers: &HeaderMap, now: Timestamp) -> Result<SessionUser, Error> {
    let token = token(headers).map_err(Error::Unauthenticated)?;
    let user = user_of_token(store, &token.0, now).await?;
    user.map_err(|_| Error::Unauthenticated(TokenFault::Invalid))
}

/// Beside another value of the header, a token is not valid: which of them others look at is
/// not known here.
fn token(headers: &HeaderMap) -> Result<BearerText, TokenFault> {
    let values = headers.get_all(AUTHORIZATION).iter();
    // What is no text is no token, but was shown as one.
    let values: Vec<_> = values
        .map(|value| String::from_utf8_lossy(value.as_bytes()))
        .collect();
    let token = values.iter().find_map(|value| bearer(value));
    match (token, values.as_slice()) {
        (None | Some(""), _) => Err(TokenFault::Missing),
        (Some(token), [_]) => Ok(BearerText(token.to_owned())),
        (Some(_), _) => Err(TokenFault::Invalid),
    }
}

fn refusal<B: From<Bytes>>(error: Error) -> Response<B> {
    let mut response = json_error(&error).map(|body| B::from(body.data));
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.extensions_mut().insert(Arc::new(error));
    response
}
