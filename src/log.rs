//! The log: one JSON object a line, one line a call.

mod losses;
mod record;
mod trace_id;

use std::io::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::domain::Timestamp;
use crate::error::{Error, chain};
use crate::lock::lock;

pub use losses::Losses;
pub use record::{CallFacts, CallRecord, LoginStep};
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

    /// Logs a warning that belongs to no call, with more fields of its line.
    pub fn warn(&self, message: &str, mut line: Value, now: Timestamp) {
        line["time"] = now.as_millis().into();
        line["level"] = "warn".into();
        line["message"] = message.into();
        self.write(&line);
    }

    /// The name of the function, if this is one.
    pub(crate) fn function(&self) -> Option<&str> {
        self.function.as_deref()
    }

    pub(crate) fn write(&self, line: &impl Serialize) {
        // Strings and numbers can't fail to be written.
        let text = serde_json::to_string(line).unwrap_or_default();
        // A line is one write, so that lines of several threads don't mix. An error is ignored,
        // because it can't be logged.
        let _ = match &self.sink {
            Sink::Memory(lines) => {
                lock(lines).push(text);
                Ok(())
            }
            Sink::Stdout => std::io::stdout().write_all((text + "\n").as_bytes()),
            Sink::Stderr => std::io::stderr().write_all((text + "\n").as_bytes()),
        };
    }
}

/// The fields of a line about a request.
#[derive(Default, Serialize)]
pub(crate) struct Line(Map<String, Value>);

impl Line {
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }

    pub fn set_some(&mut self, name: &str, value: Option<impl ToString>) {
        if let Some(value) = value {
            self.set(name, value.to_string());
        }
    }

    /// Sets a time span in milliseconds, with three decimals.
    pub fn set_millis(&mut self, name: &str, span: Duration) {
        let micros = u32::try_from(span.as_micros()).unwrap_or(u32::MAX);
        self.set(name, f64::from(micros) / 1000.0);
    }
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
