//! The outbox that stands in for the providers.

use serde_json::json;

use super::{NUMBER, email, policy, sms};
use crate::support::providers::Providers;

#[tokio::test]
async fn the_outbox_keeps_the_last_thousand_messages() {
    let providers = Providers::new();
    let messenger = providers.messenger(&policy());
    for n in 0..1002 {
        let mut message = sms();
        message.text = n.to_string();
        messenger.sms(&message).await.unwrap();
    }

    let kept: Vec<_> = providers.outbox.messages();
    assert_eq!(kept.len(), 1000);
    let texts = [&kept[0].text, &kept[999].text];
    assert_eq!(texts, ["2", "1001"]);
}

#[tokio::test]
async fn a_sent_message_is_six_strings_in_json() {
    let providers = Providers::new();
    let messenger = providers.messenger(&policy());
    messenger.email(&email()).await.unwrap();
    messenger.sms(&sms()).await.unwrap();

    let sent = providers.outbox.messages();
    let mut sent = serde_json::to_value(sent).unwrap();
    for message in sent.as_array_mut().unwrap() {
        let at = message["sentAt"].take();
        let at = at.as_str().unwrap();
        assert!(at.ends_with('Z') && at.contains('T'), "{at}");
    }
    let email = email();
    let want = json!([
        {
            "sentAt": null,
            "channel": "email",
            "to": email.to.as_str(),
            "subject": email.subject,
            "text": email.text,
            "html": email.html,
        },
        {
            "sentAt": null,
            "channel": "sms",
            "to": NUMBER,
            "subject": "",
            "text": sms().text,
            "html": "",
        },
    ]);
    assert_eq!(sent, want);
}

/// What AWS would refuse must not work here either.
#[tokio::test]
async fn a_message_that_aws_would_refuse_is_refused() {
    let providers = Providers::new();
    let messenger = providers.messenger(&policy());
    for change in [
        (|message| message.subject = String::new()) as fn(&mut sesame::domain::EmailMessage),
        |message| message.subject = "two\nlines".to_owned(),
        |message| message.text = " ".to_owned(),
        |message| message.html = String::new(),
    ] {
        let mut message = email();
        change(&mut message);
        messenger.email(&message).await.unwrap_err();
    }
    let mut message = sms();
    for text in [String::new(), "x".repeat(1601)] {
        message.text = text;
        messenger.sms(&message).await.unwrap_err();
    }
    assert!(providers.outbox.messages().is_empty());
    // None of them is tried twice.
    assert_eq!(providers.faults.requests().len(), 6);
}
