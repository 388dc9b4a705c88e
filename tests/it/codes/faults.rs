//! Codes while the database or a provider fails, throttles, or loses its answers.
//!
//! Whatever fails, a call succeeds or says that it failed; and whoever repeats it gets a message with
//! the code that there is, or is told that the code was used.

mod calls;

use std::time::Duration;

use serde_json::{Value, json};
use sesame::domain::{CodePurpose, Operation};

use self::calls::{CALLS, Call, Effect, User};
use super::kind::Kind;
use super::{MINUTE, SECOND, administrator, human, number, outcome, read, sending};
use crate::support::answer::Answer;
use crate::support::client::Client;
use crate::support::faults::Fault;

/// A call that is about to be made, after a minute in which the user was asked for nothing.
struct Run<'a> {
    call: &'a Call,
    admin: Client<'a>,
    id: String,
    message: Value,
    sent_before: usize,
}

impl<'a> Run<'a> {
    async fn arrange(call: &'a Call, admin: Client<'a>, name: &str) -> Self {
        let app = admin.app;
        let later = admin.later(MINUTE + SECOND);
        let (id, code) = match call.user {
            User::None => (app.user_id(name).to_string(), String::new()),
            User::Of(kind) => (without_password(admin, kind, name).await, String::new()),
            User::Asked(kind) => {
                let id = without_password(admin, kind, name).await;
                kind.ask(admin, &id).await;
                let code = kind.code(app, &id).await;
                (id, code.short().to_owned())
            }
        };
        // The service reads the principal once a minute.
        read_nobody(later).await;
        app.faults.clear();
        app.providers.faults.clear();
        Self {
            message: (call.message)(&id, &code),
            sent_before: app.outbox().len(),
            call,
            admin: later,
            id,
        }
    }

    async fn make(&self) -> Answer {
        self.admin
            .call_json(self.call.rpc, self.message.clone())
            .await
    }

    /// Makes the call again if it failed, and checks what has become of it.
    async fn finish(self, first: &Answer, about: &str) {
        let app = self.admin.app;
        app.faults.clear();
        app.providers.faults.clear();
        // What was late arrives.
        tokio::time::sleep(Duration::from_millis(100)).await;
        let first_outcome = first.outcome();
        let about = format!("{about}: {first_outcome}");
        match &*first_outcome {
            "ok" => {}
            "code 14" => {
                assert!(first.headers.contains_key("retry-after"), "{about}");
            }
            _ => panic!("{about}"),
        }
        match self.call.effect {
            Effect::Sends(kinds) => self.finish_sending(kinds, &first_outcome, &about).await,
            Effect::Takes(kind) => self.finish_taking(kind, &first_outcome, &about).await,
        }
    }

    async fn finish_sending(self, kinds: &[Kind], first: &str, about: &str) {
        let (app, id) = (self.admin.app, &self.id);
        let adds = matches!(self.call.user, User::None);
        if first != "ok" {
            let again = self.make().await.outcome();
            let is_there = adds && again == "COMMAND-7yiox1isql";
            assert!(again == "ok" || is_there, "{about}, then {again}");
        }
        for &kind in kinds {
            let sent = async || {
                let to = match kind.stored(app, id).await.active {
                    Some(active) => active.target.destinations().next().unwrap().folded(),
                    None => return Vec::new(),
                };
                let mut new = app.outbox().split_off(self.sent_before);
                new.retain(|message| message.to == to);
                new
            };
            // A user who was added may have been sent nothing, and asks for the code.
            if adds && sent().await.is_empty() {
                kind.ask(self.admin, id).await;
            }
            let messages = sent().await;
            assert!(!messages.is_empty(), "nothing was sent: {about} {kind:?}");
            let code = kind.code(app, id).await;
            for message in &messages {
                assert!(
                    message.text.contains(code.short()),
                    "another code: {about} {kind:?}"
                );
            }
            kind.enter(self.admin, id, code.short()).await.unwrap();
        }
    }

    async fn finish_taking(self, kind: Kind, first: &str, about: &str) {
        let again = self.make().await.outcome();
        let is_used = again == kind.wrong();
        let is_known = if first == "ok" {
            is_used
        } else {
            again == "ok" || is_used
        };
        assert!(is_known, "{about}, then {again}");
        let user = read(self.admin, &self.id).await;
        let is_done = match kind {
            Kind::Phone => user["phone"]["isVerified"] == true,
            Kind::Email | Kind::Invite => user["email"]["isVerified"] == true,
            Kind::MailReset | Kind::SmsReset => user["passwordChanged"].is_string(),
        };
        assert!(is_done, "{about}, then {again}: {user}");
        assert_eq!(
            kind.stored(self.admin.app, &self.id).await.active,
            None,
            "{about}"
        );
    }
}

async fn without_password(admin: Client<'_>, kind: Kind, name: &str) -> String {
    let id = admin.app.user_id(name).to_string();
    let is_verified = kind.purpose() == CodePurpose::ResetPassword;
    let mut message = human(&id, is_verified);
    message["password"] = Value::Null;
    if kind == Kind::SmsReset {
        message["phone"] = json!({ "phone": number(&id), "isVerified": true });
    }
    super::add(admin, message).await
}

async fn read_nobody(client: Client<'_>) {
    let nobody = json!({ "userId": "nobody" });
    let read = client.ask(Operation::GetUserByID, nobody).await;
    assert_eq!(outcome(&read), "QUERY-Dfbg2");
}

/// A fault, and how often it comes: once, or for as long as the request is sent again.
const FAULTS: [(Fault, usize); 5] = [
    (Fault::ApplyThenReset, 1),
    (Fault::ApplyThenReset, 1000),
    (Fault::Reset, 1000),
    (Fault::Late(Duration::from_millis(20)), 1000),
    (Fault::Answer(400, "ThrottlingException"), 1000),
];

/// Makes each of these calls as often as it has requests, each time with a fault at another one: once,
/// and for as long as it is sent again.
async fn fail_at_each_request(calls: &[Call]) {
    for call in calls {
        let app = sending().await;
        let admin = administrator(&app).await;
        let clean = Run::arrange(call, admin, "clean").await;
        let answer = clean.make().await;
        let requests = app.faults.actions();
        assert_eq!(answer.outcome(), "ok", "{:?}", call.rpc);
        assert!(requests.len() >= 3, "{:?} {requests:?}", call.rpc);
        clean
            .finish(&answer, &format!("{:?} without a fault", call.rpc))
            .await;
        for (n, action) in requests.iter().enumerate() {
            for (fault_number, (fault, times)) in FAULTS.into_iter().enumerate() {
                let run = Run::arrange(call, admin, &format!("{n}-{fault_number}")).await;
                app.faults.inject(fault.times(times).after(n));
                let about = format!("{:?} {n} {action} {fault:?} {times} times", call.rpc);
                let answer = run.make().await;
                run.finish(&answer, &about).await;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_changes_and_sends_is_repeated_to_its_end() {
    fail_at_each_request(&CALLS[..5]).await;
}

#[tokio::test(start_paused = true)]
async fn a_call_that_sends_is_repeated_to_its_end() {
    fail_at_each_request(&CALLS[5..12]).await;
}

#[tokio::test(start_paused = true)]
async fn a_call_that_takes_a_code_is_repeated_to_its_end() {
    fail_at_each_request(&CALLS[12..]).await;
}

/// A transaction that meets others is tried again, and then refused as a whole.
#[tokio::test(start_paused = true)]
async fn a_conflict_leaves_nothing_half_done() {
    for call in CALLS {
        let app = sending().await;
        let admin = administrator(&app).await;
        for times in [1, 1000] {
            let run = Run::arrange(call, admin, &times.to_string()).await;
            let conflict = Fault::Conflict.times(times);
            app.faults.inject(conflict.for_action("TransactWriteItems"));
            let answer = run.make().await;
            let about = format!("{:?} {times} conflicts", call.rpc);
            run.finish(&answer, &about).await;
        }
    }
}

/// What is sent can fail in each way, and the repeated call sends the same code within the minute.
#[tokio::test(start_paused = true)]
async fn a_message_that_failed_is_sent_again() {
    let faults = [
        Fault::Reset,
        Fault::ApplyThenReset,
        Fault::Cut,
        Fault::Silence,
        Fault::Answer(400, "MessageRejected"),
        Fault::Answer(403, "AccessDeniedException"),
        Fault::Answer(429, "TooManyRequestsException"),
        Fault::Answer(500, "InternalServiceErrorException"),
    ];
    for call in CALLS {
        let Effect::Sends(kinds) = call.effect else {
            continue;
        };
        let app = sending().await;
        let admin = administrator(&app).await;
        for (fault_number, fault) in faults.into_iter().enumerate() {
            for times in [1, 1000] {
                for skipped in 0..kinds.len() {
                    let name = format!("{fault_number}-{times}-{skipped}");
                    let run = Run::arrange(call, admin, &name).await;
                    app.providers
                        .faults
                        .inject(fault.times(times).after(skipped));
                    let started = tokio::time::Instant::now();

                    let answer = run.make().await;

                    let about = format!("{:?} {fault:?} {times} {skipped}", call.rpc);
                    assert!(
                        started.elapsed() < Duration::from_secs(19),
                        "{about} {:?}",
                        started.elapsed()
                    );
                    if matches!(call.user, User::None) {
                        assert_eq!(answer.outcome(), "ok", "{about}");
                    } else if times > 1 && fault != Fault::Cut {
                        assert_eq!(answer.outcome(), "code 14", "{about}");
                    }
                    run.finish(&answer, &about).await;
                }
            }
        }
    }
}

/// Somebody tries codes while a message fails: the minute isn't counted all the same.
#[tokio::test(start_paused = true)]
async fn a_failed_message_counts_no_minute_while_others_try_codes() {
    let app = sending().await;
    let admin = administrator(&app).await;
    let kind = Kind::MailReset;
    let id = kind.user(admin, "mini").await;
    app.providers.faults.inject(Fault::Silence.times(2));
    let tries = async {
        tokio::time::sleep(SECOND).await;
        kind.enter_wrong(admin, &id, 2).await;
    };

    let (asked, ()) = tokio::join!(kind.try_ask(admin, &id), tries);

    assert_eq!(outcome(&asked), "code 14");
    assert_eq!(app.outbox().len(), 0);
    app.providers.faults.clear();
    kind.ask(admin, &id).await;
    assert_eq!(app.outbox().len(), 1);
    assert_eq!(kind.stored(&app, &id).await.active.unwrap().tries, 2);
}

/// A try whose answer gets lost is sent again and counts once, and the right one is right.
#[tokio::test(start_paused = true)]
async fn a_try_counts_once() {
    let app = sending().await;
    let admin = administrator(&app).await;
    for kind in Kind::ALL {
        let id = kind.user(admin, &format!("{kind:?}")).await;
        kind.ask(admin, &id).await;
        let code = kind.code(&app, &id).await;
        let lose = |fault: Fault| {
            app.faults.clear();
            app.faults.inject(fault.once().for_action("UpdateItem"));
        };
        for n in 1..5 {
            lose([Fault::ApplyThenReset, Fault::Cut][n % 2]);
            kind.enter_wrong(admin, &id, 1).await;
            assert_eq!(app.faults.count("UpdateItem"), 2, "{kind:?}");
            let tries = kind.stored(&app, &id).await.active.unwrap().tries;
            assert_eq!(usize::try_from(tries).unwrap(), n, "{kind:?}");
        }
        lose(Fault::ApplyThenReset);
        kind.enter(admin, &id, code.short()).await.unwrap();
    }
}
