use std::convert::Infallible;
use std::future::{Ready, ready};
use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Response, Version};
use http_body_util::combinators::WithTrailers;
use http_body_util::{BodyExt as _, Either, Full};
use hyper::body::Incoming;
use tokio::time::timeout;

use super::activity::Call;
use super::{Server, body, grpc};
use crate::api::{self, Context, TraceId};
use crate::token::draw_uuid;

/// Ours, or one of gRPC's own services.
type Answer = Either<Whole, tonic::body::Body>;
/// An answer's bytes, and the trailers behind them.
type Whole = Either<Full<Bytes>, WithTrailers<Full<Bytes>, Ready<Option<TrailersOrError>>>>;
type TrailersOrError = Result<HeaderMap, Infallible>;

impl Server {
    /// An error ends the connection, or the stream of HTTP/2, without an answer: a body
    /// that breaks off has nobody who would read one.
    pub async fn answer(
        self: Arc<Self>,
        request: http::Request<Incoming>,
        peer: Option<IpAddr>,
        call: Call,
    ) -> Result<Response<Answer>, body::Broken> {
        if let Some(handler) = self.grpc.handler(&request) {
            let endless = grpc::is_endless(request.uri().path());
            let response = timeout(self.limits.body, handler(request)).await?;
            let call = endless.then_some(call);
            return Ok(response.map(|body| Either::Right(during(call, body))));
        }
        let (head, body) = request.into_parts();
        let page = self
            .pages
            .and_then(|pages| pages(&head.method, head.uri.path()));
        if let Some(page) = page {
            let page = page.map(|data| Either::Left(Full::new(data)));
            return Ok(page.map(Either::Left));
        }
        let trace_id = TraceId::of_headers(&head.headers);
        let request = api::Request {
            method: head.method,
            path: head.uri.path().to_owned(),
            query: api::query(head.uri.query().unwrap_or_default()),
            headers: head.headers,
            body: body::read(body, self.app.limits().body, self.limits.body).await?,
            context: Context {
                request_id: draw_uuid().to_string(),
                budget: Some(self.limits.answer),
                trailers: head.version == Version::HTTP_2,
                client_ip: peer.map(|peer| peer.to_canonical()),
                trace_id,
                ..Context::default()
            },
        };
        // On a task of its own, so that a call is carried through, as it is on Lambda,
        // though its client goes away.
        let answer =
            tokio::spawn(async move { api::handle(&self.app, request, (self.now)()).await });
        let response = answer.await.map_err(body::Broken::Call)?;
        Ok(response.map(|body| Either::Left(whole(body))))
    }
}

fn whole(body: api::Body) -> Whole {
    let data = Full::new(body.data);
    match body.trailers {
        None => Either::Left(data),
        Some(trailers) => Either::Right(data.with_trailers(ready(Some(Ok(trailers))))),
    }
}

/// A body that keeps a call under way until its end.
fn during(call: Option<Call>, body: tonic::body::Body) -> tonic::body::Body {
    let Some(call) = call else { return body };
    tonic::body::Body::new(body.map_frame(move |frame| {
        let _under_way = &call;
        frame
    }))
}
