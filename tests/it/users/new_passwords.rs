//! The rules that the service holds a new password to.

use std::num::NonZeroUsize;

use sesame::aws::KeySource;
use sesame::domain::Password;
use sesame::error::Error;
use sesame::password::{Kernel, PasswordPool};
use sesame::service::{Client, Context, Service};

use crate::support::app::{App, NOW};
use crate::support::breaches::{PASSWORD, REST, answer, stand_in};

fn service(app: &App) -> Service {
    let params = app.settings.hash_params;
    let passwords = PasswordPool::new(params, Kernel::Portable, NonZeroUsize::MIN, 1);
    let policy = app.settings.policy.clone();
    let (store, key) = (app.store.clone(), KeySource::None);
    Service::new(store, policy, passwords, key, app.messenger())
}

fn told(outcome: Result<(), Error>) -> (u8, Option<&'static str>) {
    let row = outcome.err().map(|error| error.row());
    row.map_or((0, None), |row| (row.code.number, row.id))
}

#[tokio::test]
async fn a_new_password_is_held_to_the_rules_of_the_deployment() {
    let settings = [
        ("PASSWORD_MIN_LENGTH", "12"),
        ("PASSWORD_BLOCKED_WORDS", "acme,initech"),
    ];
    let app = App::with(&settings).await;
    let service = service(&app);
    let names = ["ada@x.org", "Augusta", "Lovelace"];
    for (password, alone, with_names) in [
        ("k7#wq2xzk7#", (3, Some("DOMAIN-HuJf6")), (0, None)),
        ("123456789012", (3, Some("SESAME-Pcom1")), (0, None)),
        (
            "initech-acme-77",
            (3, Some("SESAME-Pwor1")),
            (3, Some("SESAME-Pwor1")),
        ),
        ("lovelace-augusta", (0, None), (3, Some("SESAME-Pwor1"))),
        ("k7#wq2xzk7#w", (0, None), (0, None)),
    ] {
        let context = Context::new(Client::default(), NOW);
        let text = Password::new(password.to_owned());
        let judged = service.judge_new_password(&text, &context).await;
        assert_eq!(told(judged), alone, "{password}");
        let judged = service.judge_names_in_password(&text, names);
        assert_eq!(told(judged), with_names, "{password}");
        assert_eq!(context.record.read().side_error, None, "{password}");
    }
    let short = service
        .judge_new_password(
            &Password::new("short".to_owned()),
            &Context::new(Client::default(), NOW),
        )
        .await;
    assert!(short.unwrap_err().to_string().contains("12 characters"));
}

#[tokio::test]
async fn a_new_password_is_looked_up_among_breached_ones() {
    let ok = |body: &str| Some(answer("200 OK", body));
    let gone = || Some(answer("503 Service Unavailable", ""));
    for (on_failure, body, want, beside) in [
        (
            "refuse",
            ok(&format!("{REST}:7")),
            (3, Some("SESAME-Pbre1")),
            false,
        ),
        ("refuse", ok(&format!("{REST}:0")), (0, None), false),
        ("refuse", gone(), (14, None), false),
        (
            "accept",
            ok(&format!("{REST}:7")),
            (3, Some("SESAME-Pbre1")),
            false,
        ),
        ("accept", gone(), (0, None), true),
    ] {
        let (url, requests) = stand_in(vec![body]);
        let app = App::with(&[
            ("BREACHED_PASSWORDS", "hibp"),
            ("BREACHED_PASSWORDS_URL", &url),
            ("BREACHED_PASSWORDS_ON_FAILURE", on_failure),
        ])
        .await;
        let service = service(&app);

        let context = Context::new(Client::default(), NOW);
        // What breaks another rule is sent nowhere.
        let short = Password::new("short".to_owned());
        let judged = service.judge_new_password(&short, &context).await;
        assert_eq!(told(judged), (3, Some("DOMAIN-HuJf6")));
        assert!(requests.try_recv().is_err());

        let password = Password::new(PASSWORD.to_owned());
        let judged = service.judge_new_password(&password, &context).await;
        assert_eq!(told(judged), want, "{on_failure}");
        let noted = context.record.read().side_error;
        assert_eq!(noted.is_some(), beside, "{noted:?}");
        assert!(requests.try_recv().is_ok());
    }
}

#[tokio::test]
async fn a_weak_hash_is_accepted_and_noted_and_no_hash_is_refused() {
    let app = App::start().await;
    let service = service(&app);
    for (hash, is_taken, is_weak) in [
        (
            "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e",
            true,
            true,
        ),
        (
            "$2b$12$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e",
            true,
            false,
        ),
        ("V3ryS3cure!", false, false),
    ] {
        let context = Context::new(Client::default(), NOW);
        let read = service.read_new_hash(hash, &context);
        assert_eq!(read.is_ok(), is_taken, "{hash}");
        let noted = context.record.read().side_error;
        assert_eq!(noted.is_some(), is_weak, "{hash}");
        if let Err(error) = read {
            assert_eq!(error.row().code.number, 3);
            assert!(!error.to_string().contains(hash), "{error}");
        }
    }
}
