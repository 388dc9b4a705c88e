//! A `tower` layer that protects other services by session tokens.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{AUTHORIZATION, CACHE_CONTROL, HeaderValue};
use http::{HeaderMap, Request, Response};
use tower_layer::Layer;
use tower_service::Service;

use crate::domain::{SessionUser, Timestamp};
use crate::error::{Error, TokenFault};
use crate::status::json_error;
use crate::store::Store;
use crate::token::PresentedToken;
use crate::verification::{TokenVerdict, user_of_token};

/// Lets those requests pass whose `Authorization: Bearer …` is the valid token of a session that
/// proves its user, with the [`SessionUser`] among their extensions.
///
/// It takes one strongly consistent request to the database for each, so that a session is valid
/// until the instant in which it ends. All others are answered with an error of the JSON API:
///
/// | | status | |
/// |---|---|---|
/// | no token | 401 | `WWW-Authenticate: Bearer` |
/// | a token that is not valid or proves no user, or one among several values of the header | 401 | `WWW-Authenticate: Bearer error="invalid_token"` |
/// | the database is throttled or gone | 503 | `Retry-After` |
/// | a fault of the service | 500 | |
///
/// Such an answer has the [`Error`] among its extensions, as an `Arc`: for a log, since callers
/// must not see its sources.
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

/// A service behind a [`SessionLayer`].
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
        // The service that is ready is used up by this call. Its clone, which stays, is not ready.
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
    let values = headers.get_all(AUTHORIZATION).iter();
    let token = PresentedToken::from_authorization(values.map(HeaderValue::as_bytes))
        .and_then(|token| token.ok_or(TokenFault::Missing))
        .map_err(Error::Unauthenticated)?;
    match user_of_token(store, &token, now).await? {
        TokenVerdict::User(user) => Ok(*user),
        TokenVerdict::Refused(_) => Err(Error::Unauthenticated(TokenFault::Invalid)),
    }
}

fn refusal<B: From<Bytes>>(error: Error) -> Response<B> {
    let mut response = json_error(&error).map(B::from);
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.extensions_mut().insert(Arc::new(error));
    response
}
