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
