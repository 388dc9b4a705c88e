use http::Method;
use percent_encoding::percent_decode_str;

use super::protocol::PROCEDURE_TYPES;
use super::schema::{PROCEDURES, Procedure, ROUTES, Route, Segment};
use crate::api::{Codec, Protocol, Request};
use crate::domain::SessionId;
use crate::error::Error;

/// The call that a request is for, and how it is encoded.
#[derive(Clone)]
pub struct MatchedRoute {
    pub protocol: Protocol,
    pub procedure: &'static Procedure,
    /// The fields that stand in the path: the name in protobuf, and the text, percent-decoded.
    pub path_fields: Vec<(&'static str, String)>,
    /// Whether the other fields stand in the body, or else in the query.
    pub has_body: bool,
}

/// The error for a request that no route matches, and the protocol in which it is answered.
#[derive(Debug)]
pub struct RouteError {
    pub protocol: Protocol,
    pub error: Error,
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
        let (procedure, route) = path
            .procedure(&request.method, content_type)
            .map_err(unmatched)?;
        Ok(Self {
            protocol,
            procedure,
            path_fields: path.fields(route),
            has_body: route.is_none_or(|route| route.has_body),
        })
    }
}

/// The session that a path names, if its id is one. It is logged even if no route matches.
pub(crate) fn session_id(path: &str) -> Option<SessionId> {
    let path = Path::parse(path)?;
    let Path::Json { routes, .. } = &path else {
        return None;
    };
    let fields = path.fields(routes.first().copied());
    let (_, id) = fields.iter().find(|(name, _)| *name == "session_id")?;
    SessionId::find(id).ok()?
}

/// Whether a path is one of this service, without the stage of a gateway before it: stages have
/// no dots in their names.
pub(crate) fn is_known(path: &str) -> bool {
    Path::parse(path).is_some()
}

const NO_SUCH_CALL: Error = Error::Unimplemented(std::borrow::Cow::Borrowed("this call"));

/// The path of a request, parsed.
enum Path<'a> {
    /// `/package.Service/Method`
    Procedure { service: &'a str, method: &'a str },
    /// The parts between slashes, and the routes of this form, of which there is one at least.
    Json {
        segments: Vec<&'a str>,
        routes: Vec<&'static Route>,
    },
}

impl<'a> Path<'a> {
    fn parse(path: &'a str) -> Option<Self> {
        let path = path.strip_prefix('/')?;
        let segments: Vec<_> = path.split('/').collect();
        // JSON paths have no dot in their first part.
        if let [service, method] = segments[..]
            && is_service(service)
        {
            return Some(Self::Procedure { service, method });
        }
        let matching = ROUTES.iter().filter(|route| route.matches(&segments));
        let mut routes: Vec<_> = matching.collect();
        // A literal goes before a field, whatever the method.
        let literals = routes.iter().map(|route| route.literals()).max()?;
        routes.retain(|route| route.literals() == literals);
        Some(Self::Json { segments, routes })
    }

    fn procedure(
        &self,
        method: &Method,
        content_type: Option<Protocol>,
    ) -> Result<(&'static Procedure, Option<&'static Route>), Error> {
        match self {
            Self::Procedure { .. } if method != Method::POST => {
                Err(Error::MethodNotAllowed("POST"))
            }
            Self::Procedure { .. } if content_type.is_none() => {
                Err(Error::UnsupportedMediaType(PROCEDURE_TYPES))
            }
            Self::Procedure { service, method } => {
                let named =
                    |one: &&Procedure| one.service == *service && one.operation.as_str() == *method;
                let procedure = PROCEDURES.iter().find(named).ok_or(NO_SUCH_CALL)?;
                Ok((procedure, None))
            }
            Self::Json { routes, .. } => {
                let route = routes.iter().find(|route| route.method == method);
                let allowed = routes.first().map_or("", |route| route.allowed);
                let route = route.ok_or(Error::MethodNotAllowed(allowed))?;
                // A body of any other content type is read as JSON: curl's default is a form's.
                match content_type {
                    None | Some(Protocol::Connect(Codec::Json)) => {
                        Ok((route.procedure, Some(route)))
                    }
                    Some(_) => Err(Error::UnsupportedMediaType("application/json")),
                }
            }
        }
    }

    /// The fields that stand in the path, as `route` names them.
    fn fields(&self, route: Option<&'static Route>) -> Vec<(&'static str, String)> {
        let (Self::Json { segments, .. }, Some(route)) = (self, route) else {
            return Vec::new();
        };
        let pairs = route.path.iter().zip(segments);
        let fields = pairs.filter_map(|(segment, text)| match segment {
            Segment::Literal(_) => None,
            Segment::Field(name) => {
                let text = percent_decode_str(text).decode_utf8_lossy();
                Some((*name, text.into_owned()))
            }
        });
        fields.collect()
    }
}

impl Route {
    fn matches(&self, segments: &[&str]) -> bool {
        let matches = |(segment, text): (&Segment, &&str)| match segment {
            Segment::Literal(literal) => literal == text,
            Segment::Field(_) => !text.is_empty(),
        };
        self.path.len() == segments.len() && self.path.iter().zip(segments).all(matches)
    }

    /// How many parts of the path are literals.
    fn literals(&self) -> usize {
        let is_literal = |segment: &&Segment| matches!(segment, Segment::Literal(_));
        self.path.iter().filter(is_literal).count()
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

#[cfg(test)]
mod tests;
