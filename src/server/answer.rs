use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Response, Version};
use http_body_util::combinators::WithTrailers;
use http_body_util::{BodyExt as _, Either, Full};
use hyper::body::Incoming;

use super::{Server, body};
use crate::api::{self, Context};
use crate::token::draw_uuid;

/// An answer's bytes, and the trailers behind them.
type Answer = Either<Full<Bytes>, WithTrailers<Full<Bytes>, Ready<Option<TrailersOrError>>>>;
type TrailersOrError = Result<HeaderMap, Infallible>;

impl Server {
    /// An error ends the connection, or the stream of HTTP/2, without an answer: a body
    /// that breaks off has nobody who would read one.
    pub async fn answer(
        self: Arc<Self>,
        request: http::Request<Incoming>,
    ) -> Result<Response<Answer>, body::Broken> {
        let (head, body) = request.into_parts();
        let request = api::Request {
            method: head.method,
            path: head.uri.path().to_owned(),
            headers: head.headers,
            body: body::read(body, self.app.limits().body, self.limits.body).await?,
            context: Context {
                request_id: draw_uuid().to_string(),
                budget: Some(self.limits.answer),
                trailers: head.version == Version::HTTP_2,
                ..Context::default()
            },
        };
        // On a task of its own, so that a call is carried through, as it is on Lambda,
        // though its client goes away.
        let call = tokio::spawn(async move { api::handle(&self.app, request, (self.now)()).await });
        let response = call.await.map_err(body::Broken::Call)?;
        Ok(response.map(answer))
    }
}

fn answer(body: api::Body) -> Answer {
    let data = Full::new(body.data);
    match body.trailers {
        None => Either::Left(data),
        Some(trailers) => Either::Right(data.with_trailers(ready(Some(Ok(trailers))))),
    }
}
