//! How many messages are sent: to a user, to an address, and in all.

use std::time::Duration;

use serde_json::{Value, json};
use sesame::domain::{
    Address as _, Destination, EmailAddress, Operation, PhoneNumber, Timestamp, day_end, day_of,
};
use sesame::store::MessageCounter;

use super::kind::Kind;
use super::{
    MINUTE, SECOND, add, address, administrator, human, just_before, returned, send, sending,
    sending_with,
};
use crate::support::app::{App, NOW};
use crate::support::client::Client;

/// The time from [`NOW`] to the end of its day in UTC.
fn rest_of_day() -> Duration {
    NOW.until(day_end(day_of(NOW))).unwrap()
}

/// Checks that a call is refused until the day ends.
async fn assert_refused(client: Client<'_>, (rpc, message): (Operation, Value)) {
    let answer = client.call_json(rpc, message).await;
    assert_eq!(answer.status, 429, "{rpc:?} {}", answer.outcome());
    let error = client.wire.message_of(rpc, &answer).unwrap_err();
    assert_eq!(error.code, 8, "{rpc:?}");
    let left = client.now.until(day_end(day_of(client.now))).unwrap();
    let seconds = left.as_millis().div_ceil(1000);
    assert_eq!(
        answer.headers["retry-after"],
        seconds.to_string(),
        "{rpc:?}"
    );
}

fn email(address: &str) -> Destination {
    Destination::Email(EmailAddress::parse(address).unwrap())
}

fn phone(number: &str) -> Destination {
    Destination::Phone(PhoneNumber::parse(number).unwrap())
}

/// How many messages are counted on the day of a time.
async fn counted(app: &App, counter: MessageCounter<'_>, now: Timestamp) -> u32 {
    let mut count = 0;
    while !app
        .store
        .count_message(counter, count + 1, day_of(now))
        .await
        .unwrap()
    {
        count += 1;
    }
    app.store
        .uncount_message(counter, day_of(now))
        .await
        .unwrap();
    count
}

/// A user whose address has not been verified, and who has no password.
async fn unverified(admin: Client<'_>, name: &str, email: &str) -> String {
    let id = admin.app.user_id(name).to_string();
    let mut message = human(&id, false);
    message["email"]["email"] = json!(email);
    message["password"] = Value::Null;
    add(admin, message).await
}

#[tokio::test]
async fn within_a_minute_nothing_is_sent_again() {
    let app = sending().await;
    let admin = administrator(&app).await;
    for kind in Kind::ALL {
        let id = kind.user(admin, &format!("{kind:?}")).await;
        let sent = app.outbox().len();
        kind.ask(admin, &id).await;
        let expires_at = kind.stored(&app, &id).await.active.unwrap().expires_at;
        for after in [Duration::ZERO, SECOND, just_before(MINUTE)] {
            kind.ask(admin.later(after), &id).await;
            let (rpc, message) = kind.request(&id);
            let again = match kind {
                Kind::Email => (Operation::ResendEmailCode, send(&id)),
                Kind::Phone => (Operation::ResendPhoneCode, json!({ "userId": id })),
                Kind::Invite => (Operation::ResendInviteCode, json!({ "userId": id })),
                Kind::MailReset | Kind::SmsReset => (rpc, message),
            };
            admin.later(after).ask(again.0, again.1).await.unwrap();
        }
        assert_eq!(app.outbox().len(), sent + 1, "{kind:?}");
        let stored = kind.stored(&app, &id).await.active.unwrap();
        assert_eq!(stored.expires_at, expires_at, "{kind:?}");
        kind.ask(admin.later(MINUTE), &id).await;
        assert_eq!(app.outbox().len(), sent + 2, "{kind:?}");
    }
}

/// A code that is returned is none that was sent: it counts no minute and no message.
#[tokio::test]
async fn a_returned_code_is_no_message() {
    let app = sending().await;
    let admin = administrator(&app).await;
    let kind = Kind::MailReset;
    let id = kind.user(admin, "mini").await;
    for _ in 0..25 {
        admin
            .ask(Operation::PasswordReset, returned(&id))
            .await
            .unwrap();
    }
    assert_eq!(app.outbox().len(), 0);
    assert_eq!(counted(&app, MessageCounter::Deployment, NOW).await, 0);
    kind.ask(admin, &id).await;
    assert_eq!(app.outbox().len(), 1);
    let code = kind.code(&app, &id).await;
    let again = admin.ask(Operation::PasswordReset, returned(&id)).await;
    assert_eq!(again.unwrap()["verificationCode"], code.short());
}

/// Each load of ZITADEL's login page asks, also once the address is verified.
#[tokio::test]
async fn a_page_that_asks_on_each_load_is_sent_one_message() {
    let app = sending().await;
    let admin = administrator(&app).await;
    let kind = Kind::Email;
    let id = kind.user(admin, "mini").await;
    for load in 0..40 {
        kind.ask(admin.later(SECOND * load), &id).await;
    }
    assert_eq!(app.outbox().len(), 1);
    let code = kind.code(&app, &id).await;
    kind.enter(admin, &id, code.short()).await.unwrap();
    app.faults.clear();
    for load in 0..40 {
        kind.ask(admin.later(MINUTE * load), &id).await;
    }
    assert_eq!(app.outbox().len(), 1);
    assert_eq!(app.faults.count("UpdateItem"), 0);
}

#[tokio::test]
async fn twenty_messages_a_day_for_a_user_and_a_purpose() {
    let app = sending().await;
    let admin = administrator(&app).await;
    let id = Kind::MailReset.user(admin, "mini").await;
    // Each time another address, so that only the user has as many.
    let set = |n: u32| {
        let email = format!("{n}-{}", address(&id));
        (
            Operation::SetEmail,
            json!({ "userId": id, "email": email, "sendCode": {} }),
        )
    };
    for n in 0..20 {
        let (rpc, message) = set(n);
        admin.later(SECOND * n).ask(rpc, message).await.unwrap();
    }
    assert_eq!(app.outbox().len(), 20);

    assert_refused(admin.later(MINUTE), set(20)).await;

    // Nothing was stored before, and nothing was counted for the address or in all.
    let user = super::read(admin, &id).await;
    assert_eq!(user["email"]["email"], format!("19-{}", address(&id)));
    let refused = email(&format!("20-{}", address(&id)));
    assert_eq!(counted(&app, MessageCounter::To(&refused), NOW).await, 0);
    assert_eq!(counted(&app, MessageCounter::Deployment, NOW).await, 20);
    // Another purpose has messages of its own.
    Kind::MailReset.ask(admin.later(MINUTE), &id).await;
    let (rpc, message) = set(20);
    let last = admin.later(just_before(rest_of_day()));
    assert_refused(last, (rpc, message.clone())).await;
    admin.later(rest_of_day()).ask(rpc, message).await.unwrap();
    assert_eq!(app.outbox().len(), 22);
}

#[tokio::test]
async fn eleven_users_with_one_address_are_sent_twenty_messages() {
    let app = sending_with("UNIQUE_EMAILS", "false").await;
    let admin = administrator(&app).await;
    let shared = format!("shared-{}@mouse.example", app.name);
    let mut ids = Vec::new();
    for n in 0..11 {
        // In another case it is the same address.
        let email = if n % 2 == 0 {
            shared.clone()
        } else {
            shared.to_uppercase()
        };
        ids.push(unverified(admin, &format!("mini-{n}"), &email).await);
    }
    let requests = ids.iter().flat_map(|id| {
        let reset = json!({ "userId": id });
        [
            (Operation::SendEmailCode, send(id)),
            (Operation::PasswordReset, reset),
        ]
    });
    let requests: Vec<_> = requests.collect();
    for (rpc, message) in &requests[..20] {
        admin.ask(*rpc, message.clone()).await.unwrap();
    }
    for (rpc, message) in &requests[20..] {
        assert_refused(admin, (*rpc, message.clone())).await;
    }
    assert_eq!(app.outbox().len(), 20);
    // The refused ones are not counted in all.
    assert_eq!(counted(&app, MessageCounter::Deployment, NOW).await, 20);
    assert_eq!(
        counted(&app, MessageCounter::To(&email(&shared)), NOW).await,
        20
    );

    // An address outlives the users who had it.
    for id in &ids {
        let message = json!({ "userId": id });
        admin.ask(Operation::DeleteUser, message).await.unwrap();
    }
    let id = unverified(admin, "another", &shared).await;
    assert_refused(admin, (Operation::SendEmailCode, send(&id))).await;
    let tomorrow = admin.later(rest_of_day());
    tomorrow
        .ask(Operation::SendEmailCode, send(&id))
        .await
        .unwrap();
    assert_eq!(app.outbox().len(), 21);
}

#[tokio::test]
async fn ten_messages_a_day_to_a_number() {
    let app = sending().await;
    let admin = administrator(&app).await;
    let number = "+41711234567";
    let set = |id: &str| {
        let message = json!({ "userId": id, "phone": number, "sendCode": {} });
        (Operation::SetPhone, message)
    };
    for n in 0..11 {
        let id = Kind::Phone.user(admin, &format!("mini-{n}")).await;
        let (rpc, message) = set(&id);
        if n == 10 {
            assert_refused(admin, (rpc, message.clone())).await;
            assert!(super::read(admin, &id).await["phone"].is_null());
            // Nor is anything of a call that asks for another code as well.
            let new = super::new_address(&id);
            let both = json!({
                "userId": id,
                "email": { "email": new, "sendCode": {} },
                "phone": { "phone": number, "sendCode": {} },
            });
            assert_refused(admin, (Operation::UpdateHumanUser, both)).await;
            let user = super::read(admin, &id).await;
            assert_eq!(user["email"]["email"], address(&id));
            let new = email(&new);
            assert_eq!(counted(&app, MessageCounter::To(&new), NOW).await, 0);
            assert_eq!(counted(&app, MessageCounter::Deployment, NOW).await, 10);
            admin.later(rest_of_day()).ask(rpc, message).await.unwrap();
            continue;
        }
        admin.ask(rpc, message).await.unwrap();
        // The number goes to the next user.
        let removed = json!({ "userId": id });
        admin.ask(Operation::RemovePhone, removed).await.unwrap();
    }
    let outbox = app.outbox();
    let by_sms = outbox.iter().filter(|message| message.channel == "sms");
    assert_eq!(by_sms.count(), 11);
    assert_eq!(
        counted(&app, MessageCounter::To(&phone(number)), NOW).await,
        10
    );
}

#[tokio::test]
async fn the_deployment_has_a_limit() {
    let app = sending_with("MAX_MESSAGES_PER_DAY", "3").await;
    let admin = administrator(&app).await;
    let mut ids = Vec::new();
    for n in 0..4 {
        ids.push(Kind::MailReset.user(admin, &n.to_string()).await);
    }
    for id in &ids[..3] {
        Kind::MailReset.ask(admin, id).await;
    }
    app.logged();
    let id = &ids[3];
    for _ in 0..3 {
        assert_refused(admin, Kind::MailReset.request(id)).await;
    }
    let lines = app.logged();
    assert_eq!(lines.len(), 3);
    for line in lines {
        assert_eq!(line["message_limits"], 1, "{line}");
        assert_eq!(line["outcome"], "too_many_messages", "{line}");
    }
    // The address has its own messages left, and the user too.
    let own = email(&address(id));
    assert_eq!(counted(&app, MessageCounter::To(&own), NOW).await, 0);
    assert_eq!(Kind::MailReset.stored(&app, id).await.version, 0);

    // A user is added all the same, and the failure is logged.
    let mut message = human(app.user_id("added").as_str(), false);
    message["email"] = json!({ "email": "added@mouse.example", "sendCode": {} });
    let added = add(admin, message).await;
    let line = app.logged().pop().unwrap();
    assert_eq!(
        (&line["outcome"], &line["message_failures"]),
        (&json!("ok"), &json!(1))
    );
    assert_eq!(app.outbox().len(), 3);
    // Nor does a change fail whose notice is one too many.
    let message = json!({ "userId": ids[0], "newPassword": { "password": "a third horse" } });
    let later = admin.later(SECOND);
    later.ask(Operation::SetPassword, message).await.unwrap();
    assert_eq!(app.outbox().len(), 3);
    assert_eq!(app.logged().pop().unwrap()["message_limits"], 1);

    let tomorrow = admin.later(rest_of_day());
    Kind::MailReset.ask(tomorrow, id).await;
    Kind::Email.ask(tomorrow, &added).await;
    assert_eq!(app.outbox().len(), 5);
}

/// A notice is counted for the deployment alone.
#[tokio::test]
async fn notices_have_no_limit_of_their_own() {
    let app = sending().await;
    let admin = administrator(&app).await;
    let id = Kind::MailReset.user(admin, "mini").await;
    for n in 0..25 {
        let message =
            json!({ "userId": id, "newPassword": { "password": format!("a horse {n}") } });
        let later = admin.later(SECOND * (n + 1));
        later.ask(Operation::SetPassword, message).await.unwrap();
    }
    assert_eq!(app.outbox().len(), 25);
    let own = email(&address(&id));
    assert_eq!(counted(&app, MessageCounter::To(&own), NOW).await, 0);
    assert_eq!(counted(&app, MessageCounter::Deployment, NOW).await, 25);
}
