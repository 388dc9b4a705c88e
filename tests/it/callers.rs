//! Who may create, as the contract's section 7 has it.

use std::time::Duration;

use http::header::WWW_AUTHENTICATE;
use serde_json::{Value, json};
use sesame::api::Request;
use sesame::domain::{JwtName, JwtPrincipal, Permission, Timestamp};
use sesame::service::Jwt;

use crate::app::{App, NOW, PASSWORD, by_name, header, post};

const HOUR: Duration = Duration::from_hours(1);

#[tokio::test]
async fn each_access_lets_in_whom_it_says() {
    for (access, anonymous, reader, user, writer) in [
        ("token", 401, 403, 403, 200),
        ("authenticated", 401, 200, 200, 200),
        ("public", 200, 200, 200, 200),
    ] {
        let app = App::with(&[("ACCESS", access)]).await;
        let write = app.caller(&[Permission::Write], HOUR).await;
        let read = app
            .caller(&[Permission::Read, Permission::Delete], HOUR)
            .await;
        let mini = app.user("mini").await;
        let session = app
            .create_as(write.as_str(), &by_name(&mini.login_name, PASSWORD), NOW)
            .await;
        let session = session.token();

        for (who, token, want) in [
            ("nobody", None, anonymous),
            ("a reader", Some(read.as_str()), reader),
            ("a user", Some(&*session), user),
            ("a writer", Some(write.as_str()), writer),
            (
                "an unknown token",
                Some("sesame_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
                401,
            ),
            ("no token at all", Some("stub-pat"), 401),
            ("an empty token", Some(""), 401),
        ] {
            let mut request = post("{}");
            if let Some(token) = token {
                request = header(request, "authorization", &format!("Bearer {token}"));
            }
            let answer = app.send(request, NOW).await;
            assert_eq!(answer.status.as_u16(), want, "{access}: {who}");
            match want {
                401 => {
                    let want = match token {
                        None => "Bearer",
                        Some(_) => "Bearer error=\"invalid_token\"",
                    };
                    assert_eq!(answer.headers[WWW_AUTHENTICATE], want, "{access}: {who}");
                    assert_eq!(answer.json()["code"], 16);
                    assert_eq!(answer.json().get("details"), None);
                }
                403 => {
                    let want = "Bearer error=\"insufficient_scope\"";
                    assert_eq!(answer.headers[WWW_AUTHENTICATE], want, "{access}: {who}");
                    assert_eq!(answer.outcome(), "AUTH-5mWD2", "{access}: {who}");
                }
                _ => {}
            }
        }
    }
}

#[tokio::test]
async fn who_calls_is_asked_before_the_body_is_read() {
    let app = App::with(&[("ACCESS", "token")]).await;

    assert_eq!(app.send(post("{"), NOW).await.status.as_u16(), 401);
}

#[tokio::test]
async fn the_scheme_is_read_in_any_case_and_others_are_left_alone() {
    let app = App::with(&[("ACCESS", "token")]).await;
    let token = app.caller(&[Permission::Write], HOUR).await;

    for (value, want) in [
        (format!("Bearer {}", token.as_str()), 200),
        (format!("bearer {}", token.as_str()), 200),
        (format!("BEARER  {} ", token.as_str()), 200),
        (format!("Basic {}", token.as_str()), 401),
        (token.as_str().to_owned(), 401),
        ("Bearer".to_owned(), 401),
    ] {
        let request = header(post("{}"), "authorization", &value);
        assert_eq!(
            app.send(request, NOW).await.status.as_u16(),
            want,
            "{value}"
        );
    }
}

#[tokio::test]
async fn a_token_ends_at_the_very_instant() {
    let app = App::with(&[("ACCESS", "token")]).await;
    let token = app.caller(&[Permission::Write], HOUR).await;
    let end = NOW.plus(HOUR);
    let just_before = end.minus(Duration::from_millis(1));

    for (at, want) in [(just_before, 200), (end, 401), (just_before, 200)] {
        let answer = app.create_as(token.as_str(), &json!({}), at).await;
        assert_eq!(answer.status.as_u16(), want, "{at:?}");
    }
}

#[tokio::test]
async fn a_revoked_token_is_remembered_for_a_minute() {
    let app = App::with(&[("ACCESS", "token")]).await;
    let token = app.caller(&[Permission::Write], HOUR).await;
    assert_eq!(
        app.create_as(token.as_str(), &json!({}), NOW)
            .await
            .status
            .as_u16(),
        200
    );

    assert!(
        app.store
            .delete_caller(&token.hash().to_hex())
            .await
            .unwrap()
    );

    let minute = NOW.plus(Duration::from_mins(1));
    let just_before = minute.minus(Duration::from_millis(1));
    for (at, want) in [(just_before, 200), (minute, 401), (just_before, 200)] {
        let answer = app.create_as(token.as_str(), &json!({}), at).await;
        assert_eq!(answer.status.as_u16(), want, "{at:?}");
    }
    let other = app.beside(&[("ACCESS", "token")]);
    assert_eq!(
        other
            .create_as(token.as_str(), &json!({}), NOW)
            .await
            .status
            .as_u16(),
        401
    );
}

#[tokio::test]
async fn a_session_stands_for_its_user_once_more_than_a_name_was_checked() {
    let app = App::start().await;
    let mini = app.user("mini").await;
    let with_password = app.create(&by_name(&mini.login_name, PASSWORD)).await;
    let without = app.create_named(&mini).await;
    let empty = app.create(&json!({})).await;
    let end = NOW.plus(Duration::from_hours(24));
    let just_before = end.minus(Duration::from_millis(1));
    // The id of one session with the token of another: nobody's.
    let forged = format!("{}{}", &with_password.token()[..22], &empty.token()[22..]);

    let app = app.beside(&[("ACCESS", "authenticated")]);
    for (who, token, at, want) in [
        ("with a password", with_password.token(), NOW, 200),
        (
            "with a password, to the last",
            with_password.token(),
            just_before,
            200,
        ),
        ("expired", with_password.token(), end, 401),
        ("a name alone", without.token(), NOW, 401),
        ("nobody's", empty.token(), NOW, 401),
        ("forged", forged, NOW, 401),
    ] {
        let answer = app.create_as(&token, &json!({}), at).await;
        assert_eq!(answer.status.as_u16(), want, "{who}");
        if want == 200 {
            let creator = format!("user:{}", mini.user_id);
            assert_eq!(app.stored(&answer).await.creator, creator);
        }
    }
}

#[tokio::test]
async fn a_gateways_claims_are_honoured() {
    let app = App::with(&[("ACCESS", "token")]).await;
    let ada = JwtPrincipal::new("https://id.example.com", JwtName::Subject, "ada");

    for (scopes, want) in [
        (vec!["session.write"], 200),
        (vec!["openid", "session.write"], 200),
        (vec!["session.read"], 403),
        (vec!["session.writer"], 403),
        (vec![], 403),
    ] {
        let mut request = post("{}");
        // The same header that the authorizer has read: a JWT is no token of ours.
        request = header(
            request,
            "authorization",
            "Bearer eyJhbGciOiJSUzI1NiJ9.e30.c2ln",
        );
        request.context.jwt = Some(Jwt {
            principal: ada.clone(),
            scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
        });
        let answer = app.send(request, NOW).await;
        assert_eq!(answer.status.as_u16(), want, "{scopes:?}");
        if want == 200 {
            let creator = "jwt:sub:22:https://id.example.com:ada";
            assert_eq!(app.stored(&answer).await.creator, creator);
        }
    }
}

/// Another issuer's subject, or a client of that name, is somebody else.
#[tokio::test]
async fn a_principal_of_a_jwt_is_an_issuers_own() {
    let key = "0123456789abcdef0123456789abcdef";
    let app = App::with(&[("ACCESS", "authenticated"), ("SERVER_KEY", key)]).await;
    let all = [
        ("https://a.example", JwtName::Subject, "42"),
        ("https://b.example", JwtName::Subject, "42"),
        ("https://a.example", JwtName::Client, "42"),
        ("https://a.example", JwtName::Subject, "43"),
    ];
    let as_jwt = |(issuer, kind, name), mut request: Request| {
        request.context.jwt = Some(Jwt {
            principal: JwtPrincipal::new(issuer, kind, name),
            scopes: Vec::new(),
        });
        request
    };
    let mut ids = Vec::new();
    for principal in all {
        let request = header(post("{}"), "idempotency-key", &format!("k {}", app.name));
        let created = app.send(as_jwt(principal, request), NOW).await;
        ids.push(created.json()["sessionId"].as_str().unwrap().to_owned());
    }
    for (n, id) in ids.iter().enumerate() {
        for (m, principal) in all.into_iter().enumerate() {
            let mut request = post("");
            request.method = http::Method::GET;
            request.path = format!("/v2/sessions/{id}");
            let got = app.send(as_jwt(principal, request), NOW).await.outcome();
            let want = if n == m { "ok" } else { "AUTH-5mWD2" };
            assert_eq!(got, want, "{principal:?} of {n}");
        }
    }
}

/// Whoever can't be named isn't let in as nobody, either.
#[tokio::test]
async fn a_jwt_that_names_nobody_is_refused_in_each_access() {
    for access in ["token", "authenticated", "public"] {
        let app = App::with(&[("ACCESS", access)]).await;
        let mut request = post("{}");
        request.context.jwt = Some(Jwt {
            principal: None,
            scopes: vec!["session.write".to_owned()],
        });
        let answer = app.send(request, NOW).await;
        assert_eq!(answer.status, 401, "{access}");
    }
}

#[tokio::test]
async fn with_a_prefix_bare_scopes_grant_nothing() {
    for (prefix, scope, want) in [
        ("none", "session.write", 200),
        ("none", "https://api.example/session.write", 403),
        (
            "https://api.example",
            "https://api.example/session.write",
            200,
        ),
        (
            "https://api.example/",
            "https://api.example/session.write",
            200,
        ),
        ("https://api.example", "session.write", 403),
        (
            "https://api.example",
            "https://evil.example/session.write",
            403,
        ),
    ] {
        let app = App::with(&[("ACCESS", "token"), ("SCOPE_PREFIX", prefix)]).await;
        let mut request = post("{}");
        request.context.jwt = Some(Jwt {
            principal: JwtPrincipal::new("i", JwtName::Subject, "s"),
            scopes: vec![scope.to_owned()],
        });
        let answer = app.send(request, NOW).await;
        assert_eq!(answer.status, want, "{prefix} {scope}");
    }
}

#[tokio::test]
async fn the_log_names_the_session_and_where_the_call_comes_from() {
    let app = App::start().await;
    let from = |mut request: Request| {
        request.context.client_ip = Some("192.0.2.7".parse().unwrap());
        request.context.trace_id = Some("1-2-3".to_owned());
        request
    };
    let created = app.send(from(post("{}")), NOW).await;
    let id = created.json()["sessionId"].as_str().unwrap().to_owned();
    let token = created.token();
    let call = |method: &str, id: &str, body: Value| {
        let mut request = post(body.to_string());
        request.method = method.parse().unwrap();
        request.path = format!("/v2/sessions/{id}");
        from(request)
    };
    let shown = json!({ "sessionToken": token });
    for request in [
        call("PATCH", &id, shown.clone()),
        call("DELETE", &id.to_uppercase(), json!({})),
        call("GET", &id, json!({})),
        call("DELETE", "no-id", shown),
    ] {
        app.send(request, NOW).await;
    }

    let lines = app.logged();
    let ids: Vec<_> = lines
        .iter()
        .map(|line| line["session_id"].clone())
        .collect();
    let id = json!(id);
    let want = [&id, &id, &id, &id, &json!(null)].map(Value::clone);
    // Who may not is refused before the session is known.
    assert_eq!(ids[..2], want[..2]);
    assert_eq!(ids[4], want[4]);
    for line in &lines {
        assert_eq!(line["client_ip"], "192.0.2.7");
        assert_eq!(line["trace_id"], "1-2-3");
        assert!(!line.to_string().contains(&token));
    }
}

#[tokio::test]
async fn the_log_says_who_tried_what_and_how_it_ended() {
    let app = App::with(&[("ACCESS", "token")]).await;
    let token = app.caller(&[Permission::Write], HOUR).await;
    let mini = app.user("mini").await;

    app.create_as(token.as_str(), &by_name(&mini.login_name, "wrong"), NOW)
        .await;
    app.create_as(token.as_str(), &by_name(&mini.login_name, PASSWORD), NOW)
        .await;
    app.send(post("{}"), NOW).await;

    let lines = app.logged();
    let column = |name: &str| -> Vec<_> { lines.iter().map(|line| line[name].clone()).collect() };
    assert_eq!(
        column("outcome"),
        ["wrong_password", "ok", "unauthenticated"]
    );
    assert_eq!(
        column("caller"),
        ["service:backend", "service:backend", "anonymous"]
    );
    let user = json!(mini.user_id.as_str());
    assert_eq!(column("user"), [user.clone(), user, json!(null)]);
    assert_eq!(column("call"), ["CreateSession"; 3]);
    assert_eq!(column("request_id"), ["request-1"; 3]);
    assert_eq!(column("status"), [400, 200, 401]);
    assert_eq!(column("time"), [NOW.as_millis(); 3]);
    assert_eq!(column("logins"), [1, 1, 0]);
    assert_eq!(column("cold_starts"), [1, 0, 0]);
    for line in &lines[..2] {
        assert!(line["hash_ms"].as_f64().unwrap() > 0.0, "{line}");
        assert!(line["database_ms"].as_f64().unwrap() > 0.0, "{line}");
        let directives = line["_aws"]["CloudWatchMetrics"].as_array().unwrap();
        for metric in directives
            .iter()
            .flat_map(|of| of["Metrics"].as_array().unwrap())
        {
            assert!(
                line[metric["Name"].as_str().unwrap()].is_number(),
                "{metric} in {line}"
            );
        }
        for dimension in directives
            .iter()
            .flat_map(|of| of["Dimensions"][0].as_array().unwrap())
        {
            assert!(
                line[dimension.as_str().unwrap()].is_string(),
                "{dimension} in {line}"
            );
        }
    }
}

#[tokio::test]
async fn a_caller_can_be_listed_and_revoked() {
    let app = App::start().await;
    let token = app
        .caller(&[Permission::Write, Permission::Read], HOUR)
        .await;
    let hash = token.hash().to_hex();

    let listed = app.store.scan_callers().await.unwrap();
    let (_, found) = listed.iter().find(|(found, _)| *found == hash).unwrap();
    assert_eq!(found.name.as_str(), "backend");
    assert!(found.permissions.has(Permission::Write) && !found.permissions.has(Permission::Delete));
    assert_eq!(
        found.expires_at,
        Timestamp::from_millis(NOW.as_millis() + 3_600_000)
    );

    assert!(app.store.delete_caller(&hash).await.unwrap());
    assert!(!app.store.delete_caller(&hash).await.unwrap());
    assert_eq!(app.store.get_caller(token.hash()).await.unwrap(), None);
}
