//! A service that gets requests as `openapi.json` describes them.

pub mod document;
pub mod schema;

use std::time::Duration;

use http::Method;
use http::header::AUTHORIZATION;
use serde_json::{Value, json};
use sesame::api::Request;
use sesame::domain::{
    Account, DisplayName, HashString, LoginName, NewUser, Password, Permission, Profile, UserId,
    UserState,
};

use self::document::Operation;
use crate::support::answer::Answer;
use crate::support::app::{App, NOW, PASSWORD, header, post};

/// The session of all the document's examples, and its token.
pub const ID: &str = "6a2f41a3-c54c-4a2b-9d1f-2b1f6ad2d3e0";
pub const TOKEN: &str = "ai9Bo8VMSiudHysfatLT4AECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g";

/// The user of the published example, who calls with the token of a session, and a login page,
/// which checks users without a password.
pub struct Mini {
    pub app: App,
    pub token: String,
    pub page: String,
}

impl Mini {
    pub async fn start() -> Self {
        let domain = [
            ("RP_IDS", "example.com"),
            ("RP_ORIGINS", "https://example.com"),
        ];
        Self::with_app(App::with(&domain).await).await
    }

    pub async fn with_app(app: App) -> Self {
        add_mini(&app).await;
        let answer = app.client().create_json(&password_check()).await;
        let token = answer.token();
        let page = app
            .service_account(&[Permission::SessionWrite], Duration::MAX)
            .await;
        let page = page.as_str().to_owned();
        Self { app, token, page }
    }

    /// Sends a body to the operation's path. A session that is created for the call replaces the
    /// examples' session.
    pub async fn send(&self, operation: &Operation, body: &Value) -> Answer {
        self.request(operation, body.to_string(), |request| request)
            .await
    }

    /// The same with a request that is changed before it is sent.
    pub async fn request(
        &self,
        operation: &Operation,
        body: String,
        change: impl FnOnce(Request) -> Request,
    ) -> Answer {
        // A password alone is checked for the session's user, so the session must have a user.
        let checks = checks(body.as_bytes());
        let session = if checks["password"].is_object() && !checks["user"].is_object() {
            json!({ "checks": { "user": { "loginName": "mini@mouse.com" } } })
        } else {
            json!({})
        };
        self.request_for(&session, operation, body, change).await
    }

    /// The same with a session that is created with `session`.
    pub async fn request_for(
        &self,
        session: &Value,
        operation: &Operation,
        body: String,
        change: impl FnOnce(Request) -> Request,
    ) -> Answer {
        let mut request = post(body);
        request.method = operation.method.clone();
        request.path = operation.path.replace("{session_id}", ID);
        let mut request = change(request);
        let text = String::from_utf8(request.body.to_vec()).unwrap();
        if request.path.contains(ID) || text.contains(ID) {
            let (id, token) = self.session(session).await;
            request.path = request.path.replace(ID, &id);
            request.body = text.replace(ID, &id).replace(TOKEN, &token).into();
            for (_, value) in &mut request.query {
                *value = value.replace(TOKEN, &token);
            }
        }
        let answer = self.send_as_is(request).await;
        let outcome = answer.outcome();
        assert!(!["code 13", "code 16"].contains(&&*outcome), "{outcome}");
        answer
    }

    pub async fn send_as_is(&self, request: Request) -> Answer {
        let checks = checks(&request.body);
        let by_page = checks["user"].is_object() && !checks["password"].is_object();
        let token = if by_page { &self.page } else { &self.token };
        let request = if request.headers.contains_key(AUTHORIZATION) {
            request
        } else {
            header(request, "authorization", &format!("Bearer {token}"))
        };
        self.app.send(request, NOW).await
    }

    pub async fn session(&self, body: &Value) -> (String, String) {
        let mut request = post(body.to_string());
        "/v2/sessions".clone_into(&mut request.path);
        let created = self.send_as_is(request).await;
        let id = created.json()["sessionId"].as_str().unwrap().to_owned();
        (id, created.token())
    }
}

/// The `checks` of a body, or null.
pub fn checks(body: &[u8]) -> Value {
    let body = serde_json::from_slice::<Value>(body).unwrap_or_default();
    body["checks"].clone()
}

/// A request that checks mini's password.
pub fn password_check() -> Value {
    json!({ "checks": {
        "user": { "loginName": "mini@mouse.com" },
        "password": { "password": PASSWORD },
    } })
}

/// Adds the user of the examples, whom tests that share a database all need.
pub async fn add_mini(app: &App) {
    let pool = app.password_pool();
    let hash = pool.hash(Password::new(PASSWORD.to_owned())).await.unwrap();
    let new = NewUser {
        login_name: LoginName::parse("mini@mouse.com".to_owned()).unwrap(),
        user_id: UserId::parse("d654e6ba-70a3-48ef-a95d-37c8d8a7901a".to_owned()).unwrap(),
        display_name: DisplayName::parse("Mini Mouse".to_owned()).unwrap(),
        state: UserState::Active,
        password_hash: Some(HashString::new(hash.as_str().to_owned())),
        change_required: false,
        profile: Profile::default(),
    };
    let account = Account::new(new, NOW);
    app.store.insert_account(&account, false).await.unwrap();
}

/// Whether the service found nothing wrong with the message as such: its users may be
/// unknown, and its passwords wrong.
pub fn is_understood(answer: &Answer) -> bool {
    // The last two are those of an empty code.
    let not_understood = [
        "code 3",
        "code 12",
        "COMMAND-Sfw3f",
        "QUERY-4M0fs",
        "COMMAND-SJl2g",
        "COMMAND-u0b6c",
    ];
    !not_understood.contains(&&*answer.outcome())
}

pub fn methods() -> impl Iterator<Item = Method> {
    let names = [
        "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE",
    ];
    names.into_iter().map(|name| name.parse().unwrap())
}
