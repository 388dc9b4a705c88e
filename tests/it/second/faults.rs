//! Checks and challenges of second factors while the database or a provider fails, throttles, or
//! loses its answers.
//!
//! Whatever fails: a code is used up exactly if its session has the factor, no session is stored
//! without it, an attempt counts at most once, and whoever repeats a call with an idempotency key
//! gets the session of the first.

mod calls;
mod deadlines;
mod messages;
mod settled;

use std::time::Duration;

use serde_json::{Value, json};
use sesame::api::Request;
use sesame::domain::{Operation, User};

use self::calls::{Asked, Call};
use super::uses::{Code, Login, has, login_page};
use crate::support::answer::Answer;
use crate::support::app::{App, NOW, header};
use crate::support::client::Client;
use crate::support::faults::Fault;
use crate::support::second::{RECOVERY_CODES, SECOND, login, totp};

/// A call that is about to be made.
struct Run<'a> {
    call: Call,
    page: Client<'a>,
    user: User,
    /// The session that is changed, if one is.
    login: Option<Login>,
    message: Value,
    key: String,
    sent_before: usize,
}

impl<'a> Run<'a> {
    async fn arrange(call: Call, page: Client<'a>, name: &str) -> Self {
        let app = page.app;
        app.faults.clear();
        app.providers.faults.clear();
        let user = app.user_with(name, &call.kinds()).await;
        let (mut message, login) = if call.operation == Operation::CreateSession {
            let code = call
                .code
                .and_then(|code| Some((code, code.of(&user.user_id)?)));
            let checks = code.map_or(json!({}), |(code, text)| code.check(&text));
            (login(&user, checks), None)
        } else {
            let code = call.code.unwrap_or(Code::Totp);
            let login = Login::new(page, &user, code).await;
            let checks = call.code.map_or(json!({}), |code| code.check(&login.code));
            (login.set(&checks), Some(login))
        };
        if let Some(challenges) = call.challenges() {
            message["challenges"] = challenges;
        }
        app.faults.clear();
        Self {
            call,
            page,
            login,
            message,
            key: format!("key of {name}"),
            sent_before: app.outbox().len(),
            user,
        }
    }

    fn request(&self) -> Request {
        let request = self.page.json(self.call.operation, self.message.clone());
        if self.call.is_keyed {
            header(request, "idempotency-key", &self.key)
        } else {
            request
        }
    }

    async fn make(&self) -> Answer {
        self.page.send(self.request()).await
    }

    /// Whether the code of the call is used up.
    async fn is_used(&self) -> bool {
        let factors = self.page.app.factors_of(&self.user.user_id).await;
        match self.call.code {
            None => false,
            Some(Code::Totp) => factors.totp.unwrap().last_step > 0,
            Some(Code::Recovery) => factors.recovery_codes.len() < RECOVERY_CODES.len(),
            Some(code) => {
                let id = self.login.as_ref().unwrap().id.parse().unwrap();
                let session = self.page.app.store.get_session(id).await.unwrap().unwrap();
                session
                    .challenges
                    .get(code.method().unwrap())
                    .unwrap()
                    .is_used
            }
        }
    }

    /// The sessions of the user.
    async fn sessions(&self) -> Vec<String> {
        self.page.app.sessions_of(&self.user.user_id).await
    }

    /// Checks that the code is used up exactly if its factor was added to a session, and that no
    /// session was created without it. Returns whether it was.
    async fn check_whole(&self, about: &str) -> bool {
        let is_used = self.is_used().await;
        let sessions = self.sessions().await;
        if let Some(code) = self.call.code {
            let mut with = 0;
            for session in &sessions {
                with += usize::from(has(self.page.app, session, code).await);
            }
            assert_eq!(with, usize::from(is_used), "{about}");
            let weaker = sessions.len() - with;
            match self.call.operation {
                Operation::CreateSession => assert_eq!(weaker, 0, "{about}"),
                _ => assert_eq!(sessions.len(), 1, "{about}"),
            }
        }
        is_used
    }

    /// Makes the call again if it failed, and checks what has become of it.
    async fn finish(&self, first: &Answer, about: &str) {
        let app = self.page.app;
        app.faults.clear();
        app.providers.faults.clear();
        // What was late arrives.
        tokio::time::sleep(Duration::from_millis(100)).await;
        let outcome = first.outcome();
        let about = format!("{about}: {outcome}");
        match &*outcome {
            "ok" => {}
            "code 14" => assert!(first.headers.contains_key("retry-after"), "{about}"),
            _ => panic!("{about}"),
        }
        let is_used = self.check_whole(&about).await;
        let attempts = app.factors_of(&self.user.user_id).await.attempts;
        assert!(attempts.made <= 1 && attempts.failures <= 1, "{about}");
        if outcome == "ok" {
            assert_eq!(is_used, self.call.code.is_some(), "{about}");
            assert_eq!(attempts.failures, 0, "{about}");
        }
        let last = self.repeat(first, is_used, &about).await;
        if let (Some(last), Some((code, asked))) = (last, self.call.challenge) {
            self.answer(&last, code, asked, &about).await;
        }
    }

    /// Makes the call again, if it failed or has a key. Returns the answer of the call that was
    /// carried out.
    async fn repeat(&self, first: &Answer, is_used: bool, about: &str) -> Option<Value> {
        let is_ok = first.outcome() == "ok";
        if is_ok && !self.call.is_keyed {
            return Some(first.json());
        }
        let before = self.sessions().await.len();
        let again = self.make().await;
        let outcome = again.outcome();
        let about = format!("{about}, then {outcome}");
        if is_used && !self.call.is_keyed {
            assert_eq!(outcome, self.call.code.unwrap().wrong(), "{about}");
            return None;
        }
        assert_eq!(outcome, "ok", "{about}");
        if is_ok {
            assert_eq!(first.json(), again.json(), "{about}");
        }
        if self.call.code.is_some() {
            assert!(self.check_whole(&about).await, "{about}");
            let attempts = self.page.app.factors_of(&self.user.user_id).await.attempts;
            assert_eq!(attempts.failures, 0, "{about}");
        }
        let is_one = before.max(1) == self.sessions().await.len();
        assert!(is_one || !self.call.is_keyed, "{about}");
        Some(again.json())
    }

    /// Checks the code of the session that the call has made or changed: the one that was returned,
    /// or sent last.
    async fn answer(&self, last: &Value, code: Code, asked: Asked, about: &str) {
        let app = self.page.app;
        let text = match asked {
            Asked::Returned => last["challenges"][code.name()]
                .as_str()
                .map(ToOwned::to_owned),
            Asked::Sent => {
                assert!(app.outbox().len() > self.sent_before, "{about}");
                Some(app.sent_code(&self.user.user_id, code.method().unwrap()))
            }
        };
        let text = text.unwrap_or_else(|| panic!("no code: {about} {last}"));
        let id = last["sessionId"].as_str();
        let id = id.or(self.login.as_ref().map(|login| &*login.id)).unwrap();
        let message = json!({ "sessionId": id, "checks": code.check(&text) });
        let checked = self.page.ask(Operation::SetSession, message).await;
        assert!(checked.is_ok(), "{about} {checked:?}");
        assert!(has(app, id, code).await, "{about}");
    }
}

/// A fault, and how often it comes: once, or for as long as the request is sent again.
const FAULTS: [(Fault, usize); 8] = [
    (Fault::ApplyThenReset, 1),
    (Fault::ApplyThenReset, 1000),
    (Fault::Cut, 1),
    (Fault::Reset, 1000),
    (Fault::Silence, 1),
    (Fault::Late(Duration::from_millis(20)), 1),
    (Fault::Late(Duration::from_millis(20)), 1000),
    (Fault::Answer(400, "ThrottlingException"), 1000),
];

/// Makes each of these calls as often as it has requests, each time with a fault at another one.
async fn fail_at_each_request(calls: &[Call]) {
    for &call in calls {
        let app = App::emulated(&SECOND).await;
        let page = login_page(&app).await;
        let clean = Run::arrange(call, page, "clean").await;
        let answer = clean.make().await;
        let requests = app.faults.actions();
        assert!(requests.len() >= 3, "{call:?} {requests:?}");
        clean
            .finish(&answer, &format!("{call:?} without a fault"))
            .await;
        for (n, action) in requests.iter().enumerate() {
            for (fault_number, (fault, times)) in FAULTS.into_iter().enumerate() {
                let run = Run::arrange(call, page, &format!("{n}-{fault_number}")).await;
                app.faults.inject(fault.times(times).after(n));
                let about = format!("{call:?} {n} {action} {fault:?} {times} times");
                let answer = run.make().await;
                run.finish(&answer, &about).await;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_create_with_a_code_is_carried_out_as_a_whole() {
    fail_at_each_request(&Call::creates_with_codes()).await;
}

#[tokio::test(start_paused = true)]
async fn a_create_with_a_challenge_is_repeated_to_its_end() {
    fail_at_each_request(&Call::creates_with_challenges()).await;
}

#[tokio::test(start_paused = true)]
async fn a_set_with_a_code_is_carried_out_as_a_whole() {
    fail_at_each_request(&Call::sets_with_codes()).await;
}

#[tokio::test(start_paused = true)]
async fn a_set_with_a_challenge_is_repeated_to_its_end() {
    fail_at_each_request(&Call::sets_with_challenges()).await;
}

/// The step of the code that the user's app shows is the last that was accepted.
#[tokio::test(start_paused = true)]
async fn a_used_step_is_the_one_of_the_code() {
    let app = App::emulated(&SECOND).await;
    let page = login_page(&app).await;
    let call = Call::sets_with_codes()[0];
    let run = Run::arrange(call, page, "mini").await;

    run.make().await;

    let step = u64::try_from(NOW.as_millis()).unwrap() / 30_000;
    let factors = app.factors_of(&run.user.user_id).await;
    assert_eq!(factors.totp.unwrap().last_step, step);
    assert_eq!(totp(&run.user.user_id, NOW), run.login.unwrap().code);
}
