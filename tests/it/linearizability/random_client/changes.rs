//! The calls that change the session, and the changes of the password.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use sesame::domain::Operation;

use super::RandomClient;
use crate::linearizability::meeting::{CODES, PASSWORDS};
use crate::linearizability::steps::{Change, Checks, Refusal, Step};
use crate::support::administration::{Administration as _, SetPasswordOutcome};
use crate::support::answer::{is_unknown, millis};

/// The steps of a call, one of which it may lack.
fn steps(first: Step, between: Option<Step>, last: Step) -> Vec<Step> {
    [first].into_iter().chain(between).chain([last]).collect()
}

impl RandomClient {
    pub(super) async fn set(&mut self) {
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
        let code = password.filter(|_| self.dice.once_in(2));
        let code = code.map(|_| usize::try_from(self.dice.below(CODES)).unwrap());
        let checks = match (password, code) {
            (None, _) => Checks::Nothing,
            (Some(_), None) => Checks::Password,
            (Some(_), Some(_)) => Checks::RecoveryCode,
        };
        if let Some(password) = password {
            call.body["checks"] = json!({ "password": { "password": PASSWORDS[password] } });
        }
        if let Some(code) = code {
            let code = self.meeting.codes[code].as_str();
            call.body["checks"]["recoveryCode"] = json!({ "code": code });
        }
        if let Some(seconds) = lifetime {
            call.body["lifetime"] = json!(format!("{seconds}s"));
        }

        let ended = self.send(Operation::SetSession, &call, true).await;

        let now = ended.now;
        let call = usize::try_from(ended.invoked).unwrap();
        let change = Change {
            call,
            checks,
            code,
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
            at_sequence: at_sequence.filter(|_| checks == Checks::Nothing),
            checks,
        };
        let held = Step::Held {
            claim: claim.clone(),
            now,
            checks,
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
            Err("DOMAIN-6uvh0") => {
                let used = Step::Used {
                    code: code.expect("it has a code"),
                };
                steps(held, checked, used)
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
    pub(super) async fn new_password(&mut self) {
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
}
