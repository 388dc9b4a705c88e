//! How each protocol writes a call and reads an answer, with messages as `proto/` has them.
//!
//! JSON is written and read by `prost-reflect`, so that the service's JSON is not compared with
//! itself.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use bytes::Bytes;
use http::{HeaderMap, Method};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor};
use serde_json::{Map, Value};
use sesame::api::proto::DESCRIPTORS;
use sesame::api::proto::google::rpc;
use sesame::api::proto::zitadel::session::v2;
use sesame::api::proto::zitadel::v1;
use sesame::api::schema::{PROCEDURES, Procedure, ROUTES, Route, Segment};
use sesame::api::{Request, RequestContext, Version};
use sesame::domain::Operation;

use crate::support::answer::{Answer, code_by_name};
use crate::support::record;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    Json,
    ConnectJson,
    ConnectProto,
    GrpcWeb,
    GrpcWebText,
    Grpc,
}

/// An error as a client of any protocol reads it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientError {
    pub code: i32,
    pub message: String,
    pub id: Option<String>,
    /// Of a wrong password.
    pub failed_attempts: Option<i32>,
    /// Of a lock.
    pub retry_seconds: Option<i64>,
}

impl Wire {
    pub const ALL: [Self; 6] = [
        Self::Json,
        Self::ConnectJson,
        Self::ConnectProto,
        Self::GrpcWeb,
        Self::GrpcWebText,
        Self::Grpc,
    ];

    /// Each protocol with each version.
    pub fn with_versions() -> impl Iterator<Item = (Self, Version)> {
        let with = |wire| Version::ALL.map(|version| (wire, version));
        Self::ALL.into_iter().flat_map(with)
    }

    pub fn content_type(self) -> &'static str {
        match self {
            Self::Json | Self::ConnectJson => "application/json",
            Self::ConnectProto => "application/proto",
            Self::GrpcWeb => "application/grpc-web+proto",
            Self::GrpcWebText => "application/grpc-web-text",
            Self::Grpc => "application/grpc",
        }
    }

    /// Whether an error has an HTTP status of its own and a body in JSON.
    pub fn speaks_http(self) -> bool {
        matches!(self, Self::Json | Self::ConnectJson | Self::ConnectProto)
    }

    /// A call with a message of v2.
    pub fn encode(self, version: Version, rpc: Operation, message: &impl Message) -> Request {
        let message = message.encode_to_vec();
        match self {
            Self::Json | Self::ConnectJson => {
                let json = json_of(&format!("{}Request", rpc.as_str()), &message);
                self.encode_json(version, rpc, json)
            }
            _ => self.encode_bytes(version, rpc.as_str(), message),
        }
    }

    /// A call with a message of v2, by one of the protocols that have it as bytes.
    pub fn encode_bytes(self, version: Version, rpc: &str, message: Vec<u8>) -> Request {
        let body = match self {
            Self::Json | Self::ConnectJson => panic!("{self:?} has messages in JSON"),
            Self::ConnectProto => Bytes::from(message),
            Self::GrpcWeb | Self::Grpc => framed(&message),
            Self::GrpcWebText => STANDARD.encode(framed(&message)).into(),
        };
        self.frame(version, rpc, body)
    }

    /// A call with a message in JSON, by one of the protocols that have it.
    pub fn encode_json(self, version: Version, rpc: Operation, message: Value) -> Request {
        match self {
            Self::Json => route(version, rpc, message),
            Self::ConnectJson => self.frame(version, rpc.as_str(), message.to_string().into()),
            _ => panic!("{self:?} has no messages in JSON"),
        }
    }

    /// A request with this body, whatever it is.
    pub fn frame(self, version: Version, rpc: &str, body: Bytes) -> Request {
        let path = match self {
            Self::Json => format!("/{}/sessions", version.as_str()),
            _ => format!("/{}/{rpc}", service_of(version, rpc)),
        };
        let mut headers = HeaderMap::new();
        headers.insert("content-type", self.content_type().parse().unwrap());
        Request {
            method: Method::POST,
            path,
            query: Vec::new(),
            headers,
            body,
            context: RequestContext {
                request_id: "request-1".to_owned(),
                trailers: self == Self::Grpc,
                ..RequestContext::default()
            },
        }
    }

    /// Reads the answer to a create, and holds it to its protocol's form.
    pub fn created(self, answer: &Answer) -> Result<v2::CreateSessionResponse, ClientError> {
        let created: v2::CreateSessionResponse = self.decode(Operation::CreateSession, answer)?;
        record::secret(Some(&created.session_token));
        Ok(created)
    }

    /// Reads the answer to a call, and holds it to its protocol's form.
    pub fn decode<M: Message + Default>(
        self,
        rpc: Operation,
        answer: &Answer,
    ) -> Result<M, ClientError> {
        let message = self.message_of(rpc, answer)?;
        Ok(M::decode(&*message).unwrap())
    }

    /// Reads the answer to a call as a message of v2.
    pub fn message_of(self, rpc: Operation, answer: &Answer) -> Result<Vec<u8>, ClientError> {
        let message = self.message(answer)?;
        let message = match self {
            Self::Json | Self::ConnectJson => {
                let json = serde_json::from_slice(&message).unwrap();
                message_of(&format!("{}Response", rpc.as_str()), &json)
            }
            _ => message,
        };
        Ok(message)
    }

    fn message(self, answer: &Answer) -> Result<Vec<u8>, ClientError> {
        let content_type = answer.headers["content-type"].to_str().unwrap();
        if self.speaks_http() {
            assert_eq!(answer.trailers, None);
            if answer.status.is_success() {
                assert_eq!(content_type, self.content_type());
                return Ok(answer.body.to_vec());
            }
            assert_eq!(content_type, "application/json");
            let body = answer.json();
            return Err(match self {
                Self::Json => status_fault(&body),
                _ => connect_fault(&body),
            });
        }
        assert_eq!(answer.status, 200, "always, even for an error");
        let (messages, trailers) = if self == Self::Grpc {
            assert_eq!(content_type, "application/grpc");
            // An error has headers alone, a success has trailers.
            if answer.headers.contains_key("grpc-status") {
                assert!(answer.body.is_empty() && answer.trailers.is_none());
                (Vec::new(), answer.headers.clone())
            } else {
                (frames(&answer.body), answer.trailers.clone().unwrap())
            }
        } else {
            assert_eq!(answer.trailers, None);
            let (body, want) = if self == Self::GrpcWeb {
                (answer.body.to_vec(), "application/grpc-web+proto")
            } else {
                let body = STANDARD.decode(&answer.body).unwrap();
                (body, "application/grpc-web-text+proto")
            };
            assert_eq!(content_type, want);
            let mut frames = frames(&body);
            let (flags, block) = frames.pop().expect("a frame of trailers");
            assert_eq!(flags, 0x80);
            (frames, trailers(&block))
        };
        if trailers["grpc-status"] != "0" {
            assert_eq!(messages, []);
            return Err(grpc_fault(&trailers));
        }
        let [(0, message)] = &messages[..] else {
            panic!("not one message: {messages:?}");
        };
        Ok(message.clone())
    }
}

/// The service that has an rpc, in a version. One that nobody has is asked of the session service.
fn service_of(version: Version, rpc: &str) -> String {
    let is_of_rpc = |one: &&Procedure| one.version == version && one.operation.as_str() == rpc;
    let unknown = || format!("zitadel.session.{}.SessionService", version.as_str());
    let found = PROCEDURES.iter().find(is_of_rpc);
    found.map_or_else(unknown, |one| one.service.to_owned())
}

/// A request on a JSON route, which has some fields of the message in its path and query.
fn route(version: Version, rpc: Operation, mut json: Value) -> Request {
    let of_call = |route: &'static Route| {
        let procedure = route.procedure()?;
        let is_same = procedure.operation == rpc && procedure.version == version;
        is_same.then_some((route, procedure))
    };
    let (route, procedure) = ROUTES.iter().find_map(of_call).unwrap();
    let mut none = Map::new();
    let fields = json.as_object_mut().unwrap_or(&mut none);
    let path = route.path.iter().map(|segment| match segment {
        Segment::Literal(literal) => format!("/{literal}"),
        Segment::Field(name) => {
            let field = procedure.request.field_named(name).unwrap();
            let value = fields.remove(field.json).unwrap_or_default();
            let value = value.as_str().unwrap_or_default();
            format!("/{}", utf8_percent_encode(value, NON_ALPHANUMERIC))
        }
    });
    let mut request = Wire::Json.frame(version, "", Bytes::new());
    request.method = route.method.clone();
    request.path = path.collect();
    if route.has_body {
        request.body = json.to_string().into();
    } else {
        super::query::add_query("", fields, &mut request.query);
    }
    request
}

/// A message of v2 by its name.
fn descriptor(name: &str) -> MessageDescriptor {
    static POOL: LazyLock<DescriptorPool> =
        LazyLock::new(|| DescriptorPool::decode(DESCRIPTORS).unwrap());
    let of = |service| POOL.get_message_by_name(&format!("zitadel.{service}.v2.{name}"));
    let mut services = ["session", "user", "settings", "org"].into_iter();
    services.find_map(of).unwrap()
}

/// A message of v2 as JSON.
pub fn json_of(name: &str, message: &[u8]) -> Value {
    let message = DynamicMessage::decode(descriptor(name), message).unwrap();
    serde_json::to_value(message).unwrap()
}

/// A message of v2 from JSON, which knows no other fields.
pub fn message_of(name: &str, json: &Value) -> Vec<u8> {
    DynamicMessage::deserialize(descriptor(name), json)
        .unwrap()
        .encode_to_vec()
}

pub fn framed(message: &[u8]) -> Bytes {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    [&[0], &length[..], message].concat().into()
}

/// The flags and the content of each frame.
fn frames(mut body: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut frames = Vec::new();
    while let Some((head, rest)) = body.split_first_chunk::<5>() {
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]);
        let (content, rest) = rest.split_at(length as usize);
        frames.push((head[0], content.to_vec()));
        body = rest;
    }
    assert_eq!(body, b"", "nothing but frames");
    frames
}

fn trailers(block: &[u8]) -> HeaderMap {
    let text = std::str::from_utf8(block).unwrap();
    let lines = text.strip_suffix("\r\n").unwrap().split("\r\n");
    let trailers = lines.map(|line| {
        let (name, value) = line.split_once(':').unwrap();
        assert_eq!(name, name.to_lowercase());
        (name.parse().unwrap(), value.parse().unwrap())
    });
    trailers.collect()
}

fn grpc_fault(trailers: &HeaderMap) -> ClientError {
    let details = trailers["grpc-status-details-bin"].as_bytes();
    let details = STANDARD_NO_PAD.decode(details).unwrap();
    let status = rpc::Status::decode(&*details).unwrap();
    let code: i32 = trailers["grpc-status"].to_str().unwrap().parse().unwrap();
    // None of our messages has anything to encode.
    assert_eq!(trailers["grpc-message"], status.message);
    assert_eq!(code, status.code);
    let mut fault = ClientError::new(code, &status.message);
    for any in status.details {
        let kind = any.type_url.strip_prefix("type.googleapis.com/").unwrap();
        fault.add(kind, &any.value);
    }
    fault
}

impl ClientError {
    fn new(code: i32, message: &str) -> Self {
        Self {
            code,
            message: message.to_owned(),
            ..Self::default()
        }
    }

    /// Reads a detail in protobuf.
    fn add(&mut self, kind: &str, value: &[u8]) {
        match kind {
            "zitadel.v1.ErrorDetail" => {
                self.id = Some(v1::ErrorDetail::decode(value).unwrap().id);
            }
            "zitadel.v1.CredentialsCheckError" => {
                let detail = v1::CredentialsCheckError::decode(value).unwrap();
                assert_eq!(format!("{} ({})", detail.message, detail.id), self.message);
                self.id = Some(detail.id);
                self.failed_attempts = Some(detail.failed_attempts);
            }
            "google.rpc.RetryInfo" => {
                let delay = rpc::RetryInfo::decode(value).unwrap().retry_delay.unwrap();
                assert_eq!(delay.nanos, 0);
                self.retry_seconds = Some(delay.seconds);
            }
            other => panic!("{other} is not documented"),
        }
    }

    /// Reads a detail in JSON.
    fn add_json(&mut self, kind: &str, detail: &Value) {
        let text = |name: &str| detail[name].as_str().map(str::to_owned);
        match kind {
            "zitadel.v1.ErrorDetail" => self.id = text("id"),
            "zitadel.v1.CredentialsCheckError" => {
                self.id = text("id");
                let attempts = detail["failedAttempts"].as_i64().unwrap();
                self.failed_attempts = attempts.try_into().ok();
            }
            "google.rpc.RetryInfo" => {
                let delay = text("retryDelay").unwrap();
                let seconds = delay.strip_suffix('s').unwrap().parse().unwrap();
                self.retry_seconds = Some(seconds);
            }
            other => panic!("{other} is not documented"),
        }
    }
}

fn status_fault(body: &Value) -> ClientError {
    let code = i32::try_from(body["code"].as_i64().unwrap()).unwrap();
    let mut fault = ClientError::new(code, body["message"].as_str().unwrap());
    for detail in body["details"].as_array().into_iter().flatten() {
        let kind = detail["@type"].as_str().unwrap();
        fault.add_json(kind.strip_prefix("type.googleapis.com/").unwrap(), detail);
    }
    fault
}

fn connect_fault(body: &Value) -> ClientError {
    let code = code_by_name(body["code"].as_str().unwrap());
    let mut fault = ClientError::new(code, body["message"].as_str().unwrap());
    let mut shown = fault.clone();
    for detail in body["details"].as_array().into_iter().flatten() {
        let kind = detail["type"].as_str().unwrap();
        let value = STANDARD_NO_PAD.decode(detail["value"].as_str().unwrap());
        fault.add(kind, &value.unwrap());
        shown.add_json(kind, &detail["debug"]);
    }
    assert_eq!(fault, shown);
    fault
}
