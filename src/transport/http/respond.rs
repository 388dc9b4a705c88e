use std::future::ready;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::header::{CONNECTION, CONTENT_LENGTH, STRICT_TRANSPORT_SECURITY};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Response, Version};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body as _, Incoming};
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio::time::{Instant, timeout};
use tonic::body::Body;

use super::connections::{Connection, Room};
use super::grpc::{Call, Grpc, MAX_BODY};
use super::guard::Guard;
use super::request::{IncomingRequest, copy};
use super::server::Server;
use super::tls::HSTS;
use super::unread::{hold_in_head, hold_until_written};
use crate::api::{self, RequestContext};
use crate::app;
use crate::domain::generate_uuid;
use crate::error::Error;
use crate::log::TraceId;
use crate::transport::admission;

/// How many header fields a request may have. Over HTTP/1.1, `hyper` has the same limit.
const MAX_FIELDS: usize = 100;

/// How long an answer waits for the end of a body that is of no use.
const END_TIME: Duration = Duration::from_secs(1);

/// What an answer costs beside its data, until it is written: its stream, its task and its head.
const ANSWER_BYTES: usize = 4 * 1024;

/// The largest response that is sent even if the client has left others unread. It may be the only
/// thing that tells the client of a change; only responses to reads are larger.
const SMALL_RESPONSE_BYTES: usize = 4 * 1024;

/// A response. An error closes the connection, or the stream of HTTP/2, without one.
type Responding = BoxFuture<'static, io::Result<Response<Body>>>;

/// A response with the permit of a stream of gRPC's own services, or the guard of a call.
type Answer = (Response<Body>, Option<OwnedSemaphorePermit>, Option<Guard>);

/// What answers a request.
enum Responder {
    /// A probe, or a page of the local service.
    Page(BoxFuture<'static, Response<Bytes>>),
    /// One of gRPC's own services.
    Grpc(Call),
    Api,
}

impl Server {
    /// Begins to respond to a request.
    ///
    /// `hyper` makes a task of each stream while it accepts others. So a request takes its room
    /// here, or is refused, and not when its task first has its turn.
    pub fn respond(
        self: &Arc<Self>,
        request: http::Request<Incoming>,
        connection: &Arc<Connection>,
    ) -> Responding {
        let (server, connection) = (Arc::clone(self), Arc::clone(connection));
        let in_progress = connection.begin_request();
        let admitted = if request.headers().len() > MAX_FIELDS {
            Err(Error::TooManyHeaderFields)
        } else {
            admission::check(&request, self.options.page_guard.as_ref())
        };
        let responder = admitted.map(|()| self.responder(&request));
        let (mut head, body) = request.into_parts();
        let is_http_2 = head.version == Version::HTTP_2;
        // Over HTTP/2, hyper would send a body in spite of the method.
        let drops_body = is_http_2 && head.method == Method::HEAD;
        let headers = std::mem::take(&mut head.headers);
        let responder = match responder {
            Ok(responder) => responder,
            Err(error) => {
                let request = self.request(&head, headers, connection.address);
                let mut refused = self.refuse(&request, &error);
                if !is_http_2 {
                    let close = HeaderValue::from_static("close");
                    refused.headers_mut().insert(CONNECTION, close);
                }
                let refused = (respond(refused), None, None);
                let response = self.track(refused, &connection, Some(in_progress), drops_body);
                return finish(response, is_http_2.then_some(body)).boxed();
            }
        };
        let request = self.request(&head, copy(&headers), connection.address);
        let is_essential = !matches!(responder, Responder::Api);
        let (refused, mut refusal) = oneshot::channel();
        let refuse = move |request: &_| {
            // The client may be gone.
            let _ = refused.send(server.refuse(request, &Error::Overloaded));
        };
        let is_complete = body.is_end_stream();
        let refuse = Box::new(refuse);
        let incoming =
            IncomingRequest::new(&connection, request, is_essential, is_complete, refuse);
        // The client of a watch may be silent for long; that of reflection is idle then.
        let is_idle = matches!(responder, Responder::Grpc(Call::Reflect));
        let server = Arc::clone(self);
        let mut body = Some(body);
        let response = async move {
            let answer = tokio::select! {
                biased;
                // A client of HTTP/1.1 may send its whole body before it reads why it is refused.
                Ok(refused) = &mut refusal, if is_http_2 => (respond(refused), None, None),
                answer = server.answer(responder, &incoming, &mut body, &connection) => match answer? {
                    Some(answer) => answer,
                    None => (respond(refusal.await.map_err(io::Error::other)?), None, None),
                },
            };
            let in_progress = (!is_idle).then_some(in_progress);
            let response = server.track(answer, &connection, in_progress, drops_body);
            finish(response, body).await
        };
        response.boxed()
    }

    fn responder(&self, request: &http::Request<Incoming>) -> Responder {
        if let Some(call) = Grpc::call(request) {
            return Responder::Grpc(call);
        }
        let (method, path) = (request.method(), request.uri().path());
        let is_stopping = *self.stopping.borrow();
        let probe = self.probes.respond(&self.app, method, path, is_stopping);
        let page = || {
            let pages = self.options.pages.as_ref()?;
            Some(ready(pages(method, path, request.headers())?).boxed())
        };
        probe.or_else(page).map_or(Responder::Api, Responder::Page)
    }

    fn refuse(&self, request: &api::Request, error: &Error) -> Response<api::Body> {
        app::refuse(&self.app, request, error, (self.now)())
    }

    /// The request of the API, still without a body.
    fn request(&self, head: &Parts, headers: HeaderMap, client_ip: IpAddr) -> api::Request {
        api::Request {
            method: head.method.clone(),
            path: head.uri.path().to_owned(),
            query: api::query(head.uri.query().unwrap_or_default()),
            body: Bytes::new(),
            context: RequestContext {
                request_id: generate_uuid().to_string(),
                client_ip: Some(client_ip),
                trace_id: TraceId::from_headers(&headers),
                budget: Some(self.options.limits.response),
                trailers: head.version == Version::HTTP_2,
                ..RequestContext::default()
            },
            headers,
        }
    }

    /// Reads a request and answers it. `None`: it is refused.
    async fn answer(
        self: &Arc<Self>,
        responder: Responder,
        incoming: &IncomingRequest,
        body: &mut Option<Incoming>,
        connection: &Arc<Connection>,
    ) -> io::Result<Option<Answer>> {
        let max_kept = match responder {
            // The client may send message after message, of which `tonic` holds one.
            Responder::Grpc(call @ Call::Reflect) => {
                let Some((request, _)) = incoming.begin() else {
                    return Ok(None);
                };
                let body = body.take().map_or_else(Body::empty, Body::new);
                return self.grpc(call, request, body).await.map(Some);
            }
            Responder::Page(_) => 0,
            Responder::Grpc(..) => MAX_BODY,
            Responder::Api => self.app.limits().body + 1,
        };
        let read = timeout(self.options.limits.body, incoming.read(body, max_kept)).await;
        // A request that was given up is refused, however its body went on.
        let Some((mut request, room)) = incoming.begin() else {
            return Ok(None);
        };
        read?.map_err(io::Error::other)?;
        if let Responder::Page(page) = responder {
            return Ok(Some((respond(page.await.map(api::Body::from)), None, None)));
        }
        if let Responder::Grpc(call) = responder {
            let body = Body::new(Full::new(std::mem::take(&mut request.body)));
            return self.grpc(call, request, body).await.map(Some);
        }
        let in_progress = connection.begin_call();
        let response = self.call(request, room, connection).await?;
        Ok(Some((respond(response), None, Some(in_progress))))
    }

    async fn call(
        self: &Arc<Self>,
        request: api::Request,
        room: Vec<Room>,
        connection: &Arc<Connection>,
    ) -> io::Result<Response<api::Body>> {
        // The permit is taken before the task is spawned, and moved into it: however many streams
        // a client resets, no more calls than these are carried out.
        let Ok(permit) = Arc::clone(&self.calls).try_acquire_owned() else {
            return Ok(self.refuse(&request, &Error::Overloaded));
        };
        let outline = api::Request {
            query: Vec::new(),
            body: Bytes::new(),
            ..request.clone()
        };
        // The call has a task of its own, so that it is finished even if its client disconnects, as
        // it is on Lambda.
        let server = Arc::clone(self);
        let response = tokio::spawn(async move {
            let response = app::handle(&server.app, request, (server.now)()).await;
            drop((permit, room));
            response
        });
        let response = response.await?;
        let length = response.body().data.len();
        if length > SMALL_RESPONSE_BYTES && !connection.has_share(length) {
            return Ok(self.refuse(&outline, &Error::Overloaded));
        }
        Ok(response)
    }

    async fn grpc(&self, call: Call, request: api::Request, body: Body) -> io::Result<Answer> {
        let mut message = http::Request::new(body);
        *message.method_mut() = request.method;
        *message.uri_mut() = request.path.parse().map_err(io::Error::other)?;
        *message.headers_mut() = request.headers;
        let permit = match self.grpc.stream_permit(call) {
            Ok(permit) => permit,
            Err(status) => return Ok((status.into_http(), None, None)),
        };
        let response = timeout(self.options.limits.body, self.grpc.respond(message)).await?;
        Ok((response, permit, None))
    }

    /// Takes room for a response until the client has read it, which it has to in time.
    fn track(
        &self,
        (response, permit, _call): Answer,
        connection: &Arc<Connection>,
        in_progress: Option<Guard>,
        drops_body: bool,
    ) -> Response<Body> {
        let (mut head, body) = response.into_parts();
        let body = if drops_body { Body::empty() } else { body };
        if self.options.hsts && self.options.tls.is_some() {
            head.headers.insert(STRICT_TRANSPORT_SECURITY, HSTS);
        }
        let length = body.size_hint().exact();
        let age = permit
            .as_ref()
            .map_or(Duration::ZERO, |_| self.options.limits.watch);
        let read_by = Instant::now() + age + self.options.limits.write;
        let bytes = length.and_then(|length| usize::try_from(length).ok());
        let unread = connection.take_answer(ANSWER_BYTES + bytes.unwrap_or(0), read_by);
        let kept = Arc::new((unread, permit, in_progress));
        if body.is_end_stream() {
            hold_in_head(&mut head.headers, kept);
            return Response::from_parts(head, body);
        }
        if let Some(length) = length {
            head.headers.insert(CONTENT_LENGTH, length.into());
        }
        let connection = Arc::clone(connection);
        let body = body.map_frame(move |frame| {
            frame.map_data(|data| {
                let further = bytes
                    .is_none()
                    .then(|| connection.take_answer(data.len(), read_by));
                hold_until_written(data, (further, Arc::clone(&kept)))
            })
        });
        Response::from_parts(head, Body::new(body))
    }
}

/// Waits a little for the rest of a body. Some clients never see an answer that comes before, and
/// is followed by a reset.
async fn finish(response: Response<Body>, body: Option<Incoming>) -> io::Result<Response<Body>> {
    if let Some(mut body) = body {
        let end = async { while let Some(Ok(_)) = body.frame().await {} };
        let _ = timeout(END_TIME, end).await;
    }
    Ok(response)
}

fn respond(response: Response<api::Body>) -> Response<Body> {
    response.map(|api::Body { data, trailers }| match trailers {
        None => Body::new(Full::new(data)),
        Some(trailers) => Body::new(Full::new(data).with_trailers(ready(Some(Ok(trailers))))),
    })
}
