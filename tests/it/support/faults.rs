//! A client of DynamoDB that fails on demand and records its requests.

mod connector;
mod request;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::SharedHttpClient;

pub use self::request::{Part, Request};

/// A fault that a request is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The connection breaks before the request is sent.
    Reset,
    /// The request is carried out, and the connection breaks before the answer.
    ApplyThenReset,
    /// The request is carried out, and the connection breaks after this time.
    ApplyThenWait(Duration),
    /// The request is carried out, and half of the answer's body arrives.
    Cut,
    /// The request is not carried out and never answered.
    Silence,
    /// The request is sent only after this time.
    Delay(Duration),
    /// The connection breaks, and the request is carried out after this time.
    Late(Duration),
    /// A batch reads this table, and all others only after this time.
    Torn(&'static str, Duration),
    /// A transaction is not carried out, because its first item meets another write.
    Conflict,
    /// The client panics, as if it had a bug.
    Panic,
    /// The request is not carried out, and answered with this status and `__type`.
    Answer(u16, &'static str),
}

impl Fault {
    /// Applies the fault to the next request.
    pub fn once(self) -> Rule {
        self.times(1)
    }

    /// Applies the fault to the next `left` requests.
    pub fn times(self, left: usize) -> Rule {
        Rule {
            fault: self,
            skipped: 0,
            left,
            action: None,
            table: None,
        }
    }
}

/// A fault, and the requests that it is for.
#[derive(Clone, Debug)]
pub struct Rule {
    fault: Fault,
    /// How many requests that fit come before the first that gets the fault.
    skipped: usize,
    left: usize,
    action: Option<&'static str>,
    table: Option<String>,
}

impl Rule {
    /// Limits the rule to this action, such as `PutItem`, alone or in a transaction.
    pub fn for_action(mut self, action: &'static str) -> Self {
        self.action = Some(action);
        self
    }

    /// Applies the fault only behind so many requests that fit.
    pub fn after(mut self, skipped: usize) -> Self {
        self.skipped = skipped;
        self
    }

    /// Limits the rule to requests on this table.
    pub fn on(mut self, table: &str) -> Self {
        self.table = Some(table.to_owned());
        self
    }

    fn fits(&self, request: &Request) -> bool {
        let action = |wanted| request.action == wanted || request.does(wanted);
        self.left > 0
            && self.action.is_none_or(action)
            && self
                .table
                .as_deref()
                .is_none_or(|table| request.touches(table))
    }
}

/// An HTTP client around another one. Clones share the rules and the record.
#[derive(Clone, Debug)]
pub struct Faults {
    inner: SharedHttpClient,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    rules: Vec<Rule>,
    requests: Vec<Request>,
}

impl Faults {
    pub fn around(inner: SharedHttpClient) -> Self {
        Self {
            inner,
            state: Arc::default(),
        }
    }

    pub fn http_client(&self) -> SharedHttpClient {
        SharedHttpClient::new(self.clone())
    }

    /// Adds a rule. A request gets the fault of the first rule that fits and is not used up.
    pub fn inject(&self, rule: Rule) {
        self.state.lock().unwrap().rules.push(rule);
    }

    /// Delays the next requests of this action.
    pub fn delay(&self, action: &'static str, times: usize, by: Duration) {
        self.inject(Fault::Delay(by).times(times).for_action(action));
    }

    /// The operations of all attempts, in order.
    pub fn actions(&self) -> Vec<String> {
        let requests = self.requests().into_iter();
        requests.map(|request| request.action).collect()
    }

    /// Every attempt since the start or the last [`clear`](Self::clear), in order, including those
    /// that failed.
    pub fn requests(&self) -> Vec<Request> {
        self.state.lock().unwrap().requests.clone()
    }

    /// The number of attempts of this action as a request of its own.
    pub fn count(&self, action: &str) -> usize {
        let state = self.state.lock().unwrap();
        state
            .requests
            .iter()
            .filter(|request| request.action == action)
            .count()
    }

    /// Clears requests and rules.
    pub fn clear(&self) {
        *self.state.lock().unwrap() = State::default();
    }

    /// Records the request and takes the fault that it is given.
    fn admit(&self, request: Request) -> Option<Fault> {
        let mut state = self.state.lock().unwrap();
        let fault = state
            .rules
            .iter_mut()
            .filter(|rule| rule.fits(&request))
            .find_map(|rule| {
                if rule.skipped > 0 {
                    rule.skipped -= 1;
                    return None;
                }
                rule.left -= 1;
                Some(rule.fault)
            });
        state.requests.push(Request { fault, ..request });
        fault
    }
}
