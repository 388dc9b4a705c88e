//! Challenges and answers while the database fails, throttles, or loses its answers.
//!
//! Whatever fails: a challenge is consumed by a right answer exactly if its session has the factor and
//! the credential was used, and by a wrong one at most once; no session is stored without the challenge
//! that it was created with.

mod challenges;
mod deadlines;

use std::time::Duration;

use serde_json::{Value, json};
use sesame::api::Request;
use sesame::domain::{
    Challenge, Credential, CredentialKind, Factor, Operation, Permission, Session, SignCount, User,
};

use super::sessions::{NO_CHALLENGE, Opened, WRONG, answering, keys, opening};
use crate::support::answer::Answer;
use crate::support::app::App;
use crate::support::authenticator::Authenticator;
use crate::support::client::Client;
use crate::support::faults::Fault;
use crate::support::keys::{ORIGIN, asking};
use crate::support::second::login;

/// How the user proves himself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    OfUser,
    OfNobody,
    /// By a security key.
    AfterPassword,
}

impl Flow {
    const ALL: [Self; 3] = [Self::OfUser, Self::OfNobody, Self::AfterPassword];

    fn kind(self) -> CredentialKind {
        match self {
            Self::AfterPassword => CredentialKind::U2f,
            Self::OfUser | Self::OfNobody => CredentialKind::Passkey,
        }
    }

    fn factor(self) -> Factor {
        match self {
            Self::AfterPassword => Factor::U2f,
            Self::OfUser | Self::OfNobody => Factor::Passkey,
        }
    }

    async fn user(self, app: &App, name: &str) -> User {
        match self {
            Self::AfterPassword => app.user_with(name, &[]).await,
            _ => app.user_with_hash(name, None).await,
        }
    }

    fn level(self) -> &'static str {
        match self {
            Self::AfterPassword => "DISCOURAGED",
            _ => "REQUIRED",
        }
    }

    /// The message that opens a session with a challenge.
    fn opening(self, user: &User) -> Value {
        match self {
            Self::OfUser => opening(user, self.level()),
            Self::OfNobody => json!({ "challenges": asking(self.level()) }),
            Self::AfterPassword => {
                let mut message = login(user, json!({}));
                message["challenges"] = asking(self.level());
                message
            }
        }
    }
}

async fn login_page(app: &App) -> Client<'_> {
    app.service(&[Permission::SessionWrite]).await
}

/// An answer that is about to be given.
struct Run<'a> {
    flow: Flow,
    is_right: bool,
    page: Client<'a>,
    opened: Opened,
    challenge: Challenge,
    key: Authenticator,
    /// The session and the credential, as they are before the answer.
    session: Session,
    credential: Credential,
    message: Value,
}

impl<'a> Run<'a> {
    async fn arrange(flow: Flow, is_right: bool, page: Client<'a>, name: &str) -> Self {
        let app = page.app;
        app.faults.clear();
        let user = flow.user(app, name).await;
        let mut key = app.key(&user, flow.kind()).await;
        key.bad_signature = !is_right;
        let opened = Opened::create(page, flow.opening(&user)).await;
        let mut message = answering(&key.assert(&opened.options, ORIGIN));
        message["sessionId"] = json!(opened.id);
        let run = Self {
            flow,
            is_right,
            page,
            challenge: opened.challenge(),
            session: opened.stored(app).await,
            credential: app.credential(&key).await,
            opened,
            key,
            message,
        };
        app.faults.clear();
        run
    }

    fn request(&self) -> Request {
        self.page.json(Operation::SetSession, self.message.clone())
    }

    async fn make(&self) -> Answer {
        self.page.send(self.request()).await
    }

    /// What the answer gets if it is judged.
    fn judgement(&self) -> &'static str {
        if self.is_right { "ok" } else { WRONG }
    }

    /// Checks that the answer has had all of its effects or none. Returns whether it had.
    async fn check_whole(&self, about: &str) -> bool {
        let app = self.page.app;
        let session = self.opened.stored(app).await;
        let credential = app.credential(&self.key).await;
        if session.challenges.web_authn(&self.challenge).is_some() {
            assert_eq!(session, self.session, "{about}");
            assert_eq!(credential, self.credential, "{about}");
            return false;
        }
        let steps = match (self.is_right, self.flow) {
            (false, _) => 1,
            (true, Flow::OfNobody) => 3,
            (true, _) => 2,
        };
        let sequence = self.session.sequence.0 + steps;
        assert_eq!(session.sequence.0, sequence, "{about}");
        let factors = &session.factors;
        let has = factors.verified_at.contains_key(&self.flow.factor());
        assert_eq!(has, self.is_right, "{about}");
        if self.is_right {
            assert_eq!(credential.sign_count, SignCount(1), "{about}");
            assert!(credential.used_at.is_some(), "{about}");
            assert_ne!(session.token_hash, self.session.token_hash, "{about}");
        } else {
            assert_eq!(credential, self.credential, "{about}");
            assert_eq!(session.token_hash, self.session.token_hash, "{about}");
            assert_eq!(*factors, self.session.factors, "{about}");
        }
        true
    }

    /// Checks what has become of the answer, and repeats it.
    async fn finish(&self, first: &Answer, about: &str) {
        self.page.app.faults.clear();
        // What was late arrives.
        tokio::time::sleep(Duration::from_millis(100)).await;
        let outcome = first.outcome();
        let about = format!("{about}: {outcome}");
        let is_done = self.check_whole(&about).await;
        if outcome == "code 14" {
            assert!(first.headers.contains_key("retry-after"), "{about}");
        } else {
            assert_eq!(outcome, self.judgement(), "{about}");
            assert!(is_done, "{about}");
        }
        self.repeat(is_done, &about).await;
    }

    /// Gives the answer again.
    async fn repeat(&self, is_done: bool, about: &str) {
        let again = self.make().await.outcome();
        let about = format!("{about}, then {again}");
        let want = if is_done {
            NO_CHALLENGE
        } else {
            self.judgement()
        };
        assert_eq!(again, want, "{about}");
        assert!(self.check_whole(&about).await, "{about}");
    }
}

/// A fault, and how often it comes: once, or for as long as the request is sent again.
const FAULTS: [(Fault, usize); 10] = [
    (Fault::ApplyThenReset, 1),
    (Fault::ApplyThenReset, 1000),
    (Fault::Cut, 1),
    (Fault::Reset, 1000),
    (Fault::Silence, 1),
    (Fault::Late(Duration::from_millis(20)), 1),
    (Fault::Late(Duration::from_millis(20)), 1000),
    (Fault::Answer(400, "ThrottlingException"), 1),
    (Fault::Answer(400, "ThrottlingException"), 1000),
    (Fault::Answer(500, "InternalServerError"), 1000),
];

/// Gives an answer as often as its call has requests, each time with a fault at another one.
async fn fail_at_each_request(flow: Flow, is_right: bool) {
    let app = keys().await;
    let page = login_page(&app).await;
    // The account is read by its first call.
    page.create_json(&json!({})).await;
    let clean = Run::arrange(flow, is_right, page, "clean").await;
    let answer = clean.make().await;
    let requests = app.faults.actions();
    let about = format!("{flow:?} {is_right}");
    assert!(requests.len() >= 4, "{about} {requests:?}");
    clean.finish(&answer, &about).await;
    for (n, action) in requests.iter().enumerate() {
        for (m, (fault, times)) in FAULTS.into_iter().enumerate() {
            let run = Run::arrange(flow, is_right, page, &format!("{n}-{m}")).await;
            app.faults.inject(fault.times(times).after(n));
            let about = format!("{about} {n} {action} {fault:?} {times} times");
            let answer = run.make().await;
            run.finish(&answer, &about).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_right_answer_is_carried_out_as_a_whole() {
    for flow in Flow::ALL {
        fail_at_each_request(flow, true).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_wrong_answer_consumes_its_challenge_once() {
    for flow in Flow::ALL {
        fail_at_each_request(flow, false).await;
    }
}

/// A transaction that meets another one is sent again, and given up if it always does.
#[tokio::test(start_paused = true)]
async fn a_right_answer_meets_other_transactions() {
    for flow in Flow::ALL {
        for (times, want) in [(1, "ok"), (1000, "code 14")] {
            let app = keys().await;
            let page = login_page(&app).await;
            let run = Run::arrange(flow, true, page, "mini").await;
            let conflict = Fault::Conflict.times(times);
            app.faults.inject(conflict.for_action("TransactWriteItems"));

            let answer = run.make().await;

            let about = format!("{flow:?} {times}");
            assert_eq!(answer.outcome(), want, "{about}");
            run.finish(&answer, &about).await;
        }
    }
}
