//! A network that fails on demand, and remembers what went over it.

mod connector;
mod request;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::SharedHttpClient;

pub use self::request::{Part, Request};

/// What befalls a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The connection breaks before the request is sent.
    Reset,
    /// The request is carried out, and the connection breaks before the answer.
    ApplyThenReset,
    /// The same, but the connection breaks only after this time.
    ApplyThenWait(Duration),
    /// It is carried out, and half of the answer's body arrives.
    Cut,
    /// No answer, ever; nor is it carried out.
    Silence,
    /// It is sent only after this time.
    Delay(Duration),
    /// The connection breaks, and the request is carried out all the same, after this time.
    Late(Duration),
    /// A bug: the client panics.
    Panic,
    /// Answered with this status and `__type`; not carried out.
    Answer(u16, &'static str),
}

impl Fault {
    /// For the next request.
    pub fn once(self) -> Rule {
        self.times(1)
    }

    /// For the next `left` requests.
    pub fn times(self, left: usize) -> Rule {
        Rule {
            fault: self,
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
    left: usize,
    action: Option<&'static str>,
    table: Option<String>,
}

impl Rule {
    /// Only of this action, such as `PutItem`, alone or in a transaction.
    pub fn of(mut self, action: &'static str) -> Self {
        self.action = Some(action);
        self
    }

    /// Only if it touches this table.
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

/// A client around another one. Clones share the rules and the record.
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

    /// Of several rules that fit a request, the first one given that is not used up counts.
    pub fn inject(&self, rule: Rule) {
        self.state.lock().unwrap().rules.push(rule);
    }

    /// Every attempt since the start or the last [`clear`](Self::clear), in order,
    /// those that failed included.
    pub fn requests(&self) -> Vec<Request> {
        self.state.lock().unwrap().requests.clone()
    }

    /// How many attempts there were of this action as a request of its own.
    pub fn count(&self, action: &str) -> usize {
        let state = self.state.lock().unwrap();
        state
            .requests
            .iter()
            .filter(|request| request.action == action)
            .count()
    }

    /// Forgets requests and rules.
    pub fn clear(&self) {
        *self.state.lock().unwrap() = State::default();
    }

    /// Notes the request and takes the fault that it is to have.
    fn admit(&self, request: Request) -> Option<Fault> {
        let mut state = self.state.lock().unwrap();
        let fault = state
            .rules
            .iter_mut()
            .find(|rule| rule.fits(&request))
            .map(|rule| {
                rule.left -= 1;
                rule.fault
            });
        state.requests.push(Request { fault, ..request });
        fault
    }
}
