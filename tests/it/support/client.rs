//! A client that makes each call in a protocol and a version.

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
use sesame::domain::{Timestamp, User};

use crate::support::app::{App, NOW, PASSWORD, header};
use crate::support::record;
use crate::support::wire::{Fault, Wire};

pub const HOUR: Duration = Duration::from_hours(1);

/// What somebody says in one way, at one time, as one caller.
#[derive(Clone, Copy)]
pub struct Client<'a> {
    pub app: &'a App,
    pub wire: Wire,
    pub version: Version,
    pub token: Option<&'a str>,
    pub now: Timestamp,
}

impl<'a> Client<'a> {
    /// Who calls v2 in JSON, and is nobody in particular.
    pub fn of(app: &'a App) -> Self {
        Self {
            app,
            wire: Wire::Json,
            version: Version::V2,
            token: None,
            now: NOW,
        }
    }

    pub fn bearing(self, token: &'a str) -> Self {
        let token = Some(token);
        Self { token, ..self }
    }

    pub fn at(self, now: Timestamp) -> Self {
        Self { now, ..self }
    }

    pub fn later(self, span: Duration) -> Self {
        self.at(NOW.plus(span))
    }

    pub fn request(self, rpc: Operation, message: &impl Message) -> Request {
        let request = self.wire.ask(self.version, rpc, message);
        match self.token {
            Some(token) => header(request, "authorization", &format!("Bearer {token}")),
            None => request,
        }
    }

    pub async fn call<M: Message + Default>(
        self,
        rpc: Operation,
        message: &impl Message,
    ) -> Result<M, Fault> {
        let answer = self.app.send(self.request(rpc, message), self.now).await;
        self.wire.answer(rpc, &answer)
    }

    pub async fn create(self, request: &Create) -> Result<v2::CreateSessionResponse, Fault> {
        let created: Result<v2::CreateSessionResponse, _> =
            self.call(Operation::CreateSession, request).await;
        record::secret(created.as_ref().ok().map(|created| &*created.session_token));
        created
    }

    pub async fn set(self, request: &Set) -> Result<Changed, Fault> {
        let changed: Result<Changed, _> = self.call(Operation::SetSession, request).await;
        let token = changed.as_ref().ok().map(|changed| &*changed.session_token);
        record::secret(token.filter(|token| !token.is_empty()));
        changed
    }

    pub async fn get(self, id: &str, token: Option<&str>) -> Result<v2::Session, Fault> {
        let request = Get {
            session_id: id.to_owned(),
            session_token: token.map(str::to_owned),
        };
        let got: Got = self.call(Operation::GetSession, &request).await?;
        Ok(got.session.unwrap())
    }

    pub async fn delete(self, id: &str, token: Option<&str>) -> Result<Deleted, Fault> {
        let request = Delete {
            session_id: id.to_owned(),
            session_token: token.map(str::to_owned),
        };
        self.call(Operation::DeleteSession, &request).await
    }

    pub async fn list(self, request: &List) -> Result<Listed, Fault> {
        self.call(Operation::ListSessions, request).await
    }

    /// A session of this user's, by password.
    pub async fn login(self, login: &User) -> v2::CreateSessionResponse {
        let checks = Some(checks(login, Some(PASSWORD)));
        let request = Create {
            checks,
            ..Create::default()
        };
        self.create(&request).await.unwrap()
    }
}

pub fn checks(login: &User, password: Option<&str>) -> v2::Checks {
    let search = v2::check_user::Search::UserId(login.user_id.to_string());
    v2::Checks {
        user: Some(v2::CheckUser {
            search: Some(search),
        }),
        password: password.map(v2_password),
        ..v2::Checks::default()
    }
}

pub fn set(created: &v2::CreateSessionResponse) -> Set {
    Set {
        session_id: created.session_id.clone(),
        session_token: created.session_token.clone(),
        ..Set::default()
    }
}

pub fn noting(created: &v2::CreateSessionResponse) -> Set {
    Set {
        metadata: metadata(&[("a", "1")]),
        ..set(created)
    }
}

pub fn v2_password(password: &str) -> v2::CheckPassword {
    v2::CheckPassword {
        password: password.to_owned(),
    }
}

pub fn metadata(entries: &[(&str, &str)]) -> BTreeMap<String, Vec<u8>> {
    let entry = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).into());
    entries.iter().map(entry).collect()
}

pub fn sequence(details: Option<&sesame::api::proto::zitadel::object::v2::Details>) -> u64 {
    details.unwrap().sequence
}

pub fn code<T>(outcome: &Result<T, Fault>) -> String {
    match outcome {
        Ok(_) => "ok".to_owned(),
        Err(Fault { code, id, .. }) => id.clone().unwrap_or_else(|| format!("code {code}")),
    }
}

pub fn millis(at: Option<&prost_types::Timestamp>) -> Timestamp {
    let at = at.unwrap();
    Timestamp::from_millis(at.seconds * 1000 + i64::from(at.nanos) / 1_000_000)
}
