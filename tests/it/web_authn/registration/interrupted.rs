//! Registrations, removals and links while the database fails, throttles, or loses its answers.
//!
//! Whatever fails: a code and a registration are used up exactly if what they are for was done, and
//! nothing is done twice.

use std::time::Duration;

use serde_json::{Value, json};
use sesame::domain::{CredentialId, Credentials, Operation, UserId};

use super::links::{self, TEMPLATE, linker, nobody, returned};
use super::{
    Begun, Kind, add, administrator, as_user, authenticator, begin, methods, register, start,
};
use crate::support::answer::Answer;
use crate::support::app::App;
use crate::support::authenticator::Authenticator;
use crate::support::client::Client;
use crate::support::faults::Fault;
use crate::web_authn::ORIGIN;

const NONE: &str = "WEBAU-5M9so";
const WRONG: &str = "WEBAU-3Vb9s";
const REMOVED: &str = "COMMAND-DAfb2";
const UNKNOWN: &str = "code 14";

/// What a call does, and whether a code permits it, or the user's own session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Begin { kind: Kind, by_code: bool },
    Complete { kind: Kind, by_code: bool },
    CompleteWrongly { kind: Kind },
    Remove { kind: Kind },
    Link { is_sent: bool },
}

/// A call that is about to be made.
struct Run<'a> {
    act: Act,
    admin: Client<'a>,
    client: Client<'a>,
    user: String,
    rpc: Operation,
    message: Value,
    /// The authenticator whose credential is registered, before or by the call.
    authenticator: Authenticator,
    sent_before: usize,
}

fn completing(begun: &Begun, answer: &Value) -> Value {
    json!({
        "userId": begun.user,
        begun.kind.id(): begun.id,
        "publicKeyCredential": answer,
        begun.kind.name(): "laptop",
    })
}

impl<'a> Run<'a> {
    async fn arrange(act: Act, admin: Client<'a>, name: &str) -> Self {
        let app = admin.app;
        app.faults.clear();
        let user = add(admin, name).await;
        let linker = linker(app).await;
        let by_code = matches!(
            act,
            Act::Begin { by_code: true, .. } | Act::Complete { by_code: true, .. }
        );
        let client = match act {
            Act::Link { .. } => linker,
            Act::Remove { .. } => admin,
            _ if by_code => nobody(app).await,
            _ => as_user(app.client(), &user).await,
        };
        let mut own = authenticator();
        let (rpc, message) = match act {
            Act::Begin { kind, by_code } => {
                let mut message = json!({ "userId": user });
                if by_code {
                    message["code"] = returned(linker, &user).await;
                }
                (kind.register(), message)
            }
            Act::Complete { kind, by_code } => {
                let begun = if by_code {
                    let code = returned(linker, &user).await;
                    links::begin_by(client, &user, &code).await.unwrap()
                } else {
                    begin(client, kind, &user).await
                };
                let answer = own.register(&begun.options, ORIGIN);
                (kind.verify(), completing(&begun, &answer))
            }
            Act::CompleteWrongly { kind } => {
                let begun = begin(client, kind, &user).await;
                own.challenge = Some(vec![7; 32]);
                let answer = own.register(&begun.options, ORIGIN);
                (kind.verify(), completing(&begun, &answer))
            }
            Act::Remove { kind } => {
                let (id, registered) = register(client, kind, &user).await;
                own = registered;
                (kind.remove(), json!({ "userId": user, kind.id(): id }))
            }
            Act::Link { is_sent } => {
                let medium = if is_sent { "sendLink" } else { "returnCode" };
                let mut message = json!({ "userId": user, medium: {} });
                if is_sent {
                    message["sendLink"]["urlTemplate"] = json!(TEMPLATE);
                }
                (Operation::CreatePasskeyRegistrationLink, message)
            }
        };
        // The service reads a principal once a minute.
        let known = client.ask(Operation::GetUserByID, json!({ "userId": "nobody" }));
        drop(known.await);
        app.faults.clear();
        let sent_before = app.outbox().len();
        Self {
            act,
            admin,
            client,
            user,
            rpc,
            message,
            authenticator: own,
            sent_before,
        }
    }

    async fn make(&self) -> Answer {
        self.client.call_json(self.rpc, self.message.clone()).await
    }

    async fn credentials(&self) -> Credentials {
        let user = UserId::parse(self.user.clone()).unwrap();
        let app = self.admin.app;
        app.store.get_credentials(&user).await.unwrap()
    }

    /// How many credentials the user has, each of which is stored, and registrations that wait.
    async fn counts(&self, about: &str) -> (usize, usize) {
        let app = self.admin.app;
        let credentials = self.credentials().await;
        let id = CredentialId::new(self.authenticator.id.clone()).unwrap();
        let stored = app.store.get_credential(id.hash()).await.unwrap();
        let listed = credentials.get(&id).is_some();
        assert_eq!(stored.is_some(), listed, "{about}");
        let scanned = app.store.scan_users().await.unwrap();
        assert_eq!(scanned.faults(), [], "{about}");
        (credentials.listed.len(), credentials.pending.len())
    }

    /// How many messages the user was sent that begin so.
    fn told(&self, subject: &str) -> usize {
        let sent = self.admin.app.outbox().split_off(self.sent_before);
        let told = sent.iter().filter(|one| one.subject.contains(subject));
        told.count()
    }

    /// Makes the call again, and checks what has become of it.
    async fn finish(self, first: &Answer, about: &str) {
        let app = self.admin.app;
        app.faults.clear();
        // What was late arrives.
        tokio::time::sleep(Duration::from_millis(100)).await;
        let outcome = first.outcome();
        let about = &format!("{about}: {outcome}");
        let want = match self.act {
            Act::CompleteWrongly { .. } => WRONG,
            _ => "ok",
        };
        assert!(outcome == want || outcome == UNKNOWN, "{about}");
        let is_answered = outcome == want;
        match self.act {
            Act::Begin { kind, by_code } => {
                self.finish_beginning(kind, by_code, first, is_answered, about)
                    .await;
            }
            Act::Complete { kind, by_code } => {
                let counts = self.counts(about).await;
                let is_done = counts == (1, 0);
                assert!(is_done || counts == (0, 1), "{about} {counts:?}");
                assert!(is_done || !is_answered, "{about}");
                // Beside a passkey, the user's password alone is too little.
                let client = if is_done && !by_code {
                    self.admin
                } else {
                    self.client
                };
                let again = client.call_json(self.rpc, self.message.clone()).await;
                let again = again.outcome();
                assert_eq!(again, if is_done { NONE } else { "ok" }, "{about}");
                assert_eq!(self.counts(about).await, (1, 0), "{about}");
                let want = ["PASSWORD", kind.method()];
                assert_eq!(methods(self.admin, &self.user).await, want, "{about}");
                assert!(self.told("was added") <= 1, "{about}");
            }
            Act::CompleteWrongly { .. } => {
                let (listed, pending) = self.counts(about).await;
                assert_eq!(listed, 0, "{about}");
                assert!(pending == 0 || !is_answered, "{about}");
                let again = self.make().await.outcome();
                assert_eq!(again, if pending == 0 { NONE } else { WRONG }, "{about}");
                assert_eq!(self.counts(about).await, (0, 0), "{about}");
            }
            Act::Remove { .. } => {
                let is_done = self.counts(about).await == (0, 0);
                assert!(is_done || !is_answered, "{about}");
                let again = self.make().await.outcome();
                assert_eq!(again, if is_done { REMOVED } else { "ok" }, "{about}");
                assert_eq!(self.counts(about).await, (0, 0), "{about}");
                assert!(self.told("was removed") <= 1, "{about}");
            }
            Act::Link { is_sent } => self.finish_link(is_sent, first, is_answered, about).await,
        }
    }

    async fn finish_beginning(
        &self,
        kind: Kind,
        by_code: bool,
        first: &Answer,
        is_answered: bool,
        about: &str,
    ) {
        let (listed, pending) = self.counts(about).await;
        assert_eq!(listed, 0, "{about}");
        assert!(pending <= 1, "{about}");
        assert!(pending == 1 || !is_answered, "{about}");
        let again = self.make().await;
        let is_used = by_code && pending == 1;
        let want = if is_used { links::WRONG } else { "ok" };
        assert_eq!(again.outcome(), want, "{about}");
        let answers = [(first, is_answered), (&again, !is_used)];
        let answers = answers.into_iter().filter(|(_, is_begun)| *is_begun);
        let mut registered = 0;
        for (answer, _) in answers {
            let answer = answer.json();
            let begun = Begun {
                kind,
                user: self.user.clone(),
                id: answer[kind.id()].as_str().unwrap().to_owned(),
                options: answer["publicKeyCredentialCreationOptions"].clone(),
            };
            // The first factor drops what was begun by a code, and weakens the session beside it.
            let completed = begun.complete_rightly(self.admin).await;
            assert_eq!(completed, "ok", "{about}");
            registered += 1;
        }
        assert_eq!(self.counts(about).await.0, registered, "{about}");
    }

    async fn finish_link(&self, is_sent: bool, first: &Answer, is_answered: bool, about: &str) {
        let again = self.make().await;
        assert_eq!(again.outcome(), "ok", "{about}");
        let mut codes = Vec::new();
        if is_sent {
            let sent = self.admin.app.outbox().split_off(self.sent_before);
            assert!(!sent.is_empty(), "{about}");
            for message in sent {
                let (_, code) = message.text.split_once("&code=").unwrap();
                let (before, _) = message.text.split_once("&code=").unwrap();
                let (_, id) = before.rsplit_once("&id=").unwrap();
                let code = code.split_whitespace().next().unwrap();
                codes.push(json!({ "id": id, "code": code }));
            }
        } else {
            codes.push(again.json()["code"].clone());
            if is_answered {
                codes.push(first.json()["code"].clone());
            }
        }
        codes.dedup();
        assert_eq!(codes.len(), 1, "{about}");
        let nobody = nobody(self.admin.app).await;
        let begun = links::begin_by(nobody, &self.user, &codes[0]).await;
        assert_eq!(begun.err(), None, "{about}");
        let again = links::begin_by(nobody, &self.user, &codes[0]).await;
        assert_eq!(again.err().as_deref(), Some(links::WRONG), "{about}");
    }
}

/// A fault, and how often it comes: once, or for as long as the request is sent again.
const FAULTS: [(Fault, usize); 6] = [
    (Fault::ApplyThenReset, 1),
    (Fault::ApplyThenReset, 1000),
    (Fault::Reset, 1000),
    (Fault::Late(Duration::from_millis(20)), 1000),
    (Fault::Answer(400, "ThrottlingException"), 1000),
    (Fault::Conflict, 1000),
];

async fn fail_at_each_request(acts: &[Act]) {
    for &act in acts {
        let app: App = start().await;
        let admin = administrator(&app).await;
        let clean = Run::arrange(act, admin, "clean").await;
        let answer = clean.make().await;
        let requests = app.faults.actions();
        assert_ne!(answer.outcome(), UNKNOWN, "{act:?}");
        assert!(requests.len() >= 3, "{act:?} {requests:?}");
        clean.finish(&answer, &format!("{act:?}")).await;
        for (n, action) in requests.iter().enumerate() {
            for (fault_number, (fault, times)) in FAULTS.into_iter().enumerate() {
                if fault == Fault::Conflict && action != "TransactWriteItems" {
                    continue;
                }
                let run = Run::arrange(act, admin, &format!("{n}-{fault_number}")).await;
                app.faults.inject(fault.times(times).after(n));
                let answer = run.make().await;
                let about = format!("{act:?} {n} {action} {fault:?} {times} times");
                run.finish(&answer, &about).await;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_registration_that_begins_does_so_once() {
    fail_at_each_request(&[
        Act::Begin {
            kind: Kind::Passkey,
            by_code: false,
        },
        Act::Begin {
            kind: Kind::Passkey,
            by_code: true,
        },
        Act::Begin {
            kind: Kind::U2f,
            by_code: false,
        },
    ])
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_registration_is_used_up_together_with_its_effect() {
    for kind in Kind::ALL {
        fail_at_each_request(&[
            Act::Complete {
                kind,
                by_code: false,
            },
            Act::CompleteWrongly { kind },
        ])
        .await;
    }
    fail_at_each_request(&[Act::Complete {
        kind: Kind::Passkey,
        by_code: true,
    }])
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_credential_is_removed_together_with_its_place_in_the_list() {
    fail_at_each_request(&Kind::ALL.map(|kind| Act::Remove { kind })).await;
}

#[tokio::test(start_paused = true)]
async fn a_link_that_is_asked_for_again_has_the_same_code() {
    fail_at_each_request(&[true, false].map(|is_sent| Act::Link { is_sent })).await;
}
