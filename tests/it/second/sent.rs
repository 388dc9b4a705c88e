//! Codes that are sent: which one, when, and how often.

use serde_json::{Value, json};
use sesame::domain::{Address as _, Contact, EmailAddress, Operation, Timestamp};

use super::check::Check;
use super::{
    ALL, MINUTE, Opened, SECOND_1, asked, challenging, just_before, open_with, outcome, page,
    reader, second,
};
use crate::support::app::{App, NOW};
use crate::support::client::Client;
use crate::support::second::{email, login};

pub const METHODS: [Check; 2] = [Check::OtpSms, Check::OtpEmail];

/// How many messages were sent.
pub fn sent(app: &App) -> usize {
    app.outbox().len()
}

async fn ask(session: &mut Opened, client: Client<'_>, check: Check) {
    let more = json!({ "challenges": asked(&[check.name()]) });
    session.change(client, more).await.unwrap();
}

async fn end(session: &Opened, app: &App, check: Check) -> Timestamp {
    let stored = session.stored(app).await;
    let challenge = stored.challenges.get(check.method().unwrap());
    challenge.unwrap().expires_at
}

#[tokio::test]
async fn a_code_that_is_asked_for_again_stays_until_two_minutes_before_its_end() {
    let app = second().await;
    let page = page(&app).await;
    for check in METHODS {
        let mini = app.user_with(&format!("{check:?}"), &ALL).await;
        let mut session = check.open(page, &mini).await;
        let first = check.right(&app, &mini, NOW);
        assert_eq!(first.len(), 8);
        let first_end = NOW.plus(MINUTE * 5);
        assert_eq!(end(&session, &app, check).await, first_end);
        let mut messages = sent(&app);
        for (after, is_sent) in [
            (SECOND_1, false),
            (just_before(MINUTE), false),
            (MINUTE, true),
            (just_before(MINUTE * 2), false),
            (MINUTE * 2, true),
        ] {
            ask(&mut session, page.later(after), check).await;
            messages += usize::from(is_sent);
            assert_eq!(sent(&app), messages, "{check:?} {after:?}");
            assert_eq!(check.right(&app, &mini, NOW), first, "{check:?} {after:?}");
            assert_eq!(
                end(&session, &app, check).await,
                first_end,
                "{check:?} {after:?}"
            );
        }

        let at = page.later(MINUTE * 3);
        ask(&mut session, at, check).await;

        assert_eq!(sent(&app), messages + 1);
        let second = check.right(&app, &mini, NOW);
        assert_ne!(second, first);
        assert_eq!(end(&session, &app, check).await, NOW.plus(MINUTE * 8));
        let tried = session.change(at, check.with(&first)).await;
        assert_eq!(outcome(&tried), "CODE-woT0xc");
        let late = page.later(just_before(MINUTE * 8));
        session.change(late, check.with(&second)).await.unwrap();
    }
}

/// Another code in the last two minutes is one more message, for which it is too soon.
#[tokio::test]
async fn a_code_that_was_just_sent_is_not_replaced() {
    let app = second().await;
    let page = page(&app).await;
    for check in METHODS {
        let mini = app.user_with(&format!("{check:?}"), &ALL).await;
        let mut session = check.open(page, &mini).await;
        let last = just_before(MINUTE * 3);
        ask(&mut session, page.later(last), check).await;
        let first = check.right(&app, &mini, NOW);
        let messages = sent(&app);
        for after in [MINUTE * 3, just_before(last + MINUTE)] {
            ask(&mut session, page.later(after), check).await;
            assert_eq!(sent(&app), messages, "{check:?} {after:?}");
        }
        let mut other = session.clone();
        ask(&mut other, page.later(last + MINUTE), check).await;
        assert_eq!(sent(&app), messages + 1, "{check:?}");
        assert_ne!(check.right(&app, &mini, NOW), first, "{check:?}");
    }
}

#[tokio::test]
async fn each_session_has_its_own_code_and_its_own_minute() {
    let app = second().await;
    let page = page(&app).await;
    for check in METHODS {
        let mini = app.user_with(&format!("{check:?}"), &ALL).await;
        let mut codes = Vec::new();
        let mut sessions = Vec::new();
        for _ in 0..3 {
            sessions.push(check.open(page, &mini).await);
            codes.push(check.right(&app, &mini, NOW));
        }
        let different: std::collections::BTreeSet<_> = codes.iter().collect();
        assert_eq!(different.len(), 3);
        for (session, code) in sessions.iter_mut().zip(&codes) {
            session.change(page, check.with(code)).await.unwrap();
        }
        // The methods of a session have codes of their own too.
        let both = open_with(page, challenging(&mini, &["otpSms", "otpEmail"])).await;
        let [sms, email] = METHODS.map(|check| check.right(&app, &mini, NOW));
        let crossed = both.attempt(page, Check::OtpSms.with(&email)).await;
        assert_ne!(sms, email);
        assert_eq!(crossed.unwrap_err().id.as_deref(), Some("CODE-woT0xc"));
    }
}

/// An address that was changed voids the code, and the next one goes to the new one at once.
#[tokio::test]
async fn the_code_after_a_change_of_address_goes_to_the_new_one() {
    let app = second().await;
    let page = page(&app).await;
    let mini = app.user_with("mini", &ALL).await;
    let mut session = Check::OtpEmail.open(page, &mini).await;
    let first = Check::OtpEmail.right(&app, &mini, NOW);
    let new = format!("new-{}", email(&mini.user_id));
    app.change_user(&mini.user_id, |account| {
        account.profile.email = Some(Contact {
            address: EmailAddress::parse(&new).unwrap(),
            verified_at: Some(NOW.plus(SECOND_1)),
        });
    })
    .await;

    ask(&mut session, page.later(SECOND_1 * 2), Check::OtpEmail).await;

    let message = app.outbox().pop().unwrap();
    assert_eq!(message.to, new);
    assert!(!message.text.contains(&first));
    let mut words = message.text.split_whitespace();
    let code = words.find(|word| word.len() == 8 && word.bytes().all(|c| c.is_ascii_digit()));
    let code = code.unwrap();
    session
        .change(page.later(MINUTE), Check::OtpEmail.with(code))
        .await
        .unwrap();
}

/// A code that a request uses up isn't the one that it asks for.
#[tokio::test]
async fn a_check_and_a_challenge_of_one_request_are_of_two_codes() {
    let app = second().await;
    let page = page(&app).await;
    for check in METHODS {
        let mini = app.user_with(&format!("{check:?}"), &ALL).await;
        let mut session = check.open(page, &mini).await;
        let first = check.right(&app, &mini, NOW);
        for after in [SECOND_1, MINUTE * 2] {
            let code = check.right(&app, &mini, NOW);
            let mut more = check.with(&code);
            more["challenges"] = asked(&[check.name()]);
            session.change(page.later(after), more).await.unwrap();
            assert_ne!(check.right(&app, &mini, NOW), code, "{check:?} {after:?}");
        }
        let tried = session
            .change(page.later(MINUTE * 2), check.with(&first))
            .await;
        assert_eq!(outcome(&tried), "CODE-woT0xc");
        let code = check.right(&app, &mini, NOW);
        session
            .change(page.later(MINUTE * 3), check.with(&code))
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn nothing_is_sent_of_a_request_with_a_wrong_code_or_password() {
    let app = second().await;
    let page = page(&app).await;
    let mini = app.user_with("mini", &ALL).await;
    let wrong = json!({ "code": Check::Totp.wrong_code(&app, &mini, NOW) });
    let mut message = login(&mini, json!({ "totp": wrong }));
    message["challenges"] = asked(&["otpSms", "otpEmail"]);
    let created = page.ask(Operation::CreateSession, message.clone()).await;
    assert_eq!(outcome(&created), "EVENT-8isk2");
    message["checks"]["totp"] = Value::Null;
    message["checks"]["password"]["password"] = json!("wrong");
    let created = page.ask(Operation::CreateSession, message).await;
    assert_eq!(outcome(&created), "COMMAND-3M0fs");
    assert_eq!(sent(&app), 0);
    let counts = app.factors_of(&mini.user_id).await.sent;
    assert_eq!((counts.sms.count, counts.email.count), (0, 0));
}

/// A code of a returned challenge is no message, and the one that is sent is the same.
#[tokio::test]
async fn a_returned_code_is_the_one_that_is_sent() {
    let app = second().await;
    let reader = reader(&app).await;
    let mini = app.user_with("mini", &ALL).await;
    for (check, request) in [
        (Check::OtpSms, json!({ "otpSms": { "returnCode": true } })),
        (Check::OtpEmail, json!({ "otpEmail": { "returnCode": {} } })),
    ] {
        let name = check.name();
        let messages = sent(&app);
        let mut message = login(&mini, json!({}));
        message["challenges"] = request.clone();
        app.logged();
        let mut session = open_with(reader, message).await;
        let line = app.logged().pop().unwrap();
        assert_eq!(line["code_returned"], check.kind().as_str(), "{line}");
        let returned = session.answer["challenges"].clone();
        assert_eq!(returned.as_object().unwrap().len(), 1, "{returned}");
        let code = returned[name].as_str().unwrap().to_owned();
        assert_eq!(sent(&app), messages);
        assert_eq!(super::sessions::sequence(&session.answer), 5);
        // Asked again, nothing is written.
        let token = session.token.clone();
        let more = json!({ "challenges": request });
        let again = session.change(reader.later(SECOND_1), more).await.unwrap();
        assert_eq!(again["challenges"], returned);
        assert_eq!(session.token, token);

        ask(&mut session, reader.later(SECOND_1), check).await;

        assert_eq!(sent(&app), messages + 1);
        assert_eq!(check.right(&app, &mini, NOW), code);
        assert_eq!(end(&session, &app, check).await, NOW.plus(MINUTE * 5));
        session
            .change(reader.later(SECOND_1), check.with(&code))
            .await
            .unwrap();
    }
    let counts = app.factors_of(&mini.user_id).await.sent;
    assert_eq!((counts.sms.count, counts.email.count), (1, 1));
}
