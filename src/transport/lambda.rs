//! Lambda functions behind API Gateway, function URLs and load balancers.

pub mod authorizer;
pub mod event;
mod invocation;

use std::process::ExitCode;
use std::sync::Arc;

use bytes::Bytes;
use lambda_runtime::tower::layer::layer_fn;
use lambda_runtime::{Context, Error, LambdaEvent, Runtime, service_fn};
use serde::Serialize;

use self::invocation::{KeepBytes, RawEvent};
use crate::log::{Log, log_panics};

/// Runs a Lambda function until Lambda ends the process: `start` makes its state, and
/// `respond` handles the bytes of each event with it. They may be anything: whoever sends a
/// request to a gateway has part in them.
///
/// Events come one at a time, unless `AWS_LAMBDA_MAX_CONCURRENCY` says how many may come at
/// once. Why the function can't start, or can't go on, is written to stderr as a line of JSON.
pub async fn run<State, Fault, Reply, Responding>(
    variable: fn(&str) -> Option<String>,
    start: impl AsyncFnOnce(Log) -> Result<State, Fault>,
    respond: impl Fn(Arc<State>, Bytes, Context) -> Responding + Clone + Send + 'static,
) -> ExitCode
where
    State: Send + Sync + 'static,
    Fault: Into<Error>,
    Reply: Serialize + Send + 'static,
    Responding: Future<Output = Result<Reply, Error>> + Send + 'static,
{
    let log = Log::stdout(variable("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default());
    log_panics(log.clone());
    let ended = match start(log).await {
        Ok(state) => {
            let state = Arc::new(state);
            let handler = service_fn(move |event: LambdaEvent<RawEvent>| {
                respond(Arc::clone(&state), event.payload.0, event.context)
            });
            let runtime = Runtime::new(handler).layer(layer_fn(KeepBytes));
            runtime.run_concurrent().await
        }
        Err(fault) => Err(fault.into()),
    };
    let Err(error) = ended else {
        return ExitCode::SUCCESS;
    };
    let line = serde_json::json!({ "level": "error", "message": error.to_string() });
    eprintln!("{line}");
    ExitCode::FAILURE
}

/// Whether the text of an event has an object of this name, as far as a text shows that is no
/// JSON.
///
/// Only the sender of the event writes objects: what comes from a client is in strings, in which
/// quotes are escaped.
fn has_object(event: &[u8], name: &str) -> bool {
    let name = format!("\"{name}\"");
    let is_object = |behind: &[u8]| {
        let value = behind.trim_ascii_start().strip_prefix(b":");
        value.is_some_and(|value| value.trim_ascii_start().starts_with(b"{"))
    };
    let starts = event.windows(name.len()).enumerate();
    starts
        .filter(|(_, found)| *found == name.as_bytes())
        .any(|(start, _)| is_object(&event[start + name.len()..]))
}

#[test]
fn an_object_is_found_in_what_is_no_json() {
    for (event, want) in [
        (r#"{"requestContext":{"elb":{"#, true),
        ("\"elb\" :\n {", true),
        (r#""elb":"x","elb":{}"#, true),
        (r#"{"elb":"{"#, false),
        (r#"{"x":"\"elb\":{"#, false),
        (r#"{"xelb":{"#, false),
        (r#"{"elb""#, false),
        ("", false),
    ] {
        assert_eq!(has_object(event.as_bytes(), "elb"), want, "{event}");
    }
}
