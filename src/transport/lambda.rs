//! Lambda functions behind API Gateway, function URLs and load balancers.

pub mod authorizer;
pub mod event;

use std::process::ExitCode;
use std::sync::Arc;

use lambda_runtime::{Error, LambdaEvent, run_concurrent, service_fn};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::config::Faults;
use crate::log::{Log, log_panics};

/// Runs a Lambda function until Lambda ends the process: `start` makes its state, and
/// `respond` handles each event with it.
///
/// Events come one at a time, unless `AWS_LAMBDA_MAX_CONCURRENCY` says how many may come at
/// once. Why the function can't start, or can't go on, is written to stderr as a line of JSON.
pub async fn run<State, Event, Reply, Responding>(
    variable: fn(&str) -> Option<String>,
    start: impl AsyncFnOnce(Log) -> Result<State, Faults>,
    respond: impl Fn(Arc<State>, LambdaEvent<Event>) -> Responding + Clone + Send + 'static,
) -> ExitCode
where
    State: Send + Sync + 'static,
    Event: DeserializeOwned + Send + 'static,
    Reply: Serialize + Send + 'static,
    Responding: Future<Output = Result<Reply, Error>> + Send + 'static,
{
    let log = Log::stdout(variable("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default());
    log_panics(log.clone());
    let ended = match start(log).await {
        Ok(state) => {
            let state = Arc::new(state);
            run_concurrent(service_fn(move |event| respond(Arc::clone(&state), event))).await
        }
        Err(faults) => Err(faults.into()),
    };
    let Err(error) = ended else {
        return ExitCode::SUCCESS;
    };
    let line = serde_json::json!({ "level": "error", "message": error.to_string() });
    eprintln!("{line}");
    ExitCode::FAILURE
}
