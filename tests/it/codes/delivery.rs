//! Who is given a code, and how: in a message, with a link, or in the answer.

use serde_json::{Value, json};
use sesame::domain::{Operation, Permission};

use super::kind::{Kind, WRONG_SHORT};
use super::{
    DENIED, MILLI, ORIGINATION, SERVER_KEY, address, administrator, as_user, human, new_address,
    number, outcome, returned, send, sending, sending_with,
};
use crate::support::app::{App, PASSWORD};
use crate::support::client::Client;

/// Every call that can return codes, and the fields that have them.
fn returning(id: &str) -> Vec<(Operation, Value, &'static [&'static str])> {
    let email = json!({ "email": new_address(id), "returnCode": {} });
    let phone = json!({ "phone": number(id), "returnCode": {} });
    let added = format!("added-{id}");
    let mut add = human(&added, false);
    add["email"] = json!({ "email": address(&added), "returnCode": {} });
    add["phone"] = phone.clone();
    let mut create = human(&format!("created-{id}"), false);
    let fields = create.as_object_mut().unwrap();
    let (user_id, username) = (fields.remove("userId"), fields.remove("username"));
    create["email"]["returnCode"] = json!({});
    create["email"]
        .as_object_mut()
        .unwrap()
        .remove("isVerified");
    let create = json!({
        "organizationId": "69629023906488334",
        "userId": user_id, "username": username, "human": create,
    });
    let with_id = |mut message: Value| {
        message["userId"] = json!(id);
        message
    };
    let update = json!({ "email": email, "phone": phone });
    let one: &[&str] = &["verificationCode"];
    let both: &[&str] = &["emailCode", "phoneCode"];
    vec![
        (Operation::SetEmail, with_id(email.clone()), one),
        (Operation::SetPhone, with_id(phone.clone()), one),
        (Operation::UpdateHumanUser, with_id(update.clone()), both),
        (
            Operation::UpdateUser,
            json!({ "userId": id, "human": update }),
            both,
        ),
        (Operation::SendEmailCode, returned(id), one),
        (Operation::ResendEmailCode, returned(id), one),
        (Operation::ResendPhoneCode, returned(id), one),
        (Operation::PasswordReset, returned(id), one),
        (Operation::AddHumanUser, add, both),
        (Operation::CreateUser, create, &["emailCode"]),
    ]
}

#[tokio::test]
async fn a_code_is_returned_to_who_may_write_users_and_read_their_codes() {
    let app = sending().await;
    let admin = administrator(&app).await;
    let id = Kind::MailReset.user(admin, "mini").await;
    let invited = Kind::Invite.user(admin, "invited").await;
    let mut calls = returning(&id);
    calls.push((
        Operation::CreateInviteCode,
        returned(&invited),
        &["inviteCode"],
    ));
    let without_reading = app
        .service(&[Permission::UserWrite, Permission::UserRead])
        .await;
    let without_writing = app
        .service(&[Permission::UserCodeRead, Permission::UserRead])
        .await;
    let own = as_user(app.client(), &id, PASSWORD).await;
    for client in [without_reading, without_writing, own] {
        for (rpc, message, _) in &calls {
            let asked = client.ask(*rpc, message.clone()).await;
            assert_eq!(outcome(&asked), DENIED, "{rpc:?}");
        }
    }
    // Nothing of it was carried out.
    let user = super::read(admin, &id).await;
    assert_eq!(
        user["email"],
        json!({ "email": address(&id), "isVerified": true })
    );
    assert!(user["phone"].is_null());
    let may = app
        .service(&[Permission::UserWrite, Permission::UserCodeRead])
        .await;
    app.logged();
    for (rpc, message, fields) in calls {
        let answer = may.ask(rpc, message).await.unwrap();
        for field in fields {
            assert_eq!(answer[field].as_str().unwrap().len(), 8, "{rpc:?} {field}");
        }
        let line = app.logged().pop().unwrap();
        let user = answer["userId"].as_str().or(answer["id"].as_str());
        let user = match rpc {
            Operation::CreateInviteCode => &invited,
            _ => user.unwrap_or(&id),
        };
        let purpose = match rpc {
            Operation::PasswordReset => "reset",
            Operation::CreateInviteCode => "invite",
            Operation::ResendPhoneCode | Operation::SetPhone => "phone",
            _ if *fields == ["emailCode", "phoneCode"] => "email,phone",
            _ => "email",
        };
        let got = (&line["caller"], &line["user"], &line["code_returned"]);
        let want = (&json!("service:backend"), &json!(user), &json!(purpose));
        assert_eq!(got, want, "{rpc:?} {line}");
    }
    // Users are told of a change, and sent no code.
    let sent = app.outbox();
    assert!(
        sent.iter()
            .all(|message| message.subject.ends_with(" was changed"))
    );
}

/// The log has nothing of a code that is sent, nor of one that is tried.
#[tokio::test]
async fn the_log_names_no_code_that_is_sent() {
    let app = sending().await;
    let admin = administrator(&app).await;
    for kind in Kind::ALL {
        let id = kind.user(admin, &format!("{kind:?}")).await;
        kind.ask(admin, &id).await;
        let code = kind.code(&app, &id).await;
        kind.enter_wrong(admin, &id, 1).await;
        kind.enter(admin, &id, code.long()).await.unwrap();
        // Addresses, links and codes are looked for in each line that is taken.
        for line in app.logged() {
            assert!(line["code_returned"].is_null(), "{line}");
            let line = line.to_string();
            assert!(
                !line.contains("mouse.example") && !line.contains("login.example"),
                "{line}"
            );
            assert!(!line.contains(WRONG_SHORT), "{line}");
        }
    }
}

#[tokio::test]
async fn users_ask_for_their_own_codes_and_not_for_those_of_others() {
    let app = sending().await;
    let admin = administrator(&app).await;
    let id = Kind::MailReset.user(admin, "mini").await;
    let other = Kind::MailReset.user(admin, "other").await;
    let message = json!({
        "userId": id,
        "email": { "email": new_address(&id), "sendCode": {} },
        "phone": { "phone": number(&id), "sendCode": {} },
    });
    admin
        .ask(Operation::UpdateHumanUser, message)
        .await
        .unwrap();
    let later = app.client().later(super::MINUTE);
    let own = as_user(later, &id, PASSWORD).await;
    let stranger = as_user(later, &other, PASSWORD).await;
    let reader = app
        .service(&[Permission::UserRead, Permission::UserCodeRead])
        .await;
    let calls = [
        (Operation::SendEmailCode, send(&id), "ok"),
        (Operation::ResendEmailCode, send(&id), "ok"),
        (Operation::ResendPhoneCode, json!({ "userId": id }), "ok"),
        (Operation::PasswordReset, json!({ "userId": id }), "ok"),
        (Operation::CreateInviteCode, send(&id), DENIED),
        (Operation::ResendInviteCode, json!({ "userId": id }), DENIED),
    ];
    for (rpc, message, want) in calls {
        for (client, want) in [(own, want), (stranger, DENIED), (reader, DENIED)] {
            let sent = app.outbox().len();
            let asked = client.ask(rpc, message.clone()).await;
            assert_eq!(outcome(&asked), want, "{rpc:?}");
            assert!(want == "ok" || app.outbox().len() == sent, "{rpc:?}");
        }
    }
    let message = app.outbox().pop().unwrap();
    assert!(
        message
            .text
            .contains("It was asked for in a session that is signed in to the account"),
        "{}",
        message.text
    );
}

#[tokio::test]
async fn users_give_themselves_an_address_by_a_code_alone_and_after_a_fresh_login() {
    let app = sending().await;
    let admin = administrator(&app).await;
    let id = Kind::MailReset.user(admin, "mini").await;
    let own = as_user(app.client(), &id, PASSWORD).await;
    let email = |how: &str, value: Value| {
        let mut email = json!({ "email": new_address(&id) });
        if !how.is_empty() {
            email[how] = value;
        }
        email
    };
    let with_id = |mut message: Value| {
        message["userId"] = json!(id);
        message
    };
    let phone = |how: &str, value: Value| {
        let mut phone = json!({ "phone": number(&id) });
        phone[how] = value;
        phone
    };
    let empty = || json!({});
    let refused = [
        (
            Operation::SetEmail,
            with_id(email("isVerified", json!(true))),
        ),
        (Operation::SetEmail, with_id(email("returnCode", empty()))),
        (
            Operation::SetPhone,
            with_id(phone("isVerified", json!(true))),
        ),
        (Operation::SetPhone, with_id(phone("returnCode", empty()))),
        (
            Operation::UpdateHumanUser,
            json!({ "userId": id, "email": email("isVerified", json!(false)) }),
        ),
        (
            Operation::UpdateUser,
            json!({ "userId": id, "human": { "phone": phone("isVerified", json!(true)) } }),
        ),
    ];
    for (rpc, message) in refused {
        assert_eq!(outcome(&own.ask(rpc, message).await), DENIED, "{rpc:?}");
    }
    let allowed = [
        (Operation::SetEmail, with_id(email("", Value::Null)), 1),
        (Operation::SetPhone, with_id(phone("sendCode", empty())), 1),
        (
            Operation::UpdateUser,
            json!({ "userId": id, "human": { "email": email("sendCode", empty()) } }),
            1,
        ),
    ];
    let fresh = app.settings.policy.fresh;
    for (n, (rpc, message, sent)) in allowed.into_iter().enumerate() {
        let stale = own.later(fresh + MILLI).ask(rpc, message.clone()).await;
        assert_eq!(outcome(&stale), "SESAME-Fres1", "{rpc:?}");
        let before = app.outbox().len();
        let last = own.later(
            fresh
                .checked_sub(MILLI * 10 * u32::try_from(n + 1).unwrap())
                .unwrap(),
        );
        let asked = last.ask(rpc, message).await;
        assert_eq!(outcome(&asked), "ok", "{rpc:?}");
        let new = app.outbox().split_off(before);
        let codes = new.iter().filter(|message| message.to != address(&id));
        let codes = codes.count();
        // The last repeats the first within its minute.
        assert_eq!(codes, if n == 2 { 0 } else { sent }, "{rpc:?}");
    }
    // What users were sent goes to the address that is to be verified.
    assert_eq!(app.outbox()[0].to, new_address(&id));
}

/// A call and its message.
type Asked = (Operation, Value);

/// Every call that sends, to an address and to a number.
fn sending_calls(id: &str, invited: &str) -> (Vec<Asked>, Vec<Asked>) {
    let added = format!("added-{id}");
    let mut add = human(&added, false);
    add["email"] = json!({ "email": address(&added), "sendCode": {} });
    let mut add_phone = human(&added, true);
    add_phone["phone"] = json!({ "phone": number(id) });
    let email = json!({ "email": new_address(id), "sendCode": {} });
    let phone = json!({ "phone": number(id), "sendCode": {} });
    let of_user = json!({ "userId": id });
    let by_mail = vec![
        (Operation::AddHumanUser, add),
        (
            Operation::SetEmail,
            json!({ "userId": id, "email": new_address(id) }),
        ),
        (
            Operation::UpdateHumanUser,
            json!({ "userId": id, "email": email }),
        ),
        (
            Operation::UpdateUser,
            json!({ "userId": id, "human": { "email": email } }),
        ),
        (Operation::SendEmailCode, of_user.clone()),
        (Operation::ResendEmailCode, of_user.clone()),
        (Operation::PasswordReset, of_user.clone()),
        (Operation::CreateInviteCode, json!({ "userId": invited })),
        (Operation::ResendInviteCode, json!({ "userId": invited })),
    ];
    let by_sms = vec![
        (Operation::AddHumanUser, add_phone),
        (
            Operation::SetPhone,
            json!({ "userId": id, "phone": number(id) }),
        ),
        (
            Operation::UpdateHumanUser,
            json!({ "userId": id, "phone": phone }),
        ),
        (
            Operation::UpdateUser,
            json!({ "userId": id, "human": { "phone": phone } }),
        ),
        (Operation::ResendPhoneCode, of_user),
        Kind::SmsReset.request(id),
    ];
    (by_mail, by_sms)
}

/// Makes calls that must fail, and checks that they have written nothing.
pub async fn assert_nothing_stored(admin: Client<'_>, calls: Vec<Asked>, want: &str) {
    let app = admin.app;
    app.faults.clear();
    for (rpc, message) in calls {
        let asked = admin.ask(rpc, message).await;
        assert_eq!(outcome(&asked), want, "{rpc:?}");
    }
    for action in ["UpdateItem", "PutItem", "TransactWriteItems"] {
        assert_eq!(app.faults.count(action), 0, "{action}");
    }
    assert_eq!(app.outbox().len(), 0);
}

#[tokio::test]
async fn without_a_sender_nothing_is_stored() {
    for (name, value) in [("MAIL_FROM", "none"), ("SMS_ORIGINATION", "none")] {
        let app = sending_with(name, value).await;
        let admin = administrator(&app).await;
        let id = Kind::SmsReset.user(admin, "mini").await;
        let invited = Kind::Invite.user(admin, "invited").await;
        let (by_mail, by_sms) = sending_calls(&id, &invited);
        let refused = if name == "MAIL_FROM" { by_mail } else { by_sms };
        assert_nothing_stored(admin, refused, "SESAME-Send1").await;
        // A code that is returned needs no sender.
        admin
            .ask(Operation::PasswordReset, returned(&id))
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn without_a_server_key_there_are_no_codes() {
    let settings = [
        ("MAIL_FROM", "login@acme.example"),
        ("SMS_ORIGINATION", ORIGINATION),
    ];
    let app = App::emulated(&settings).await;
    let admin = administrator(&app).await;
    let id = Kind::SmsReset.user(admin, "mini").await;
    let invited = Kind::Invite.user(admin, "invited").await;
    let (by_mail, by_sms) = sending_calls(&id, &invited);
    let mut calls: Vec<_> = by_mail.into_iter().chain(by_sms).collect();
    calls.extend(
        returning(&id)
            .into_iter()
            .map(|(rpc, message, _)| (rpc, message)),
    );
    calls.extend(Kind::ALL.map(|kind| kind.take(&id, WRONG_SHORT)));
    assert_nothing_stored(admin, calls, "code 12").await;
    assert_ne!(SERVER_KEY, "");
}
