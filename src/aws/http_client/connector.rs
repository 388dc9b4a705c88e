use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::connection::{CaptureSmithyConnection, ConnectionMetadata};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use hyper::Uri;
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::{self, CaptureConnection, HttpInfo, capture_connection};
use hyper_util::client::legacy::{Builder, Client};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::ClientConfig;
use tokio::net::TcpStream;
use tower_service::Service;

use super::failure::{TimedOut, connector_error};
use crate::domain::hide_in_debug;

/// Sends requests over connections that it keeps.
pub(super) struct Connector {
    client: Client<Connect, SdkBody>,
    read_timeout: Option<Duration>,
}

impl Connector {
    /// The time-outs are those of a connection with its TLS handshake, and of the wait for the head
    /// of a response.
    pub(super) fn new(
        tls: &Arc<ClientConfig>,
        connect_timeout: Option<Duration>,
        read_timeout: Option<Duration>,
    ) -> Self {
        let mut tcp = connect::HttpConnector::new();
        tcp.set_nodelay(true);
        // It is given `https://` as well.
        tcp.enforce_http(false);
        let connect = Connect {
            https: HttpsConnector::from((tcp, Arc::clone(tls))),
            timeout: connect_timeout,
        };
        let client = Builder::new(TokioExecutor::new())
            // Without a timer, idle connections would never be closed.
            .pool_timer(TokioTimer::new())
            .build(connect);
        Self {
            client,
            read_timeout,
        }
    }
}

hide_in_debug!(Connector);

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let mut request = match request.try_into_http1x() {
            Ok(request) => request,
            Err(error) => {
                return HttpConnectorFuture::ready(Err(ConnectorError::user(error.into())));
            }
        };
        let connection = capture_connection(&mut request);
        if let Some(capture) = request.extensions().get::<CaptureSmithyConnection>() {
            capture.set_connection_retriever(move || metadata(&connection));
        }
        let sending = self.client.request(request);
        let timeout = self.read_timeout;
        HttpConnectorFuture::new(async move {
            let response = within(timeout, "read", sending)
                .await
                .map_err(connector_error)?;
            HttpResponse::try_from(response.map(SdkBody::from_body_1_x))
                .map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

/// What the SDK learns about a connection, so that it can end one that has failed.
fn metadata(connection: &CaptureConnection) -> Option<ConnectionMetadata> {
    let connection = connection.clone();
    let mut extras = hyper::http::Extensions::new();
    connection
        .connection_metadata()
        .as_ref()?
        .get_extras(&mut extras);
    let info = extras.get::<HttpInfo>();
    let mut metadata = ConnectionMetadata::builder()
        .proxied(false)
        .poison_fn(move || {
            if let Some(connected) = connection.connection_metadata().as_ref() {
                connected.poison();
            }
        });
    metadata
        .set_local_addr(info.map(HttpInfo::local_addr))
        .set_remote_addr(info.map(HttpInfo::remote_addr));
    Some(metadata.build())
}

/// Opens connections.
#[derive(Clone)]
struct Connect {
    https: HttpsConnector<connect::HttpConnector>,
    /// Of a connection with its TLS handshake.
    timeout: Option<Duration>,
}

impl Service<Uri> for Connect {
    type Response = MaybeHttpsStream<TokioIo<TcpStream>>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.https.poll_ready(cx)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        Box::pin(within(self.timeout, "connect", self.https.call(uri)))
    }
}

/// What `work` gives, or [`TimedOut`].
async fn within<T, E: Into<BoxError>>(
    timeout: Option<Duration>,
    kind: &'static str,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, BoxError> {
    let Some(after) = timeout else {
        return work.await.map_err(Into::into);
    };
    match tokio::time::timeout(after, work).await {
        Ok(outcome) => outcome.map_err(Into::into),
        Err(_) => Err(TimedOut { kind, after }.into()),
    }
}
