//! DynamoDB reads the items of a batch one after another. A change between them is not an answer.

use std::convert::Infallible;
use std::time::Duration;

use http::{Request, Response, StatusCode};
use sesame::api::proto::zitadel::session::v2::{
    CreateSessionRequest as Create, CreateSessionResponse as Created, ListSessionsRequest as List,
};
use sesame::domain::{Permission, User};
use sesame::transport::tower::SessionLayer;
use tower::{Layer as _, ServiceExt as _, service_fn};

use super::change_password;
use crate::support::administration::{Administration as _, SetPasswordOutcome};
use crate::support::app::{App, NOW};
use crate::support::client::{Client, HOUR, code, noting};
use crate::support::faults::{Fault, Rule};

/// Who reads a session and its user.
#[derive(Clone, Copy, Debug)]
enum Reader {
    GetByToken,
    /// By permission, so that the session is read before it is known who its user is.
    GetById,
    Set,
    ListByIds,
    ListByUser,
    Bearer,
    Layer,
}

impl Reader {
    const ALL: [Self; 7] = [
        Self::GetByToken,
        Self::GetById,
        Self::Set,
        Self::ListByIds,
        Self::ListByUser,
        Self::Bearer,
        Self::Layer,
    ];

    /// Lets time pass between the reading of the session and that of its user. `first` is the table
    /// that is read first, where one batch has both.
    fn disturb(self, app: &App, first: &'static str) {
        let inject = |rule: Rule| app.faults.inject(rule.for_action("BatchGetItem"));
        match self {
            Self::GetById => inject(Fault::Delay(TIME).once()),
            Self::ListByIds => {
                inject(Fault::Delay(Duration::ZERO).once());
                inject(Fault::Delay(TIME).once());
            }
            _ => inject(Fault::Torn(first, TIME).once()),
        }
    }
}

const TIME: Duration = Duration::from_millis(200);

async fn listed(client: Client<'_>, request: &List) -> String {
    let listed = client.list(request).await.unwrap();
    match &listed.sessions[..] {
        [_] => "ok".to_owned(),
        sessions => sessions.len().to_string(),
    }
}

async fn read(reader: Reader, client: Client<'_>, session: &Created, user: &User) -> String {
    let (app, id, token) = (client.app, &*session.session_id, &*session.session_token);
    let anonymous = app.client();
    match reader {
        Reader::GetByToken => code(&anonymous.get(id, Some(token)).await),
        Reader::GetById => code(&client.get(id, None).await),
        Reader::Set => code(&anonymous.set(&noting(session)).await),
        Reader::ListByIds => listed(client, &crate::list::by_id(id)).await,
        Reader::ListByUser => listed(client, &crate::list::by_user(user)).await,
        Reader::Bearer => {
            let created = anonymous.bearing(token).create(&Create::default()).await;
            code(&created)
        }
        Reader::Layer => {
            let layer = SessionLayer::new(app.faulty.clone(), || NOW);
            let service = layer.layer(service_fn(async |_| {
                Ok::<_, Infallible>(Response::new(bytes::Bytes::new()))
            }));
            let request = Request::builder().header("authorization", format!("Bearer {token}"));
            let answer = service.oneshot(request.body(()).unwrap()).await.unwrap();
            let is_ok = answer.status() == StatusCode::OK;
            let refused = || answer.status().to_string();
            if is_ok { "ok".to_owned() } else { refused() }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_between_two_reads_refuses_no_session_that_stays() {
    for reader in Reader::ALL {
        // Who reads the user first and then a session that ends finds both as they were before.
        for (first, keeps) in [("sessions", true), ("users", true), ("sessions", false)] {
            let app = App::emulated(&[]).await;
            let client = app.service(&Permission::ALL).await;
            let mini = app.user("mini").await;
            let session = client.login(&mini).await;
            let kept = keeps.then_some(&*session.session_id);
            reader.disturb(&app, first);

            let read = read(reader, client, &session, &mini);
            let (outcome, changed) = tokio::join!(read, async {
                tokio::time::sleep(TIME / 2).await;
                change_password(&app, &mini, kept).await
            });

            assert_eq!(changed, SetPasswordOutcome::Done);
            let what = format!("{reader:?}, {first} first, keeps: {keeps}");
            assert_eq!(outcome == "ok", keeps, "{what}: {outcome}");
        }
    }
}

/// Only a session of another generation is read once more.
#[tokio::test]
async fn a_session_that_has_ended_otherwise_is_read_once() {
    let app = App::start().await;
    let client = app.service(&Permission::ALL).await;
    let (mini, other) = (app.user("mini").await, app.user("other").await);
    let (valid, deleted) = (client.login(&mini).await, client.login(&mini).await);
    client.delete(&deleted.session_id, None).await.unwrap();
    let of_other = client.login(&other).await;
    assert!(app.store.delete_user(&other).await.unwrap());

    for (what, session, now, requests) in [
        ("valid", &valid, NOW, 1),
        ("deleted", &deleted, NOW, 1),
        ("expired", &valid, NOW.plus(HOUR * 24), 1),
        ("of no user", &of_other, NOW, 1),
    ] {
        app.faults.clear();
        let token = &*session.session_token;
        let bearer = app.client().at(now).bearing(token);
        bearer.create(&Create::default()).await.ok();
        assert_eq!(app.faults.count("BatchGetItem"), requests, "{what}");
    }
    assert!(app.store.end_sessions(&mini).await.unwrap());
    for (token, requests) in [(&valid.session_token, 2), (&deleted.session_token, 1)] {
        app.faults.clear();
        let bearer = app.client().bearing(token);
        let created = bearer.create(&Create::default()).await;
        assert_eq!(code(&created), "code 16");
        assert_eq!(app.faults.count("BatchGetItem"), requests);
    }
}
