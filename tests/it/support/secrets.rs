//! Secrets Manager, which is played by a fake HTTP client.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};
use sesame::aws::{Endpoint, KeySource, ServerKeySetting};
use tokio::sync::Semaphore;

pub const SECRET: &str = "arn:aws:secretsmanager:eu-central-1:1:secret:key";

/// The status and the body of an answer.
pub type Answer = (u16, Value);

/// A Secrets Manager that gives its answers one after another, and the last one for good. It keeps
/// the requests.
#[derive(Clone, Debug)]
pub struct Manager {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    requests: Arc<Mutex<Vec<(String, Value)>>>,
    /// Each answer waits for a permit.
    gate: Arc<Semaphore>,
}

impl HttpConnector for Manager {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap().to_owned();
        let body = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
        self.requests.lock().unwrap().push((target, body));
        let manager = self.clone();
        HttpConnectorFuture::new(async move {
            manager.gate.acquire().await.unwrap().forget();
            let (status, body) = manager.next();
            let body = SdkBody::from(body.to_string());
            Ok(HttpResponse::new(status.try_into().unwrap(), body))
        })
    }
}

impl Manager {
    pub fn with(answers: &[Answer]) -> Self {
        let manager = Self::held(answers);
        manager.release(Semaphore::MAX_PERMITS);
        manager
    }

    /// One that answers no request before it is released.
    pub fn held(answers: &[Answer]) -> Self {
        Self {
            answers: Arc::new(Mutex::new(answers.iter().cloned().collect())),
            requests: Arc::default(),
            gate: Arc::new(Semaphore::new(0)),
        }
    }

    /// Answers so many requests.
    pub fn release(&self, answers: usize) {
        self.gate.add_permits(answers);
    }

    /// Holds the requests from now on.
    pub fn hold(&self) {
        self.gate.forget_permits(Semaphore::MAX_PERMITS);
    }

    /// Gives these answers from now on.
    pub fn answer(&self, answers: &[Answer]) {
        *self.answers.lock().unwrap() = answers.iter().cloned().collect();
    }

    fn next(&self) -> Answer {
        let mut answers = self.answers.lock().unwrap();
        if answers.len() > 1 {
            return answers.pop_front().unwrap();
        }
        answers[0].clone()
    }

    pub fn source(&self) -> KeySource {
        let endpoint = Endpoint::with_keys("eu-central-1".into(), None, "local", "local", None);
        ServerKeySetting::Secret(SECRET.to_owned()).open(&endpoint, None, self.client())
    }

    fn client(&self) -> SharedHttpClient {
        let connector = SharedHttpConnector::new(self.clone());
        http_client_fn(move |_, _| connector.clone())
    }

    pub fn requests(&self) -> Vec<(String, Value)> {
        self.requests.lock().unwrap().clone()
    }

    pub fn request_count(&self) -> usize {
        self.requests.lock().unwrap().len()
    }
}

/// The answer for a secret with this text.
pub fn text(keys: &str) -> Answer {
    (200, json!({ "SecretString": keys }))
}

pub fn fault(status: u16, kind: &str) -> Answer {
    (status, json!({ "__type": kind, "Message": "injected" }))
}

/// What is not tried again.
pub fn denied() -> Answer {
    fault(400, "AccessDeniedException")
}
