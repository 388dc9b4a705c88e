//! An HTTP client of the SDK that reaches a database in this process, without a socket.

use std::fmt;
use std::sync::Arc;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;

/// An HTTP client that has `respond` answer each request. It is given the `x-amz-target` and the
/// body, and gives a status and a body; it may block.
pub fn in_process<F>(respond: F) -> SharedHttpClient
where
    F: Fn(&str, &[u8]) -> (u16, Vec<u8>) + Send + Sync + 'static,
{
    SharedHttpClient::new(InProcess(Arc::new(respond)))
}

struct InProcess<F>(Arc<F>);

impl<F> Clone for InProcess<F> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<F> fmt::Debug for InProcess<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InProcess")
    }
}

impl<F> HttpClient for InProcess<F>
where
    F: Fn(&str, &[u8]) -> (u16, Vec<u8>) + Send + Sync + 'static,
{
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl<F> HttpConnector for InProcess<F>
where
    F: Fn(&str, &[u8]) -> (u16, Vec<u8>) + Send + Sync + 'static,
{
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Self(respond) = self.clone();
        HttpConnectorFuture::new(async move {
            // Of all ways to use another thread, only this one keeps paused time from advancing.
            tokio::task::spawn_blocking(move || carry_out(&*respond, &request))
                .await
                .map_err(|error| ConnectorError::other(error.into(), None))?
        })
    }
}

fn carry_out(
    respond: impl Fn(&str, &[u8]) -> (u16, Vec<u8>),
    request: &HttpRequest,
) -> Result<HttpResponse, ConnectorError> {
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
