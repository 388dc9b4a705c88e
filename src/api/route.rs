use std::borrow::Cow;
use std::collections::BTreeSet;

use http::Method;
use percent_encoding::percent_decode_str;

use super::protocol::PROCEDURE_TYPES;
use super::schema::{Procedure, ROUTES, Route, Segment, Target};
use crate::api::{Codec, Protocol, Request};
use crate::domain::SessionId;
use crate::error::Error;

const NO_SUCH_CALL: Error = Error::Unimplemented(Cow::Borrowed("this call"));

/// The call that a request is for, and how it is encoded.
#[derive(Clone)]
pub struct MatchedRoute {
    pub protocol: Protocol,
    pub procedure: &'static Procedure,
    pub path_fields: PathFields,
    /// Whether the other fields stand in the body, or else in the query.
    pub has_body: bool,
}

impl MatchedRoute {
    /// Finds the route of a request by its method and content type, and by its path without the
    /// base path; and the protocol in which the request is answered, whether or not a route matches.
    pub fn find(path: &str, request: &Request) -> (Protocol, Result<Self, Error>) {
        Self::find_without(&[], path, request)
    }

    /// The same without the calls and paths of services that are switched off, which are unknown.
    pub fn find_without(
        off: &[&str],
        path: &str,
        request: &Request,
    ) -> (Protocol, Result<Self, Error>) {
        let content_type = Protocol::from_content_type(&request.headers);
        let path = Path::parse(path).filter(|path| !path.is_route_of(off));
        let protocol = match (&path, content_type) {
            (Some(Path::Procedure { .. }), said) => said.unwrap_or(Protocol::Connect(Codec::Json)),
            // Their clients find no code in an answer of another protocol.
            (None, Some(said @ (Protocol::Grpc | Protocol::GrpcWeb(_)))) => said,
            _ => Protocol::Json,
        };
        let route = Self::find_in(off, protocol, path, content_type, request);
        (protocol, route)
    }

    fn find_in(
        off: &[&str],
        protocol: Protocol,
        path: Option<Path>,
        content_type: Option<Protocol>,
        request: &Request,
    ) -> Result<Self, Error> {
        if protocol == Protocol::Grpc && !request.context.trailers {
            return Err(Error::TrailersUnsupported);
        }
        match path {
            None if protocol == Protocol::Json => Err(Error::RouteNotFound),
            None => Err(NO_SUCH_CALL),
            Some(Path::Procedure { .. }) if request.method != Method::POST => {
                Err(Error::MethodNotAllowed("POST".into()))
            }
            Some(Path::Procedure { .. }) if content_type.is_none() => {
                Err(Error::UnsupportedMediaType(&PROCEDURE_TYPES))
            }
            Some(Path::Procedure { service, method }) => {
                let target = Target::of_rpc(service, method).filter(|_| !off.contains(&service));
                let target = target.ok_or(NO_SUCH_CALL)?;
                Ok(Self {
                    protocol,
                    procedure: target.built()?,
                    path_fields: Vec::new(),
                    has_body: true,
                })
            }
            Some(Path::Json { form, fields }) => {
                let route = form.siblings().find(|route| route.method == request.method);
                let route = route.ok_or_else(|| Error::MethodNotAllowed(form.allowed().into()))?;
                // A body of any other content type is read as JSON: curl's default is a form's.
                if content_type.is_some_and(|said| said != Protocol::Connect(Codec::Json)) {
                    return Err(Error::UnsupportedMediaType("application/json"));
                }
                Ok(Self {
                    protocol,
                    procedure: route.target.built()?,
                    path_fields: fields,
                    has_body: route.has_body,
                })
            }
        }
    }
}

/// The session that a path names, if its id is one. It is logged even if no route matches.
pub(crate) fn session_id(path: &str) -> Option<SessionId> {
    let Path::Json { fields, .. } = Path::parse(path)? else {
        return None;
    };
    let (_, id) = fields.iter().find(|(name, _)| *name == "session_id")?;
    SessionId::find(id).ok()?
}

/// Whether a path is one of this service, without the stage of a gateway before it: stages have
/// no dots in their names.
pub(crate) fn is_known(path: &str) -> bool {
    Path::parse(path).is_some()
}

/// The fields that stand in a path: the name in protobuf, and the text, percent-decoded.
type PathFields = Vec<(&'static str, String)>;

/// The path of a request, parsed.
enum Path<'a> {
    /// `/package.Service/Method`
    Procedure { service: &'a str, method: &'a str },
    /// One of the routes of this form, and the fields in the path.
    Json {
        form: &'static Route,
        fields: PathFields,
    },
}

impl<'a> Path<'a> {
    /// Whether it is one of the JSON paths of some services.
    fn is_route_of(&self, services: &[&str]) -> bool {
        match self {
            Self::Procedure { .. } => false,
            Self::Json { form, .. } => services.contains(&form.target.service()),
        }
    }

    fn parse(path: &'a str) -> Option<Self> {
        let segments: Vec<_> = path.strip_prefix('/')?.split('/').collect();
        // JSON paths have no dot in their first part.
        if let [service, method] = segments[..]
            && is_service(service)
        {
            return Some(Self::Procedure { service, method });
        }
        let matching = ROUTES.iter().filter(|route| route.matches(&segments));
        // A literal goes before a field, whatever the method.
        let form = matching.max_by_key(|route| route.literals())?;
        let pairs = form.path.iter().zip(segments);
        let fields = pairs.filter_map(|(segment, text)| match segment {
            Segment::Literal(_) => None,
            Segment::Field(name) => {
                let text = percent_decode_str(text).decode_utf8_lossy();
                Some((*name, text.into_owned()))
            }
        });
        Some(Self::Json {
            form,
            fields: fields.collect(),
        })
    }
}

impl Target {
    /// The call, or the error that names it.
    fn built(self) -> Result<&'static Procedure, Error> {
        match self {
            Self::Call(procedure) => Ok(procedure),
            Self::Unbuilt(call) => {
                let service = call.service.rsplit('.').next().unwrap_or_default();
                Err(Error::Unimplemented(
                    format!("{service}.{}", call.name).into(),
                ))
            }
        }
    }
}

impl Route {
    /// The routes of this path, one for each of its methods.
    fn siblings(&self) -> impl Iterator<Item = &'static Self> {
        ROUTES.iter().filter(|route| route.path == self.path)
    }

    /// The methods that the path takes, as an `Allow` header lists them.
    pub fn allowed(&self) -> String {
        let methods: BTreeSet<_> = self.siblings().map(|route| route.method.as_str()).collect();
        Vec::from_iter(methods).join(", ")
    }

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
