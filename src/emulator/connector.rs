//! An HTTP client of the SDK that reaches the database without a socket.

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;

use super::{Emulator, operation};

impl Emulator {
    /// An HTTP client for the SDK that reaches the emulator without a socket.
    ///
    /// Requests need a tokio runtime. While one is in progress, paused time (`tokio::time::pause`)
    /// doesn't advance, so no timeout of the SDK expires. A request that the SDK gives up is carried
    /// out all the same, as over a network.
    pub fn http_client(&self) -> SharedHttpClient {
        SharedHttpClient::new(EmulatorConnector(self.clone()))
    }
}

#[derive(Clone, Debug)]
struct EmulatorConnector(Emulator);

impl HttpClient for EmulatorConnector {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for EmulatorConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Self(emulator) = self.clone();
        HttpConnectorFuture::new(async move {
            // Of all ways to use another thread, only this one keeps paused time from advancing.
            tokio::task::spawn_blocking(move || respond(&emulator, &request))
                .await
                .map_err(|error| ConnectorError::other(error.into(), None))?
        })
    }
}

fn respond(emulator: &Emulator, request: &HttpRequest) -> Result<HttpResponse, ConnectorError> {
    let target = request.headers().get("x-amz-target").unwrap_or_default();
    let body = request
        .body()
        .bytes()
        .ok_or_else(|| ConnectorError::user("DynamoDB takes no streamed body".into()))?;
    let response = operation::run(emulator.database(), target, body);
    let status = StatusCode::try_from(response.status)
        .map_err(|error| ConnectorError::other(error.into(), None))?;
    let mut http_response = HttpResponse::new(status, SdkBody::from(response.body));
    http_response
        .headers_mut()
        .insert("content-type", "application/x-amz-json-1.0");
    Ok(http_response)
}
