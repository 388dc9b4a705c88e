//! The line of a call in the log.

use std::sync::atomic::Ordering;

use http::StatusCode;
use serde_json::{Value, json};

use super::App;
use crate::api::Request;
use crate::domain::{Operation, Timestamp};
use crate::error::{ApiSide, Error, chain};
use crate::log::{CallFacts, Line, LoginStep};
use crate::service::Context;

impl App {
    /// Logs a request that has its answer. `operation` is `None` if no route matches.
    pub(super) fn log_call(
        &self,
        request: &Request,
        operation: Option<Operation>,
        context: &Context,
        error: Option<&Error>,
        status: StatusCode,
    ) {
        let facts = context.record.read();
        let is_cold_start = self.cold.swap(false, Ordering::Relaxed);
        let mut line = Line::default();
        line.set("time", context.now.as_millis());
        line.set("level", level(error, &facts));
        line.set("request_id", request.context.request_id.as_str());
        line.set_some("client_ip", context.client.ip);
        line.set_some("trace_id", request.context.trace_id.as_ref());
        line.set("call", operation.map_or("none", Operation::as_str));
        // Operators see an error that was concealed from the client.
        let answered = error.map_or("ok", Error::kind);
        line.set("outcome", facts.concealed.unwrap_or(answered));
        let side = error.and_then(Error::side);
        line.set_some("side", side.map(ApiSide::as_str));
        line.set("status", status.as_u16());
        line.set_millis("duration_ms", context.started.elapsed());
        line.set_millis("database_ms", facts.database);
        line.set_some("caller", facts.principal.as_ref());
        line.set_some("session_id", facts.session);
        line.set_some("user", facts.user.as_ref());
        if let Some(hash) = facts.hash {
            line.set("hashes", facts.hashes);
            line.set_millis("hash_ms", hash);
        }
        if let Some(error @ (Error::Internal(_) | Error::Unavailable(_))) = error {
            line.set("cause", chain(error));
        }
        line.set_some("beside", facts.side_error.as_ref());
        // The purposes of the codes, and nothing of the codes.
        if !facts.codes_returned.is_empty() {
            let purposes: Vec<_> = facts.codes_returned.iter().copied().collect();
            line.set("code_returned", purposes.join(","));
        }
        line.set_some("key_fault", facts.key_fault);
        line.set_some("login_ip", facts.login_address.as_ref());
        if facts.over_limit {
            line.set("over_limit", true);
        }
        if facts.message_failures > 0 {
            line.set("message_failures", facts.message_failures);
        }
        if facts.message_limits > 0 {
            line.set("message_limits", facts.message_limits);
        }
        if let Some(function) = self.log.function() {
            line.set("function", function);
            line.set("logins", u8::from(facts.login != LoginStep::None));
            line.set("lockouts", u8::from(facts.locked_out));
            line.set("write_conflicts", facts.conflicts);
            line.set("cold_starts", u8::from(is_cold_start));
            let is_server_fault = error.is_some_and(Error::is_server_fault);
            line.set("server_errors", u8::from(is_server_fault));
            line.set("_aws", metrics(&facts, context.now));
        }
        self.log.write(&line);
    }
}

fn level(error: Option<&Error>, facts: &CallFacts) -> &'static str {
    match error {
        Some(Error::Internal(_)) => "error",
        Some(Error::Overloaded) => "warn",
        Some(error) if error.is_server_fault() => "warn",
        _ if facts.side_error.is_some() || facts.message_limits > 0 => "warn",
        _ => "info",
    }
}

fn metrics(facts: &CallFacts, now: Timestamp) -> Value {
    let counts = [
        "lockouts",
        "write_conflicts",
        "cold_starts",
        "server_errors",
    ];
    let counts = counts.map(|name| json!({ "Name": name, "Unit": "Count" }));
    let mut by_function = Vec::from(counts);
    if facts.hash.is_some() {
        by_function.push(json!({ "Name": "hash_ms", "Unit": "Milliseconds" }));
    }
    if facts.message_failures > 0 {
        by_function.push(json!({ "Name": "message_failures", "Unit": "Count" }));
    }
    if facts.message_limits > 0 {
        by_function.push(json!({ "Name": "message_limits", "Unit": "Count" }));
    }
    let mut directives = vec![json!({ "Namespace": "Sesame", "Dimensions": [["function"]] })];
    // Assigned and not in `json!`, which copies what it is given.
    directives[0]["Metrics"] = by_function.into();
    if facts.login != LoginStep::None {
        directives.push(json!({
            "Namespace": "Sesame",
            "Dimensions": [["function", "outcome"]],
            "Metrics": [{ "Name": "logins", "Unit": "Count" }],
        }));
    }
    let mut metrics = json!({ "Timestamp": now.as_millis() });
    metrics["CloudWatchMetrics"] = directives.into();
    metrics
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::CallRecord;

    /// A metric costs something once it is there, so these two are there when they count.
    #[test]
    fn messages_that_were_not_sent_are_counted_and_warned_of() {
        let cases: [(fn(&CallRecord), _, _); 3] = [
            (|_| {}, [false, false], "info"),
            (
                |record| record.message_failed(&Error::Overloaded),
                [true, false],
                "warn",
            ),
            (CallRecord::message_limit, [false, true], "warn"),
        ];
        for (note, want, of_level) in cases {
            let record = CallRecord::default();
            note(&record);
            let facts = record.read();
            let metrics = metrics(&facts, Timestamp::from_millis(0)).to_string();
            let counted = ["message_failures", "message_limits"];
            assert_eq!(counted.map(|name| metrics.contains(name)), want);
            assert_eq!(level(None, &facts), of_level);
            assert_eq!(facts.side_error.is_some(), want[0]);
        }
    }
}
