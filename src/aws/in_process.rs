//! HTTP clients of the SDK that reach a database, or another service, in this process, without a
//! socket.

use std::sync::Arc;

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;

use crate::domain::hide_in_debug;

/// Gives a status and a body to an `x-amz-target` and a body.
type Respond = dyn Fn(&str, &[u8]) -> (u16, Vec<u8>) + Send + Sync;

/// An HTTP client that has `respond` answer each request, which may block.
pub fn in_process(
    respond: impl Fn(&str, &[u8]) -> (u16, Vec<u8>) + Send + Sync + 'static,
) -> SharedHttpClient {
    let connector = SharedHttpConnector::new(InProcess(Arc::new(respond)));
    http_client_fn(move |_, _| connector.clone())
}

struct InProcess(Arc<Respond>);

hide_in_debug!(InProcess);

impl HttpConnector for InProcess {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let respond = Arc::clone(&self.0);
        HttpConnectorFuture::new(async move {
            // Of all ways to use another thread, only this one keeps paused time from advancing.
            tokio::task::spawn_blocking(move || carry_out(&*respond, &request))
                .await
                .map_err(|error| ConnectorError::other(error.into(), None))?
        })
    }
}

fn carry_out(respond: &Respond, request: &HttpRequest) -> Result<HttpResponse, ConnectorError> {
    let target = request.headers().get("x-amz-target").unwrap_or_default();
    let body = request
        .body()
        .bytes()
        .ok_or_else(|| ConnectorError::user("DynamoDB takes no streamed body".into()))?;
    let (status, body) = respond(target, body);
    let status =
        StatusCode::try_from(status).map_err(|error| ConnectorError::other(error.into(), None))?;
    let mut response = HttpResponse::new(status, SdkBody::from(body));
    response
        .headers_mut()
        .insert("content-type", "application/x-amz-json-1.0");
    Ok(response)
}

/// Gives a response to a request.
type RespondToHttp = dyn Fn(&http::Request<Bytes>) -> http::Response<Vec<u8>> + Send + Sync;

/// An HTTP client that has `respond` answer each request, which must not block.
pub fn in_process_http(
    respond: impl Fn(&http::Request<Bytes>) -> http::Response<Vec<u8>> + Send + Sync + 'static,
) -> SharedHttpClient {
    let connector = SharedHttpConnector::new(InProcessHttp(Box::new(respond)));
    http_client_fn(move |_, _| connector.clone())
}

struct InProcessHttp(Box<RespondToHttp>);

hide_in_debug!(InProcessHttp);

impl HttpConnector for InProcessHttp {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let respond = || {
            let request = request.try_into_http1x()?;
            let body = request.body().bytes().ok_or("a streamed body")?;
            let body = Bytes::copy_from_slice(body);
            let response = (self.0)(&request.map(|_| body));
            Ok(HttpResponse::try_from(response.map(SdkBody::from))?)
        };
        HttpConnectorFuture::ready(respond().map_err(ConnectorError::user))
    }
}
