//! The HTTP client that carries out the faults.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use hyper::body::{Body, Frame};
use serde_json::{Value, json};

use super::{Fault, Faults, Request};

impl HttpClient for Faults {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Faulty {
            faults: self.clone(),
            inner: self.inner.http_connector(settings, components),
        })
    }
}

#[derive(Debug)]
struct Faulty {
    faults: Faults,
    inner: SharedHttpConnector,
}

impl HttpConnector for Faulty {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let fault = self.faults.admit(Request::read(&request));
        let inner = self.inner.clone();
        HttpConnectorFuture::new(async move {
            match fault {
                None => inner.call(request).await,
                Some(Fault::Reset) => Err(reset()),
                Some(Fault::ApplyThenReset) => {
                    inner.call(request).await?;
                    Err(reset())
                }
                Some(Fault::ApplyThenWait(time)) => {
                    inner.call(request).await?;
                    tokio::time::sleep(time).await;
                    Err(reset())
                }
                Some(Fault::Cut) => inner.call(request).await.map(cut),
                Some(Fault::Conflict) => Ok(conflict()),
                Some(Fault::Panic) => panic!("a bug in the client"),
                Some(Fault::Silence) => std::future::pending().await,
                Some(Fault::Delay(time)) => {
                    tokio::time::sleep(time).await;
                    inner.call(request).await
                }
                Some(Fault::Late(time)) => {
                    tokio::spawn(async move {
                        tokio::time::sleep(time).await;
                        inner.call(request).await
                    });
                    Err(reset())
                }
                Some(Fault::Torn(table, time)) => torn(&inner, request, table, time).await,
                Some(Fault::Answer(status, kind)) => Ok(error_response(status, kind)),
            }
        })
    }
}

/// Answers a `BatchGetItem`, which does not read at one instant.
async fn torn(
    inner: &SharedHttpConnector,
    request: HttpRequest,
    table: &str,
    time: Duration,
) -> Result<HttpResponse, ConnectorError> {
    let again = request.try_clone().unwrap();
    let first = inner.call(request).await?;
    tokio::time::sleep(time).await;
    let second = inner.call(again).await?;
    let [first, mut answer] = [first, second].map(|response| -> Value {
        serde_json::from_slice(response.body().bytes().unwrap()).unwrap()
    });
    answer["Responses"][table] = first["Responses"][table].clone();
    let status = 200.try_into().unwrap();
    Ok(HttpResponse::new(status, SdkBody::from(answer.to_string())))
}

fn reset() -> ConnectorError {
    ConnectorError::io(io::Error::from(io::ErrorKind::ConnectionReset).into())
}

fn error_response(status: u16, kind: &str) -> HttpResponse {
    let body =
        format!(r#"{{"__type":"com.amazonaws.dynamodb.v20120810#{kind}","message":"injected"}}"#);
    HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body))
}

/// The answer to a transaction of which the first item meets another write.
fn conflict() -> HttpResponse {
    let body = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "message": "injected",
        "CancellationReasons": [{ "Code": "TransactionConflict" }, { "Code": "None" }],
    });
    let status = 400.try_into().unwrap();
    HttpResponse::new(status, SdkBody::from(body.to_string()))
}

/// A body that ends with an error after its first half.
fn cut(response: HttpResponse) -> HttpResponse {
    response.map(|body| {
        let bytes = body.bytes().unwrap();
        let half = Bytes::copy_from_slice(&bytes[..bytes.len() / 2]);
        SdkBody::from_body_1_x(Half(Some(half)))
    })
}

struct Half(Option<Bytes>);

impl Body for Half {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        Poll::Ready(Some(match self.0.take() {
            Some(bytes) => Ok(Frame::data(bytes)),
            None => Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
        }))
    }
}
