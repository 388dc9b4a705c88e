//! A client that makes random calls and records what it saw.

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
use sesame::store::SetPasswordOutcome;
use tokio::time::Instant;

use super::meeting::{LATEST, Meeting, PASSWORDS};
use super::session::{Change, Permit, Refusal, Step};
use crate::support::answer::{Outcome, is_unknown, millis, number};
use crate::support::client::{Client, JsonCall, Wire};
use crate::support::dice::Dice;
use crate::support::faults::Fault;

/// The lifetime that the session is created with, in milliseconds.
const LIFETIME: i64 = 2_000;

/// The steps of a call, one of which it may lack.
fn steps(first: Step, between: Option<Step>, last: Step) -> Vec<Step> {
    [first].into_iter().chain(between).chain([last]).collect()
}

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

    async fn set(&mut self) {
        let (claim, mut call) = self.claim();
        let key = format!("key{}", self.dice.below(2));
        let value = format!("{}.{}", self.number, self.calls);
        let at_sequence = {
            let sequence = self.meeting.known.lock().unwrap().sequence;
            self.dice.once_in(4).then_some(sequence)
        };
        let lifetime = self
            .dice
            .once_in(4)
            .then(|| 1 + i64::try_from(self.dice.below(3)).unwrap());
        call.if_match = at_sequence.map(|sequence| format!("\"{sequence}\""));
        call.body = json!({ "metadata": { &key: STANDARD.encode(&value) } });
        let password = self.dice.once_in(3).then(|| self.any_password());
        let by_password = password.is_some();
        if let Some(password) = password {
            call.body["checks"] = json!({ "password": { "password": PASSWORDS[password] } });
        }
        if let Some(seconds) = lifetime {
            call.body["lifetime"] = json!(format!("{seconds}s"));
        }

        let ended = self.send(Operation::SetSession, &call, true).await;

        let now = ended.now;
        let call = usize::try_from(ended.invoked).unwrap();
        let change = Change {
            call,
            by_password,
            key,
            value,
            at_sequence,
            now,
            lifetime: lifetime.map(|seconds| seconds * 1000),
            answer: None,
        };
        // A token that only repeats a Set of the password is held to the sequence by the write alone.
        let admitted = |at_sequence: Option<u64>| Step::Admitted {
            claim: claim.clone(),
            now,
            at_sequence: at_sequence.filter(|_| !by_password),
            by_password,
        };
        let held = Step::Held {
            claim: claim.clone(),
            now,
            by_password,
        };
        let checked = password.map(|password| Step::Checked { call, password });
        let may_be_checked = password.map(|password| Step::MayBeChecked { call, password });
        let steps = match ended.outcome.as_ref().map_err(String::as_str) {
            Ok(body) => {
                assert_eq!(millis(&body["details"]["changeDate"]), now);
                let answer = Some(self.learn(body));
                let changed = Step::Changed(Change { answer, ..change });
                steps(admitted(at_sequence), checked, changed)
            }
            Err(_) if is_unknown(&ended.outcome) => {
                let steps = steps(admitted(at_sequence), checked, Step::Changed(change));
                return self.note(&ended, false, steps);
            }
            Err("COMMAND-Hewfq") => steps(held, may_be_checked, Step::Over { call }),
            Err("COMMAND-3M0fs") => {
                let password = password.expect("it is of the password");
                vec![admitted(at_sequence), Step::Wrong { password }]
            }
            Err("COMMAND-Hkl3d") => vec![held, Step::Expired { by: ended.by }],
            Err("COMMAND-sGr42") => vec![Step::Refused {
                claim,
                now,
                by: Refusal::Set,
            }],
            // A failed if-match and a lost race have the same code.
            Err("code 10") => match at_sequence {
                Some(at_sequence) => vec![admitted(None), Step::Elsewhere { at_sequence }],
                None => self.fail("set", "no more tries"),
            },
            Err(error) => self.fail("set", error),
        };
        self.note(&ended, true, steps);
    }

    /// The index of a password, which may be a former one.
    fn any_password(&mut self) -> usize {
        usize::try_from(self.dice.below(2)).unwrap()
    }

    /// Changes the password, and keeps the session or doesn't.
    async fn new_password(&mut self) {
        let meeting = self.meeting.clone();
        let password = self.any_password();
        let id = meeting.known.lock().unwrap().session_id.clone();
        let kept = id
            .filter(|_| !self.dice.once_in(4))
            .map(|id| id.parse().unwrap());
        let invoked = meeting.tick();
        let call = usize::try_from(invoked).unwrap();
        let name = meeting.user.login_name.folded();
        let user = meeting.app.store.get_user(&name).await.unwrap().unwrap();
        self.disturb();
        let hash = &meeting.hashes[password];
        let set = meeting
            .app
            .faulty
            .set_password_hash(&user, hash, kept)
            .await;
        let returned = set.is_ok().then(|| meeting.tick());
        let new = Step::NewPassword {
            call,
            password,
            keeps: kept.is_some(),
            outcome: set.unwrap_or(SetPasswordOutcome::Done),
        };
        meeting.note(vec![Step::Read { call }, new], invoked, returned);
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
        let ended = meeting.app.faulty.end_sessions(&meeting.user).await;
        let returned = ended.is_ok().then(|| meeting.tick());
        assert!(ended.unwrap_or(true), "nobody else changes the user");
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
