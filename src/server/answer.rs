use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{Response, Version};
use http_body_util::{BodyExt as _, Either, Full};
use hyper::body::Incoming;
use tokio::time::{Instant, timeout};

use super::activity::Call;
use super::budget::Budget;
use super::unread::{Pieces, Reading, Unread};
use super::{Server, body, grpc};
use crate::api::{self, Context, TraceId};
use crate::error::Error;
use crate::token::draw_uuid;

/// Ours, a page's, or one of gRPC's own services.
type Answer = Either<Pieces, Either<Full<Bytes>, tonic::body::Body>>;

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
        let written_by = || Instant::now() + self.limits.write;
        if let Some(handler) = self.grpc.handler(&request) {
            let path = request.uri().path();
            let (is_stream, is_watch) = (grpc::is_stream(path), grpc::is_watch(path));
            let response = timeout(self.limits.body, handler(request)).await?;
            // Whoever doesn't read a stream to its end in time is cut off.
            let age = if is_stream {
                self.limits.watch
            } else {
                std::time::Duration::ZERO
            };
            let reading = shares.unread.until(written_by() + age);
            // A reflection that asks nothing is idle.
            let call = is_watch.then_some(call);
            let during = |body| Either::Right(Either::Right(during(call, reading, body)));
            return Ok(response.map(during));
        }
        let (head, body) = request.into_parts();
        let path = head.uri.path();
        let is_stopping = self.is_stopping();
        let probed = self
            .probes
            .answer(&self.app, &head.method, path, is_stopping);
        let page = match probed.await {
            None => self.pages.and_then(|pages| pages(&head.method, path)),
            probed => probed,
        };
        if let Some(page) = page {
            return Ok(page.map(|data| Either::Right(Either::Left(Full::new(data)))));
        }
        let trace_id = TraceId::of_headers(&head.headers);
        let (most, within) = (self.app.limits().body, self.limits.body);
        let arrived = body::read(body, most, within, &shares.bodies).await?;
        let request = api::Request {
            method: head.method,
            path: head.uri.path().to_owned(),
            query: api::query(head.uri.query().unwrap_or_default()),
            headers: head.headers,
            body: arrived.data,
            context: Context {
                request_id: draw_uuid().to_string(),
                client_ip: shares.peer,
                trace_id,
                budget: Some(self.limits.answer),
                trailers: head.version == Version::HTTP_2,
                ..Context::default()
            },
        };
        // Before the task that it is for, and moved into it: however many streams a client
        // resets, the calls that are carried out are no more than these.
        let place = Arc::clone(&self.calls).try_acquire_owned();
        let (Ok(place), false) = (place, arrived.is_cut) else {
            let refused = api::refuse(&self.app, &request, Error::Overloaded, (self.now)());
            return Ok(self.whole(refused, &shares));
        };
        // On a task of its own, so that a call is carried through, as it is on Lambda,
        // though its client goes away.
        let server = Arc::clone(&self);
        let answer = tokio::spawn(async move {
            let response = api::handle(&server.app, request.clone(), (server.now)()).await;
            drop((place, arrived.held));
            (response, request)
        });
        let (response, request) = answer.await.map_err(body::Broken::Call)?;
        let length = response.body().data.len();
        if length > SMALL && !shares.answers.nothing().grow(length) {
            let refused = api::refuse(&self.app, &request, Error::Overloaded, (self.now)());
            return Ok(self.whole(refused, &shares));
        }
        Ok(self.whole(response, &shares))
    }

    fn whole(&self, response: Response<api::Body>, shares: &Shares) -> Response<Answer> {
        let reading = shares.unread.until(Instant::now() + self.limits.write);
        response.map(|api::Body { data, trailers }| {
            let mut held = shares.answers.nothing();
            held.grow(data.len());
            Either::Left(Pieces::new(data, trailers, held, reading))
        })
    }
}

/// A body that keeps a call under way until its end.
fn during(call: Option<Call>, reading: Reading, body: tonic::body::Body) -> tonic::body::Body {
    tonic::body::Body::new(body.map_frame(move |frame| {
        let _under_way = (&call, &reading);
        frame
    }))
}
