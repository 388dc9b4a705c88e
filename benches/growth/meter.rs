//! A client of DynamoDB that asks with each request what it consumed, and how long it took.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};

/// The capacity that the requests of a call consumed.
#[derive(Clone, Debug, Default)]
pub struct Consumed {
    /// The requests in the order in which they were sent, such as `PutItem`.
    pub requests: Vec<String>,
    /// How many requests were one after another; those that overlapped are one.
    pub steps: u32,
    pub read_units: f64,
    /// Those of the tables.
    pub write_units: f64,
    /// Those of the index.
    pub index_write_units: f64,
}

/// An HTTP client around another one. Clones count together.
#[derive(Clone, Debug)]
pub struct Meter {
    inner: SharedHttpClient,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    consumed: Consumed,
    took: Duration,
    /// How many requests are in progress, and since when there is one.
    in_progress: u32,
    since: Option<Instant>,
    /// The bodies of the requests, for whoever wants to know how items look.
    bodies: Vec<Value>,
}

impl Meter {
    pub fn around(inner: SharedHttpClient) -> Self {
        Self {
            inner,
            state: Arc::default(),
        }
    }

    pub fn http_client(&self) -> SharedHttpClient {
        SharedHttpClient::new(self.clone())
    }

    /// Returns what was consumed since the last time, and for how long a request was in progress.
    pub fn take(&self) -> (Consumed, Duration) {
        let mut state = self.lock();
        let consumed = std::mem::take(&mut state.consumed);
        (consumed, std::mem::take(&mut state.took))
    }

    /// The bodies of the requests since the last time.
    pub fn take_bodies(&self) -> Vec<Value> {
        std::mem::take(&mut self.lock().bodies)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn begin(&mut self, action: &str) {
        self.consumed.requests.push(action.to_owned());
        if self.in_progress == 0 {
            self.consumed.steps += 1;
            self.since = Some(Instant::now());
        }
        self.in_progress += 1;
    }

    fn end(&mut self) {
        self.in_progress -= 1;
        if self.in_progress == 0
            && let Some(since) = self.since.take()
        {
            self.took += since.elapsed();
        }
    }
}

impl HttpClient for Meter {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Metered {
            meter: self.clone(),
            inner: self.inner.http_connector(settings, components),
        })
    }
}

#[derive(Debug)]
struct Metered {
    meter: Meter,
    inner: SharedHttpConnector,
}

impl HttpConnector for Metered {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let action = target.rsplit('.').next().unwrap_or_default().to_owned();
        let body = request.body().bytes().unwrap_or_default();
        let mut body: Value = serde_json::from_slice(body).unwrap_or_default();
        self.meter.lock().bodies.push(body.clone());
        // The signature no longer fits the body, which the emulator doesn't mind.
        body["ReturnConsumedCapacity"] = json!("INDEXES");
        *request.body_mut() = SdkBody::from(body.to_string());
        let (meter, inner) = (self.meter.clone(), self.inner.clone());
        HttpConnectorFuture::new(async move {
            meter.lock().begin(&action);
            // Requests that are sent side by side begin before the first of them is answered.
            tokio::task::yield_now().await;
            let outcome = inner.call(request).await;
            meter.lock().end();
            let response = outcome?;
            let answer = response.body().bytes().unwrap_or_default();
            let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
            meter
                .lock()
                .consumed
                .add(&action, &answer["ConsumedCapacity"]);
            Ok(response)
        })
    }
}

impl Consumed {
    /// Whether requests and units are the same. Requests in parallel may be sent in any order.
    pub fn is_like(&self, other: &Self) -> bool {
        let sorted = |one: &Self| {
            let mut requests = one.requests.clone();
            requests.sort_unstable();
            requests
        };
        let units = |one: &Self| [one.read_units, one.write_units, one.index_write_units];
        // The smallest part of a unit is half of one.
        let is_same = |(one, other): (f64, f64)| (one - other).abs() < 0.25;
        sorted(self) == sorted(other) && units(self).into_iter().zip(units(other)).all(is_same)
    }

    /// Adds the capacity of one answer: an object, or a list with one for each table.
    fn add(&mut self, action: &str, capacity: &Value) {
        let tables = match capacity {
            Value::Array(tables) => tables.iter().collect(),
            one => vec![one],
        };
        for table in tables {
            let units = |of: &Value| of["CapacityUnits"].as_f64().unwrap_or_default();
            let indexes = table["GlobalSecondaryIndexes"].as_object();
            let indexes: f64 = indexes
                .into_iter()
                .flatten()
                .map(|(_, one)| units(one))
                .sum();
            match action {
                "GetItem" | "BatchGetItem" | "Query" => self.read_units += units(table),
                _ => {
                    self.write_units += units(&table["Table"]);
                    self.index_write_units += indexes;
                }
            }
        }
    }
}
