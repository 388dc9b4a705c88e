//! A new e-mail address waits beside a verified one until it is verified.

use serde_json::{Value, json};
use sesame::domain::Operation;

use super::kind::Kind;
use super::{
    MINUTE, NEW_PASSWORD, add, address, administrator, as_user, human, log_in, long, new_address,
    number, outcome, read, reset, sending, sending_with,
};
use crate::support::app::PASSWORD;
use crate::support::client::Client;

/// Gives a user another address, with a code.
async fn set_new_address(client: Client<'_>, id: &str, email: &str) {
    let message = json!({ "userId": id, "email": email, "sendCode": {} });
    client.ask(Operation::SetEmail, message).await.unwrap();
}

/// The ids of the users who are found by an address.
async fn found_by(admin: Client<'_>, email: &str) -> Vec<String> {
    let query = json!({ "emailQuery": { "emailAddress": email } });
    let message = json!({ "queries": [query] });
    let found = admin.ask(Operation::ListUsers, message).await.unwrap();
    let users = found["result"].as_array().into_iter().flatten();
    users
        .map(|user| user["userId"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_new_address_takes_the_verified_ones_place_when_it_is_verified() {
    let app = sending().await;
    let admin = administrator(&app).await;
    let id = Kind::MailReset.user(admin, "mini").await;
    let (old, new) = (address(&id), new_address(&id));
    let own = as_user(app.client(), &id, PASSWORD).await;

    set_new_address(own, &id, &new).await;

    let outbox = app.outbox();
    assert_eq!(outbox.len(), 1, "no change that is told of");
    assert_eq!(outbox[0].to, new);
    let shown = read(admin, &id).await;
    assert_eq!(shown["email"], json!({ "email": new }));
    assert_eq!(found_by(admin, &old).await, std::slice::from_ref(&id));
    assert_eq!(found_by(admin, &new).await, Vec::<String>::new());
    Kind::MailReset.ask(admin, &id).await;
    assert_eq!(app.outbox().pop().unwrap().to, old);

    let code = Kind::Email.code(&app, &id).await;
    Kind::Email.enter(own, &id, code.short()).await.unwrap();

    let shown = read(admin, &id).await;
    assert_eq!(shown["email"], json!({ "email": new, "isVerified": true }));
    assert_eq!(found_by(admin, &old).await, Vec::<String>::new());
    assert_eq!(found_by(admin, &new).await, std::slice::from_ref(&id));
    // The former address is told, with the new one and without anything to enter.
    let notice = app.outbox().pop().unwrap();
    assert_eq!(notice.to, old);
    assert!(notice.text.contains(&new), "{}", notice.text);
    assert!(
        !notice.text.contains("http") && !notice.text.contains("code"),
        "{}",
        notice.text
    );
    Kind::MailReset.ask(admin.later(MINUTE), &id).await;
    assert_eq!(app.outbox().pop().unwrap().to, new);
}

#[tokio::test]
async fn only_the_last_new_address_can_be_verified() {
    let app = sending().await;
    let admin = administrator(&app).await;
    let id = Kind::MailReset.user(admin, "mini").await;
    let (first, second) = (new_address(&id), format!("newer-{}", address(&id)));
    set_new_address(admin, &id, &first).await;
    let old = Kind::Email.code(&app, &id).await;
    set_new_address(admin, &id, &second).await;
    assert_eq!(app.outbox().pop().unwrap().to, second);
    let entered = Kind::Email.enter(admin, &id, old.long()).await;
    assert_eq!(outcome(&entered), "COMMAND-eis9R");
    // Going back to the verified one needs no code, and ends what waits.
    let code = Kind::Email.code(&app, &id).await;
    set_new_address(admin, &id, &address(&id)).await;
    let shown = read(admin, &id).await;
    assert_eq!(
        shown["email"],
        json!({ "email": address(&id), "isVerified": true })
    );
    let entered = Kind::Email.enter(admin, &id, code.long()).await;
    assert_eq!(outcome(&entered), "COMMAND-eis9R");
    assert_eq!(app.outbox().len(), 2);
}

/// Only who reads the mail of an address learns that another user has it.
#[tokio::test]
async fn a_taken_address_is_refused_when_it_is_verified() {
    let app = sending_with("UNIQUE_EMAILS", "true").await;
    let admin = administrator(&app).await;
    let other = Kind::MailReset.user(admin, "other").await;
    let id = Kind::MailReset.user(admin, "mini").await;
    let taken = address(&other);
    let free = new_address(&id);
    let own = as_user(app.client(), &id, PASSWORD).await;
    // The answers are the same.
    let set = |email: &str| json!({ "userId": id, "email": email, "sendCode": {} });
    for email in [&free, &taken] {
        let answer = own.ask(Operation::SetEmail, set(email)).await;
        assert_eq!(outcome(&answer), "ok");
    }
    assert_eq!(app.outbox().pop().unwrap().to, taken);
    let code = Kind::Email.code(&app, &id).await;

    for text in [code.short(), code.long(), code.short()] {
        let entered = Kind::Email.enter(own, &id, text).await;
        assert_eq!(outcome(&entered), "V3-DKcYh");
    }

    // A right code that changed nothing is not used, and its tries are given back.
    let stored = Kind::Email.stored(&app, &id).await.active.unwrap();
    assert_eq!(stored.tries, 0);
    assert_eq!(found_by(admin, &taken).await, std::slice::from_ref(&other));
    admin
        .ask(Operation::DeleteUser, json!({ "userId": other }))
        .await
        .unwrap();
    Kind::Email.enter(own, &id, code.short()).await.unwrap();
    assert_eq!(found_by(admin, &taken).await, [id]);
}

#[tokio::test]
async fn a_user_without_an_address_is_sent_no_reset() {
    let app = sending().await;
    let admin = administrator(&app).await;
    let user = app.user("mini").await;
    let id = user.user_id.as_str();
    for message in [
        json!({ "userId": id }),
        json!({ "userId": id, "returnCode": {} }),
        Kind::SmsReset.request(id).1,
    ] {
        let asked = admin.ask(Operation::PasswordReset, message).await;
        assert_eq!(outcome(&asked), "SESAME-Nadr1");
    }
    for (rpc, want) in [
        (Operation::SendEmailCode, "SESAME-Nadr1"),
        (Operation::ResendEmailCode, "EMAIL-5w5ilin4yt"),
        (Operation::ResendPhoneCode, "PHONE-5xrra88eq8"),
    ] {
        let asked = admin.ask(rpc, json!({ "userId": id })).await;
        assert_eq!(outcome(&asked), want, "{rpc:?}");
    }
    assert_eq!(app.outbox().len(), 0);
}

#[tokio::test]
async fn a_reset_by_sms_goes_to_a_verified_number_alone() {
    let app = sending().await;
    let admin = administrator(&app).await;
    let id = Kind::MailReset.user(admin, "mini").await;
    let by_sms = Kind::SmsReset.request(&id);
    let set = json!({ "userId": id, "phone": number(&id), "sendCode": {} });
    admin.ask(Operation::SetPhone, set).await.unwrap();
    admin.ask(by_sms.0, by_sms.1.clone()).await.unwrap();
    let message = app.outbox().pop().unwrap();
    assert_eq!((message.channel, message.to), ("email", address(&id)));

    let code = Kind::Phone.code(&app, &id).await;
    Kind::Phone.enter(admin, &id, code.short()).await.unwrap();
    admin.later(MINUTE).ask(by_sms.0, by_sms.1).await.unwrap();
    let message = app.outbox().pop().unwrap();
    assert_eq!((message.channel, &*message.to), ("sms", &*number(&id)));
    let code = Kind::SmsReset.code(&app, &id).await;
    assert_eq!(long(&message), code.long());
    // A reset by SMS verifies nothing and removes nothing.
    Kind::SmsReset
        .enter(admin.later(MINUTE), &id, code.short())
        .await
        .unwrap();
    let user = read(admin, &id).await;
    assert_eq!(
        user["phone"],
        json!({ "phone": number(&id), "isVerified": true })
    );
}

/// Whoever registered somebody else's address must not keep a way in.
#[tokio::test]
async fn a_reset_that_verifies_an_address_removes_what_a_stranger_may_have_left() {
    let app = sending().await;
    let admin = administrator(&app).await;
    for is_verified in [false, true] {
        let id = app.user_id(&is_verified.to_string()).to_string();
        let mut message = human(&id, is_verified);
        message["phone"] = json!({ "phone": number(&id), "isVerified": true });
        add(admin, message).await;
        if is_verified {
            set_new_address(admin, &id, &new_address(&id)).await;
        }
        let stranger = as_user(app.client(), &id, PASSWORD).await;
        Kind::MailReset.ask(admin, &id).await;
        assert_eq!(app.outbox().pop().unwrap().to, address(&id));
        let code = Kind::MailReset.code(&app, &id).await;

        Kind::MailReset
            .enter(admin, &id, code.long())
            .await
            .unwrap();

        let user = read(admin, &id).await;
        if is_verified {
            // It is the user's own.
            assert_eq!(user["email"], json!({ "email": new_address(&id) }));
            assert_eq!(
                user["phone"],
                json!({ "phone": number(&id), "isVerified": true })
            );
        } else {
            assert_eq!(
                user["email"],
                json!({ "email": address(&id), "isVerified": true })
            );
            assert!(user["phone"].is_null(), "{user}");
        }
        assert_eq!(log_in(admin, &id, NEW_PASSWORD).await, "ok");
        // The sessions of the former password have ended.
        let message = json!({ "userId": id });
        let asked = stranger.ask(Operation::GetUserByID, message).await;
        assert_eq!(outcome(&asked), "code 16");
    }
}

/// What verifies an address by a code removes nothing.
#[tokio::test]
async fn an_invitation_verifies_the_address() {
    let app = sending().await;
    let admin = administrator(&app).await;
    let id = Kind::Invite.user(admin, "mini").await;
    let set = json!({ "userId": id, "phone": number(&id), "isVerified": true });
    admin.ask(Operation::SetPhone, set).await.unwrap();
    let template = "https://login.example/join?code={{.Code}}&user={{.UserID}}";
    let link = json!({ "urlTemplate": template, "applicationName": "Mouse House" });
    let invite = json!({ "userId": id, "sendCode": link });
    admin
        .ask(Operation::CreateInviteCode, invite)
        .await
        .unwrap();
    let first = app.outbox().pop().unwrap();
    let again = json!({ "userId": id });
    admin
        .later(MINUTE)
        .ask(Operation::ResendInviteCode, again)
        .await
        .unwrap();
    let second = app.outbox().pop().unwrap();
    assert_eq!(
        (&first.text, &first.subject),
        (&second.text, &second.subject)
    );
    let code = Kind::Invite.code(&app, &id).await;
    assert!(first.text.contains("Mouse House"), "{}", first.text);
    assert!(
        first
            .text
            .contains(&format!("/join?code={}&user={id}", code.long()))
    );

    Kind::Invite.enter(admin, &id, code.short()).await.unwrap();

    let user = read(admin, &id).await;
    assert_eq!(
        user["email"],
        json!({ "email": address(&id), "isVerified": true })
    );
    assert_eq!(
        user["phone"],
        json!({ "phone": number(&id), "isVerified": true })
    );
    assert!(user["passwordChanged"].is_null());
    // One who was invited is invited again until there is a way to log in.
    Kind::Invite.ask(admin.later(MINUTE * 2), &id).await;
    let password = json!({ "userId": id, "newPassword": { "password": PASSWORD } });
    admin.ask(Operation::SetPassword, password).await.unwrap();
    let message = |rpc| (rpc, json!({ "userId": id }));
    for ((rpc, message), want) in [
        (message(Operation::CreateInviteCode), "COMMAND-EF34g"),
        (message(Operation::ResendInviteCode), "COMMAND-Gg42s"),
    ] {
        assert_eq!(outcome(&admin.ask(rpc, message).await), want);
    }
}

#[tokio::test]
async fn an_invitation_that_was_returned_or_has_ended_is_not_sent_again() {
    let app = sending().await;
    let admin = administrator(&app).await;
    let resend = |id: &str| (Operation::ResendInviteCode, json!({ "userId": id }));
    let none = Kind::Invite.user(admin, "none").await;
    let is_returned = Kind::Invite.user(admin, "returned").await;
    let message = super::returned(&is_returned);
    admin
        .ask(Operation::CreateInviteCode, message)
        .await
        .unwrap();
    let expired = Kind::Invite.user(admin, "expired").await;
    Kind::Invite.ask(admin, &expired).await;
    for id in [&none, &is_returned, &expired] {
        let (rpc, message) = resend(id);
        let later = admin.later(super::HOUR * 72);
        assert_eq!(
            outcome(&later.ask(rpc, message).await),
            "COMMAND-Wr3gq",
            "{id}"
        );
    }
    let (rpc, message) = resend(&is_returned);
    assert_eq!(outcome(&admin.ask(rpc, message).await), "COMMAND-Wr3gq");
    let (rpc, message) = resend("nobody");
    assert_eq!(outcome(&admin.ask(rpc, message).await), "COMMAND-H3b2a");
    assert_eq!(app.outbox().len(), 1);
}

/// The state of a user, and what asking for a code is answered.
#[tokio::test]
async fn a_locked_user_is_sent_nothing_and_a_password_locked_by_guesses_can_be_reset() {
    let app = sending_with("MAX_PASSWORD_ATTEMPTS", "3").await;
    let admin = administrator(&app).await;
    for kind in Kind::ALL {
        for rpc in [Operation::LockUser, Operation::DeactivateUser] {
            let id = kind.user(admin, &format!("{kind:?}-{rpc:?}")).await;
            admin.ask(rpc, json!({ "userId": id })).await.unwrap();
            let asked = kind.try_ask(admin, &id).await;
            assert_eq!(outcome(&asked), "SESSION-Gj4ko", "{kind:?}");
        }
    }
    assert_eq!(app.outbox().len(), 0);

    let id = Kind::MailReset.user(admin, "guessed").await;
    for _ in 0..4 {
        assert_ne!(log_in(admin, &id, "guess").await, "ok");
    }
    assert_ne!(log_in(admin, &id, PASSWORD).await, "ok");
    Kind::MailReset.ask(admin, &id).await;
    let code = Kind::MailReset.code(&app, &id).await;
    let message = reset(&id, NEW_PASSWORD, code.short());
    admin.ask(Operation::SetPassword, message).await.unwrap();
    assert_eq!(log_in(admin, &id, NEW_PASSWORD).await, "ok");
}

#[tokio::test]
async fn an_unknown_user_is_told_by_each_call_in_its_way() {
    let app = sending().await;
    let admin = administrator(&app).await;
    let of_nobody = |rpc, want| (rpc, json!({ "userId": "nobody" }), want);
    let set = |field: &str, value: &str| -> Value {
        json!({ "userId": "nobody", field: value, "sendCode": {} })
    };
    for (rpc, message, want) in [
        of_nobody(Operation::SendEmailCode, "COMMAND-ieJ2e"),
        of_nobody(Operation::ResendEmailCode, "COMMAND-ieJ2e"),
        of_nobody(Operation::ResendPhoneCode, "COMMAND-4g3xq"),
        of_nobody(Operation::PasswordReset, "COMMAND-SAF4f"),
        of_nobody(Operation::CreateInviteCode, "COMMAND-Wgvn4"),
        of_nobody(Operation::ResendInviteCode, "COMMAND-H3b2a"),
        (
            Operation::SetEmail,
            set("email", "a@mouse.example"),
            "COMMAND-ieJ2e",
        ),
        (
            Operation::SetPhone,
            set("phone", "+41711234567"),
            "COMMAND-4g3xq",
        ),
    ] {
        assert_eq!(outcome(&admin.ask(rpc, message).await), want, "{rpc:?}");
    }
    assert_eq!(app.outbox().len(), 0);
}
