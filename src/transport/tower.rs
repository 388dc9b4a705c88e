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

use crate::domain::{MfaPolicy, MinAcr, RequiredStrength, SessionUser, Timestamp};
use crate::error::{Error, TokenFault};
use crate::status::json_error;
use crate::store::Store;
use crate::token::PresentedToken;
use crate::verification::{Refusal, TokenVerdict, user_of_token};

/// Lets those requests pass whose `Authorization: Bearer …` is the valid token of a session that
/// proves its user as strongly as is required, with the [`SessionUser`] among their extensions.
///
/// It takes one strongly consistent request to the database for each, so that a session is valid
/// until the instant in which it ends. All others are answered with an error of the JSON API:
///
/// | | status | |
/// |---|---|---|
/// | no token | 401 | `WWW-Authenticate: Bearer` |
/// | a token that is not valid or proves no user, or one among several values of the header | 401 | `WWW-Authenticate: Bearer error="invalid_token"` |
/// | a token whose session lacks a factor | 403, with the id `AUTHZ-Kl3p0` | the message says what is missing |
/// | the database is throttled or gone | 503 | `Retry-After` |
/// | a fault of the service | 500 | |
///
/// Such an answer has the [`Error`] among its extensions, as an `Arc`: for a log, since callers
/// must not see its sources.
///
/// Which factors a session needs is decided at each request, from those that the user has at that
/// moment: a second one of a user who has any but recovery codes, and otherwise the password. Give the
/// layer the `MFA` of the deployment, and a [`Self::min_acr`] if the API needs more.
#[derive(Clone, Debug)]
pub struct SessionLayer {
    store: Store,
    now: fn() -> Timestamp,
    required: RequiredStrength,
}

impl SessionLayer {
    /// A layer that demands a second factor of the users who have one. `now` reads the clock.
    pub fn new(store: Store, now: fn() -> Timestamp) -> Self {
        Self {
            store,
            now,
            required: RequiredStrength::default(),
        }
    }

    /// Which users need a second factor: what the service's setting `MFA` says.
    #[must_use]
    pub fn mfa(mut self, mfa: MfaPolicy) -> Self {
        self.required.mfa = mfa;
        self
    }

    /// The least that a session must have proved, whatever its user has.
    #[must_use]
    pub fn min_acr(mut self, min_acr: MinAcr) -> Self {
        self.required.min_acr = min_acr;
        self
    }

    /// The user of a request with these headers.
    async fn user(&self, headers: &HeaderMap) -> Result<SessionUser, Error> {
        let values = headers.get_all(AUTHORIZATION).iter();
        let token = PresentedToken::from_authorization(values.map(HeaderValue::as_bytes))
            .and_then(|token| token.ok_or(TokenFault::Missing))
            .map_err(Error::Unauthenticated)?;
        let now = (self.now)();
        match user_of_token(&self.store, &token, now, self.required).await? {
            TokenVerdict::User(user) => Ok(*user),
            TokenVerdict::Refused(Refusal::TooWeak(lacking)) => Err(Error::TooWeak(lacking)),
            TokenVerdict::Refused(
                Refusal::NotASessionToken | Refusal::Void | Refusal::Unproven,
            ) => Err(Error::Unauthenticated(TokenFault::Invalid)),
        }
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
        let layer = self.layer.clone();
        Box::pin(async move {
            match layer.user(request.headers()).await {
                Ok(user) => {
                    request.extensions_mut().insert(user);
                    inner.call(request).await
                }
                Err(error) => Ok(refusal(error)),
            }
        })
    }
}

fn refusal<B: From<Bytes>>(error: Error) -> Response<B> {
    let mut response = json_error(&error).map(B::from);
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.extensions_mut().insert(Arc::new(error));
    response
}
