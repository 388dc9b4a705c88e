//! How tests call the service: a client that speaks any protocol and version.

mod json;
mod messages;
mod query;
mod wire;

use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use prost::Message;
use serde_json::{Value, json};
use sesame::api::proto::zitadel::session::v2::{
    self, CreateSessionRequest as Create, DeleteSessionRequest as Delete,
    DeleteSessionResponse as Deleted, GetSessionRequest as Get, GetSessionResponse as Got,
    ListSessionsRequest as List, ListSessionsResponse as Listed, SetSessionRequest as Set,
    SetSessionResponse as Changed,
};
use sesame::api::{Platform, Request, Version};
use sesame::domain::Operation;
use sesame::domain::{Permission, Timestamp, User};

pub use self::json::JsonCall;
pub use self::messages::{
    checks, code, device, metadata, millis, noting, of_session, opening, password_alone, proving,
    seconds, sequence, set, v2_password,
};
pub use self::wire::{ClientError, Wire, framed, json_of, message_of};
use super::answer::{Answer, Outcome};
use super::app::{App, NOW, PASSWORD, by_name, header};
use super::record;

pub const HOUR: Duration = Duration::from_hours(1);

/// A client of an [`App`]: the protocol and version that it speaks, who it is and what time
/// it is.
///
/// It has one method per call, which takes and returns messages of v2. Calls with bodies made
/// by hand are [`Client::json`] and [`Client::raw`]; [`Client::send`] takes any request.
#[derive(Clone, Copy)]
pub struct Client<'a> {
    pub app: &'a App,
    pub wire: Wire,
    pub version: Version,
    /// The bearer token, if any.
    pub token: Option<&'a str>,
    pub now: Timestamp,
    /// The address from which the gateway is called.
    pub ip: Option<IpAddr>,
}

impl App {
    /// An anonymous client of v2 in JSON.
    pub fn client(&self) -> Client<'_> {
        Client::new(self)
    }

    /// A client with the token of a new service account that has these permissions.
    pub async fn service(&self, permissions: &[Permission]) -> Client<'_> {
        let token = self.service_account(permissions, HOUR * 24 * 365).await;
        // It is needed for as long as the test runs.
        self.client().bearing(token.as_str().to_owned().leak())
    }
}

impl<'a> Client<'a> {
    /// An anonymous client that speaks JSON on the routes of v2.
    pub fn new(app: &'a App) -> Self {
        Self {
            app,
            wire: Wire::Json,
            version: Version::V2,
            token: None,
            now: NOW,
            ip: None,
        }
    }

    pub fn over(self, wire: Wire, version: Version) -> Self {
        Self {
            wire,
            version,
            ..self
        }
    }

    pub fn by(self, wire: Wire) -> Self {
        Self { wire, ..self }
    }

    pub fn bearing(self, token: &'a str) -> Self {
        let token = Some(token);
        Self { token, ..self }
    }

    pub fn from(self, ip: &str) -> Self {
        let ip = ip.parse().ok();
        Self { ip, ..self }
    }

    pub fn at(self, now: Timestamp) -> Self {
        Self { now, ..self }
    }

    pub fn later(self, span: Duration) -> Self {
        self.at(NOW.plus(span))
    }

    /// A call with a message of v2.
    pub fn request(self, rpc: Operation, message: &impl Message) -> Request {
        self.authorized(self.wire.encode(self.version, rpc, message))
    }

    /// A call with a message in JSON; its id and its session token are fields of it.
    pub fn json(self, rpc: Operation, message: Value) -> Request {
        self.authorized(self.wire.encode_json(self.version, rpc, message))
    }

    /// A request to a procedure with this body, whatever it is.
    pub fn raw(self, procedure: &str, body: Bytes) -> Request {
        self.authorized(self.wire.frame(self.version, procedure, body))
    }

    fn authorized(self, request: Request) -> Request {
        match self.token {
            Some(token) => header(request, "authorization", &format!("Bearer {token}")),
            None => request,
        }
    }

    pub async fn send(self, mut request: Request) -> Answer {
        request.context.client_ip = self.ip;
        request.context.platform = Platform::Gateway;
        self.app.send(request, self.now).await
    }

    /// Reads the answer to a call, and holds it to its protocol's form.
    pub fn read<M: Message + Default>(
        self,
        rpc: Operation,
        answer: &Answer,
    ) -> Result<M, ClientError> {
        self.wire.decode(rpc, answer)
    }

    /// Reads the answer to a create, and holds it to its protocol's form.
    pub fn created(self, answer: &Answer) -> Result<v2::CreateSessionResponse, ClientError> {
        self.wire.created(answer)
    }

    async fn call<M: Message + Default>(
        self,
        rpc: Operation,
        message: &impl Message,
    ) -> Result<M, ClientError> {
        let answer = self.send(self.request(rpc, message)).await;
        self.read(rpc, &answer)
    }

    pub async fn create(self, request: &Create) -> Result<v2::CreateSessionResponse, ClientError> {
        let request = self.request(Operation::CreateSession, request);
        self.created(&self.send(request).await)
    }

    /// Makes a call with a message in JSON, whatever the protocol has, and reads the answer as JSON:
    /// without the fields that have their default values.
    pub async fn ask(self, rpc: Operation, message: Value) -> Outcome {
        let asked = self.try_json(rpc, message).await;
        asked.map_err(|error| code::<()>(&Err(error)))
    }

    /// The same, with all that an error says.
    pub async fn try_json(self, rpc: Operation, message: Value) -> Result<Value, ClientError> {
        let name = rpc.as_str();
        let request = match self.wire {
            Wire::Json | Wire::ConnectJson => self.json(rpc, message),
            wire => {
                let bytes = message_of(&format!("{name}Request"), &message);
                self.authorized(wire.encode_bytes(self.version, name, bytes))
            }
        };
        let answer = self.send(request).await;
        let message = self.wire.message_of(rpc, &answer)?;
        Ok(json_of(&format!("{name}Response"), &message))
    }

    /// Makes a call with a message in JSON.
    pub async fn call_json(self, rpc: Operation, message: Value) -> Answer {
        self.send(self.json(rpc, message)).await
    }

    /// Creates a session with a body in JSON.
    pub async fn create_json(self, body: &Value) -> Answer {
        self.call_json(Operation::CreateSession, body.clone()).await
    }

    /// Tries to log a user in by login name.
    pub async fn log_in(self, user: &User, password: &str) -> Answer {
        self.create_json(&by_name(&user.login_name, password)).await
    }

    pub async fn set(self, request: &Set) -> Result<Changed, ClientError> {
        let changed: Result<Changed, _> = self.call(Operation::SetSession, request).await;
        let token = changed.as_ref().ok().map(|changed| &*changed.session_token);
        record::secret(token.filter(|token| !token.is_empty()));
        changed
    }

    pub async fn get(self, id: &str, token: Option<&str>) -> Result<v2::Session, ClientError> {
        let request = Get {
            session_id: id.to_owned(),
            session_token: token.map(str::to_owned),
        };
        let got: Got = self.call(Operation::GetSession, &request).await?;
        Ok(got.session.unwrap())
    }

    pub async fn delete(self, id: &str, token: Option<&str>) -> Result<Deleted, ClientError> {
        let request = Delete {
            session_id: id.to_owned(),
            session_token: token.map(str::to_owned),
        };
        self.call(Operation::DeleteSession, &request).await
    }

    pub async fn list(self, request: &List) -> Result<Listed, ClientError> {
        self.call(Operation::ListSessions, request).await
    }

    /// Creates a session of this user's, by password.
    pub async fn login(self, login: &User) -> v2::CreateSessionResponse {
        let request = opening(login, Some(PASSWORD));
        self.create(&request).await.unwrap()
    }
}

/// Creates a session that names a user and proves nothing, as a login page may that has
/// `session.write`.
pub async fn create_named(app: &App, login: &User) -> Answer {
    let page = app.service(&[Permission::SessionWrite]).await;
    let body = json!({ "checks": { "user": { "userId": login.user_id.as_str() } } });
    page.create_json(&body).await
}
