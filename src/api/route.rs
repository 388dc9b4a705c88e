use http::header::{CONTENT_TYPE, HeaderMap};
use http::{HeaderValue, Method};
use percent_encoding::percent_decode_str;

use super::Request;
use super::protocol::{Codec, Coding, Protocol};
use crate::error::Error;
use crate::service::Rpc;

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
    pub rpc: Rpc,
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
                    (other, Err(Error::Unimplemented("this call")))
                }
                (route, _) => {
                    let other = Error::UnsupportedMediaType("application/json");
                    (Protocol::Json, route.and(Err(other)))
                }
            },
        };
        if protocol == Protocol::Grpc && !context.trailers {
            let route = Err(Error::Unimplemented(NO_TRAILERS));
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
    let rpc = Rpc::ALL.into_iter().find(|one| one.as_str() == rpc);
    match (version, rpc) {
        (Some(version), Some(rpc)) => Ok(Route { rpc, version }),
        _ => Err(Error::Unimplemented("this call")),
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
        (JsonPath::Sessions(version), &Method::POST) => (version, Some(Rpc::CreateSession), ""),
        (JsonPath::Search(version), &Method::POST) => (version, Some(Rpc::ListSessions), ""),
        (JsonPath::Sessions(version) | JsonPath::Search(version), _) => (version, None, "POST"),
        (JsonPath::Session { version, .. }, method) => {
            let rpc = match *method {
                Method::GET => Some(Rpc::GetSession),
                Method::PATCH => Some(Rpc::SetSession),
                Method::DELETE => Some(Rpc::DeleteSession),
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
pub(super) fn is_known(path: &str) -> bool {
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
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::api::Context;

    fn asked(method: &Method, path: &str, content_type: Option<&str>) -> (Protocol, String) {
        let headers = content_type.map(|text| (CONTENT_TYPE, text.parse().unwrap()));
        let asked = Asked::of(&Request {
            method: method.clone(),
            path: path.to_owned(),
            query: Vec::new(),
            headers: HeaderMap::from_iter(headers),
            body: Bytes::new(),
            context: Context {
                trailers: true,
                ..Context::default()
            },
        });
        let route = match asked.route {
            Ok(Route { rpc, version }) => format!("{} {}", version.as_str(), rpc.as_str()),
            Err(error) => error.kind().to_owned(),
        };
        (asked.protocol, route)
    }

    #[test]
    fn a_call_is_named_by_its_method_and_raw_path() {
        for (method, path, want) in [
            (Method::POST, "/v2alpha/sessions", "v2alpha CreateSession"),
            (Method::POST, "/v2beta/sessions", "v2beta CreateSession"),
            (Method::POST, "/v2/sessions", "v2 CreateSession"),
            (Method::POST, "/v2/sessions/search", "v2 ListSessions"),
            (
                Method::POST,
                "/v2alpha/sessions/_search",
                "v2alpha ListSessions",
            ),
            (Method::GET, "/v2beta/sessions/1", "v2beta GetSession"),
            (Method::PATCH, "/v2/sessions/1", "v2 SetSession"),
            (Method::DELETE, "/v2/sessions/1", "v2 DeleteSession"),
            (Method::DELETE, "/v2/sessions/a%2Fb", "v2 DeleteSession"),
            (Method::POST, "/v2/sessions/1", "unknown_method"),
            (Method::POST, "/v2/sessions/_search", "unknown_method"),
            (Method::GET, "/v2/sessions/search", "unknown_method"),
            (Method::GET, "/v2/sessions/1/2", "unknown_route"),
            (Method::GET, "/v2/sessions1", "unknown_route"),
            (Method::GET, "/v2alpha/sessions", "unknown_method"),
            (Method::DELETE, "/v2/sessions", "unknown_method"),
            (Method::POST, "/v3/sessions", "unknown_route"),
            (Method::POST, "/v2alpha/sessions/", "unknown_route"),
            (Method::POST, "/v2alpha//sessions", "unknown_route"),
            (Method::POST, "/v2alpha/x/../sessions", "unknown_route"),
            (Method::POST, "/v2alpha/session%73", "unknown_route"),
            (Method::POST, "/V2alpha/sessions", "unknown_route"),
            (Method::POST, "/.well-known/sessions", "unknown_route"),
            (Method::POST, "/v2..x/y", "unknown_route"),
            (Method::POST, "/", "unknown_route"),
            (Method::POST, "", "unknown_route"),
        ] {
            let got = asked(&method, path, None);
            assert_eq!(got, (Protocol::Json, want.to_owned()), "{method} {path}");
        }
    }

    #[test]
    fn a_route_has_fields_in_its_path_and_query() {
        let bound = |method, path: &str, query: &[(&str, &str)]| {
            let text = |text: &str| text.to_owned();
            let query = query.iter().map(|(name, value)| (text(name), text(value)));
            Bound::of(&Request {
                method,
                path: path.to_owned(),
                query: query.collect(),
                headers: HeaderMap::new(),
                body: Bytes::new(),
                context: Context::default(),
            })
            .map(|bound| (bound.session_id, bound.session_token))
            .map_err(drop)
        };
        let some = |text: &str| Some(text.to_owned());
        let token = ("sessionToken", "t");

        for (method, path, query, want) in [
            (
                Method::GET,
                "/v2/sessions/1",
                &[][..],
                Ok((some("1"), None)),
            ),
            (
                Method::GET,
                "/v2/sessions/1",
                &[("x", "y"), token],
                Ok((some("1"), some("t"))),
            ),
            (
                Method::GET,
                "/v2/sessions/%C3%A4%2f",
                &[("session_token", "t")],
                Ok((some("ä/"), some("t"))),
            ),
            (
                Method::GET,
                "/v2/sessions/1",
                &[token, ("session_token", "t")],
                Err(()),
            ),
            (
                Method::DELETE,
                "/v2/sessions/1",
                &[token],
                Ok((some("1"), None)),
            ),
            (Method::POST, "/v2/sessions", &[token], Ok((None, None))),
            (
                Method::POST,
                "/v2/sessions/search",
                &[token],
                Ok((None, None)),
            ),
        ] {
            let got = bound(method.clone(), path, query);
            assert_eq!(got, want, "{method} {path} {query:?}");
        }
    }

    #[test]
    fn a_procedure_is_named_by_its_path() {
        for (path, want) in [
            (
                "/zitadel.session.v2alpha.SessionService/CreateSession",
                "v2alpha CreateSession",
            ),
            (
                "/zitadel.session.v2beta.SessionService/CreateSession",
                "v2beta CreateSession",
            ),
            (
                "/zitadel.session.v2.SessionService/CreateSession",
                "v2 CreateSession",
            ),
            (
                "/zitadel.session.v2.SessionService/NoSuchCall",
                "unimplemented",
            ),
            ("/zitadel.session.v2.SessionService/", "unimplemented"),
            (
                "/zitadel.session.v3.SessionService/CreateSession",
                "unimplemented",
            ),
            ("/another.Service/CreateSession", "unimplemented"),
        ] {
            let (_, got) = asked(&Method::POST, path, Some("application/grpc"));
            assert_eq!(got, want, "{path}");
            let (_, got) = asked(&Method::GET, path, Some("application/grpc"));
            assert_eq!(got, "unknown_method", "{path}");
        }
        for path in [
            "/Greeter/SayHello",
            "/",
            "/zitadel.session.v2.SessionService/A/",
        ] {
            for (content_type, protocol) in [
                ("application/grpc", Protocol::Grpc),
                ("application/grpc-web", Protocol::GrpcWeb(Coding::Binary)),
            ] {
                let got = asked(&Method::POST, path, Some(content_type));
                assert_eq!(got, (protocol, "unimplemented".to_owned()), "{path}");
            }
        }
    }

    #[test]
    fn the_content_type_alone_decides_on_the_protocol() {
        let procedure = "/zitadel.session.v2.SessionService/CreateSession";
        let web = Protocol::GrpcWeb(Coding::Binary);
        let text = Protocol::GrpcWeb(Coding::Text);
        let connect = Protocol::Connect(Codec::Json);
        // Of a procedure, and whether a JSON route takes it.
        for (content_type, want, json) in [
            (Some("application/json"), Ok(connect), true),
            (Some("application/json; charset=utf-8"), Ok(connect), true),
            (
                Some("application/proto ; x=y"),
                Ok(Protocol::Connect(Codec::Proto)),
                false,
            ),
            (Some("application/grpc"), Ok(Protocol::Grpc), false),
            (Some("application/grpc+proto"), Ok(Protocol::Grpc), false),
            (Some("application/grpc-web"), Ok(web), false),
            (Some("Application/gRPC-Web+proto"), Ok(web), false),
            (Some("application/grpc-web-text"), Ok(text), false),
            (Some("application/grpc-web-text+proto"), Ok(text), false),
            (Some("application/grpc+json"), Err(()), true),
            (Some("application/connect+proto"), Err(()), true),
            (Some("application/x-www-form-urlencoded"), Err(()), true),
            (Some("text/plain"), Err(()), true),
            (Some(""), Err(()), true),
            (None, Err(()), true),
        ] {
            let (protocol, route) = asked(&Method::POST, procedure, content_type);
            match want {
                Ok(want) => assert_eq!(protocol, want, "{content_type:?}"),
                Err(()) => assert_eq!(route, "unsupported_media_type", "{content_type:?}"),
            }
            let (protocol, route) = asked(&Method::POST, "/v2/sessions", content_type);
            assert_eq!(protocol, Protocol::Json, "{content_type:?}");
            assert_eq!(route == "v2 CreateSession", json, "{content_type:?}");
        }
    }
}
