//! A client that makes random calls and records what it saw.

mod changes;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sesame::api::Version;
use sesame::domain::Operation;
use sesame::domain::Timestamp;
use tokio::time::Instant;

use super::meeting::{LATEST, Meeting};
use super::steps::{Permit, Refusal, Step};
use crate::support::administration::Administration as _;
use crate::support::answer::{Outcome, is_unknown, millis, number};
use crate::support::client::{Client, JsonCall, Wire};
use crate::support::dice::Dice;
use crate::support::faults::Fault;

/// The lifetime that the session is created with, in milliseconds.
const LIFETIME: i64 = 2_000;

pub struct RandomClient {
    meeting: Arc<Meeting>,
    dice: Dice,
    number: u64,
    calls: u64,
}

/// A call that has ended.
struct FinishedCall {
    invoked: u64,
    returned: u64,
    now: i64,
    /// The latest time at which the service can have tried.
    by: i64,
    outcome: Outcome,
}

impl RandomClient {
    pub fn new(meeting: Arc<Meeting>, number: u64) -> Self {
        Self {
            dice: Dice::new(meeting.seed * 100 + number),
            meeting,
            number,
            calls: 0,
        }
    }

    pub async fn call(&mut self) {
        self.calls += 1;
        let known = self.meeting.known.lock().unwrap().session_id.is_some();
        match self.dice.below(100) {
            _ if !known => self.create().await,
            0..45 => self.set().await,
            45..55 => self.list().await,
            55..63 => self.create().await,
            63..70 => self.wait(),
            // These are rare, because they end the history.
            73..77 if self.calls > 3 => self.delete().await,
            77..79 if self.calls > 3 => self.end_all().await,
            79..87 => self.new_password().await,
            _ => self.get().await,
        }
    }

    /// Gets the session without a fault, by permission.
    pub async fn look(&mut self) {
        let id = self.meeting.known.lock().unwrap().session_id.clone();
        let Some(id) = id else { return };
        let call = JsonCall {
            session_id: Some(id),
            bearer: Some(self.meeting.bearer.clone()),
            ..JsonCall::default()
        };
        let ended = self.send(Operation::GetSession, &call, false).await;
        self.note_seen(Permit::Permission, &ended, &ended.outcome.clone());
    }

    pub async fn create(&mut self) {
        let call = JsonCall {
            bearer: Some(self.meeting.bearer.clone()),
            idempotency_key: Some(self.meeting.key.clone()),
            body: json!({
                "checks": { "user": { "userId": self.meeting.user.user_id.as_str() } },
                "lifetime": "2s",
            }),
            ..JsonCall::default()
        };
        let ended = self.send(Operation::CreateSession, &call, true).await;
        let answer = match &ended.outcome {
            Ok(body) => Some(self.learn(body)),
            Err(_) if is_unknown(&ended.outcome) => None,
            Err(error) => self.fail("create", error),
        };
        let call = usize::try_from(ended.invoked).unwrap();
        self.note(
            &ended,
            answer.is_some(),
            vec![
                Step::Read { call },
                Step::Created {
                    call,
                    answer,
                    expires_at: ended.now + LIFETIME,
                },
            ],
        );
    }

    async fn get(&mut self) {
        let (claim, call) = self.claim();
        let ended = self.send(Operation::GetSession, &call, true).await;
        self.note_seen(claim, &ended, &ended.outcome.clone());
    }

    /// Lists the session by its id, which finds it or doesn't.
    async fn list(&mut self) {
        let (_, call) = self.claim();
        let call = JsonCall {
            bearer: Some(self.meeting.bearer.clone()),
            body: json!({ "queries": [{ "idsQuery": { "ids": [call.session_id.unwrap()] } }] }),
            ..JsonCall::default()
        };
        let ended = self.send(Operation::ListSessions, &call, true).await;
        let seen = ended.outcome.clone().and_then(|body| {
            let session = &body["sessions"][0];
            assert_eq!(
                number(&body["details"]["totalResult"]) == 1,
                session.is_object()
            );
            let session = session.is_object().then(|| json!({ "session": session }));
            session.ok_or_else(|| "QUERY-SFeaa".to_owned())
        });
        self.note_seen(Permit::Permission, &ended, &seen);
    }

    async fn delete(&mut self) {
        let (claim, call) = self.claim();
        let ended = self.send(Operation::DeleteSession, &call, true).await;
        let now = ended.now;
        let deleted = |claim, answer| vec![Step::Deleted { claim, now, answer }];
        match ended.outcome.as_ref().map_err(String::as_str) {
            Ok(body) => {
                let answer = Some(number(&body["details"]["sequence"]));
                self.note(&ended, true, deleted(claim, answer));
            }
            Err(_) if is_unknown(&ended.outcome) => self.note(&ended, false, deleted(claim, None)),
            Err("COMMAND-sGr42") => {
                let by = Refusal::Delete;
                self.note(&ended, true, vec![Step::Refused { claim, now, by }]);
            }
            Err(error) => self.fail("delete", error),
        }
    }

    async fn end_all(&mut self) {
        self.disturb();
        let meeting = self.meeting.clone();
        let invoked = meeting.tick();
        let end = async || meeting.app.faulty.end_sessions(&meeting.user).await;
        let mut ended = end().await;
        // Another client changes the user at the same time: nothing was written.
        while matches!(ended, Ok(false)) {
            ended = end().await;
        }
        let returned = ended.is_ok().then(|| meeting.tick());
        meeting.note(vec![Step::Ended], invoked, returned);
    }

    fn wait(&mut self) {
        // Some calls come at the very end of the session's lifetime.
        let millis = 500 * i64::try_from(self.dice.below(3)).unwrap();
        self.meeting.time.fetch_add(millis, Ordering::SeqCst);
    }

    /// Chooses one of the last tokens or the permission to authorise the call.
    fn claim(&mut self) -> (Permit, JsonCall) {
        let known = self.meeting.known.lock().unwrap();
        let mut call = JsonCall {
            session_id: known.session_id.clone(),
            ..JsonCall::default()
        };
        if self.dice.once_in(2) {
            call.bearer = Some(self.meeting.bearer.clone());
            return (Permit::Permission, call);
        }
        let newest = known.tokens.len() - 1;
        let back =
            usize::try_from([0, 0, 0, 0, 1, 2][usize::try_from(self.dice.below(6)).unwrap()]);
        let token = known.tokens[newest.saturating_sub(back.unwrap_or(0))].clone();
        call.session_token = Some(token.clone());
        (Permit::Token(token), call)
    }

    /// Injects faults into the next requests, of whichever client they are.
    fn disturb(&mut self) {
        let faults = &self.meeting.app.faults;
        if self.dice.once_in(2) {
            let time = Duration::from_millis(1 + self.dice.below(20));
            let times = 1 + usize::try_from(self.dice.below(3)).unwrap();
            faults.inject(Fault::Delay(time).times(times));
        }
        if self.dice.once_in(3) {
            let time = Duration::from_millis(self.dice.below(50));
            assert!(time < LATEST);
            let fault = match self.dice.below(8) {
                0..3 => Fault::ApplyThenReset,
                3 => Fault::Cut,
                4 | 5 => Fault::Late(time),
                6 => Fault::Reset,
                _ => Fault::Answer(400, "ThrottlingException"),
            };
            let times = 1 + usize::try_from(self.dice.below(3)).unwrap();
            let rule = fault.times(times);
            let write = if self.dice.once_in(4) {
                "PutItem"
            } else {
                "UpdateItem"
            };
            let any = self.dice.once_in(3);
            faults.inject(if any { rule } else { rule.for_action(write) });
        }
    }

    async fn send(&mut self, rpc: Operation, call: &JsonCall, disturbed: bool) -> FinishedCall {
        if disturbed {
            self.disturb();
        }
        let wire = if self.dice.once_in(2) {
            Wire::Json
        } else {
            Wire::ConnectJson
        };
        let client = Client::new(&self.meeting.app).over(wire, Version::V2);
        let mut request = call.request(client, rpc);
        if disturbed && self.dice.once_in(12) {
            request.context.budget = Some(Duration::from_millis(1 + self.dice.below(25)));
        }
        let now = self.meeting.now();
        let invoked = self.meeting.tick();
        let started = Instant::now();
        let answer = self
            .meeting
            .app
            .answer(request, Timestamp::from_millis(now))
            .await;
        let took = i64::try_from(started.elapsed().as_millis()).unwrap();
        FinishedCall {
            invoked,
            returned: self.meeting.tick(),
            now,
            by: now + took,
            outcome: answer.result(),
        }
    }

    fn note(&self, ended: &FinishedCall, is_known: bool, steps: Vec<Step>) {
        let returned = is_known.then_some(ended.returned);
        self.meeting.note(steps, ended.invoked, returned);
    }

    fn note_seen(&self, claim: Permit, ended: &FinishedCall, seen: &Outcome) {
        let now = ended.now;
        let step = match seen.as_ref().map_err(String::as_str) {
            Ok(body) => {
                let session = &body["session"];
                let metadata = session["metadata"].as_object();
                let text = |value: &Value| {
                    let bytes = STANDARD.decode(value.as_str().unwrap()).unwrap();
                    String::from_utf8(bytes).unwrap()
                };
                let metadata = metadata.into_iter().flatten();
                let metadata = metadata.map(|(key, value)| (key.clone(), text(value)));
                let sequence = number(&session["sequence"]);
                self.meeting.known.lock().unwrap().sequence = sequence;
                Step::Seen {
                    claim,
                    now,
                    sequence,
                    metadata: metadata.collect::<BTreeMap<_, _>>(),
                    expires_at: millis(&session["expirationDate"]),
                }
            }
            // A Get changes nothing, so an unknown outcome says nothing.
            Err(_) if is_unknown(seen) => return,
            Err("QUERY-SFeaa") => Step::NotFound { now },
            Err("QUERY-dsfr3") => Step::Refused {
                claim,
                now,
                by: Refusal::Get,
            },
            Err(error) => self.fail("get", error),
        };
        self.note(ended, true, vec![step]);
    }

    /// Notes the sequence and the token in the answer to a create or a Set.
    fn learn(&self, body: &Value) -> (u64, String) {
        let sequence = number(&body["details"]["sequence"]);
        let token = body["sessionToken"].as_str().unwrap_or_default().to_owned();
        let mut known = self.meeting.known.lock().unwrap();
        known.sequence = sequence;
        if let Some(id) = body["sessionId"].as_str() {
            let before = known.session_id.replace(id.to_owned());
            assert!(
                before.is_none_or(|before| before == id),
                "one key, one session"
            );
        }
        if !known.tokens.contains(&token) && !token.is_empty() {
            known.tokens.push(token.clone());
        }
        (sequence, token)
    }

    fn fail(&self, what: &str, error: &str) -> ! {
        panic!("seed {}: {what}: {error}", self.meeting.seed)
    }
}
