use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONNECTION, STRICT_TRANSPORT_SECURITY};
use http::request::Parts;
use http::{HeaderValue, Method, Response, Version};
use http_body_util::{BodyExt as _, Either};
use hyper::body::{Body as _, Incoming};
use tokio::time::{Instant, timeout};
use tonic::Status;

use super::budget::{Budget, Reservation};
use super::connection_state::CallGuard;
use super::server::Server;
use super::tls::HSTS;
use super::unread::{ChunkedBody, UnreadResponses, hold_until_written};
use super::{body, grpc};
use crate::api::{self, RequestContext};
use crate::error::Error;
use crate::log::TraceId;
use crate::token::generate_uuid;
use crate::transport::admission;

/// The body of a response of the API, or of one of gRPC's own services.
type ResponseBody = Either<ChunkedBody, tonic::body::Body>;

/// The largest response that is sent even if the client has left others unread. It may be the only
/// thing that tells the client of a change; only responses to reads are larger.
const SMALL_RESPONSE_BYTES: usize = 4 * 1024;

/// How long the body of a request that is refused by its head may take to end over HTTP/2. Some
/// clients can't use an answer that comes before.
const END_TIME: Duration = Duration::from_secs(1);

/// The resources that the calls of one connection share.
#[derive(Debug)]
pub struct ConnectionResources {
    pub peer: Option<IpAddr>,
    pub bodies: Budget,
    pub responses: Budget,
    pub unread: Arc<UnreadResponses>,
}

impl Server {
    /// Responds to a request. An error closes the connection, or the stream of HTTP/2, without a
    /// response.
    pub async fn respond(
        self: Arc<Self>,
        request: http::Request<Incoming>,
        resources: Arc<ConnectionResources>,
        call: CallGuard,
    ) -> Result<Response<ResponseBody>, body::RequestError> {
        let has_hsts = self.hsts;
        let mut response = match admission::check(&request, self.page_guard.as_ref()) {
            Ok(()) => self.answer(request, resources, call).await?,
            Err(error) => self.refuse_by_head(request, &error, &resources, call).await,
        };
        if has_hsts {
            let headers = response.headers_mut();
            headers.insert(STRICT_TRANSPORT_SECURITY, HSTS);
        }
        Ok(response)
    }

    /// Refuses a request of which nothing but the head was looked at.
    async fn refuse_by_head(
        &self,
        request: http::Request<Incoming>,
        error: &Error,
        resources: &ConnectionResources,
        call: CallGuard,
    ) -> Response<ResponseBody> {
        let (head, body) = request.into_parts();
        let (version, method) = (head.version, head.method.clone());
        let request = self.request(head, Bytes::new(), resources.peer);
        let mut response = api::refuse(&self.app, &request, error, (self.now)());
        // Over HTTP/2, hyper would send the body in spite of the method.
        if method == Method::HEAD {
            response.body_mut().data.clear();
        }
        if version < Version::HTTP_2 {
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(CONNECTION, close);
        } else {
            let _ = body::read(body, 0, 0, END_TIME, &resources.bodies).await;
        }
        let reservation = resources.responses.reserve_nothing();
        self.track_unread(response, reservation, resources, call)
    }

    async fn answer(
        self: Arc<Self>,
        request: http::Request<Incoming>,
        resources: Arc<ConnectionResources>,
        call: CallGuard,
    ) -> Result<Response<ResponseBody>, body::RequestError> {
        if let Some(handler) = self.grpc.handler(&request) {
            return self.grpc(&handler, request, &resources, call).await;
        }
        let (head, body) = request.into_parts();
        if let Some(page) = self.page(&head.method, head.uri.path()).await {
            let page = page.map(api::Body::from);
            // The budget is not charged: all responses with a page share its bytes.
            let reservation = resources.responses.reserve_nothing();
            let mut response = self.track_unread(page, reservation, &resources, call);
            if head.version < Version::HTTP_2 && !body.is_end_stream() {
                // The body is not read, and hyper would go on to the next request behind it
                // without having written this response.
                let close = HeaderValue::from_static("close");
                response.headers_mut().insert(CONNECTION, close);
            }
            return Ok(response);
        }
        let (max_bytes, time_limit) = (self.app.limits().body, self.limits.body);
        let (head_bytes, budget) = (head_bytes(&head), &resources.bodies);
        let body = body::read(body, head_bytes, max_bytes, time_limit, budget).await?;
        let request = self.request(head, body.data, resources.peer);
        let response = if body.exceeds_budget {
            self.refuse(&request)
        } else {
            self.run_call(&request, body.reservation).await?
        };
        let length = response.body().data.len();
        let mut reservation = resources.responses.reserve_nothing();
        let response = if reservation.grow(length) || length <= SMALL_RESPONSE_BYTES {
            response
        } else {
            self.refuse(&request)
        };
        Ok(self.track_unread(response, reservation, &resources, call))
    }

    fn request(&self, head: Parts, body: Bytes, client_ip: Option<IpAddr>) -> api::Request {
        let trace_id = TraceId::from_headers(&head.headers);
        api::Request {
            method: head.method,
            path: head.uri.path().to_owned(),
            query: api::query(head.uri.query().unwrap_or_default()),
            headers: head.headers,
            body,
            context: RequestContext {
                request_id: generate_uuid().to_string(),
                client_ip,
                trace_id,
                budget: Some(self.limits.response),
                trailers: head.version == Version::HTTP_2,
                ..RequestContext::default()
            },
        }
    }

    async fn grpc(
        &self,
        handler: &grpc::Handler,
        request: http::Request<Incoming>,
        resources: &ConnectionResources,
        call: CallGuard,
    ) -> Result<Response<ResponseBody>, body::RequestError> {
        let path = request.uri().path();
        let is_watch = grpc::is_watch(path);
        let permit = match self.grpc.stream_permit(path) {
            Ok(permit) => permit,
            Err(status) => return Ok(status.into_http().map(Either::Right)),
        };
        let mut reservation = resources.bodies.reserve_nothing();
        if !reservation.grow(grpc::MAX_MESSAGE) {
            let status = Status::resource_exhausted("too many requests at once, try again");
            return Ok(status.into_http().map(Either::Right));
        }
        let response = timeout(self.limits.body, handler(request)).await?;
        let age = permit
            .as_ref()
            .map_or(Duration::ZERO, |_| self.limits.watch);
        // The connection is closed if the client does not read the stream in time.
        let deadline = resources
            .unread
            .add(Instant::now() + age + self.limits.write);
        let held = Arc::new((permit, reservation, deadline, is_watch.then_some(call)));
        Ok(response.map(|body| {
            let body = body.map_frame(move |frame| {
                frame.map_data(|data| hold_until_written(data, Arc::clone(&held)))
            });
            Either::Right(tonic::body::Body::new(body))
        }))
    }

    /// The response to a probe, or the page with this path. Neither is a call of the service.
    async fn page(&self, method: &Method, path: &str) -> Option<Response<Bytes>> {
        let is_stopping = self.is_stopping();
        let probed = self.probes.respond(&self.app, method, path, is_stopping);
        match probed.await {
            None => self.pages.and_then(|pages| pages(method, path)),
            probed => probed,
        }
    }

    async fn run_call(
        self: &Arc<Self>,
        request: &api::Request,
        reservation: Reservation,
    ) -> Result<Response<api::Body>, body::RequestError> {
        // The permit is taken before the task is spawned, and moved into it: however many streams
        // a client resets, no more calls than these are carried out.
        let Ok(permit) = Arc::clone(&self.calls).try_acquire_owned() else {
            return Ok(self.refuse(request));
        };
        // The call has a task of its own, so that it is finished even if its client disconnects, as
        // it is on Lambda.
        let (server, request) = (Arc::clone(self), request.clone());
        let response = tokio::spawn(async move {
            let response = api::handle(&server.app, request, (server.now)()).await;
            drop((permit, reservation));
            response
        });
        response.await.map_err(body::RequestError::Aborted)
    }

    fn refuse(&self, request: &api::Request) -> Response<api::Body> {
        api::refuse(&self.app, request, &Error::Overloaded, (self.now)())
    }

    /// Makes the response with which the call ends once the client has read it.
    fn track_unread(
        &self,
        response: Response<api::Body>,
        reservation: Reservation,
        resources: &ConnectionResources,
        call: CallGuard,
    ) -> Response<ResponseBody> {
        let deadline = resources.unread.add(Instant::now() + self.limits.write);
        let held = (reservation, deadline, call);
        response.map(|body| Either::Left(ChunkedBody::new(body.data, body.trailers, held)))
    }
}

/// The bytes of a request's target and headers, which are held for as long as its body.
fn head_bytes(head: &Parts) -> usize {
    let headers = head.headers.iter();
    let headers = headers.map(|(name, value)| name.as_str().len() + value.len());
    head.uri.path().len() + head.uri.query().map_or(0, str::len) + headers.sum::<usize>()
}
