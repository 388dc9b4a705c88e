//! The service behind its API: [`App`], and the way from a request's bytes to its response.
//!
//! The steps of a request are: find the route, authenticate, authorize, decode, run, encode.

mod base_path;
mod call_line;
mod client;
mod cors;
mod deadline;
mod origins;

use std::num::NonZeroUsize;
use std::panic::resume_unwind;
use std::sync::atomic::AtomicBool;

use http::header::{AUTHORIZATION, CACHE_CONTROL, HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, Response, StatusCode};
use tokio::task::spawn_blocking;

use self::deadline::enforce;
use crate::api::{
    Body, MatchedRoute, Protocol, Request, WireLimits, carry_out, codec, is_known, session_id,
};
use crate::aws::{KeySource, Messenger, ServerKeySetting};
use crate::domain::{Operation, Timestamp};
use crate::error::Error;
use crate::log::Log;
use crate::password::{Kernel, Params, PasswordPool};
use crate::service::{Context, Credentials, Policy, Service};
use crate::store::{Store, Tables};
use crate::token::PresentedToken;

pub use base_path::BasePath;
pub use client::ClientAddresses;
pub use origins::Origins;

/// The services that the setting `USER_API` switches off.
const USER_SERVICES: &[&str] = &[
    "zitadel.user.v2.UserService",
    "zitadel.settings.v2.SettingsService",
    "zitadel.org.v2.OrganizationService",
];

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The settings of the service.
#[derive(Clone, Debug)]
pub struct Settings {
    pub tables: Tables,
    pub policy: Policy,
    pub created_status: StatusCode,
    pub hash_params: Params,
    pub hash_kernel: Kernel,
    /// How many password checks may wait, with room for all calls that Lambda may send at a time: it
    /// has admitted them.
    pub password_queue: usize,
    pub wire: WireLimits,
    pub origins: Origins,
    pub base_path: BasePath,
    pub clients: ClientAddresses,
    pub server_key: ServerKeySetting,
}

/// The service behind its API.
pub struct App {
    service: Service,
    created_status: StatusCode,
    /// Whether there are the User service and what login pages ask for beside it.
    user_api: bool,
    limits: WireLimits,
    origins: Origins,
    base_path: BasePath,
    clients: ClientAddresses,
    log: Log,
    /// Whether no request has been answered yet.
    cold: AtomicBool,
}

impl App {
    /// Allocates and writes the memory of the password pool.
    pub fn new(
        store: Store,
        settings: &Settings,
        server_key: KeySource,
        messenger: Messenger,
        checks_at_once: NonZeroUsize,
        log: Log,
    ) -> Self {
        let passwords = PasswordPool::new(
            settings.hash_params,
            settings.hash_kernel,
            checks_at_once,
            settings.password_queue,
        );
        let service = Service::new(
            store,
            settings.policy.clone(),
            passwords,
            server_key,
            messenger,
        );
        Self {
            service,
            created_status: settings.created_status,
            user_api: settings.policy.user_api,
            limits: settings.wire,
            origins: settings.origins.clone(),
            base_path: settings.base_path.clone(),
            clients: settings.clients,
            log,
            cold: AtomicBool::new(true),
        }
    }

    /// Makes the service and connects to the database, so that the first call finds both ready. The
    /// memory of the password pool is written on another thread while this one waits for the network.
    ///
    /// A failed connection is only logged: the first call tries again.
    pub async fn start(
        store: Store,
        settings: Settings,
        server_key: KeySource,
        messenger: Messenger,
        checks_at_once: NonZeroUsize,
        log: Log,
        now: Timestamp,
    ) -> Self {
        let connecting = store.clone();
        let making = spawn_blocking(move || {
            Self::new(store, &settings, server_key, messenger, checks_at_once, log)
        });
        let (app, connected) = tokio::join!(making, Service::connect(&connecting));
        let app = app.unwrap_or_else(|failed| resume_unwind(failed.into_panic()));
        app.log_connection(connected, now);
        app
    }

    /// Connects to the database, so that the first call need not. An error is only logged: the
    /// first call tries again.
    pub async fn warm_up(&self, now: Timestamp) {
        let connected = self.service.warm_up().await;
        self.log_connection(connected, now);
    }

    fn log_connection(&self, connected: Result<(), Error>, now: Timestamp) {
        if let Err(error) = connected {
            self.log
                .warning("the first connection to DynamoDB failed", &error, now);
        }
    }

    /// Whether the database answers.
    pub async fn is_ready(&self) -> bool {
        self.service.warm_up().await.is_ok()
    }

    /// The limits on the size of a request, which a server applies while it reads one.
    pub fn limits(&self) -> WireLimits {
        self.limits
    }

    /// Begins a request: finds its route, and the protocol in which it is answered.
    fn begin(
        &self,
        request: &Request,
        now: Timestamp,
    ) -> (Context, Protocol, Result<MatchedRoute, Error>) {
        let context = Context::new(self.clients.client(request), now);
        // A path that a route knows is left as it is, so that the API's own address goes on working
        // behind a custom domain.
        let path = request.path.as_str();
        let inner = self.base_path.strip(path).filter(|_| !is_known(path));
        let path = inner.unwrap_or(path);
        context.record.session(session_id(path));
        let off = if self.user_api { &[] } else { USER_SERVICES };
        let (protocol, route) = MatchedRoute::find_without(off, path, request);
        (context, protocol, route)
    }

    /// The log of the service's calls.
    pub fn log(&self) -> &Log {
        &self.log
    }

    async fn run(
        &self,
        route: &MatchedRoute,
        request: &Request,
        context: &Context,
    ) -> Result<Response<Body>, Error> {
        let call = async {
            if request.body.len() > self.limits.body {
                return Err(Error::BodyTooLarge);
            }
            let credentials = credentials(request);
            let principal = self.service.authenticate(&credentials, context).await?;
            let operation = route.procedure.operation;
            let permit = self.service.authorize(operation, principal)?;
            let limits = self.limits;
            carry_out(route, request, limits, &self.service, &permit, context).await
        };
        // On the heap, because it moves often.
        let answer = enforce(route.protocol, request, context, Box::pin(call)).await?;
        codec::encode(route, &answer, self.created_status)
    }

    /// Adds what all answers have in common: their headers, and a line in the log.
    fn finish(
        &self,
        request: &Request,
        operation: Option<Operation>,
        context: &Context,
        error: Option<&Error>,
        mut response: Response<Body>,
    ) -> Response<Body> {
        add_common_headers(response.headers_mut(), &request.context.request_id);
        cors::add_headers(&self.origins, &request.headers, response.headers_mut());
        self.log_call(request, operation, context, error, response.status());
        response
    }
}

/// Answers one request. It can't fail: an error and a panic are answers too.
///
/// `now` is the time of the request. Nothing further down reads the wall clock: the [`Context`]
/// adds the time that has passed since.
pub async fn handle(app: &App, request: Request, now: Timestamp) -> Response<Body> {
    if let Some(response) = cors::preflight(&app.origins, &request) {
        let context = Context::new(app.clients.client(&request), now);
        return app.finish(&request, None, &context, None, response);
    }
    let (context, protocol, route) = app.begin(&request, now);
    let operation = route.as_ref().map(|route| route.procedure.operation).ok();
    let outcome = match route {
        Ok(route) => app.run(&route, &request, &context).await,
        Err(error) => Err(error),
    };
    let (response, error) = match outcome {
        Ok(response) => (response, None),
        Err(error) => (codec::encode_error(protocol, &error), Some(error)),
    };
    app.finish(&request, operation, &context, error.as_ref(), response)
}

/// Answers a request that can't be carried out, such as one whose body never arrives.
pub fn refuse(app: &App, request: &Request, error: &Error, now: Timestamp) -> Response<Body> {
    let (context, protocol, route) = app.begin(request, now);
    let operation = route.map(|route| route.procedure.operation).ok();
    let mut response = codec::encode_error(protocol, error);
    if error.is_before_protocol() {
        *response.status_mut() = error.row().http;
    }
    app.finish(request, operation, &context, Some(error), response)
}

fn credentials(request: &Request) -> Credentials {
    let values = request.headers.get_all(AUTHORIZATION).iter();
    Credentials {
        token: PresentedToken::from_authorization(values.map(HeaderValue::as_bytes)),
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
