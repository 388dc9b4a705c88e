//! A session's life: set, get, delete and list, in each protocol and version.

mod concurrent;
mod ends;
mod get;
mod grace;
mod idempotency;
mod lifetime;
mod list;
mod names;
mod permissions;
mod precondition;
mod set;
mod takeover;

use std::collections::BTreeMap;
use std::time::Duration;

use prost::Message;
use sesame::api::proto::zitadel::session::v2::{
    self, CreateSessionRequest as Create, DeleteSessionRequest as Delete,
    DeleteSessionResponse as Deleted, GetSessionRequest as Get, GetSessionResponse as Got,
    ListSessionsRequest as List, ListSessionsResponse as Listed, SetSessionRequest as Set,
    SetSessionResponse as Changed,
};
use sesame::api::{Request, Version};
use sesame::domain::Operation;
use sesame::domain::{Permission, Timestamp, User};

use crate::app::{App, NOW, PASSWORD, header};
use crate::record;
use crate::wire::{Fault, Wire};

const HOUR: Duration = Duration::from_hours(1);

/// What somebody says in one way, at one time, as one caller.
#[derive(Clone, Copy)]
struct Client<'a> {
    app: &'a App,
    wire: Wire,
    version: Version,
    token: Option<&'a str>,
    now: Timestamp,
}

impl<'a> Client<'a> {
    /// Who calls v2 in JSON, and is nobody in particular.
    fn of(app: &'a App) -> Self {
        Self {
            app,
            wire: Wire::Json,
            version: Version::V2,
            token: None,
            now: NOW,
        }
    }

    fn bearing(self, token: &'a str) -> Self {
        let token = Some(token);
        Self { token, ..self }
    }

    fn at(self, now: Timestamp) -> Self {
        Self { now, ..self }
    }

    fn later(self, span: Duration) -> Self {
        self.at(NOW.plus(span))
    }

    fn request(self, rpc: Operation, message: &impl Message) -> Request {
        let request = self.wire.ask(self.version, rpc, message);
        match self.token {
            Some(token) => header(request, "authorization", &format!("Bearer {token}")),
            None => request,
        }
    }

    async fn call<M: Message + Default>(
        self,
        rpc: Operation,
        message: &impl Message,
    ) -> Result<M, Fault> {
        let answer = self.app.send(self.request(rpc, message), self.now).await;
        self.wire.answer(rpc, &answer)
    }

    async fn create(self, request: &Create) -> Result<v2::CreateSessionResponse, Fault> {
        let created: Result<v2::CreateSessionResponse, _> =
            self.call(Operation::CreateSession, request).await;
        record::secret(created.as_ref().ok().map(|created| &*created.session_token));
        created
    }

    async fn set(self, request: &Set) -> Result<Changed, Fault> {
        let changed: Result<Changed, _> = self.call(Operation::SetSession, request).await;
        let token = changed.as_ref().ok().map(|changed| &*changed.session_token);
        record::secret(token.filter(|token| !token.is_empty()));
        changed
    }

    async fn get(self, id: &str, token: Option<&str>) -> Result<v2::Session, Fault> {
        let request = Get {
            session_id: id.to_owned(),
            session_token: token.map(str::to_owned),
        };
        let got: Got = self.call(Operation::GetSession, &request).await?;
        Ok(got.session.unwrap())
    }

    async fn delete(self, id: &str, token: Option<&str>) -> Result<Deleted, Fault> {
        let request = Delete {
            session_id: id.to_owned(),
            session_token: token.map(str::to_owned),
        };
        self.call(Operation::DeleteSession, &request).await
    }

    async fn list(self, request: &List) -> Result<Listed, Fault> {
        self.call(Operation::ListSessions, request).await
    }

    /// A session of this user's, by password.
    async fn login(self, login: &User) -> v2::CreateSessionResponse {
        let checks = Some(checks(login, Some(PASSWORD)));
        let request = Create {
            checks,
            ..Create::default()
        };
        self.create(&request).await.unwrap()
    }
}

fn checks(login: &User, password: Option<&str>) -> v2::Checks {
    let search = v2::check_user::Search::UserId(login.user_id.to_string());
    v2::Checks {
        user: Some(v2::CheckUser {
            search: Some(search),
        }),
        password: password.map(v2_password),
        ..v2::Checks::default()
    }
}

fn set(created: &v2::CreateSessionResponse) -> Set {
    Set {
        session_id: created.session_id.clone(),
        session_token: created.session_token.clone(),
        ..Set::default()
    }
}

fn noting(created: &v2::CreateSessionResponse) -> Set {
    Set {
        metadata: metadata(&[("a", "1")]),
        ..set(created)
    }
}

fn v2_password(password: &str) -> v2::CheckPassword {
    v2::CheckPassword {
        password: password.to_owned(),
    }
}

fn metadata(entries: &[(&str, &str)]) -> BTreeMap<String, Vec<u8>> {
    let entry = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).into());
    entries.iter().map(entry).collect()
}

fn sequence(details: Option<&sesame::api::proto::zitadel::object::v2::Details>) -> u64 {
    details.unwrap().sequence
}

fn code<T>(outcome: &Result<T, Fault>) -> String {
    match outcome {
        Ok(_) => "ok".to_owned(),
        Err(Fault { code, id, .. }) => id.clone().unwrap_or_else(|| format!("code {code}")),
    }
}

fn millis(at: Option<&prost_types::Timestamp>) -> Timestamp {
    let at = at.unwrap();
    Timestamp::from_millis(at.seconds * 1000 + i64::from(at.nanos) / 1_000_000)
}

/// In each protocol and version: opened with a user, then the password, noted on, read,
/// listed, ended.
#[tokio::test]
async fn each_protocol_and_version_knows_the_whole_life() {
    let app = App::with(&[("ACCESS", "token")]).await;
    let writer = app.caller(&[Permission::Write], HOUR).await;
    let mini = app.user("mini").await;
    for wire in Wire::ALL {
        for version in Version::ALL {
            let client = Client {
                wire,
                version,
                ..Client::of(&app).bearing(writer.as_str())
            };
            let what = format!("{wire:?} {version:?}");
            let open = Create {
                checks: Some(checks(&mini, None)),
                metadata: metadata(&[("a", "1"), ("b", "2")]),
                ..Create::default()
            };

            let created = client.create(&open).await.unwrap();
            assert_eq!(sequence(created.details.as_ref()), 4, "{what}");
            let id = &*created.session_id;
            let prove = Set {
                session_id: id.to_owned(),
                session_token: created.session_token.clone(),
                checks: Some(v2::Checks {
                    password: Some(v2_password(PASSWORD)),
                    ..v2::Checks::default()
                }),
                metadata: metadata(&[("a", ""), ("c", "3")]),
                ..Set::default()
            };
            let second = Duration::from_secs(1);
            let changed = client.later(second).set(&prove).await.unwrap();
            assert_eq!(sequence(changed.details.as_ref()), 7, "{what}");
            let changed_at = millis(changed.details.unwrap().change_date.as_ref());
            assert_eq!(changed_at, NOW.plus(second), "{what}");
            let token = &*changed.session_token;

            let session = client.get(id, Some(token)).await.unwrap();
            assert_eq!(session.sequence, 7, "{what}");
            assert_eq!(session.metadata, metadata(&[("b", "2"), ("c", "3")]));
            assert_eq!(millis(session.creation_date.as_ref()), NOW);
            assert_eq!(millis(session.change_date.as_ref()), NOW.plus(second));
            let factors = session.factors.clone().unwrap();
            let user = factors.user.unwrap();
            assert_eq!(user.id, mini.user_id.as_str());
            assert_eq!(user.login_name, mini.login_name.as_str());
            assert_eq!(user.display_name, "Mini Mouse");
            assert_eq!(millis(user.verified_at.as_ref()), NOW);
            let password = factors.password.unwrap();
            assert_eq!(millis(password.verified_at.as_ref()), NOW.plus(second));
            let is_later = version > Version::V2alpha;
            assert_eq!(user.organization_id.is_empty(), !is_later, "{what}");
            let end = session.expiration_date.as_ref();
            assert_eq!(end.is_some(), is_later, "{what}");

            let ids = v2::IDsQuery {
                ids: vec![id.to_owned(), "1".to_owned()],
            };
            let query = v2::search_query::Query::IdsQuery(ids);
            let by_id = List {
                queries: vec![v2::SearchQuery { query: Some(query) }],
                ..List::default()
            };
            let listed = client.list(&by_id).await.unwrap();
            let details = listed.details.unwrap();
            assert_eq!((details.total_result, details.processed_sequence), (1, 7));
            assert!(listed.sessions == [session], "{what}");

            let ended = client.delete(id, Some(token)).await.unwrap();
            assert_eq!(sequence(ended.details.as_ref()), 8, "{what}");
            assert_eq!(code(&client.get(id, Some(token)).await), "QUERY-SFeaa");
            let again = client.delete(id, Some(token)).await.unwrap();
            assert!(again == ended, "{what}");
            let late = Set {
                session_token: token.to_owned(),
                ..prove
            };
            assert_eq!(code(&client.set(&late).await), "COMMAND-Hewfq", "{what}");
            assert!(client.list(&by_id).await.unwrap().sessions.is_empty());
        }
    }
}
