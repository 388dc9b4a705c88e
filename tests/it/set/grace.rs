//! How long a replaced token is still accepted, and for which calls.

use std::time::Duration;

use sesame::api::Version;
use sesame::api::proto::zitadel::session::v2::{
    self, CreateSessionRequest as Create, SetSessionRequest as Set,
};
use sesame::domain::Operation;
use sesame::domain::Permission;

use crate::support::app::{App, NOW, PASSWORD, header};
use crate::support::client::Wire;
use crate::support::client::{
    Client, HOUR, checks, code, metadata, noting, sequence, set, v2_password,
};
use crate::support::client::{password_alone, proving, seconds};

const GRACE: Duration = Duration::from_secs(10);
const MILLI: Duration = Duration::from_millis(1);

/// The outcomes of [`uses`] for a token that is accepted; its Set fails at the condition.
const GOOD: [&str; 4] = ["ok", "code 10", "ok", "ok"];
const DEAD: [&str; 4] = ["QUERY-dsfr3", "COMMAND-sGr42", "code 16", "COMMAND-sGr42"];

/// Tries a session token in Get, in Set, as a bearer and in Delete.
async fn uses(client: Client<'_>, id: &str, token: &str) -> [String; 4] {
    let note = Set {
        session_id: id.to_owned(),
        session_token: token.to_owned(),
        ..Set::default()
    };
    // No session is at this sequence, so the token isn't replaced.
    let request = client.request(Operation::SetSession, &note);
    let answer = client
        .app
        .send(header(request, "if-match", "\"1\""), client.now);
    let noted: Result<v2::SetSessionResponse, _> =
        client.read(Operation::SetSession, &answer.await);
    let bearer = client.bearing(token).create(&Create::default()).await;
    [
        code(&client.get(id, Some(token)).await),
        code(&noted),
        code(&bearer),
        code(&client.delete(id, Some(token)).await),
    ]
}

#[tokio::test(start_paused = true)]
async fn only_the_last_replaced_token_is_accepted_for_its_grace() {
    for (wire, version) in Wire::with_versions() {
        for (after, want) in [
            (Duration::ZERO, GOOD),
            (GRACE.saturating_sub(MILLI), GOOD),
            (GRACE, DEAD),
        ] {
            let app = App::emulated(&[]).await;
            let mini = app.user("mini").await;
            let client = Client::new(&app).over(wire, version);
            let created = client.login(&mini).await;
            let id = &*created.session_id;
            let changed = client.set(&noting(&created)).await.unwrap();
            let at = client.later(after);
            let got = uses(at, id, &created.session_token).await;
            assert_eq!(got, want, "{wire:?} {version:?} {after:?}");
            if want == DEAD {
                let got = uses(at, id, &changed.session_token).await;
                assert_eq!(got, GOOD);
            }
        }
    }
    let app = App::emulated(&[]).await;
    let mini = app.user("mini").await;
    let client = Client::new(&app);
    let created = client.login(&mini).await;
    let second = client.set(&noting(&created)).await.unwrap();
    let again = Set {
        session_token: second.session_token.clone(),
        metadata: metadata(&[("a", "2")]),
        ..set(&created)
    };
    client.set(&again).await.unwrap();
    let got = uses(client, &created.session_id, &created.session_token).await;
    assert_eq!(got, DEAD, "it was replaced before the last one");
}

#[tokio::test]
async fn the_grace_is_a_setting_and_ends_with_the_session() {
    let app = App::with(&[("TOKEN_GRACE_SECONDS", "60")]).await;
    let client = Client::new(&app);
    let created = client.create(&Create::default()).await.unwrap();
    let short = Set {
        lifetime: Some(seconds(5)),
        ..set(&created)
    };
    client.set(&short).await.unwrap();
    let (id, old) = (&*created.session_id, &*created.session_token);
    let end = NOW.plus(Duration::from_secs(5));
    assert_eq!(
        code(&client.at(end.minus(MILLI)).get(id, Some(old)).await),
        "ok"
    );
    // An expired session can be deleted, but not by a token that was replaced.
    let late = client.at(end);
    assert_eq!(code(&late.delete(id, Some(old)).await), "COMMAND-sGr42");
}

/// The first answer was lost, so the client repeats the Set; the last answer has the current
/// token.
#[tokio::test]
async fn a_set_can_be_repeated_with_the_replaced_token() {
    let app = App::start().await;
    let client = Client::new(&app);
    let created = client.create(&Create::default()).await.unwrap();
    client.set(&noting(&created)).await.unwrap();
    let other = Set {
        metadata: metadata(&[("a", "2")]),
        ..set(&created)
    };
    let again = client.set(&other).await.unwrap();
    let token = &*again.session_token;
    let session = client.get(&created.session_id, Some(token)).await.unwrap();
    assert_eq!(session.sequence, sequence(again.details.as_ref()));
    assert_eq!(session.metadata, metadata(&[("a", "2")]));
}

/// The repeated Set changes nothing else, and its token stays valid after the grace.
#[tokio::test]
async fn a_repeated_set_gets_another_token() {
    for (wire, version) in Wire::ALL.into_iter().zip(Version::ALL.into_iter().cycle()) {
        let app = App::emulated(&[]).await;
        let client = Client::new(&app).over(wire, version);
        let created = client.create(&Create::default()).await.unwrap();
        let note = noting(&created);
        let lost = client.set(&note).await.unwrap();
        let again = client.set(&note).await.unwrap();

        let first = sequence(lost.details.as_ref());
        assert_eq!(sequence(again.details.as_ref()), first + 1, "{wire:?}");
        let late = client.later(GRACE * 2);
        let id = &*created.session_id;
        for (token, want) in [
            (&again.session_token, "ok"),
            (&lost.session_token, "QUERY-dsfr3"),
            (&created.session_token, "QUERY-dsfr3"),
        ] {
            assert_eq!(code(&late.get(id, Some(token)).await), want, "{wire:?}");
        }
        // With the current token, a Set that changes nothing writes nothing.
        let current = Set {
            session_token: again.session_token.clone(),
            ..note
        };
        let unchanged = late.set(&current).await.unwrap();
        assert_eq!(unchanged.session_token, again.session_token);
        assert_eq!(sequence(unchanged.details.as_ref()), first + 1);
    }
}

/// An attacker may have planted the session on the user who then logs in with it.
#[tokio::test]
async fn a_token_that_a_login_replaced_is_accepted_only_for_the_same_login() {
    let app = App::start().await;
    let (mini, other) = (app.user("mini").await, app.user("other").await);
    let service = app.service(&Permission::ALL).await;
    let client = Client::new(&app);
    let wrong = v2::Checks {
        password: Some(v2_password("wrong")),
        ..checks(&mini, None)
    };
    let (name, login) = (checks(&mini, None), checks(&mini, Some(PASSWORD)));
    let (password, none) = (password_alone(PASSWORD), v2::Checks::default());
    let of_other = checks(&other, Some(PASSWORD));
    let no = "COMMAND-sGr42";
    let after_login = [
        (&password, no),
        (&name, no),
        (&of_other, no),
        (&wrong, no),
        (&login, "ok"),
    ];
    let after_password = [(&name, no), (&password, "ok"), (&login, no)];
    let after_name = [(&password, no), (&none, no), (&login, "ok")];
    for (what, named, proof, tries) in [
        ("a login", false, &login, &after_login[..]),
        ("a password", true, &password, &after_password),
        ("a name", false, &name, &after_name),
    ] {
        let open = Create {
            checks: named.then(|| checks(&mini, None)),
            ..Create::default()
        };
        let created = service.create(&open).await.unwrap();
        let prove = proving(&created, proof.clone());
        let proved = service.set(&prove).await.unwrap();

        let got = uses(client, &created.session_id, &created.session_token).await;
        assert_eq!(got, DEAD, "{what}");
        for &(checks, want) in tries {
            let repeat = Set {
                checks: Some(checks.clone()),
                metadata: metadata(&[("a", "1")]),
                ..set(&created)
            };
            let repeated = client.set(&repeat).await;
            assert_eq!(code(&repeated), want, "{what}");
            if let Ok(repeated) = repeated {
                let uses = uses(client, &created.session_id, &proved.session_token).await;
                assert_eq!(uses, DEAD, "{what}: the first answer's");
                let token = Some(&*repeated.session_token);
                let got = client.get(&created.session_id, token).await;
                assert_eq!(code(&got), "ok", "{what}");
            }
        }
    }
}

/// An attacker who planted the session learns neither who logged in with it nor its sequence, and
/// may not guess at the password without a limit.
#[tokio::test]
async fn a_token_that_a_login_replaced_reveals_nothing() {
    let app = App::with(&[("ACCESS", "public")]).await;
    let (mini, other) = (app.user("mini").await, app.user("other").await);
    let client = Client::new(&app);
    let planted = client.create(&Create::default()).await.unwrap();
    let login = proving(&planted, checks(&mini, Some(PASSWORD)));
    client.set(&login).await.unwrap();

    let mut told = Vec::new();
    for (user, password) in [(&mini, "wrong"), (&other, "wrong"), (&other, PASSWORD)] {
        for expected in [None, Some("\"1\"")] {
            let guess = proving(&planted, checks(user, Some(password)));
            let request = client.request(Operation::SetSession, &guess);
            let request = match expected {
                Some(sequence) => header(request, "if-match", sequence),
                None => request,
            };
            let answer = app.send(request, NOW).await;
            assert_eq!(answer.outcome(), "COMMAND-sGr42");
            assert!(!answer.headers.contains_key("etag"));
            told.push(answer.body);
        }
    }
    assert!(told.iter().all(|body| *body == told[0]), "{told:?}");
    assert_eq!(app.login("mini").await.attempts.failures, 2);
    assert_eq!(app.login("other").await.attempts.made, 0);
}

/// The same holds where the user was only named, by a principal that may.
#[tokio::test]
async fn a_token_replaced_by_naming_a_user_reveals_nothing() {
    for access in ["public", "token"] {
        let app = App::with(&[("ACCESS", access)]).await;
        let (mini, other) = (app.user("mini").await, app.user("other").await);
        let service = app.service(&[Permission::SessionWrite]).await;
        let reader = app
            .service_account_named("reader", &[Permission::SessionRead], HOUR)
            .await;
        let planted = service.create(&Create::default()).await.unwrap();
        let name = proving(&planted, checks(&mini, None));
        service.set(&name).await.unwrap();

        let client = Client::new(&app).bearing(reader.as_str());
        for (user, password) in [
            (&mini, None),
            (&other, None),
            (&mini, Some("wrong")),
            (&other, Some("wrong")),
        ] {
            let guess = proving(&planted, checks(user, password));
            let got = client.set(&guess).await;
            assert_eq!(code(&got), "COMMAND-sGr42", "{access} {password:?}");
        }
    }
}

/// A Set that is in progress with the token that a login then replaces is refused.
#[tokio::test(start_paused = true)]
async fn a_set_in_progress_fails_once_a_login_replaced_its_token() {
    let app = App::emulated(&[]).await;
    let mini = app.user("mini").await;
    let client = Client::new(&app);
    let created = client.create(&Create::default()).await.unwrap();
    let note = noting(&created);
    let prove = proving(&created, checks(&mini, Some(PASSWORD)));
    app.faults
        .delay("UpdateItem", 1, Duration::from_millis(500));

    let (noted, proved) = tokio::join!(client.set(&note), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        client.set(&prove).await
    });

    assert_eq!(code(&noted), "COMMAND-sGr42");
    let token = &*proved.unwrap().session_token;
    let session = client.get(&created.session_id, Some(token)).await.unwrap();
    assert!(session.metadata.is_empty());
}

/// Several tabs share one token. No change is lost, the answer with the highest sequence has the
/// current token, and that of the answer before it is accepted for the grace.
#[tokio::test]
async fn sets_at_once_with_one_token_are_all_carried_out() {
    for grace in ["10", "0"] {
        let app = App::with(&[("TOKEN_GRACE_SECONDS", grace)]).await;
        let client = Client::new(&app);
        let created = client.create(&Create::default()).await.unwrap();
        let requests = (0..8).map(|n| Set {
            metadata: [(format!("k{n}"), vec![1])].into(),
            ..set(&created)
        });
        let requests: Vec<_> = requests.collect();
        // All of them read the session before any of them writes it.
        let slow = crate::support::faults::Fault::Delay(Duration::from_millis(300));
        app.faults.inject(
            slow.times(8)
                .for_action("UpdateItem")
                .on(&app.store.tables().sessions),
        );

        let calls = requests.iter().map(|request| client.set(request));
        let mut changed: Vec<_> = futures_util::future::join_all(calls)
            .await
            .into_iter()
            .map(Result::unwrap)
            .collect();

        changed.sort_by_key(|changed| sequence(changed.details.as_ref()));
        let id = &*created.session_id;
        let [.., before, last] = &*changed else {
            panic!("eight were called")
        };
        let session = client.get(id, Some(&last.session_token)).await.unwrap();
        assert_eq!(session.metadata.len(), 8);
        let got = client.get(id, Some(&before.session_token)).await;
        let want = if grace == "0" { "QUERY-dsfr3" } else { "ok" };
        assert_eq!(code(&got), want);
    }
}
