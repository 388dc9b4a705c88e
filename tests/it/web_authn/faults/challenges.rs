//! Creates and Sets that ask for a challenge.

use std::time::Duration;

use serde_json::{Value, json};
use sesame::api::Request;
use sesame::domain::{Operation, Session, User};

use super::{FAULTS, Flow, login_page};
use crate::support::answer::Answer;
use crate::support::app::header;
use crate::support::authenticator::Authenticator;
use crate::support::client::Client;
use crate::support::keys::{ORIGIN, asking};
use crate::web_authn::sessions::{Opened, answering, keys};

/// A call that asks for a challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Call {
    Create,
    CreateWithKey,
    Set,
}

struct Run<'a> {
    call: Call,
    flow: Flow,
    page: Client<'a>,
    user: User,
    key: Authenticator,
    /// The session that is changed, if one is.
    opened: Option<Opened>,
    message: Value,
    name: String,
}

impl<'a> Run<'a> {
    async fn arrange(call: Call, flow: Flow, page: Client<'a>, name: &str) -> Self {
        let app = page.app;
        app.faults.clear();
        let user = flow.user(app, name).await;
        let key = app.key(&user, flow.kind()).await;
        let mut message = flow.opening(&user);
        let mut opened = None;
        if call == Call::Set {
            message.as_object_mut().unwrap().remove("challenges");
            let session = Opened::create(page, message).await;
            let challenges = asking(flow.level());
            message = json!({ "sessionId": session.id, "challenges": challenges });
            opened = Some(session);
        }
        app.faults.clear();
        Self {
            call,
            flow,
            page,
            user,
            key,
            opened,
            message,
            name: name.to_owned(),
        }
    }

    fn request(&self) -> Request {
        let message = self.message.clone();
        let operation = match self.call {
            Call::Set => Operation::SetSession,
            Call::Create | Call::CreateWithKey => Operation::CreateSession,
        };
        let request = self.page.json(operation, message);
        if self.call == Call::CreateWithKey {
            let key = format!("the key of {:?} {}", self.flow, self.name);
            return header(request, "idempotency-key", &key);
        }
        request
    }

    async fn make(&self) -> Answer {
        self.page.send(self.request()).await
    }

    /// The sessions of the user, with their challenges.
    async fn sessions(&self) -> Vec<Session> {
        let app = self.page.app;
        let mut all = Vec::new();
        for id in app.sessions_of(&self.user.user_id).await {
            let id = id.parse().unwrap();
            all.push(app.store.get_session(id).await.unwrap().unwrap());
        }
        all
    }

    /// Makes the call again if it failed or has a key, and answers the challenge.
    async fn finish(&self, first: Answer, about: &str) {
        self.page.app.faults.clear();
        // What was late arrives.
        tokio::time::sleep(Duration::from_millis(100)).await;
        let outcome = first.outcome();
        let about = format!("{about}: {outcome}");
        let is_ok = outcome == "ok";
        if !is_ok {
            assert_eq!(outcome, "code 14", "{about}");
            assert!(first.headers.contains_key("retry-after"), "{about}");
        }
        for session in self.sessions().await {
            let made = session.challenges.web_authn.len();
            let is_whole = made == 1 || (self.call == Call::Set && made == 0 && !is_ok);
            assert!(is_whole, "{about} {made}");
        }
        let mut last = first;
        if !is_ok || self.call == Call::CreateWithKey {
            let again = self.make().await;
            assert_eq!(again.outcome(), "ok", "{about}");
            if is_ok {
                assert_eq!(again.json(), last.json(), "{about}");
            }
            last = again;
        }
        // One that proves nothing isn't found by its user.
        if self.call == Call::CreateWithKey && self.flow == Flow::AfterPassword {
            assert_eq!(self.sessions().await.len(), 1, "{about}");
        }
        self.answer(&last.json(), &about).await;
    }

    /// Answers the challenge that the call was answered with.
    async fn answer(&self, last: &Value, about: &str) {
        let own = self.opened.as_ref().map(|opened| &*opened.id);
        let id = last["sessionId"].as_str().or(own).unwrap();
        let asked = &last["challenges"]["webAuthN"];
        let options = &asked["publicKeyCredentialRequestOptions"];
        let mut message = answering(&self.key.clone().assert(options, ORIGIN));
        message["sessionId"] = json!(id);
        let answered = self.page.ask(Operation::SetSession, message).await;
        assert!(answered.is_ok(), "{about} {answered:?}");
        let id = id.parse().unwrap();
        let stored = self.page.app.store.get_session(id).await.unwrap().unwrap();
        let factors = &stored.factors;
        assert!(
            factors.verified_at.contains_key(&self.flow.factor()),
            "{about}"
        );
        assert_eq!(
            factors.user().unwrap().user_id,
            self.user.user_id,
            "{about}"
        );
    }
}

/// Makes a call as often as it has requests, each time with a fault at another one.
async fn fail_at_each_request(call: Call) {
    for flow in Flow::ALL {
        let app = keys().await;
        let page = login_page(&app).await;
        // The account is read by its first call.
        page.create_json(&json!({})).await;
        let clean = Run::arrange(call, flow, page, "clean").await;
        let answer = clean.make().await;
        let requests = app.faults.actions();
        let about = format!("{call:?} {flow:?}");
        assert!(!requests.is_empty(), "{about}");
        clean.finish(answer, &about).await;
        for (n, action) in requests.iter().enumerate() {
            for (m, (fault, times)) in FAULTS.into_iter().enumerate() {
                let run = Run::arrange(call, flow, page, &format!("{n}-{m}")).await;
                app.faults.inject(fault.times(times).after(n));
                let about = format!("{about} {n} {action} {fault:?} {times} times");
                let answer = run.make().await;
                run.finish(answer, &about).await;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_create_is_stored_with_its_challenge_or_not_at_all() {
    fail_at_each_request(Call::Create).await;
}

#[tokio::test(start_paused = true)]
async fn a_create_with_a_key_is_repeated_with_its_challenge() {
    fail_at_each_request(Call::CreateWithKey).await;
}

#[tokio::test(start_paused = true)]
async fn a_set_that_asks_for_a_challenge_can_be_repeated() {
    fail_at_each_request(Call::Set).await;
}
