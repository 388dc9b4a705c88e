use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONNECTION;
use http::request::Parts;
use http::{HeaderValue, Method, Response, Version};
use http_body_util::{BodyExt as _, Either};
use hyper::body::{Body as _, Incoming};
use tokio::time::{Instant, timeout};
use tonic::Status;

use super::activity::Call;
use super::budget::{Budget, Held};
use super::unread::{Pieces, Unread, keep};
use super::{Server, body, grpc};
use crate::api::{self, RequestContext};
use crate::error::Error;
use crate::log::TraceId;
use crate::token::generate_uuid;

/// Ours, or that of one of gRPC's own services.
type Answer = Either<Pieces, tonic::body::Body>;

/// Answers up to this many bytes reach their client whatever others it has not read: they may
/// be all that it gets to know of a change. Only what is read grows larger.
const SMALL: usize = 4 * 1024;

/// What one connection has of what all of them share.
#[derive(Debug)]
pub struct Shares {
    pub peer: Option<IpAddr>,
    pub bodies: Budget,
    pub answers: Budget,
    pub unread: Arc<Unread>,
}

impl Server {
    /// An error ends the connection, or the stream of HTTP/2, without an answer: a body
    /// that breaks off has nobody who would read one.
    pub async fn answer(
        self: Arc<Self>,
        request: http::Request<Incoming>,
        shares: Arc<Shares>,
        call: Call,
    ) -> Result<Response<Answer>, body::Broken> {
        if let Some(handler) = self.grpc.handler(&request) {
            return self.grpc(&handler, request, &shares, call).await;
        }
        let (head, body) = request.into_parts();
        if let Some(page) = self.page(&head.method, head.uri.path()).await {
            let page = page.map(|data| api::Body {
                data,
                trailers: None,
            });
            // It counts for nothing: all of them are the same bytes.
            let mut response = self.unread(page, shares.answers.nothing(), &shares, call);
            if head.version < Version::HTTP_2 && !body.is_end_stream() {
                // Its body is not read, and hyper would go on to the next request behind it
                // without having written this answer.
                let close = HeaderValue::from_static("close");
                response.headers_mut().insert(CONNECTION, close);
            }
            return Ok(response);
        }
        let (most, within) = (self.app.limits().body, self.limits.body);
        let arrived = body::read(body, size(&head), most, within, &shares.bodies).await?;
        let request = self.request(head, arrived.data, shares.peer);
        let response = if arrived.is_cut {
            self.refuse(&request)
        } else {
            self.carry_out(&request, arrived.held).await?
        };
        let length = response.body().data.len();
        let mut unread = shares.answers.nothing();
        let response = if unread.grow(length) || length <= SMALL {
            response
        } else {
            self.refuse(&request)
        };
        Ok(self.unread(response, unread, &shares, call))
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
                budget: Some(self.limits.answer),
                trailers: head.version == Version::HTTP_2,
                ..RequestContext::default()
            },
        }
    }

    async fn grpc(
        &self,
        handler: &grpc::Handler,
        request: http::Request<Incoming>,
        shares: &Shares,
        call: Call,
    ) -> Result<Response<Answer>, body::Broken> {
        let path = request.uri().path();
        let is_watch = grpc::is_watch(path);
        let place = match self.grpc.place(path) {
            Ok(place) => place,
            Err(status) => return Ok(status.into_http().map(Either::Right)),
        };
        let mut held = shares.bodies.nothing();
        if !held.grow(grpc::MAX_MESSAGE) {
            let status = Status::resource_exhausted("too many requests at once, try again");
            return Ok(status.into_http().map(Either::Right));
        }
        let response = timeout(self.limits.body, handler(request)).await?;
        let age = place.as_ref().map_or(Duration::ZERO, |_| self.limits.watch);
        // Whoever doesn't read a stream to its end in time is cut off.
        let reading = shares
            .unread
            .until(Instant::now() + age + self.limits.write);
        let until_read = Arc::new((place, held, reading, is_watch.then_some(call)));
        Ok(response.map(|body| {
            let kept = body
                .map_frame(move |frame| frame.map_data(|data| keep(data, Arc::clone(&until_read))));
            Either::Right(tonic::body::Body::new(kept))
        }))
    }

    /// The answer to a probe or the page of this path, which are not calls of the service.
    async fn page(&self, method: &Method, path: &str) -> Option<Response<Bytes>> {
        let is_stopping = self.is_stopping();
        let probed = self.probes.answer(&self.app, method, path, is_stopping);
        match probed.await {
            None => self.pages.and_then(|pages| pages(method, path)),
            probed => probed,
        }
    }

    async fn carry_out(
        self: &Arc<Self>,
        request: &api::Request,
        held: Held,
    ) -> Result<Response<api::Body>, body::Broken> {
        // Before the task that it is for, and moved into it: however many streams a client
        // resets, the calls that are carried out are no more than these.
        let Ok(place) = Arc::clone(&self.calls).try_acquire_owned() else {
            return Ok(self.refuse(request));
        };
        // On a task of its own, so that a call is carried through, as it is on Lambda,
        // though its client goes away.
        let (server, request) = (Arc::clone(self), request.clone());
        let answer = tokio::spawn(async move {
            let response = api::handle(&server.app, request, (server.now)()).await;
            drop((place, held));
            response
        });
        answer.await.map_err(body::Broken::Call)
    }

    fn refuse(&self, request: &api::Request) -> Response<api::Body> {
        api::refuse(&self.app, request, &Error::Overloaded, (self.now)())
    }

    /// The call is under way until its answer is read.
    fn unread(
        &self,
        response: Response<api::Body>,
        held: Held,
        shares: &Shares,
        call: Call,
    ) -> Response<Answer> {
        let reading = shares.unread.until(Instant::now() + self.limits.write);
        response.map(|api::Body { data, trailers }| {
            Either::Left(Pieces::new(data, trailers, (held, reading, call)))
        })
    }
}

/// The size of a request's target and headers in bytes. They are held for as long as its body.
fn size(head: &Parts) -> usize {
    let headers = head.headers.iter();
    let headers = headers.map(|(name, value)| name.as_str().len() + value.len());
    head.uri.path().len() + head.uri.query().map_or(0, str::len) + headers.sum::<usize>()
}
