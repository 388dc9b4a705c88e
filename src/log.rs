//! The log: one JSON object a line, one line a call.

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
use crate::error::{Error, chain};

pub use record::{CallFacts, CallRecord};
pub use trace_id::TraceId;

/// The log of a process.
///
/// Of a function whose name is known, each line of a call is a CloudWatch metric document as
/// well.
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
        self.write(&json!({
            "time": now.as_millis(),
            "level": "warn",
            "message": message,
            "cause": chain(error),
        }));
    }

    pub(crate) fn call(&self, call: &CallLine<'_>) {
        let facts = &call.facts;
        let mut fields = Map::new();
        let mut set = |name: &str, value: Value| fields.insert(name.to_owned(), value);

        set("time", call.now.as_millis().into());
        set("level", level(call).into());
        set("request_id", call.request_id.into());
        set_origin(&mut set, call.client_ip, call.trace_id);
        set(
            "call",
            call.operation.map_or("none", Operation::as_str).into(),
        );
        set("outcome", outcome(call).into());
        set("status", call.status.as_u16().into());
        set("duration_ms", millis(call.started.elapsed()));
        set("database_ms", millis(facts.database));
        if let Some(principal) = &facts.principal {
            set("caller", principal.as_str().into());
        }
        if let Some(session) = facts.session {
            set("session_id", session.to_string().into());
        }
        if let Some(user) = &facts.user {
            set("user", user.as_str().into());
        }
        if let Some(hash) = facts.hash {
            set("hash_ms", millis(hash));
        }
        if let Some(error @ (Error::Internal(_) | Error::Unavailable(_))) = call.error {
            set("cause", chain(error).into());
        }
        if let Some(error) = &facts.side_error {
            set("beside", error.as_str().into());
        }
        if let Some(function) = &self.function {
            set("function", function.as_str().into());
            set("logins", u8::from(facts.login).into());
            set("lockouts", u8::from(facts.locked_out).into());
            set("write_conflicts", facts.conflicts.into());
            set("cold_starts", u8::from(call.cold_start).into());
            let ours = call.error.is_some_and(Error::is_server_fault);
            set("server_errors", u8::from(ours).into());
            set("_aws", metrics(call));
        }
        self.write(&Value::Object(fields));
    }

    /// Logs a decision. It has no metrics: Lambda itself counts the errors of the authorizer.
    pub(crate) fn decision(&self, decision: &DecisionLine<'_>) {
        let mut line = json!({
            "time": decision.now.as_millis(),
            "level": match decision.error {
                None => "info",
                Some(Error::Internal(_)) => "error",
                Some(_) => "warn",
            },
            "request_id": decision.request_id,
            "call": "Authorize",
            "outcome": decision.outcome,
            "duration_ms": millis(decision.started.elapsed()),
        });
        if let Some(principal) = &decision.principal {
            line["caller"] = principal.to_string().into();
        }
        if let Some(session) = decision.session {
            line["session_id"] = session.to_string().into();
        }
        let set = |name: &str, value: Value| line[name] = value;
        set_origin(set, decision.client_ip, decision.trace_id.as_ref());
        if let Some(error) = decision.error {
            line["cause"] = chain(error).into();
        }
        self.write(&line);
    }

    fn write(&self, line: &impl Serialize) {
        // Strings and numbers can't fail to be written.
        let mut text = serde_json::to_string(line).unwrap_or_default();
        match &self.sink {
            Sink::Memory(lines) => {
                lines
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(text);
            }
            // A line is one write, so that lines of several threads don't mix. An error is
            // ignored, because it can't be logged.
            Sink::Stdout => {
                text.push('\n');
                let _ = std::io::stdout().write_all(text.as_bytes());
            }
            Sink::Stderr => {
                text.push('\n');
                let _ = std::io::stderr().write_all(text.as_bytes());
            }
        }
    }
}

/// Sets the fields that say where a request came from.
fn set_origin<T>(
    mut set: impl FnMut(&str, Value) -> T,
    client_ip: Option<IpAddr>,
    trace_id: Option<&TraceId>,
) {
    if let Some(address) = client_ip {
        set("client_ip", address.to_string().into());
    }
    if let Some(id) = trace_id {
        set("trace_id", id.to_string().into());
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

/// The true outcome: operators see an error that was concealed from the client.
fn outcome(call: &CallLine<'_>) -> &'static str {
    call.facts
        .concealed
        .unwrap_or(call.error.map_or("ok", Error::kind))
}

/// A time span in milliseconds, with three decimals.
fn millis(span: Duration) -> Value {
    let micros = u32::try_from(span.as_micros()).unwrap_or(u32::MAX);
    (f64::from(micros) / 1000.0).into()
}

fn metrics(call: &CallLine<'_>) -> Value {
    let mut by_function = vec![
        json!({ "Name": "lockouts", "Unit": "Count" }),
        json!({ "Name": "write_conflicts", "Unit": "Count" }),
        json!({ "Name": "cold_starts", "Unit": "Count" }),
        json!({ "Name": "server_errors", "Unit": "Count" }),
    ];
    if call.facts.hash.is_some() {
        by_function.push(json!({ "Name": "hash_ms", "Unit": "Milliseconds" }));
    }
    let mut directives = vec![json!({
        "Namespace": "Sesame",
        "Dimensions": [["function"]],
        "Metrics": by_function,
    })];
    if call.facts.login {
        directives.push(json!({
            "Namespace": "Sesame",
            "Dimensions": [["function", "outcome"]],
            "Metrics": [{ "Name": "logins", "Unit": "Count" }],
        }));
    }
    json!({ "Timestamp": call.now.as_millis(), "CloudWatchMetrics": directives })
}

/// Has each panic logged as a line like all others, with its place and its message.
pub fn log_panics(log: Log) {
    std::panic::set_hook(Box::new(move |panic| {
        let payload = panic.payload();
        let text = payload
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        log.write(&json!({
            "level": "error",
            "message": "panic",
            "at": panic.location().map(ToString::to_string),
            "cause": text,
        }));
    }));
}
