use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_TYPE;

use super::*;
use crate::api::schema::PROCEDURES;
use crate::api::{Coding, RequestContext};
use crate::domain::Operation;

fn route(method: &Method, path: &str, content_type: Option<&str>) -> (Protocol, String) {
    let headers = content_type.map(|text| (CONTENT_TYPE, text.parse().unwrap()));
    let (protocol, found) = MatchedRoute::find(
        path,
        &Request {
            method: method.clone(),
            path: path.to_owned(),
            query: Vec::new(),
            headers: HeaderMap::from_iter(headers),
            body: Bytes::new(),
            context: RequestContext {
                trailers: true,
                ..RequestContext::default()
            },
        },
    );
    match found {
        Ok(route) => {
            let operation = route.procedure.operation.as_str();
            let text = format!("{} {operation}", route.procedure.version.as_str());
            (route.protocol, text)
        }
        Err(error) => (protocol, error.kind().to_owned()),
    }
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
        let got = route(&method, path, None);
        assert_eq!(got, (Protocol::Json, want.to_owned()), "{method} {path}");
    }
}

#[test]
fn each_operation_is_a_call() {
    for operation in Operation::ALL {
        let is_built = PROCEDURES.iter().any(|one| one.operation == *operation);
        assert!(is_built, "{operation:?} has `unbuilt` in proto/");
    }
}

/// A literal goes before a field, and each path has its own methods.
#[test]
fn a_path_of_users_leads_to_its_call() {
    for (method, path, want) in [
        (Method::POST, "/v2/users", "ListUsers"),
        (Method::POST, "/v2/users/new", "CreateUser"),
        (Method::POST, "/v2/users/human", "AddHumanUser"),
        (Method::PUT, "/v2/users/human/1", "UpdateHumanUser"),
        (Method::GET, "/v2/users/1", "GetUserByID"),
        (Method::PATCH, "/v2/users/1", "UpdateUser"),
        (Method::DELETE, "/v2/users/1", "DeleteUser"),
        (Method::POST, "/v2/users/1/lock", "LockUser"),
        (Method::POST, "/v2/users/1/unlock", "UnlockUser"),
        (Method::POST, "/v2/users/1/deactivate", "DeactivateUser"),
        (Method::POST, "/v2/users/1/reactivate", "ReactivateUser"),
        (Method::POST, "/v2/users/1/password", "SetPassword"),
        (Method::POST, "/v2/users/1/email", "SetEmail"),
        (Method::POST, "/v2/users/1/phone", "SetPhone"),
        (Method::DELETE, "/v2/users/1/phone", "RemovePhone"),
        (Method::POST, "/v2/users/human/lock", "LockUser"),
        (Method::POST, "/v2/users/1/links/_search", "ListIDPLinks"),
        (
            Method::POST,
            "/v2/users/1/mfa_init_skipped",
            "HumanMFAInitSkipped",
        ),
        (
            Method::GET,
            "/v2/users/1/authentication_methods",
            "ListAuthenticationMethodTypes",
        ),
        (Method::POST, "/v2/users/1/totp", "RegisterTOTP"),
        (Method::DELETE, "/v2/users/1/totp", "RemoveTOTP"),
        (
            Method::POST,
            "/v2/users/1/totp/verify",
            "VerifyTOTPRegistration",
        ),
        (Method::POST, "/v2/users/1/otp_sms", "AddOTPSMS"),
        (Method::DELETE, "/v2/users/1/otp_email", "RemoveOTPEmail"),
        (
            Method::POST,
            "/v2/users/1/recovery_codes",
            "GenerateRecoveryCodes",
        ),
        (
            Method::DELETE,
            "/v2/users/1/recovery_codes",
            "RemoveRecoveryCodes",
        ),
        (
            Method::POST,
            "/v2/users/1/authentication_factors/_search",
            "ListAuthenticationFactors",
        ),
        (Method::POST, "/v2/users/1/passkeys/_search", "ListPasskeys"),
        (
            Method::POST,
            "/v2/users/1/passkeys/2",
            "VerifyPasskeyRegistration",
        ),
    ] {
        let Some(Path::Json { form, .. }) = Path::parse(path) else {
            panic!("{path}");
        };
        let mut siblings = form.siblings();
        let route = siblings.find(|route| route.method == method).unwrap();
        let got = match route.target {
            Target::Call(procedure) => procedure.operation.as_str(),
            Target::Unbuilt(call) => call.name,
        };
        assert_eq!(got, want, "{method} {path}");
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
        let (_, got) = route(&Method::POST, path, Some("application/grpc"));
        assert_eq!(got, want, "{path}");
        let (_, got) = route(&Method::GET, path, Some("application/grpc"));
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
            let got = route(&Method::POST, path, Some(content_type));
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
        let (protocol, found) = route(&Method::POST, procedure, content_type);
        match want {
            Ok(want) => assert_eq!(protocol, want, "{content_type:?}"),
            Err(()) => assert_eq!(found, "unsupported_media_type", "{content_type:?}"),
        }
        let (protocol, found) = route(&Method::POST, "/v2/sessions", content_type);
        assert_eq!(protocol, Protocol::Json, "{content_type:?}");
        assert_eq!(found == "v2 CreateSession", json, "{content_type:?}");
    }
}
