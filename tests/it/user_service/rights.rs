//! Who may make which call: each against each kind of principal, in each protocol.

use std::time::Duration;

use serde_json::{Value, json};
use sesame::domain::{JwtName, JwtPrincipal, Operation, Permission};
use sesame::service::Jwt;

use super::{NEW_PASSWORD, address, administrator, human, outcome, register, session};
use crate::support::app::{App, PASSWORD};
use crate::support::client::{Client, Wire};

/// `16`: who has to authenticate; `7`: who lacks the right; `old`: who has to log in again.
const UNAUTHENTICATED: &str = "code 16";
const FORBIDDEN: &str = "AUTH-5mWD2";
const STALE: &str = "SESAME-Fres1";

/// A call, the permission that it takes, and what a user who makes it of himself is answered shortly
/// after a login and later.
struct Row {
    call: Operation,
    message: fn(&App, &str) -> Value,
    permission: Permission,
    own: &'static str,
    own_later: &'static str,
}

fn of(id: &str, mut message: Value) -> Value {
    message["userId"] = json!(id);
    message
}

fn rows() -> Vec<Row> {
    use Operation as Call;
    use Permission::{UserDelete, UserRead, UserWrite};

    fn alone(_: &App, id: &str) -> Value {
        json!({ "userId": id })
    }
    let row = |call, message, permission, own, own_later| Row {
        call,
        message,
        permission,
        own,
        own_later,
    };
    vec![
        row(Call::GetUserByID, alone, UserRead, "ok", "ok"),
        row(
            Call::ListAuthenticationMethodTypes,
            alone,
            UserRead,
            "ok",
            "ok",
        ),
        row(Call::ListIDPLinks, alone, UserRead, "ok", "ok"),
        row(Call::HumanMFAInitSkipped, alone, UserWrite, "ok", "ok"),
        row(
            Call::UpdateHumanUser,
            |_, id| {
                of(
                    id,
                    json!({ "profile": { "givenName": "M", "familyName": "M" } }),
                )
            },
            UserWrite,
            "ok",
            "ok",
        ),
        row(
            Call::UpdateUser,
            |_, id| of(id, json!({ "human": { "profile": { "nickName": "M" } } })),
            UserWrite,
            "ok",
            "ok",
        ),
        row(
            Call::UpdateHumanUser,
            |app, id| {
                of(
                    id,
                    json!({ "username": app.login_name(&format!("{id} again")).as_str() }),
                )
            },
            UserWrite,
            FORBIDDEN,
            FORBIDDEN,
        ),
        row(
            Call::UpdateUser,
            |app, id| {
                of(
                    id,
                    json!({ "human": {
                "email": { "email": address(app, &format!("{id}2")), "isVerified": true },
            } }),
                )
            },
            UserWrite,
            FORBIDDEN,
            FORBIDDEN,
        ),
        row(
            Call::UpdateHumanUser,
            |_, id| {
                of(
                    id,
                    json!({ "phone": { "phone": "+41711234567", "isVerified": true } }),
                )
            },
            UserWrite,
            FORBIDDEN,
            FORBIDDEN,
        ),
        row(
            Call::UpdateHumanUser,
            |_, id| of(id, json!({ "phone": {} })),
            UserWrite,
            "ok",
            STALE,
        ),
        row(Call::RemovePhone, alone, UserWrite, "ok", STALE),
        row(
            Call::SetEmail,
            |app, id| {
                of(
                    id,
                    json!({ "email": address(app, &format!("{id}3")), "isVerified": true }),
                )
            },
            UserWrite,
            FORBIDDEN,
            FORBIDDEN,
        ),
        row(
            Call::SetPhone,
            |_, id| of(id, json!({ "phone": "+41711234567", "isVerified": true })),
            UserWrite,
            FORBIDDEN,
            FORBIDDEN,
        ),
        row(
            Call::SetPassword,
            |_, id| of(id, json!({ "newPassword": { "password": NEW_PASSWORD } })),
            UserWrite,
            "ok",
            STALE,
        ),
        row(
            Call::SetPassword,
            |_, id| {
                of(
                    id,
                    json!({
                        "newPassword": { "password": NEW_PASSWORD }, "currentPassword": PASSWORD,
                    }),
                )
            },
            UserWrite,
            "ok",
            "ok",
        ),
        row(
            Call::SetPassword,
            |_, id| {
                of(
                    id,
                    json!({
                        "newPassword": { "password": NEW_PASSWORD, "changeRequired": true },
                    }),
                )
            },
            UserWrite,
            FORBIDDEN,
            FORBIDDEN,
        ),
        row(
            Call::UpdateHumanUser,
            |_, id| {
                of(
                    id,
                    json!({ "password": { "password": { "password": NEW_PASSWORD } } }),
                )
            },
            UserWrite,
            "ok",
            STALE,
        ),
        row(
            Call::UpdateUser,
            |_, id| {
                of(
                    id,
                    json!({ "human": { "password": {
                "hashedPassword": { "hash": "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e" },
            } } }),
                )
            },
            UserWrite,
            FORBIDDEN,
            FORBIDDEN,
        ),
        row(Call::LockUser, alone, UserWrite, FORBIDDEN, FORBIDDEN),
        row(Call::UnlockUser, alone, UserWrite, FORBIDDEN, FORBIDDEN),
        row(Call::DeactivateUser, alone, UserWrite, FORBIDDEN, FORBIDDEN),
        row(Call::ReactivateUser, alone, UserWrite, FORBIDDEN, FORBIDDEN),
        row(
            Call::AddHumanUser,
            |app, id| human(app, &format!("{id} new")),
            UserWrite,
            FORBIDDEN,
            FORBIDDEN,
        ),
        row(
            Call::CreateUser,
            |app, id| {
                json!({
                    "organizationId": "acme",
                    "human": {
                        "profile": { "givenName": "Mini", "familyName": "Mouse" },
                        "email": { "email": address(app, &format!("{id}4")), "isVerified": true },
                    },
                })
            },
            UserWrite,
            FORBIDDEN,
            FORBIDDEN,
        ),
        row(Call::DeleteUser, alone, UserDelete, FORBIDDEN, FORBIDDEN),
    ]
}

/// The error of a call of a principal that has the right, which only the state can have left.
fn is_permitted(got: &str) -> bool {
    ["ok", "COMMAND-olb9vb0oca", "COMMAND-s5qqcz97hf"].contains(&got)
}

#[tokio::test]
async fn each_call_is_for_those_who_have_the_right() {
    for access in ["token", "public"] {
        let app = App::emulated(&[("ACCESS", access), ("RESOURCE_OWNER", "acme")]).await;
        let wires = if access == "token" {
            &Wire::ALL[..]
        } else {
            &Wire::ALL[..1]
        };
        for &wire in wires {
            for (n, row) in rows().into_iter().enumerate() {
                check(&app, wire, &format!("{wire:?}{n}"), &row).await;
            }
        }
    }
}

async fn check(app: &App, wire: Wire, name: &str, row: &Row) {
    let admin = administrator(app).await;
    let page = app.service(&[Permission::SessionWrite]).await;
    let id = register(admin, name).await;
    let token = log_in(page, &id).await;
    let other = register(admin, &format!("{name} other")).await;
    let ask = async |client: Client<'_>, id: &str| {
        let asked = client.by(wire).ask(row.call, (row.message)(app, id)).await;
        outcome(&asked)
    };
    let about = format!("{:?} {:?}", row.call, (row.message)(app, &id));
    // Each goes on where the one before was refused, so that the user is as at first.
    assert_eq!(ask(app.client(), &id).await, UNAUTHENTICATED, "{about}");
    let user = app.client().bearing(token);
    for target in [&*other, "nobody"] {
        assert_eq!(ask(user, target).await, FORBIDDEN, "{about}");
    }
    let others = Permission::ALL
        .into_iter()
        .filter(|one| *one != row.permission);
    let without = app.service(&others.collect::<Vec<_>>()).await;
    for target in [&*id, "nobody"] {
        assert_eq!(ask(without, target).await, FORBIDDEN, "{about}");
    }
    let later = user.later(Duration::from_mins(10));
    if row.own_later != "ok" {
        assert_eq!(ask(later, &id).await, row.own_later, "{about}");
    }
    if row.own != "ok" || row.own_later != "ok" {
        assert_eq!(ask(user, &id).await, row.own, "{about}");
    } else {
        assert_eq!(ask(later, &id).await, "ok", "{about}");
    }
    let with = app.service(&[row.permission]).await;
    // The call before may have changed the password, or the name's user.
    let again = register(admin, &format!("{name} again")).await;
    assert!(is_permitted(&ask(with, &again).await), "{about}");
    if wire == Wire::Json {
        let of_jwt = register(admin, &format!("{name} jwt")).await;
        let scope = row.permission.as_str();
        let ask = async |scopes: &[&str]| ask_by_jwt(app, row, &of_jwt, scopes).await;
        assert_eq!(ask(&["session.write", "user"]).await, FORBIDDEN, "{about}");
        assert!(is_permitted(&ask(&[scope]).await), "{about}");
    }
}

/// Makes a call as whom a gateway's authorizer vouches for, with these scopes.
async fn ask_by_jwt(app: &App, row: &Row, id: &str, scopes: &[&str]) -> String {
    let mut request = app.client().json(row.call, (row.message)(app, id));
    let issuer = "https://issuer.example".to_owned();
    request.context.jwt = Some(Jwt {
        principal: JwtPrincipal::new(issuer, JwtName::Subject, "1".into()).ok(),
        scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
    });
    app.client().send(request).await.outcome()
}

async fn log_in(page: Client<'_>, id: &str) -> &'static str {
    let checks = json!({ "user": { "userId": id }, "password": { "password": PASSWORD } });
    let created = page.create_json(&json!({ "checks": checks })).await;
    assert_eq!(created.outcome(), "ok");
    created.token().leak()
}

#[tokio::test]
async fn a_session_that_only_names_the_user_has_no_right() {
    let app = App::start().await;
    let admin = administrator(&app).await;
    let id = register(admin, "mini").await;
    let page = app.service(&[Permission::SessionWrite]).await;
    let named = json!({ "checks": { "user": { "userId": id } } });
    let named = page.create_json(&named).await.token().leak();

    let read = app.client().bearing(named);
    let read = read
        .ask(Operation::GetUserByID, json!({ "userId": id }))
        .await;

    assert_eq!(outcome(&read), UNAUTHENTICATED);
    session(&app, &id, PASSWORD).await;
}
