//! How many codes are sent a day, and what of a message counts that isn't sent.

use serde_json::json;
use sesame::domain::{Operation, Permission, User, day_end, day_of};
use sesame::store::MessageCounter;

use super::check::Check;
use super::sent::{METHODS, sent};
use super::{
    ALL, HOUR, MINUTE, SECOND_1, asked, challenging, open, open_with, outcome, page, second,
    second_with,
};
use crate::support::app::{App, NOW};
use crate::support::client::Client;
use crate::support::faults::Fault;
use crate::support::second::{login, totp};

/// How many messages are counted for the deployment on the day of [`NOW`].
async fn counted(app: &App) -> u32 {
    let (of_all, day) = (MessageCounter::Deployment, day_of(NOW));
    let mut count = 0;
    while !app
        .store
        .count_message(of_all, count + 1, day)
        .await
        .unwrap()
    {
        count += 1;
    }
    app.store.uncount_message(of_all, day).await.unwrap();
    count
}

/// Checks that a login with a challenge is refused until the day ends, and opens no session.
async fn assert_refused(client: Client<'_>, user: &User, check: Check) {
    let sessions = client.app.sessions_of(&user.user_id).await.len();
    let message = challenging(user, &[check.name()]);
    let answer = client.call_json(Operation::CreateSession, message).await;
    assert_eq!(answer.status, 429, "{check:?} {}", answer.outcome());
    let left = client.now.until(day_end(day_of(client.now))).unwrap();
    let seconds = left.as_millis().div_ceil(1000).to_string();
    assert_eq!(answer.headers["retry-after"], seconds);
    let error = client.wire.message_of(Operation::CreateSession, &answer);
    assert_eq!(error.unwrap_err().code, 8);
    assert_eq!(client.app.sessions_of(&user.user_id).await.len(), sessions);
}

#[tokio::test]
async fn a_user_is_sent_twenty_codes_by_email_and_ten_by_sms_a_day() {
    let app = second().await;
    let client = app.client();
    let mini = app.user_with("mini", &ALL).await;
    for n in 0..20 {
        let names = if n < 10 {
            &["otpSms", "otpEmail"][..]
        } else {
            &["otpEmail"]
        };
        open_with(client.later(SECOND_1 * n), challenging(&mini, names)).await;
    }
    assert_eq!(sent(&app), 30);
    let late = client.later(MINUTE);
    for check in METHODS {
        for _ in 0..3 {
            assert_refused(late, &mini, check).await;
        }
    }
    let counts = app.factors_of(&mini.user_id).await.sent;
    assert_eq!((counts.sms.count, counts.email.count), (10, 20));
    assert_eq!(counted(&app).await, 30);
    // The session that has a code keeps it, and another user has codes of his own.
    let other = app.user_with("other", &ALL).await;
    open_with(late, challenging(&other, &["otpSms", "otpEmail"])).await;
    let tomorrow = client.at(day_end(day_of(NOW)));
    assert_refused(
        tomorrow.at(day_end(day_of(NOW)).minus(SECOND_1)),
        &mini,
        Check::OtpSms,
    )
    .await;
    open_with(tomorrow, challenging(&mini, &["otpSms", "otpEmail"])).await;
    let counts = app.factors_of(&mini.user_id).await.sent;
    assert_eq!((counts.sms.count, counts.email.count), (1, 1));
    assert_eq!(sent(&app), 34);
}

/// Anybody can ask for resets, and must not shut the user out of his login with them.
#[tokio::test]
async fn messages_of_other_kinds_leave_the_codes_of_a_login() {
    let app = second().await;
    let admin = app
        .service(&[Permission::UserRead, Permission::UserWrite])
        .await;
    let mini = app.user_with("mini", &ALL).await;
    let id = mini.user_id.as_str();
    for (link, check) in [
        (
            json!({ "notificationType": "NOTIFICATION_TYPE_Email" }),
            Check::OtpEmail,
        ),
        (
            json!({ "notificationType": "NOTIFICATION_TYPE_SMS" }),
            Check::OtpSms,
        ),
    ] {
        let message = json!({ "userId": id, "sendLink": link });
        let mut last = "ok".to_owned();
        for n in 0..40 {
            let later = admin.later(MINUTE * n);
            let asked = later.ask(Operation::PasswordReset, message.clone()).await;
            last = outcome(&asked);
        }
        assert_eq!(last, "code 8", "the day of resets is used up");
        let mut session = check.open(app.client().later(HOUR), &mini).await;
        let code = check.right(&app, &mini, NOW);
        session
            .change(app.client().later(HOUR), check.with(&code))
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn the_limit_of_the_deployment_holds_for_codes() {
    let app = second_with("MAX_MESSAGES_PER_DAY", "3").await;
    let client = app.client();
    let mini = app.user_with("mini", &ALL).await;
    let other = app.user_with("other", &ALL).await;
    open_with(client, challenging(&mini, &["otpSms", "otpEmail"])).await;
    open_with(client, challenging(&other, &["otpSms"])).await;
    for user in [&mini, &other] {
        for check in METHODS {
            assert_refused(client, user, check).await;
        }
    }
    let counts = app.factors_of(&other.user_id).await.sent;
    assert_eq!((counts.sms.count, counts.email.count), (1, 0));
    assert_eq!(sent(&app), 3);
    let limits = app
        .logged()
        .iter()
        .filter(|line| line["message_limits"] == 1)
        .count();
    assert_eq!(limits, 4);
    // Apps need no messages.
    let code = json!({ "code": totp(&mini.user_id, NOW) });
    open_with(client, login(&mini, json!({ "totp": code }))).await;
}

#[tokio::test(start_paused = true)]
async fn a_message_that_the_provider_refuses_changes_nothing() {
    let app = second().await;
    let page = page(&app).await;
    for (n, fault) in [
        Fault::Answer(400, "MessageRejected"),
        Fault::Answer(429, "TooManyRequestsException"),
        Fault::Answer(503, "InternalServerErrorException"),
        Fault::Reset,
        Fault::Silence,
    ]
    .into_iter()
    .enumerate()
    {
        for check in METHODS {
            let about = format!("{check:?} {fault:?}");
            let mini = app.user_with(&format!("{n}-{check:?}"), &ALL).await;
            let mut session = open(page, &mini).await;
            let before = session.stored(&app).await;
            let all = counted(&app).await;
            let messages = sent(&app);
            app.providers.faults.inject(fault.times(usize::MAX));
            let code = totp(&mini.user_id, NOW);
            let mut more = Check::Totp.with(&code);
            more["challenges"] = asked(&[check.name()]);

            let answer = page
                .call_json(Operation::SetSession, session.set(more.clone()))
                .await;

            assert_eq!(answer.outcome(), "code 14", "{about}");
            assert!(answer.headers.contains_key("retry-after"), "{about}");
            app.providers.faults.clear();
            assert_eq!(session.stored(&app).await, before, "{about}");
            let factors = app.factors_of(&mini.user_id).await;
            assert_eq!(
                factors.sent.get(check.method().unwrap()).count,
                0,
                "{about}"
            );
            // The code of the app was right, and is not used up.
            assert_eq!(factors.attempts.failures, 0, "{about}");
            assert_eq!(counted(&app).await, all, "{about}");
            assert_eq!(sent(&app), messages, "{about}");
            session.change(page, more).await.unwrap();
            let code = check.right(&app, &mini, NOW);
            session.change(page, check.with(&code)).await.unwrap();
        }
    }
}
