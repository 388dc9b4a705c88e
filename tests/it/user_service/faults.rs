//! Calls on users while the database fails, conflicts, or loses its answers.

use serde_json::{Value, json};
use sesame::domain::{Operation, Permission};

use super::{NEW_PASSWORD, address, human, outcome, read, register, session};
use crate::support::app::{App, PASSWORD};
use crate::support::client::Client;
use crate::support::faults::Fault;

/// A call on a user, and what its repetition is answered once it was carried out.
struct Change {
    call: Operation,
    message: fn(&App, &str) -> Value,
    repeated: &'static str,
}

const fn change(
    call: Operation,
    message: fn(&App, &str) -> Value,
    repeated: &'static str,
) -> Change {
    Change {
        call,
        message,
        repeated,
    }
}

const CHANGES: &[Change] = &[
    change(
        Operation::LockUser,
        |_, id| json!({ "userId": id }),
        "COMMAND-lgws8wtsqf",
    ),
    change(
        Operation::DeactivateUser,
        |_, id| json!({ "userId": id }),
        "COMMAND-5gunjw0cd7",
    ),
    change(
        Operation::DeleteUser,
        |_, id| json!({ "userId": id }),
        "COMMAND-bd4ir1mblj",
    ),
    change(
        Operation::HumanMFAInitSkipped,
        |_, id| json!({ "userId": id }),
        "ok",
    ),
    change(
        Operation::SetEmail,
        |app, id| json!({ "userId": id, "email": address(app, "new"), "isVerified": true }),
        "COMMAND-Uch5e",
    ),
    change(
        Operation::SetPhone,
        |_, id| json!({ "userId": id, "phone": "+41711234567", "isVerified": true }),
        "ok",
    ),
    change(
        Operation::SetPassword,
        |_, id| {
            json!({
                "userId": id, "newPassword": { "password": NEW_PASSWORD }, "currentPassword": PASSWORD,
            })
        },
        "COMMAND-3M0fs",
    ),
    change(
        Operation::UpdateHumanUser,
        |app, id| {
            json!({
                "userId": id,
                "username": app.login_name("renamed").as_str(),
                "email": { "email": address(app, "new"), "isVerified": true },
                "profile": { "givenName": "Maxi", "familyName": "Mouse" },
            })
        },
        "ok",
    ),
    change(
        Operation::AddHumanUser,
        |app, _| human(app, "added"),
        "COMMAND-7yiox1isql",
    ),
];

/// Whoever may make all of these calls.
async fn administrator(app: &App) -> Client<'_> {
    app.service(&[
        Permission::UserRead,
        Permission::UserWrite,
        Permission::UserDelete,
        Permission::SessionWrite,
    ])
    .await
}

/// Each request of each call fails for as long as it is sent again: the call says so, and is carried
/// out or not; its repetition succeeds, or says that it was done.
#[tokio::test(start_paused = true)]
async fn a_call_whose_request_fails_is_repeated_to_its_end() {
    let actions = [
        "GetItem",
        "BatchGetItem",
        "UpdateItem",
        "TransactWriteItems",
    ];
    for change in CHANGES {
        for action in actions {
            for fault in [Fault::Reset, Fault::ApplyThenReset, Fault::Conflict] {
                if fault == Fault::Conflict && action != "TransactWriteItems" {
                    continue;
                }
                let app = App::emulated(&[]).await;
                let admin = administrator(&app).await;
                let id = register(admin, "mini").await;
                let message = (change.message)(&app, &id);
                app.faults.clear();
                app.faults.inject(fault.times(100).for_action(action));

                let first = outcome(&admin.ask(change.call, message.clone()).await);

                let was_sent = app.faults.count("TransactWriteItems") > 0;
                app.faults.clear();
                let about = format!("{:?} {action} {fault:?}: {first}", change.call);
                let is_done = match &*first {
                    // It doesn't send such a request.
                    "ok" => true,
                    "code 14" => fault == Fault::ApplyThenReset && was_sent,
                    _ => panic!("{about}"),
                };
                let want = if is_done { change.repeated } else { "ok" };
                let again = outcome(&admin.ask(change.call, message).await);
                assert_eq!(again, want, "{about}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_lost_once_is_no_error() {
    for change in CHANGES {
        for fault in [Fault::ApplyThenReset, Fault::Cut, Fault::Conflict] {
            let app = App::emulated(&[]).await;
            let admin = administrator(&app).await;
            let id = register(admin, "mini").await;
            let message = (change.message)(&app, &id);
            app.faults.clear();
            app.faults
                .inject(fault.once().for_action("TransactWriteItems"));

            let asked = admin.ask(change.call, message).await;

            assert_eq!(outcome(&asked), "ok", "{:?} {fault:?}", change.call);
            let sent = app.faults.count("TransactWriteItems");
            assert_eq!(sent, 2, "{:?} {fault:?}", change.call);
        }
    }
}

/// Of fifty who register one name while answers get lost, one gets it, and the others are told that it
/// is taken.
#[tokio::test(start_paused = true)]
async fn one_of_fifty_gets_the_name() {
    let app = App::emulated(&[]).await;
    let admin = administrator(&app).await;
    for fault in [Fault::ApplyThenReset, Fault::Conflict, Fault::Cut] {
        app.faults
            .inject(fault.times(10).for_action("TransactWriteItems"));
    }
    let register = |n: usize| {
        let mut message = human(&app, "mini");
        message["userId"] = json!(app.user_id(&format!("mini{n}")).as_str());
        message["email"]["email"] = json!(address(&app, &format!("mini{n}")));
        message["password"] = Value::Null;
        admin.ask(Operation::AddHumanUser, message)
    };

    let outcomes = futures_util::future::join_all((0..50).map(register)).await;

    let outcomes: Vec<_> = outcomes.iter().map(outcome).collect();
    let count = |wanted: &str| outcomes.iter().filter(|one| *one == wanted).count();
    assert_eq!((count("ok"), count("V3-DKcYh")), (1, 49), "{outcomes:?}");
    app.faults.clear();
    // Nothing is left of the others: each may be registered by another name.
    for (n, outcome_of_first) in outcomes.iter().enumerate() {
        let mut message = human(&app, &format!("other{n}"));
        message["userId"] = json!(app.user_id(&format!("mini{n}")).as_str());
        message["password"] = Value::Null;
        let added = admin.ask(Operation::AddHumanUser, message).await;
        let is_first = outcome_of_first == "ok";
        let want = if is_first { "COMMAND-7yiox1isql" } else { "ok" };
        assert_eq!(outcome(&added), want, "{n}");
    }
}

/// After conflicts alone, whether the name is taken is read.
#[tokio::test(start_paused = true)]
async fn a_registration_that_meets_conflicts_alone_is_told_whether_the_name_is_taken() {
    let app = App::emulated(&[]).await;
    let admin = administrator(&app).await;
    let id = register(admin, "mini").await;
    let ask = async |call, message| {
        app.faults
            .inject(Fault::Conflict.times(100).for_action("TransactWriteItems"));
        let started = tokio::time::Instant::now();
        let asked = admin.ask(call, message).await;
        let took = started.elapsed();
        assert!(took < std::time::Duration::from_millis(200), "{took:?}");
        app.faults.clear();
        outcome(&asked)
    };

    let mut taken = human(&app, "other");
    taken["username"] = json!(app.login_name("mini").as_str());
    assert_eq!(ask(Operation::AddHumanUser, taken).await, "V3-DKcYh");
    assert_eq!(
        ask(Operation::AddHumanUser, human(&app, "new")).await,
        "code 14"
    );
    let other = register(admin, "other").await;
    for (name, want) in [("mini", "V3-DKcYh"), ("new", "code 14")] {
        let rename = json!({ "userId": other, "username": app.login_name(name).as_str() });
        assert_eq!(ask(Operation::UpdateUser, rename).await, want, "{name}");
    }
    assert_eq!(outcome(&read(admin, &id).await), "ok");
}

/// A user changes in each call between the read and the write; the call starts again from what the
/// other left.
#[tokio::test]
async fn changes_at_once_are_all_carried_out() {
    let app = App::emulated(&[]).await;
    let admin = administrator(&app).await;
    let id = register(admin, "mini").await;
    let phone = json!({ "userId": id, "phone": "+41711234567", "isVerified": true });
    let email = json!({ "userId": id, "email": address(&app, "new"), "isVerified": true });
    let names = json!({ "userId": id, "human": { "profile": { "nickName": "M" } } });
    let name = json!({ "userId": id, "username": app.login_name("maxi").as_str() });
    let skipped = json!({ "userId": id });

    let calls = [
        (Operation::SetPhone, phone),
        (Operation::SetEmail, email),
        (Operation::UpdateUser, names),
        (Operation::UpdateUser, name),
        (Operation::HumanMFAInitSkipped, skipped),
    ];
    let calls = calls.map(|(call, message)| admin.ask(call, message));
    let outcomes = futures_util::future::join_all(calls).await;

    for one in &outcomes {
        assert_eq!(outcome(one), "ok");
    }
    let user = read(admin, &id).await.unwrap();
    assert_eq!(user["details"]["sequence"], "6");
    assert_eq!(user["username"], app.login_name("maxi").as_str());
    let human = &user["human"];
    assert_eq!(human["phone"]["phone"], "+41711234567");
    assert_eq!(human["email"]["email"], address(&app, "new"));
    assert_eq!(human["profile"]["nickName"], "M");
    session(&app, &id, PASSWORD).await;
}
