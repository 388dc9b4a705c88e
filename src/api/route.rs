use http::header::{CONTENT_TYPE, HeaderMap};
use http::{HeaderValue, Method};
use percent_encoding::percent_decode_str;

use super::Request;
use super::protocol::{Codec, Coding, Protocol};
use crate::domain::Operation;
use crate::domain::SessionId;
use crate::error::Error;

/// Of the API. What they share has one shape; the later ones add to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    V2alpha,
    V2beta,
    V2,
}

impl Version {
    pub const ALL: [Self; 3] = [Self::V2alpha, Self::V2beta, Self::V2];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::V2alpha => "v2alpha",
            Self::V2beta => "v2beta",
            Self::V2 => "v2",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == text)
    }
}

/// A call that there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    pub rpc: Operation,
    pub version: Version,
}

/// Fields of a request's message that stand in the path or in the query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bound {
    pub session_id: Option<String>,
    pub session_token: Option<String>,
}

impl Bound {
    /// As a request on a JSON route has them.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`]: it has a field twice.
    pub(super) fn of(request: &Request) -> Result<Self, Error> {
        let session_id = match JsonPath::of(&request.path) {
            Some(JsonPath::Session { id, .. }) => {
                Some(percent_decode_str(id).decode_utf8_lossy().into_owned())
            }
            _ => None,
        };
        // No other message has a field in the query.
        let reads = session_id.is_some() && request.method == Method::GET;
        let fields = request.query.iter().filter(|_| reads);
        let mut tokens = fields
            .filter(|(name, _)| ["sessionToken", "session_token"].contains(&name.as_str()))
            .map(|(_, token)| token.clone());
        let session_token = tokens.next();
        if tokens.next().is_some() {
            return Err(Error::Malformed("the query has session_token twice".into()));
        }
        Ok(Self {
            session_id,
            session_token,
        })
    }
}

/// The session that the path of a JSON route names, if there can be one of that id. For the
/// log: it is known even where the caller is not, or the body can't be read.
pub(super) fn session_id(request: &Request) -> Option<SessionId> {
    let Some(JsonPath::Session { id, .. }) = JsonPath::of(&request.path) else {
        return None;
    };
    let id = percent_decode_str(id).decode_utf8().ok()?;
    SessionId::find(&id).ok()?
}

/// What a request asks for, and how it wants to be answered, which is known even
/// where there is no such call.
pub(super) struct Asked {
    pub protocol: Protocol,
    pub route: Result<Route, Error>,
}

impl Asked {
    pub fn of(request: &Request) -> Self {
        let Request {
            method,
            path,
            headers,
            context,
            ..
        } = request;
        let said = Protocol::of(media_type(headers));
        let (protocol, route) = match (procedure(path), said) {
            (Some((service, rpc)), said) => (
                said.unwrap_or(Protocol::Connect(Codec::Json)),
                match (method, said) {
                    (&Method::POST, Some(_)) => procedure_route(service, rpc),
                    (&Method::POST, None) => Err(Error::UnsupportedMediaType(PROCEDURE_TYPES)),
                    _ => Err(Error::MethodNotAllowed("POST")),
                },
            ),
            // Whatever else a body is called, it is read as JSON: curl's default is a form's.
            (None, None | Some(Protocol::Connect(Codec::Json))) => {
                (Protocol::Json, json_route(method, path))
            }
            (None, Some(other)) => match (json_route(method, path), other) {
                // Their clients find no code in an answer of another protocol.
                (Err(Error::RouteNotFound), Protocol::Grpc | Protocol::GrpcWeb(_)) => {
                    (other, Err(Error::Unimplemented("this call".into())))
                }
                (route, _) => {
                    let other = Error::UnsupportedMediaType("application/json");
                    (Protocol::Json, route.and(Err(other)))
                }
            },
        };
        if protocol == Protocol::Grpc && !context.trailers {
            let route = Err(Error::Unimplemented(NO_TRAILERS.into()));
            return Self { protocol, route };
        }
        Self { protocol, route }
    }
}

const NO_TRAILERS: &str = "gRPC over this way, which carries no trailers (gRPC-Web and Connect \
     work here, gRPC over the HTTP/2 of `sesame serve`),";

/// `/package.Service/Method`, taken apart. JSON routes have no dot in their first part.
fn procedure(path: &str) -> Option<(&str, &str)> {
    let (service, rpc) = path.strip_prefix('/')?.split_once('/')?;
    let identifier = |part: &str| {
        part.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    let qualified = service.contains('.') && service.split('.').all(identifier);
    (qualified && !rpc.contains('/')).then_some((service, rpc))
}

fn procedure_route(service: &str, rpc: &str) -> Result<Route, Error> {
    let version = service
        .strip_prefix("zitadel.session.")
        .and_then(|rest| rest.strip_suffix(".SessionService"))
        .and_then(Version::parse);
    let rpc = Operation::ALL.into_iter().find(|one| one.as_str() == rpc);
    match (version, rpc) {
        (Some(version), Some(rpc)) => Ok(Route { rpc, version }),
        _ => Err(Error::Unimplemented("this call".into())),
    }
}

/// The path of a JSON route, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum JsonPath<'a> {
    Sessions(Version),
    Search(Version),
    /// The id is as it stands there, percent-encoded.
    Session {
        version: Version,
        id: &'a str,
    },
}

impl<'a> JsonPath<'a> {
    fn of(path: &'a str) -> Option<Self> {
        let (version, rest) = path.strip_prefix('/')?.split_once('/')?;
        let version = Version::parse(version)?;
        let rest = rest.strip_prefix("sessions")?;
        if rest.is_empty() {
            return Some(Self::Sessions(version));
        }
        let id = rest.strip_prefix('/')?;
        match id {
            "search" => Some(Self::Search(version)),
            "_search" if version == Version::V2alpha => Some(Self::Search(version)),
            _ if id.is_empty() || id.contains('/') => None,
            _ => Some(Self::Session { version, id }),
        }
    }
}

fn json_route(method: &Method, path: &str) -> Result<Route, Error> {
    let path = JsonPath::of(path).ok_or(Error::RouteNotFound)?;
    let (version, rpc, allowed) = match (path, method) {
        (JsonPath::Sessions(version), &Method::POST) => {
            (version, Some(Operation::CreateSession), "")
        }
        (JsonPath::Search(version), &Method::POST) => (version, Some(Operation::ListSessions), ""),
        (JsonPath::Sessions(version) | JsonPath::Search(version), _) => (version, None, "POST"),
        (JsonPath::Session { version, .. }, method) => {
            let rpc = match *method {
                Method::GET => Some(Operation::GetSession),
                Method::PATCH => Some(Operation::SetSession),
                Method::DELETE => Some(Operation::DeleteSession),
                _ => None,
            };
            (version, rpc, "DELETE, GET, PATCH")
        }
    };
    let rpc = rpc.ok_or(Error::MethodNotAllowed(allowed))?;
    Ok(Route { rpc, version })
}

/// Whether a path is one of ours, and no gateway's stage stands before it: stages have
/// no dots in their names.
pub(crate) fn is_known(path: &str) -> bool {
    procedure(path).is_some()
        || !matches!(json_route(&Method::POST, path), Err(Error::RouteNotFound))
}

/// What the body is said to be, without parameters; empty if nothing is said.
fn media_type(headers: &HeaderMap) -> &[u8] {
    let declared = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    let declared = declared.unwrap_or_default();
    let media_type = declared.split(|&byte| byte == b';').next();
    media_type.unwrap_or_default().trim_ascii()
}

/// What a procedure's body may be, as an `Accept-Post` header says it.
const PROCEDURE_TYPES: &str = "application/json, application/proto, application/grpc, \
     application/grpc+proto, application/grpc-web, application/grpc-web+proto, \
     application/grpc-web-text, application/grpc-web-text+proto";

impl Protocol {
    /// None: any other type.
    fn of(media_type: &[u8]) -> Option<Self> {
        const TYPES: [(&str, Protocol); 8] = [
            ("application/json", Protocol::Connect(Codec::Json)),
            ("application/proto", Protocol::Connect(Codec::Proto)),
            ("application/grpc", Protocol::Grpc),
            ("application/grpc+proto", Protocol::Grpc),
            ("application/grpc-web", Protocol::GrpcWeb(Coding::Binary)),
            (
                "application/grpc-web+proto",
                Protocol::GrpcWeb(Coding::Binary),
            ),
            ("application/grpc-web-text", Protocol::GrpcWeb(Coding::Text)),
            (
                "application/grpc-web-text+proto",
                Protocol::GrpcWeb(Coding::Text),
            ),
        ];
        let named = |(name, _): &&(&str, Self)| media_type.eq_ignore_ascii_case(name.as_bytes());
        TYPES.iter().find(named).map(|&(_, protocol)| protocol)
    }
}

#[cfg(test)]
mod tests;
