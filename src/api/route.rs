use http::Method;
use percent_encoding::percent_decode_str;

use super::protocol::PROCEDURE_TYPES;
use crate::api::{Codec, Protocol, Request, Version};
use crate::domain::{Operation, SessionId};
use crate::error::Error;

/// The operation that a request is for, and how it is encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatchedRoute {
    pub protocol: Protocol,
    pub operation: Operation,
    pub version: Version,
    pub params: PathParams,
}

/// The variable parts of a path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PathParams {
    /// The text in the place of a session's id, percent-decoded.
    pub session_id: Option<String>,
}

/// The error for a request that no route matches, and the protocol in which it is answered.
#[derive(Debug)]
pub struct RouteError {
    pub protocol: Protocol,
    pub error: Error,
}

impl PathParams {
    /// The session that the path names, if its id is one.
    pub(crate) fn parse_session_id(&self) -> Option<SessionId> {
        SessionId::find(self.session_id.as_ref()?).ok()?
    }
}

impl MatchedRoute {
    /// Finds the route of a request by its method, path and content type.
    pub fn find(request: &Request) -> Result<Self, RouteError> {
        Self::find_at(&request.path, request)
    }

    /// Finds the route of a request that has this path once the base path is taken off.
    pub(crate) fn find_at(path: &str, request: &Request) -> Result<Self, RouteError> {
        let content_type = Protocol::from_content_type(&request.headers);
        let path = Path::parse(path);
        let protocol = match (&path, content_type) {
            (Some(Path::Procedure { .. }), said) => said.unwrap_or(Protocol::Connect(Codec::Json)),
            // Their clients find no code in an answer of another protocol.
            (None, Some(said @ (Protocol::Grpc | Protocol::GrpcWeb(_)))) => said,
            _ => Protocol::Json,
        };
        let unmatched = |error| RouteError { protocol, error };
        if protocol == Protocol::Grpc && !request.context.trailers {
            return Err(unmatched(Error::TrailersUnsupported));
        }
        let path = path.ok_or_else(|| {
            unmatched(match protocol {
                Protocol::Json | Protocol::Connect(_) => Error::RouteNotFound,
                Protocol::Grpc | Protocol::GrpcWeb(_) => NO_SUCH_CALL,
            })
        })?;
        let (operation, version) = path
            .operation(&request.method, content_type)
            .map_err(unmatched)?;
        Ok(Self {
            protocol,
            operation,
            version,
            params: path.params(),
        })
    }
}

/// The session that a path names, if its id is one. It is logged even if no route matches.
pub(crate) fn session_id(path: &str) -> Option<SessionId> {
    Path::parse(path)?.params().parse_session_id()
}

/// Whether a path is one of this service, without the stage of a gateway before it: stages have
/// no dots in their names.
pub(crate) fn is_known(path: &str) -> bool {
    Path::parse(path).is_some()
}

const NO_SUCH_CALL: Error = Error::Unimplemented(std::borrow::Cow::Borrowed("this call"));

/// The path of a request, parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Path<'a> {
    /// `/package.Service/Method`
    Procedure {
        service: &'a str,
        method: &'a str,
    },
    Sessions(Version),
    Search(Version),
    /// The id as it stands there, percent-encoded.
    Session(Version, &'a str),
}

impl<'a> Path<'a> {
    fn parse(path: &'a str) -> Option<Self> {
        let (first, rest) = path.strip_prefix('/')?.split_once('/')?;
        // JSON paths have no dot in their first part.
        if is_service(first) && !rest.contains('/') {
            return Some(Self::Procedure {
                service: first,
                method: rest,
            });
        }
        let version = Version::parse(first)?;
        let rest = rest.strip_prefix("sessions")?;
        if rest.is_empty() {
            return Some(Self::Sessions(version));
        }
        let id = rest.strip_prefix('/')?;
        match id {
            "search" => Some(Self::Search(version)),
            "_search" if version == Version::V2alpha => Some(Self::Search(version)),
            _ if id.is_empty() || id.contains('/') => None,
            _ => Some(Self::Session(version, id)),
        }
    }

    fn operation(
        self,
        method: &Method,
        content_type: Option<Protocol>,
    ) -> Result<(Operation, Version), Error> {
        use Operation::{CreateSession, DeleteSession, GetSession, ListSessions, SetSession};

        let not_allowed = |allowed| Err(Error::MethodNotAllowed(allowed));
        let matched = match (self, method) {
            (Self::Procedure { service, method }, &Method::POST) => {
                return match content_type {
                    Some(_) => procedure(service, method).ok_or(NO_SUCH_CALL),
                    None => Err(Error::UnsupportedMediaType(PROCEDURE_TYPES)),
                };
            }
            (Self::Sessions(version), &Method::POST) => (CreateSession, version),
            (Self::Search(version), &Method::POST) => (ListSessions, version),
            (Self::Session(version, _), &Method::GET) => (GetSession, version),
            (Self::Session(version, _), &Method::PATCH) => (SetSession, version),
            (Self::Session(version, _), &Method::DELETE) => (DeleteSession, version),
            (Self::Session(..), _) => return not_allowed("DELETE, GET, PATCH"),
            (Self::Procedure { .. } | Self::Sessions(_) | Self::Search(_), _) => {
                return not_allowed("POST");
            }
        };
        // A body of any other content type is read as JSON: curl's default is a form's.
        match content_type {
            None | Some(Protocol::Connect(Codec::Json)) => Ok(matched),
            Some(_) => Err(Error::UnsupportedMediaType("application/json")),
        }
    }

    fn params(self) -> PathParams {
        let session_id = match self {
            Self::Session(_, id) => Some(percent_decode_str(id).decode_utf8_lossy().into_owned()),
            _ => None,
        };
        PathParams { session_id }
    }
}

/// Whether a part of a path is the name of a protobuf service with its package.
fn is_service(part: &str) -> bool {
    let is_identifier = |name: &str| {
        name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    part.contains('.') && part.split('.').all(is_identifier)
}

fn procedure(service: &str, method: &str) -> Option<(Operation, Version)> {
    let version = service
        .strip_prefix("zitadel.session.")?
        .strip_suffix(".SessionService")?;
    let mut operations = Operation::ALL.into_iter();
    let operation = operations.find(|operation| operation.as_str() == method)?;
    Some((operation, Version::parse(version)?))
}

#[cfg(test)]
mod tests;
