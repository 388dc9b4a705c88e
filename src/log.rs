//! The log: one JSON object a line, one line a call.

mod losses;
mod record;
mod trace_id;

use std::io::Write as _;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use crate::domain::{Operation, Principal, SessionId, Timestamp};
use crate::error::{ApiSide, Error, chain};

pub use losses::Losses;
pub use record::{CallFacts, CallRecord};
pub use trace_id::TraceId;

/// The log of a process.
///
/// If the function's name is known, the line of a call is also a CloudWatch metric document.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>
#[derive(Clone, Debug)]
pub struct Log {
    sink: Sink,
    function: Option<String>,
}

#[derive(Clone, Debug)]
enum Sink {
    Stdout,
    Stderr,
    Memory(Arc<Mutex<Vec<String>>>),
}

/// The line of a request that has its answer.
#[derive(Debug)]
pub(crate) struct CallLine<'a> {
    pub request_id: &'a str,
    pub client_ip: Option<IpAddr>,
    pub trace_id: Option<&'a TraceId>,
    /// `None` if no route matches.
    pub operation: Option<Operation>,
    pub status: StatusCode,
    pub cold_start: bool,
    pub error: Option<&'a Error>,
    pub facts: CallFacts,
    pub started: Instant,
    pub now: Timestamp,
}

/// The line of a decision of the authorizer.
#[derive(Debug)]
pub(crate) struct DecisionLine<'a> {
    pub request_id: &'a str,
    pub outcome: &'static str,
    pub principal: Option<Principal>,
    /// The session that the presented token names, whether the token is valid or not.
    pub session: Option<SessionId>,
    pub client_ip: Option<IpAddr>,
    pub trace_id: Option<TraceId>,
    pub error: Option<&'a Error>,
    pub started: Instant,
    pub now: Timestamp,
}

impl Log {
    /// The log of a Lambda function, whose output Lambda keeps. The function's name is a dimension
    /// of its metrics.
    pub fn stdout(function: String) -> Self {
        Self {
            sink: Sink::Stdout,
            function: Some(function),
        }
    }

    pub fn stderr() -> Self {
        Self {
            sink: Sink::Stderr,
            function: None,
        }
    }

    /// A log whose lines are kept in memory, for tests.
    pub fn memory(function: Option<String>) -> (Self, Arc<Mutex<Vec<String>>>) {
        let lines = Arc::default();
        let sink = Sink::Memory(Arc::clone(&lines));
        (Self { sink, function }, lines)
    }

    /// Logs an error that belongs to no call.
    pub fn warning(&self, message: &str, error: &Error, now: Timestamp) {
        self.warn(message, json!({ "cause": chain(error) }), now);
    }

    /// Logs a warning that belongs to no call, and that no error has caused.
    pub fn notice(&self, message: &str, now: Timestamp) {
        self.warn(message, json!({}), now);
    }

    /// Logs how many requests and connections clients have lost because there was no room, and the
    /// address that lost most.
    pub fn losses(&self, lost: u64, client_ip: IpAddr, now: Timestamp) {
        let message = "clients lost requests or connections, because there was no room for all";
        self.warn(
            message,
            json!({ "lost": lost, "client_ip": client_ip }),
            now,
        );
    }

    fn warn(&self, message: &str, mut line: Value, now: Timestamp) {
        line["time"] = now.as_millis().into();
        line["level"] = "warn".into();
        line["message"] = message.into();
        self.write(&line);
    }

    pub(crate) fn call(&self, call: &CallLine<'_>) {
        let facts = &call.facts;
        let mut line = Fields::default();
        line.set("time", call.now.as_millis());
        line.set("level", level(call));
        line.set("request_id", call.request_id);
        line.set_some("client_ip", call.client_ip);
        line.set_some("trace_id", call.trace_id);
        line.set("call", call.operation.map_or("none", Operation::as_str));
        // Operators see an error that was concealed from the client.
        let answered = call.error.map_or("ok", Error::kind);
        line.set("outcome", facts.concealed.unwrap_or(answered));
        let side = call.error.and_then(Error::side);
        line.set_some("side", side.map(ApiSide::as_str));
        line.set("status", call.status.as_u16());
        line.set("duration_ms", millis(call.started.elapsed()));
        line.set("database_ms", millis(facts.database));
        line.set_some("caller", facts.principal.as_ref());
        line.set_some("session_id", facts.session);
        line.set_some("user", facts.user.as_ref());
        if let Some(hash) = facts.hash {
            line.set("hash_ms", millis(hash));
        }
        if let Some(error @ (Error::Internal(_) | Error::Unavailable(_))) = call.error {
            line.set("cause", chain(error));
        }
        line.set_some("beside", facts.side_error.as_ref());
        if let Some(function) = &self.function {
            line.set("function", function.as_str());
            line.set("logins", u8::from(facts.login));
            line.set("lockouts", u8::from(facts.locked_out));
            line.set("write_conflicts", facts.conflicts);
            line.set("cold_starts", u8::from(call.cold_start));
            let is_server_fault = call.error.is_some_and(Error::is_server_fault);
            line.set("server_errors", u8::from(is_server_fault));
            line.set("_aws", metrics(call));
        }
        self.write(&line);
    }

    /// Logs a decision. It has no metrics: Lambda itself counts the errors of the authorizer.
    pub(crate) fn decision(&self, decision: &DecisionLine<'_>) {
        let level = match decision.error {
            None => "info",
            Some(Error::Internal(_)) => "error",
            Some(_) => "warn",
        };
        let mut line = Fields::default();
        line.set("time", decision.now.as_millis());
        line.set("level", level);
        line.set("request_id", decision.request_id);
        line.set("call", "Authorize");
        line.set("outcome", decision.outcome);
        line.set("duration_ms", millis(decision.started.elapsed()));
        line.set_some("caller", decision.principal.as_ref());
        line.set_some("session_id", decision.session);
        line.set_some("client_ip", decision.client_ip);
        line.set_some("trace_id", decision.trace_id.as_ref());
        line.set_some("cause", decision.error.map(|error| chain(error)));
        self.write(&line);
    }

    fn write(&self, line: &impl Serialize) {
        // Strings and numbers can't fail to be written.
        let text = serde_json::to_string(line).unwrap_or_default();
        // A line is one write, so that lines of several threads don't mix. An error is ignored,
        // because it can't be logged.
        let _ = match &self.sink {
            Sink::Memory(lines) => {
                let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
                lines.push(text);
                Ok(())
            }
            Sink::Stdout => std::io::stdout().write_all((text + "\n").as_bytes()),
            Sink::Stderr => std::io::stderr().write_all((text + "\n").as_bytes()),
        };
    }
}

/// The fields of a line.
#[derive(Default, Serialize)]
struct Fields(Map<String, Value>);

impl Fields {
    fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }

    fn set_some(&mut self, name: &str, value: Option<impl ToString>) {
        if let Some(value) = value {
            self.set(name, value.to_string());
        }
    }
}

fn level(call: &CallLine<'_>) -> &'static str {
    match call.error {
        Some(Error::Internal(_)) => "error",
        Some(Error::Overloaded) => "warn",
        Some(error) if error.is_server_fault() => "warn",
        _ if call.facts.side_error.is_some() => "warn",
        _ => "info",
    }
}

/// A time span in milliseconds, with three decimals.
fn millis(span: Duration) -> Value {
    let micros = u32::try_from(span.as_micros()).unwrap_or(u32::MAX);
    (f64::from(micros) / 1000.0).into()
}

fn metrics(call: &CallLine<'_>) -> Value {
    let counts = [
        "lockouts",
        "write_conflicts",
        "cold_starts",
        "server_errors",
    ];
    let counts = counts.map(|name| json!({ "Name": name, "Unit": "Count" }));
    let mut by_function = Vec::from(counts);
    if call.facts.hash.is_some() {
        by_function.push(json!({ "Name": "hash_ms", "Unit": "Milliseconds" }));
    }
    let mut directives = vec![json!({ "Namespace": "Sesame", "Dimensions": [["function"]] })];
    // Assigned and not in `json!`, which copies what it is given.
    directives[0]["Metrics"] = by_function.into();
    if call.facts.login {
        directives.push(json!({
            "Namespace": "Sesame",
            "Dimensions": [["function", "outcome"]],
            "Metrics": [{ "Name": "logins", "Unit": "Count" }],
        }));
    }
    let mut metrics = json!({ "Timestamp": call.now.as_millis() });
    metrics["CloudWatchMetrics"] = directives.into();
    metrics
}

/// Has each panic logged as a line like all others, with its place and its message.
pub fn log_panics(log: Log) {
    std::panic::set_hook(Box::new(move |panic| {
        log.write(&json!({
            "level": "error",
            "message": "panic",
            "at": panic.location().map(ToString::to_string),
            "cause": panic.payload_as_str(),
        }));
    }));
}
