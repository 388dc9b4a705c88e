//! Bytes to calls, and replies to bytes.
//!
//! A handler is decode, run, encode. No protocol does I/O, so none can behave
//! differently from another.

pub mod codec;
mod cors;
mod deadline;
pub mod messages;
pub mod proto;
mod protocol;
mod request_headers;
mod route;
mod status;

use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use http::header::{AUTHORIZATION, CACHE_CONTROL, HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, Method, Response, StatusCode};
use tokio::time::{Instant, timeout};

use self::route::Asked;
use crate::config::{Origins, Settings, WireLimits};
use crate::domain::{Operation, Timestamp};
use crate::error::{DeadlineOwner, Error};
use crate::log::{CallRecord, Finished, Line, Log, TraceId};
use crate::service::{BearerText, Call, Credentials, Jwt, Reply, Service};
use crate::store::{KeySource, Store};
use crate::token::bearer;

pub(crate) use codec::json::rfc_3339;
pub use codec::{Compression, frame, json};
#[cfg(feature = "tower")]
pub(crate) use protocol::json_error;
pub use protocol::{Codec, Coding, Protocol};
pub(crate) use route::is_known;
pub use route::{Bound, Route, Version};
pub use status::{Row, row};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A request, whichever way it came in. It has secrets, and so no `Debug`.
#[derive(Clone)]
pub struct Request {
    pub method: Method,
    /// As it was sent: not decoded, not normalised; without a gateway's stage.
    pub path: String,
    /// Names and values, decoded.
    pub query: Vec<(String, String)>,
    pub headers: HeaderMap,
    pub body: Bytes,
    pub context: Context,
}

/// What is known of a request beside its bytes.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// Names the request in the log and in the answer.
    pub request_id: String,
    /// The claims of a gateway's JWT authorizer.
    pub jwt: Option<Jwt>,
    /// The address that the request was sent from, as far as somebody vouches for it.
    pub client_ip: Option<IpAddr>,
    /// X-Ray's, if the request has one.
    pub trace_id: Option<TraceId>,
    /// How long the answer may take.
    pub budget: Option<Duration>,
    /// Trailers behind the answer reach the client, as HTTP/2 carries them.
    pub trailers: bool,
}

/// An answer's body, and what HTTP/2 sends behind it. It may hold a token, and so has no
/// `Debug`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Body {
    pub data: Bytes,
    pub trailers: Option<HeaderMap>,
}

/// The names and values of a query as it stands in a URL.
pub fn query(text: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(text.as_bytes())
        .into_owned()
        .collect()
}

/// The service behind its wire.
pub struct App {
    service: Service,
    created_status: StatusCode,
    limits: WireLimits,
    origins: Origins,
    log: Log,
    /// Nothing was answered so far.
    cold: AtomicBool,
}

impl App {
    /// Allocates and writes the memory of the password pool.
    pub fn new(
        store: Store,
        settings: &Settings,
        server_key: KeySource,
        checks_at_once: NonZeroUsize,
        log: Log,
    ) -> Self {
        let service = Service::new(
            store,
            settings.policy.clone(),
            settings.hash_params,
            checks_at_once,
            settings.password_queue,
            server_key,
        );
        Self {
            service,
            created_status: settings.created_status,
            limits: settings.wire,
            origins: settings.origins.clone(),
            log,
            cold: AtomicBool::new(true),
        }
    }

    /// Makes the connection that the first call needs. That it can't is logged: the
    /// call finds out itself, and may be luckier.
    pub async fn warm_up(&self, now: Timestamp) {
        if let Err(error) = self.service.warm_up().await {
            self.log
                .warning("the first connection to DynamoDB failed", &error, now);
        }
    }

    /// Whether the database answers.
    pub async fn is_ready(&self) -> bool {
        self.service.warm_up().await.is_ok()
    }

    /// Of a request, as a server must keep to before it makes one.
    pub fn limits(&self) -> WireLimits {
        self.limits
    }

    async fn run(
        &self,
        protocol: Protocol,
        route: Route,
        request: &Request,
        now: Timestamp,
        record: &CallRecord,
    ) -> Result<Reply, Error> {
        if let Some(id) = route::session_id(request) {
            record.session(id);
        }
        if request.body.len() > self.limits.body {
            return Err(Error::BodyTooLarge);
        }
        let credentials = credentials(request);
        let caller = self.service.authenticate(&credentials, now, record).await?;
        self.service.authorize(route.rpc, &caller)?;
        let call = protocol.decode(route, request, self.limits)?;
        self.service.run(call, &caller, now, record).await
    }
}

/// Answers one request. An error is an answer too, and so is a panic: this can't fail.
///
/// `now` is the time of the request; nothing further down reads the clock.
pub async fn handle(app: &App, request: Request, now: Timestamp) -> Response<Body> {
    let started = Instant::now();
    let record = CallRecord::default();
    if let Some(response) = cors::preflight(&app.origins, &request) {
        return finish(app, &request, response, Finished::new(started, now));
    }
    let Asked { protocol, route } = Asked::of(&request);
    let (rpc, version) = told(&route);

    let mut outcome =
        match route.and_then(|route| Ok((route, budget(protocol, &request, started)?))) {
            Ok((route, budget)) => {
                // On the heap: the SDK's futures are tens of kilobytes, and move often.
                let call = Box::pin(app.run(protocol, route, &request, now, &record));
                guarded(budget, &record, call).await
            }
            Err(error) => Err(error),
        };

    let mut response = protocol.encode(&outcome, version, app.created_status);
    if outcome.is_ok() && !protocol.can_carry(response.body()) {
        // Nothing else grows like a list.
        outcome = Err(Error::ListTooLong(crate::service::ASK_FOR_FEWER));
        response = protocol.encode(&outcome, version, app.created_status);
    }
    let finished = Finished {
        rpc,
        error: outcome.as_ref().err(),
        facts: record.read(),
        ..Finished::new(started, now)
    };
    finish(app, &request, response, finished)
}

/// Answers a request that can't be carried out, such as one whose body never arrives.
pub fn refuse(app: &App, request: &Request, error: Error, now: Timestamp) -> Response<Body> {
    let Asked { protocol, route } = Asked::of(request);
    let (rpc, version) = told(&route);
    let outcome = Err(error);
    let response = protocol.encode(&outcome, version, app.created_status);
    let record = CallRecord::default();
    if let Some(id) = route::session_id(request) {
        record.session(id);
    }
    let finished = Finished {
        rpc,
        error: outcome.as_ref().err(),
        facts: record.read(),
        ..Finished::new(Instant::now(), now)
    };
    finish(app, request, response, finished)
}

/// The call, and the version whose shape its answer has. Errors have one shape.
fn told(route: &Result<Route, Error>) -> (Option<Operation>, Version) {
    match route {
        Ok(route) => (Some(route.rpc), route.version),
        Err(_) => (None, Version::V2),
    }
}

/// What all answers have in common: their headers, and a line in the log.
fn finish(
    app: &App,
    request: &Request,
    mut response: Response<Body>,
    finished: Finished<'_>,
) -> Response<Body> {
    add_common_headers(response.headers_mut(), &request.context.request_id);
    cors::share(&app.origins, &request.headers, response.headers_mut());
    app.log.call(&Line {
        request_id: &request.context.request_id,
        client_ip: request.context.client_ip,
        trace_id: request.context.trace_id.as_ref(),
        status: response.status(),
        cold_start: app.cold.swap(false, Ordering::Relaxed),
        finished,
    });
    response
}

/// Reads what a request asks for, in whatever protocol, and carries nothing out.
///
/// # Errors
///
/// Those of the route, and of [`Protocol::decode`].
pub fn decode(request: &Request, limits: WireLimits) -> Result<Call, Error> {
    let Asked { protocol, route } = Asked::of(request);
    protocol.decode(route?, request, limits)
}

/// How long the answer may take.
struct Budget {
    /// As the way here allows: then, whatever goes on is dropped.
    way: Option<Duration>,
    /// As the client waits for it, from `started` on.
    client: Option<Duration>,
    started: Instant,
}

fn budget(protocol: Protocol, request: &Request, started: Instant) -> Result<Budget, Error> {
    Ok(Budget {
        way: request.context.budget,
        client: deadline::of(protocol, &request.headers)?,
        started,
    })
}

/// Ends `call` in time, and makes an error of a panic, which `log_panics` has logged.
///
/// A client's deadline ends nothing that an attempt at a password hangs on: dropped
/// between the attempt that it counts and the hash that settles it, the right password
/// would count as a wrong one. Such a call is carried through, and answered as late.
async fn guarded(
    Budget {
        way,
        client,
        started,
    }: Budget,
    record: &CallRecord,
    call: impl Future<Output = Result<Reply, Error>>,
) -> Result<Reply, Error> {
    let mut call = pin!(AssertUnwindSafe(call).catch_unwind());
    let late = || Err(Error::DeadlineExceeded(DeadlineOwner::Client));
    let outcome = async {
        let Some(client) = client else {
            return call.await;
        };
        // A timer looks at its clock only after the call has begun.
        let left = client.saturating_sub(started.elapsed());
        if left.is_zero() {
            return Ok(late());
        }
        if let Ok(outcome) = timeout(left, &mut call).await {
            return outcome;
        }
        if record.read().attempt_pending {
            call.await?.ok();
        }
        Ok(late())
    };
    let outcome = match way {
        None => outcome.await,
        Some(way) => match timeout(way, outcome).await {
            Ok(outcome) => outcome,
            Err(_) => return Err(Error::DeadlineExceeded(DeadlineOwner::Ours)),
        },
    };
    outcome.unwrap_or_else(|_| Err(Error::Internal("panic".into())))
}

/// A scheme other than `Bearer` is not ours to judge: a gateway may have asked for it.
fn credentials(request: &Request) -> Credentials {
    let mut presented = request.headers.get_all(AUTHORIZATION).iter();
    let bearer = presented.find_map(|value| {
        // What is no text is no token, but was shown as one.
        let value = String::from_utf8_lossy(value.as_bytes());
        Some(BearerText(bearer(&value)?.to_owned()))
    });
    Credentials {
        bearer,
        jwt: request.context.jwt.clone(),
    }
}

fn add_common_headers(headers: &mut HeaderMap, request_id: &str) {
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(request_id) = HeaderValue::from_str(request_id) {
        headers.insert(REQUEST_ID, request_id);
    }
}
