//! A DynamoDB that answers at once, with what the emulated one answered before.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;

/// Sends each kind of request to `database` once, and repeats its answer from then on. The
/// requests of a kind differ in ids and times alone. Of these an answer has the id of a write, by which
/// the service knows its own: it is replaced by that of the request.
#[derive(Clone, Debug)]
pub struct RecordedDatabase {
    database: SharedHttpClient,
    connector: Option<SharedHttpConnector>,
    answers: Arc<Mutex<HashMap<Kind, Recorded>>>,
}

/// An answer, and the id of the write that it answers, if that had one.
#[derive(Clone, Debug)]
struct Recorded {
    body: String,
    write: Option<String>,
}

/// The operation, such as `DynamoDB_20120810.PutItem`, the table, and what is updated.
type Kind = [String; 3];

impl RecordedDatabase {
    pub fn http_client(database: SharedHttpClient) -> SharedHttpClient {
        SharedHttpClient::new(Self {
            database,
            connector: None,
            answers: Arc::default(),
        })
    }
}

impl HttpClient for RecordedDatabase {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let connector = self.database.http_connector(settings, components);
        SharedHttpConnector::new(Self {
            connector: Some(connector),
            ..self.clone()
        })
    }
}

impl HttpConnector for RecordedDatabase {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let kind = kind(&request);
        let answers = Arc::clone(&self.answers);
        let write = member(&request, "\":write\":{\"S\":\"");
        let known = |answers: &Mutex<HashMap<Kind, Recorded>>| {
            let answers = answers.lock().unwrap_or_else(PoisonError::into_inner);
            answers.get(&kind).cloned()
        };
        if let Some(Recorded {
            mut body,
            write: first,
        }) = known(&answers)
        {
            if let (Some(first), Some(write)) = (first, &write) {
                body = body.replace(&first, write);
            }
            return HttpConnectorFuture::ready(Ok(response(body)));
        }
        let connector = self
            .connector
            .clone()
            .expect("a connector has one of the database");
        HttpConnectorFuture::new(async move {
            let recorded = connector.call(request).await?;
            let body = recorded
                .body()
                .bytes()
                .and_then(|body| str::from_utf8(body).ok());
            let body = body.map(str::to_owned);
            let body = body.ok_or_else(|| ConnectorError::user("a streamed answer".into()))?;
            // A refusal is no answer to repeat.
            if recorded.status().as_u16() == 200 {
                let mut answers = answers.lock().unwrap_or_else(PoisonError::into_inner);
                answers.insert(kind, Recorded { body, write });
            }
            Ok(recorded)
        })
    }
}

fn kind(request: &HttpRequest) -> Kind {
    let target = request.headers().get("x-amz-target").unwrap_or_default();
    let member = |name| member(request, name).unwrap_or_default();
    [
        target.to_owned(),
        member("\"TableName\":\""),
        member("\"UpdateExpression\":\""),
    ]
}

/// The text behind `start` in a request's body, up to the next quote.
fn member(request: &HttpRequest, start: &str) -> Option<String> {
    let body = request.body().bytes().unwrap_or_default();
    let (_, rest) = str::from_utf8(body).unwrap_or_default().split_once(start)?;
    rest.split('"').next().map(str::to_owned)
}

fn response(body: String) -> HttpResponse {
    let status = StatusCode::try_from(200).expect("a status");
    let mut response = HttpResponse::new(status, SdkBody::from(body));
    response
        .headers_mut()
        .insert("content-type", "application/x-amz-json-1.0");
    response
}
