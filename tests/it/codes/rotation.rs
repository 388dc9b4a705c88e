//! Codes while one server key takes the place of another.

use std::time::Duration;

use sesame::domain::{KeyName, Operation};
use sesame::token::ServerKeys;

use super::kind::Kind;
use super::{MINUTE, SECOND, administrator, outcome, send, with};
use crate::support::app::App;
use crate::support::client::Client;
use crate::support::secrets::{Manager, text};

const K1: &str = "a first server key of 32 characters";
const K2: &str = "a second server key of 32 characters";

fn name(key: &str) -> KeyName {
    ServerKeys::parse(key).unwrap().first().name()
}

/// One service for each step, over one database.
async fn services() -> [App; 4] {
    let first = App::emulated(&with("SERVER_KEY", K1)).await;
    let beside = |keys: &str| first.beside(&with("SERVER_KEY", keys));
    let others = [
        format!("{K1},next:{K2}"),
        format!("{K2},{K1}"),
        K2.to_owned(),
    ];
    let [second, third, fourth] = others.map(|keys| beside(&keys));
    [first, second, third, fourth]
}

#[tokio::test]
async fn a_code_is_right_wherever_its_key_is_known() {
    let services = services().await;
    let admin = administrator(&services[0]).await;
    // In which step it is asked for, by which key it is made, and in which steps it is right.
    for (asks, key, right) in [
        (0, K1, [true, true, true, false]),
        (1, K1, [true, true, true, false]),
        (2, K2, [false, true, true, true]),
        (3, K2, [false, true, true, true]),
    ] {
        for (enters, is_right) in right.into_iter().enumerate() {
            for kind in Kind::ALL {
                let case = format!("{kind:?}-{asks}-{enters}");
                let id = kind.user(admin, &case).await;
                let at = |step: usize| Client {
                    app: &services[step],
                    ..admin
                };
                kind.ask(at(asks), &id).await;
                let active = kind.stored(&services[asks], &id).await.active.unwrap();
                assert_eq!(active.target.key, name(key), "{case}");
                let code = kind.code(&services[asks], &id).await;
                let code = if enters % 2 == 0 {
                    code.short()
                } else {
                    code.long()
                };

                let entered = kind.enter(at(enters), &id, code).await;

                let want = if is_right { "ok" } else { kind.wrong() };
                assert_eq!(outcome(&entered), want, "{case}");
            }
        }
    }
}

/// Whoever waits for a message has the code of the message before it in hand.
#[tokio::test]
async fn a_code_that_is_asked_for_again_stays_the_same_while_its_key_is_known() {
    let services = services().await;
    let admin = administrator(&services[0]).await;
    for (asks, again, is_same) in [
        (0, 1, true),
        (0, 2, true),
        (1, 2, true),
        (2, 1, true),
        (2, 3, true),
        (3, 1, true),
        (0, 3, false),
        (3, 0, false),
    ] {
        for kind in Kind::ALL {
            let case = format!("{kind:?}-{asks}-{again}");
            let id = kind.user(admin, &case).await;
            let at = |step: usize| Client {
                app: &services[step],
                ..admin
            };
            kind.ask(at(asks), &id).await;
            let code = kind.code(&services[asks], &id).await;

            kind.ask(at(again).later(2 * MINUTE), &id).await;

            let stored = kind.stored(&services[again], &id).await.active.unwrap();
            let newer = kind.code(&services[again], &id).await;
            assert_eq!(newer.long() == code.long(), is_same, "{case}");
            let key = if is_same { asks } else { again };
            let key = if key < 2 { K1 } else { K2 };
            assert_eq!(stored.target.key, name(key), "{case}");
        }
        let id = Kind::Email
            .user(admin, &format!("resend-{asks}-{again}"))
            .await;
        let asking = Client {
            app: &services[asks],
            ..admin
        };
        Kind::Email.ask(asking, &id).await;
        let resending = Client {
            app: &services[again],
            ..admin.later(2 * MINUTE)
        };
        let resent = resending.ask(Operation::ResendEmailCode, send(&id)).await;
        assert_eq!(resent.is_ok(), is_same, "{asks} {again}: {resent:?}");
    }
}

#[tokio::test]
async fn a_code_of_a_key_that_was_not_read_yet_has_the_secret_read_at_once() {
    let third = App::emulated(&with("SERVER_KEY", &format!("{K2},{K1}"))).await;
    let manager = Manager::with(&[text(K1)]);
    let mut late = third
        .beside(&with("SERVER_KEY", "none"))
        .keyed(manager.source());
    late.name.clone_from(&third.name);
    let admin = administrator(&third).await;
    let kind = Kind::MailReset;
    let id = kind.user(admin, "mini").await;
    kind.ask(admin, &id).await;
    let code = kind.code(&third, &id).await;
    let enter = async |after: Duration| {
        let client = Client {
            app: &late,
            ..admin
        };
        let entered = kind.enter(client.later(after), &id, code.long()).await;
        outcome(&entered)
    };

    // The first read, and one for the key.
    assert_eq!(enter(SECOND).await, kind.wrong());
    assert_eq!(manager.request_count(), 2);
    manager.answer(&[text(&format!("{K1},next:{K2}"))]);
    assert_eq!(enter(5 * SECOND).await, kind.wrong());
    assert_eq!(manager.request_count(), 2);
    assert_eq!(enter(12 * SECOND).await, "ok");
    assert_eq!(manager.request_count(), 3);
}
