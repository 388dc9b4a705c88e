//! Tests each cell of the documentation's table of permissions.

use std::num::NonZeroUsize;

use sesame::api::Version;
use sesame::api::proto::zitadel::session::v2::{
    self, CreateSessionRequest as Create, ListSessionsRequest as List, SetSessionRequest as Set,
    search_query::Query,
};
use sesame::aws::KeySource;
use sesame::domain::{Access, Denial, Operation, Permission, Principal, User};
use sesame::error::Error;
use sesame::password::{Kernel, PasswordPool};
use sesame::service::{
    Client as Caller, Context, CreateSession, DeleteSession, Policy, Service, Users,
};

use crate::support::app::{App, NOW, PASSWORD};
use crate::support::client::{Client, HOUR, checks, code, metadata};

const PAGE: &str = include_str!("../../docs/authorization.md");
const ACCESS: [&str; 3] = ["token", "authenticated", "public"];

/// The calls, by the heads of the table's columns.
const CALLS: [&str; 8] = [
    "create",
    "set, token",
    "set (v2)",
    "get, token",
    "get",
    "delete, token",
    "delete",
    "list",
];

fn table() -> Vec<Vec<&'static str>> {
    let section = PAGE.split("\n## Who may\n").nth(1).unwrap();
    let section = section.split("\n#").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with('|'));
    rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect())
        .collect()
}

/// A principal, by the head of the table's row, and the one that creates the sessions for it.
struct Who {
    bearer: Option<String>,
    creator: String,
    /// The user of the sessions; `None` for sessions without one.
    user: Option<User>,
}

impl Who {
    async fn for_row(app: &App, row: &str) -> Self {
        let mini = app.user("mini").await;
        let other = app.user("other").await;
        let maker = app
            .service_account_named("maker", &[Permission::SessionWrite], HOUR)
            .await;
        let maker = maker.as_str().to_owned();
        let login = async |login| Client::new(app).bearing(&maker).login(login).await;
        let service = async |name: &str, permissions: &[Permission]| {
            let token = app.service_account_named(name, permissions, HOUR).await;
            token.as_str().to_owned()
        };
        let bearer = match row {
            "nobody" => None,
            "its own user" => Some(login(&mini).await.session_token),
            "another user" | "a user who created it" | "a user who created it, without a user" => {
                Some(login(&other).await.session_token)
            }
            // Its permission to create has moved to another service account.
            "who created it" | "who created it, without a user" => {
                Some(service("maker", &[]).await)
            }
            "`session.write`, who created it" => Some(maker.clone()),
            "a service without a permission" => Some(service("backend", &[]).await),
            "`session.write`" => Some(service("backend", &[Permission::SessionWrite]).await),
            "`session.read`" => Some(service("backend", &[Permission::SessionRead]).await),
            "`session.delete`" => Some(service("backend", &[Permission::SessionDelete]).await),
            other => panic!("the table has a row that nobody is: {other}"),
        };
        let creator = match (row, &bearer) {
            ("a user who created it" | "a user who created it, without a user", Some(bearer)) => {
                bearer.clone()
            }
            _ => maker,
        };
        Self {
            bearer,
            creator,
            user: Some(mini).filter(|_| !row.ends_with("without a user")),
        }
    }

    /// Creates a session for the principal to try.
    async fn session(&self, app: &App) -> v2::CreateSessionResponse {
        let open = Create {
            checks: self.user.as_ref().map(|user| checks(user, Some(PASSWORD))),
            ..Create::default()
        };
        let client = Client::new(app).bearing(&self.creator);
        client.create(&open).await.unwrap()
    }
}

/// Makes the call, and returns `ok` or the code of the error.
async fn tried(client: Client<'_>, session: &v2::CreateSessionResponse, call: &str) -> String {
    let id = &*session.session_id;
    let token = call.ends_with(", token").then_some(&*session.session_token);
    let set = Set {
        session_id: id.to_owned(),
        session_token: token.unwrap_or_default().to_owned(),
        metadata: metadata(&[("a", "1")]),
        ..Set::default()
    };
    let ids = vec![id.to_owned()];
    let query = Some(Query::IdsQuery(v2::IDsQuery { ids }));
    let by_id = List {
        queries: vec![v2::SearchQuery { query }],
        ..List::default()
    };
    let call = call.split([',', ' ']).next().unwrap();
    match call {
        "create" => code(&client.create(&Create::default()).await),
        "set" => code(&client.set(&set).await),
        "get" => code(&client.get(id, token).await),
        "delete" => code(&client.delete(id, token).await),
        _ => match client.list(&by_id).await {
            Ok(listed) if listed.sessions.is_empty() => "unseen".to_owned(),
            listed => code(&listed),
        },
    }
}

/// What a cell of the table says for one access setting.
fn expected(says: &str, row: &str, call: &str, access: &str) -> &'static str {
    let may = match says {
        "yes" => true,
        "no" => false,
        says => {
            let named: Vec<_> = says
                .split(", ")
                .map(|name| name.trim_matches('`'))
                .collect();
            assert!(
                named.iter().all(|name| ACCESS.contains(name)),
                "{says} is no access"
            );
            named.contains(&access)
        }
    };
    match (may, row, call) {
        (true, ..) => "ok",
        (false, "nobody", _) => "code 16",
        (false, _, "list") => "unseen",
        (false, ..) => "AUTH-5mWD2",
    }
}

#[tokio::test]
async fn each_principal_may_do_what_the_permission_table_says() {
    let table = table();
    let (head, rows) = table.split_first().unwrap();
    assert_eq!(head[1..], CALLS);
    let mut tries = 0;
    for access in ACCESS {
        for row in &rows[1..] {
            let app = App::with(&[("ACCESS", access)]).await;
            // A service in which users may create sessions, too.
            let open = app.beside(&[("ACCESS", "authenticated")]);
            let who = Who::for_row(&app, row[0]).await;
            for version in Version::ALL {
                let client = Client {
                    version,
                    token: who.bearer.as_deref(),
                    ..Client::new(&app)
                };
                for (call, cell) in CALLS.iter().zip(&row[1..]) {
                    // Before v2 a session token is required.
                    if *call == "set (v2)" && version < Version::V2 {
                        continue;
                    }
                    let session = who.session(&open).await;
                    let got = tried(client, &session, call).await;
                    let want = expected(cell, row[0], call, access);
                    assert_eq!(got, want, "{access} {version:?}: {} {call}", row[0]);
                    tries += 1;
                }
            }
        }
    }
    assert_eq!(tries, 3 * 12 * (8 * 3 - 2));
}

/// A principal that needs no session token is refused all the same if it sends a wrong one.
#[tokio::test]
async fn a_wrong_session_token_is_refused_with_any_permission() {
    for row in [
        "its own user",
        "who created it",
        "`session.write`",
        "`session.read`",
        "`session.delete`",
    ] {
        let app = App::with(&[("ACCESS", "token")]).await;
        let who = Who::for_row(&app, row).await;
        let session = who.session(&app).await;
        let client = Client::new(&app).bearing(who.bearer.as_deref().unwrap());
        let id = &*session.session_id;
        let maker = app.service(&[Permission::SessionWrite]).await;
        let of_another = maker.create(&Create::default()).await.unwrap();
        let cut = &session.session_token[..session.session_token.len() - 1];
        for token in ["x", cut, &of_another.session_token] {
            let set = Set {
                session_id: id.to_owned(),
                session_token: token.to_owned(),
                metadata: metadata(&[("a", "1")]),
                ..Set::default()
            };
            let got = client.get(id, Some(token)).await;
            assert_eq!(code(&got), "QUERY-dsfr3", "{row}");
            let deleted = client.delete(id, Some(token)).await;
            assert_eq!(code(&deleted), "COMMAND-sGr42", "{row}");
            assert_eq!(code(&client.set(&set).await), "COMMAND-sGr42", "{row}");
        }
    }
}

#[tokio::test]
async fn a_call_is_refused_with_the_permit_of_another_operation_or_access_mode() {
    let app = App::with(&[("ACCESS", "public")]).await;
    let service = |access: Access| {
        let policy = Policy {
            access,
            ..app.settings.policy.clone()
        };
        let params = app.settings.hash_params;
        let passwords = PasswordPool::new(params, Kernel::Portable, NonZeroUsize::MIN, 1);
        let (store, key) = (app.store.clone(), KeySource::None);
        Service::new(store, policy, passwords, key, app.messenger())
    };
    let (public, by_token) = (service(Access::Public), service(Access::Token));
    let permit = public.authorize(Operation::CreateSession, Principal::Anonymous);
    let permit = permit.unwrap();

    let context = Context::new(Caller::default(), NOW);
    let create = CreateSession::default;
    let created = public.run(create(), &permit, &context).await;
    let elsewhere = by_token.run(create(), &permit, &context).await;
    let deleted = public
        .run(DeleteSession::default(), &permit, &context)
        .await;
    let users = Users::new(app.store.clone(), false, &permit);

    created.unwrap();
    assert!(matches!(elsewhere, Err(Error::PermissionDenied)));
    assert!(matches!(deleted, Err(Error::PermissionDenied)));
    assert_eq!(users.err(), Some(Denial::Forbidden));
}
