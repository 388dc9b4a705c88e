//! What is in a message: its link, and no name for an address that nobody has verified.

use serde_json::{Value, json};
use sesame::domain::Operation;

use super::delivery::assert_nothing_stored;
use super::kind::Kind;
use super::{address, administrator, human, new_address, number, sending};

#[tokio::test]
async fn links_begin_with_what_the_settings_say() {
    let app = sending().await;
    let admin = administrator(&app).await;
    let id = Kind::MailReset.user(admin, "mini").await;
    let unverified = Kind::Email.user(admin, "unverified").await;
    let invited = Kind::Invite.user(admin, "invited").await;
    let calls = |template: &str| {
        let link = json!({ "urlTemplate": template });
        let email = json!({ "email": new_address(&id), "sendCode": link });
        vec![
            (
                Operation::PasswordReset,
                json!({ "userId": id, "sendLink": link }),
            ),
            (
                Operation::SendEmailCode,
                json!({ "userId": unverified, "sendCode": link }),
            ),
            (
                Operation::ResendEmailCode,
                json!({ "userId": unverified, "sendCode": link }),
            ),
            (
                Operation::CreateInviteCode,
                json!({ "userId": invited, "sendCode": link }),
            ),
            (
                Operation::SetEmail,
                json!({ "userId": id, "email": new_address(&id), "sendCode": link }),
            ),
            (
                Operation::UpdateHumanUser,
                json!({ "userId": id, "email": email }),
            ),
        ]
    };
    let refused = [
        (
            "https://login.example.evil.example/?code={{.Code}}",
            "DOMAIN-oGh5e",
        ),
        ("https://evil.example/?code={{.Code}}", "DOMAIN-oGh5e"),
        ("http://login.example/?code={{.Code}}", "DOMAIN-oGh5e"),
        ("https://login.example:444/?code={{.Code}}", "DOMAIN-oGh5e"),
        (
            "https://login.example@evil.example/?code={{.Code}}",
            "DOMAIN-oGh5e",
        ),
        ("https://user@login.example/?code={{.Code}}", "DOMAIN-oGh5e"),
        (
            "https://login.example\\@evil.example/?code={{.Code}}",
            "DOMAIN-oGh5e",
        ),
        ("https://login.example/a/../?code={{.Code}}", "DOMAIN-oGh5e"),
        (
            "https://login.example/a/%2e%2E/?code={{.Code}}",
            "DOMAIN-oGh5e",
        ),
        ("javascript://login.example/%0aalert(1)", "DOMAIN-oGh5e"),
        ("/verify?code={{.Code}}", "DOMAIN-oGh5e"),
        ("https://login.example/?code={{.Nothing}}", "DOMAIN-ieYa7"),
        ("https://login.example/?code={{.Code", "DOMAIN-ieYa7"),
        ("https://login.example/?code={{code}}", "DOMAIN-ieYa7"),
        (
            "https://login.example/{{.LoginName}}/?code={{.Code}}",
            "DOMAIN-ieYa7",
        ),
        ("https://login.example/{{.UserID}}", "DOMAIN-ieYa7"),
    ];
    for (template, want) in refused {
        assert_nothing_stored(admin, calls(template), want).await;
    }
    // In front of the query, the code alone is allowed.
    let template = "https://login.example/{{ .Code }}?u={{.UserID}}&o={{.OrgID}}&l={{.PreferredLanguage}}&s={{.SessionID}}{{.CodeID}}";
    for (rpc, message) in calls(template) {
        if rpc != Operation::ResendEmailCode {
            admin.ask(rpc, message).await.unwrap();
        }
    }
    let code = Kind::MailReset.code(&app, &id).await;
    let link = format!(
        "https://login.example/{}?u={id}&o=69629023906488334&l=&s=\n",
        code.long()
    );
    let messages = app.outbox();
    let message = messages
        .iter()
        .find(|message| message.to == address(&id))
        .unwrap();
    assert!(message.text.contains(&link), "{} {link}", message.text);
}

/// Others would send their advertising by it.
#[tokio::test]
async fn a_message_to_an_unverified_address_has_no_text_that_a_user_chose() {
    let app = sending().await;
    let admin = administrator(&app).await;
    let template = "https://login.example/?code={{.Code}}&n={{.LoginName}}&d={{.DisplayName}}";
    let chosen = ["Cheap", "Pills", "Nick", "Shop", "spam"];
    let mut messages = Vec::new();
    for is_verified in [false, true] {
        let id = app.user_id(&format!("mini-{is_verified}")).to_string();
        let mut message = human(&id, is_verified);
        message["username"] = json!(format!("spam-{is_verified}"));
        message["profile"] = json!({
            "givenName": "Cheap", "familyName": "Pills", "nickName": "Nick", "displayName": "Shop",
        });
        message["password"] = Value::Null;
        super::add(admin, message).await;
        let link = json!({ "urlTemplate": template });
        let reset = json!({ "userId": id, "sendLink": link });
        admin.ask(Operation::PasswordReset, reset).await.unwrap();
        let invite = json!({ "userId": id, "sendCode": link });
        admin
            .ask(Operation::CreateInviteCode, invite)
            .await
            .unwrap();
        if !is_verified {
            let verify = json!({ "userId": id, "sendCode": link });
            admin.ask(Operation::SendEmailCode, verify).await.unwrap();
        }
        let phone = json!({ "userId": id, "phone": number(&id), "sendCode": {} });
        admin.ask(Operation::SetPhone, phone).await.unwrap();
        messages.push(app.outbox().split_off(messages.iter().map(Vec::len).sum()));
    }
    assert_eq!((messages[0].len(), messages[1].len()), (4, 4));
    for message in &messages[0] {
        let all = format!("{}{}{}", message.subject, message.text, message.html);
        for name in chosen {
            assert!(!all.contains(name), "{name} in {all}");
        }
    }
    let text = &messages[1][0].text;
    assert!(text.contains("Shop") && text.contains("&d=Shop") && text.contains("&n=spam-true"));
    // A new address beside a verified one is no other matter.
    let id = app.user_id("mini-true").to_string();
    let set = json!({ "userId": id, "email": new_address(&id), "sendCode": {} });
    admin.ask(Operation::SetEmail, set).await.unwrap();
    let message = app.outbox().pop().unwrap();
    assert_eq!(message.to, new_address(&id));
    assert!(
        chosen.iter().all(|name| !message.text.contains(name)),
        "{}",
        message.text
    );
}
