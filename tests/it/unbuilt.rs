//! Calls that clients know and that are not carried out: each is refused with its name.

use std::collections::BTreeSet;

use bytes::Bytes;
use http::header::ALLOW;
use http::{Method, StatusCode};
use sesame::api::Version;
use sesame::api::schema::{ROUTES, Route, Segment, Target, UNBUILT, UnbuiltCall};

use crate::support::answer::Answer;
use crate::support::app::App;
use crate::support::client::{Client, Wire, framed};

/// The user service's calls that are not carried out, as ZITADEL's clients know them, with their
/// routes behind `/v2`.
const USER_SERVICE: [(&str, &str); 15] = [
    ("StartIdentityProviderIntent", "POST /idp_intents"),
    ("RetrieveIdentityProviderIntent", "POST /idp_intents/{}"),
    ("AddIDPLink", "POST /users/{}/links"),
    ("RemoveIDPLink", "DELETE /users/{}/links/{}/{}"),
    ("SetUserMetadata", "POST /users/{}/metadata"),
    ("DeleteUserMetadata", "DELETE /users/{}/metadata"),
    ("ListUserMetadata", "POST /users/{}/metadata/search"),
    ("AddSecret", ""),
    ("RemoveSecret", ""),
    ("AddKey", ""),
    ("RemoveKey", ""),
    ("ListKeys", ""),
    ("AddPersonalAccessToken", ""),
    ("RemovePersonalAccessToken", ""),
    ("ListPersonalAccessTokens", ""),
];

/// The same of the services that login pages read.
const LOGIN_PAGES: [(&str, &str, &str); 4] = [
    (SETTINGS, "GetDomainSettings", "GET /settings/domain"),
    (SETTINGS, "SetSecuritySettings", "PUT /policies/security"),
    (
        SETTINGS,
        "SetHostedLoginTranslation",
        "PUT /settings/hosted_login_translation",
    ),
    (
        "zitadel.org.v2.OrganizationService",
        "AddOrganization",
        "POST /organizations",
    ),
];

const SETTINGS: &str = "zitadel.settings.v2.SettingsService";

/// `UserService.RegisterPasskey` and the like.
fn name(call: &UnbuiltCall) -> String {
    format!("{}.{}", call.service.rsplit('.').next().unwrap(), call.name)
}

fn path(route: &Route) -> String {
    let text = |segment: &Segment| match segment {
        Segment::Literal(text) => format!("/{text}"),
        Segment::Field(_) => "/{}".to_owned(),
    };
    route.path.iter().map(text).collect()
}

/// A call without a token on a JSON route, whose fields are all `1`.
async fn json(app: &App, method: &Method, path: &str) -> Answer {
    let client = Client::new(app);
    let mut request = client.raw("", Bytes::from_static(b"{}"));
    method.clone_into(&mut request.method);
    request.path = path.replace("{}", "1");
    client.send(request).await
}

#[test]
fn the_calls_of_zitadels_services_are_known() {
    let of_users = |(rpc, route)| ("zitadel.user.v2.UserService", rpc, route);
    let of_users = USER_SERVICE.into_iter().map(of_users);
    for (service, rpc, route) in of_users.chain(LOGIN_PAGES) {
        let is_named = |call: &UnbuiltCall| call.service == service && call.name == rpc;
        assert!(UNBUILT.iter().any(is_named), "{rpc}");
        let routes = ROUTES.iter().filter(|one| match one.target {
            Target::Unbuilt(call) => is_named(call),
            Target::Call(_) => false,
        });
        let routes: Vec<_> = routes
            .map(|one| format!("{} {}", one.method, path(one)))
            .collect();
        let want = route.replacen(" /", " /v2/", 1);
        assert_eq!(routes.join(", "), want, "{rpc}");
    }
}

#[tokio::test]
async fn a_call_that_is_not_built_is_named_in_each_protocol() {
    let app = App::start().await;
    for call in UNBUILT {
        for wire in Wire::ALL.into_iter().filter(|wire| *wire != Wire::Json) {
            let client = Client::new(&app).over(wire, Version::V2);
            let mut request = client.raw("", framed(b""));
            request.path = format!("/{}/{}", call.service, call.name);
            let answer = client.send(request).await;

            let fault = client.created(&answer).err().unwrap();
            let want = format!("{} is not supported", name(call));
            assert_eq!((fault.code, fault.message), (12, want), "{wire:?}");
            let http = if wire.speaks_http() { 501 } else { 200 };
            assert_eq!(answer.status, http, "{wire:?} {}", call.name);
        }
    }
}

#[tokio::test]
async fn a_call_that_is_not_built_is_named_by_its_route() {
    let app = App::start().await;
    for route in ROUTES {
        let Target::Unbuilt(call) = route.target else {
            continue;
        };
        let path = path(route);

        let answer = json(&app, &route.method, &path).await;

        assert_eq!(answer.status, StatusCode::NOT_IMPLEMENTED, "{path}");
        let body = answer.json();
        let message = format!("{} is not supported", name(call));
        assert_eq!(
            (&body["code"], &body["message"]),
            (&12.into(), &message.into())
        );
    }
}

#[tokio::test]
async fn a_path_of_calls_that_are_not_built_tells_its_methods() {
    let app = App::start().await;
    let mut by_path: Vec<(String, BTreeSet<String>)> = Vec::new();
    for route in ROUTES {
        let path = path(route);
        let method = route.method.to_string();
        match by_path.iter_mut().find(|(known, _)| *known == path) {
            Some((_, methods)) => drop(methods.insert(method)),
            None => by_path.push((path, BTreeSet::from([method]))),
        }
    }
    for (path, methods) in by_path {
        let answer = json(&app, &Method::HEAD, &path).await;

        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
        let allowed = Vec::from_iter(methods).join(", ");
        assert_eq!(answer.headers[ALLOW], allowed, "{path}");
    }
    for path in [
        "/v2/users/1/recovery_codes/2",
        "/v2/users/1/totp/2",
        "/v2/users/1/passkeys/2/3",
        "/v2beta/users/1/totp",
        "/v2/idp_intents/1/2",
        "/v2/settings/1",
        "/v2/policies",
        "/v2/organizations/1",
        "/v2beta/settings",
    ] {
        let answer = json(&app, &Method::POST, path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
}
