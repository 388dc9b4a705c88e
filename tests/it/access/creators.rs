//! Whoever created a session reads it as its creator, until somebody else logs in on it.

use prost::Message;
use sesame::api::Version;
use sesame::api::proto::zitadel::object::v2::TimestampQueryMethod as Method;
use sesame::api::proto::zitadel::session::v2::{
    self, CreateSessionRequest as Create, GetSessionRequest as Get, GetSessionResponse as Got,
    ListSessionsRequest as List, ListSessionsResponse as Listed, SetSessionRequest as Set,
    SetSessionResponse as Changed, search_query::Query,
};
use sesame::domain::{JwtName, JwtPrincipal, Operation, Permission, User};
use sesame::service::Jwt;

use crate::support::app::{App, NOW, PASSWORD};
use crate::support::client::of_session;
use crate::support::client::{Client, ClientError, HOUR, Wire, checks, code, device};

/// A principal: by a token, or by a JWT that API Gateway has checked.
#[derive(Clone)]
struct Who<'a> {
    client: Client<'a>,
    jwt: Option<Jwt>,
}

impl<'a> Who<'a> {
    fn bearing(app: &'a App, token: &'a str) -> Self {
        Self {
            client: Client::new(app).bearing(token),
            jwt: None,
        }
    }

    fn jwt(app: &'a App, scopes: &[&str]) -> Self {
        let issuer = "https://id.example.com".to_owned();
        let principal = JwtPrincipal::new(issuer, JwtName::Subject, "eve".to_owned());
        Self {
            client: Client::new(app),
            jwt: Some(Jwt {
                principal: principal.ok(),
                scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
            }),
        }
    }

    fn over(&self, wire: Wire, version: Version) -> Self {
        Self {
            client: self.client.over(wire, version),
            jwt: self.jwt.clone(),
        }
    }

    async fn call<M: Message + Default>(
        &self,
        rpc: Operation,
        message: &impl Message,
    ) -> Result<M, ClientError> {
        let mut request = self.client.request(rpc, message);
        request.context.jwt.clone_from(&self.jwt);
        let answer = self.client.send(request).await;
        if rpc == Operation::CreateSession {
            let created = self.client.created(&answer)?;
            return Ok(M::decode(&*created.encode_to_vec()).unwrap());
        }
        self.client.read(rpc, &answer)
    }

    /// Creates a session without a user, from the device `f-1`.
    async fn plant(&self) -> v2::CreateSessionResponse {
        let anonymous = Create {
            user_agent: Some(device("f-1")),
            ..Create::default()
        };
        self.call(Operation::CreateSession, &anonymous)
            .await
            .unwrap()
    }

    /// What a Get without the session's token says, `ok` or the error.
    async fn get(&self, id: &str) -> String {
        let get = Get {
            session_id: id.to_owned(),
            session_token: None,
        };
        let got: Result<Got, _> = self.call(Operation::GetSession, &get).await;
        code(&got)
    }

    /// How many sessions a list by these filters has.
    async fn count(&self, queries: &[Query]) -> u64 {
        let queries = queries.iter().cloned().map(Some);
        let list = List {
            queries: queries.map(|query| v2::SearchQuery { query }).collect(),
            ..List::default()
        };
        let listed: Listed = self.call(Operation::ListSessions, &list).await.unwrap();
        let total = listed.details.unwrap().total_result;
        assert_eq!(total, listed.sessions.len() as u64);
        total
    }

    /// Whether it reads a session that it created, by a Get and by each list.
    async fn reads(&self, id: &str) -> bool {
        let got = self.get(id).await;
        assert!(["ok", "AUTH-5mWD2"].contains(&&*got), "{got}");
        let want = u64::from(got == "ok");
        let ids = || {
            let ids = vec![id.to_owned()];
            Query::IdsQuery(v2::IDsQuery { ids })
        };
        let own = Query::CreatorQuery(v2::CreatorQuery { id: None });
        let device = Query::UserAgentQuery(v2::UserAgentQuery {
            fingerprint_id: Some("f-1".to_owned()),
        });
        let start = Some(prost_types::Timestamp::default());
        let created = Query::CreationDateQuery(v2::CreationDateQuery {
            creation_date: start,
            method: Method::Greater.into(),
        });
        let expires = Query::ExpirationDateQuery(v2::ExpirationDateQuery {
            expiration_date: start,
            method: Method::Greater.into(),
        });
        assert_eq!(self.count(&[ids()]).await, want);
        // The other filters are known to v2 alone.
        if self.client.version == Version::V2 {
            for (by, filter) in [
                ("creator", own),
                ("device", device),
                ("creation", created),
                ("end", expires),
            ] {
                assert_eq!(self.count(&[ids(), filter]).await, want, "{by}");
            }
        }
        got == "ok"
    }
}

/// Logs `user` in on a session that is there, and returns the session's token.
async fn log_in(who: &Who<'_>, session: &v2::CreateSessionResponse, user: &User) -> String {
    let set = Set {
        session_id: session.session_id.clone(),
        session_token: session.session_token.clone(),
        checks: Some(checks(user, Some(PASSWORD))),
        ..Set::default()
    };
    let changed: Changed = who.call(Operation::SetSession, &set).await.unwrap();
    changed.session_token
}

#[tokio::test]
async fn a_creator_reads_a_session_until_somebody_else_logs_in_on_it() {
    for access in ["authenticated", "public"] {
        let app = App::with(&[("ACCESS", access)]).await;
        let (mini, eve) = (app.user("mini").await, app.user("eve").await);
        let services = [
            &[][..],
            &[Permission::SessionDelete],
            &[Permission::SessionWrite],
            &[Permission::SessionRead],
        ];
        let mut tokens = Vec::new();
        for (n, permissions) in services.into_iter().enumerate() {
            let name = format!("service-{n}");
            let token = app.service_account_named(&name, permissions, HOUR).await;
            tokens.push(token.as_str().to_owned());
        }
        let page = Client::new(&app).bearing(&tokens[2]);
        let user_token = page.login(&eve).await.session_token;
        let service = |n: usize| Who::bearing(&app, &tokens[n]);
        let page = service(2);
        let jwt = |scope| Who::jwt(&app, &[scope]);

        for (what, planter, keeps_reading) in [
            ("a user", Who::bearing(&app, &user_token), false),
            ("a service account", service(0), false),
            ("`session.delete`", service(1), false),
            ("`session.write`", service(2), true),
            ("`session.read`", service(3), true),
            ("a JWT", Who::jwt(&app, &[]), false),
            ("a JWT that deletes", jwt("session.delete"), false),
            ("a JWT that writes", jwt("session.write"), true),
            ("a JWT that reads", jwt("session.read"), true),
        ] {
            let session = planter.plant().await;
            let id = &*session.session_id;
            assert!(planter.reads(id).await, "{access}: {what}, anonymous");

            let token = log_in(&page, &session, &mini).await;

            assert_eq!(planter.reads(id).await, keeps_reading, "{access}: {what}");
            assert_eq!(Who::bearing(&app, &token).get(id).await, "ok");
            let holder = planter.client.get(id, Some(&token)).await;
            if planter.jwt.is_none() {
                assert_eq!(code(&holder), "ok", "{access}: {what} with the token");
            }
            let replaced = planter.client.get(id, Some(&session.session_token)).await;
            assert_ne!(code(&replaced), "ok", "{access}: {what}");
        }
    }
}

#[tokio::test]
async fn a_planted_session_is_hidden_in_every_version_and_protocol() {
    let app = App::with(&[("ACCESS", "authenticated")]).await;
    let (mini, eve) = (app.user("mini").await, app.user("eve").await);
    let page = app.service_account(&[Permission::SessionWrite], HOUR).await;
    let page = Who::bearing(&app, page.as_str());
    let token = page.client.login(&eve).await.session_token;
    for planter in [Who::bearing(&app, &token), Who::jwt(&app, &[])] {
        for (wire, version) in Wire::ALL
            .into_iter()
            .flat_map(|wire| Version::ALL.map(|version| (wire, version)))
        {
            let planter = planter.over(wire, version);
            let session = planter.plant().await;
            let id = &*session.session_id;
            assert!(planter.reads(id).await, "{wire:?} {version:?}");
            let token = log_in(&page.over(wire, version), &session, &mini).await;
            assert!(!planter.reads(id).await, "{wire:?} {version:?}");
            let own = Who::bearing(&app, &token).over(wire, version);
            assert_eq!(own.get(id).await, "ok", "{wire:?} {version:?}");
        }
    }
}

/// Without a password too: a login page names the user before the password is checked.
#[tokio::test]
async fn a_user_who_is_only_named_ends_the_creators_right() {
    let app = App::with(&[("ACCESS", "authenticated")]).await;
    let (mini, eve) = (app.user("mini").await, app.user("eve").await);
    let page = app.service(&[Permission::SessionWrite]).await;
    let token = page.login(&eve).await.session_token;
    for (planter, of_eve) in [
        (Who::bearing(&app, &token), true),
        (Who::jwt(&app, &[]), false),
    ] {
        for (named, want) in [(&mini, false), (&eve, of_eve)] {
            let session = planter.plant().await;
            let name = Set {
                checks: Some(checks(named, None)),
                ..of_session(&session.session_id)
            };
            page.set(&name).await.unwrap();
            assert_eq!(planter.reads(&session.session_id).await, want);
        }
    }
}

#[tokio::test]
async fn a_user_reads_the_sessions_that_are_the_users_own() {
    let app = App::with(&[("ACCESS", "authenticated")]).await;
    let eve = app.user("eve").await;
    let page = app.service(&[Permission::SessionWrite]).await;
    let token = page.login(&eve).await.session_token;
    let own = Who::bearing(&app, &token);
    let session = own.plant().await;
    log_in(&own, &session, &eve).await;
    assert!(own.reads(&session.session_id).await);
    assert_eq!(
        own.client
            .at(NOW)
            .list(&List::default())
            .await
            .unwrap()
            .sessions
            .len(),
        2
    );
}
