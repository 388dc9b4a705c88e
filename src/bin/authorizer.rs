//! The Lambda authorizer.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use lambda_runtime::{Error, LambdaEvent, run_concurrent, service_fn};
use serde_json::Value;
use sesame::config::{self, AuthorizerSettings};
use sesame::domain::Timestamp;
use sesame::log::{Log, TraceId, log_panics};
use sesame::store::{Roots, Store, connect};
use sesame::transport::lambda::authorizer::Authorizer;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match serve().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!(
                "{}",
                serde_json::json!({ "level": "error", "message": error.to_string() })
            );
            ExitCode::FAILURE
        }
    }
}

async fn serve() -> Result<(), Error> {
    let log = Log::stdout(variable("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default());
    log_panics(log.clone());
    let settings = AuthorizerSettings::read(variable);
    let endpoint = config::endpoint(variable);
    let (settings, endpoint) = config::merge(settings, endpoint)?;
    let store = Store::new(connect(endpoint, Roots::Amazon), settings.tables);
    let authorizer = Authorizer::new(store, settings.answer, log);
    authorizer.warm_up(now()).await;
    let authorizer = Arc::new(authorizer);
    run_concurrent(service_fn(move |event: LambdaEvent<Value>| {
        let authorizer = Arc::clone(&authorizer);
        async move {
            let request_id = &event.context.request_id;
            let trace_id = event.context.xray_trace_id.as_deref();
            let trace_id = trace_id.and_then(TraceId::parse);
            let answer = authorizer.authorize(&event.payload, request_id, trace_id, now());
            answer.await.map_err(Error::from)
        }
    }))
    .await
}

#[allow(
    clippy::disallowed_methods,
    reason = "the one place of the function that may"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[allow(
    clippy::disallowed_methods,
    reason = "the one place of the function that may"
)]
fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let millis = since.map(|since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX));
    Timestamp::from_millis(millis.unwrap_or(0))
}
