//! Who may make which call: each against each kind of principal, in each protocol.

use serde_json::{Value, json};
use sesame::domain::{JwtName, JwtPrincipal, Operation, Permission};
use sesame::service::Jwt;

use super::{MINUTE, add, administrator, as_user, outcome, set_up, start, steps};
use crate::support::app::App;
use crate::support::client::{Client, Wire};

const UNAUTHENTICATED: &str = "code 16";
const FORBIDDEN: &str = "AUTH-5mWD2";
const STALE: &str = "SESAME-Fres1";
const WEAK: &str = "AUTHZ-Kl3p0";

/// A call, the permission that it takes, and what is answered about a user without second factors: to
/// whoever has the permission, to the user shortly after a login, and later.
struct Row {
    call: Operation,
    more: Value,
    permission: Permission,
    with: &'static str,
    own: &'static str,
    own_later: &'static str,
}

fn rows() -> Vec<Row> {
    use Operation as Call;
    use Permission::{UserCredentialWrite, UserRead, UserWrite};

    let row = |call, permission, with, own, own_later| Row {
        call,
        more: match call {
            Call::VerifyTOTPRegistration => json!({ "code": "123456" }),
            Call::GenerateRecoveryCodes => json!({ "count": 3 }),
            _ => json!({}),
        },
        permission,
        with,
        own,
        own_later,
    };
    let none = "COMMAND-3Mif9s";
    vec![
        row(Call::RegisterTOTP, UserCredentialWrite, "ok", "ok", STALE),
        row(
            Call::VerifyTOTPRegistration,
            UserCredentialWrite,
            none,
            none,
            STALE,
        ),
        row(
            Call::RemoveTOTP,
            UserWrite,
            "COMMAND-Hd9sd",
            "COMMAND-Hd9sd",
            STALE,
        ),
        row(Call::AddOTPSMS, UserCredentialWrite, "ok", "ok", STALE),
        row(
            Call::RemoveOTPSMS,
            UserWrite,
            "COMMAND-Sr3h3",
            "COMMAND-Sr3h3",
            STALE,
        ),
        row(Call::AddOTPEmail, UserCredentialWrite, "ok", "ok", STALE),
        row(
            Call::RemoveOTPEmail,
            UserWrite,
            "COMMAND-b312D",
            "COMMAND-b312D",
            STALE,
        ),
        row(
            Call::GenerateRecoveryCodes,
            UserCredentialWrite,
            "ok",
            "SESAME-Frec1",
            STALE,
        ),
        row(
            Call::RemoveRecoveryCodes,
            UserCredentialWrite,
            "ok",
            "ok",
            STALE,
        ),
        row(Call::ListAuthenticationFactors, UserRead, "ok", "ok", "ok"),
    ]
}

impl Row {
    fn message(&self, id: &str) -> Value {
        let mut message = self.more.clone();
        message["userId"] = json!(id);
        message
    }

    async fn ask(&self, client: Client<'_>, id: &str) -> String {
        outcome(&client.ask(self.call, self.message(id)).await)
    }

    /// Makes the call as whom a gateway's authorizer vouches for, with these scopes.
    async fn ask_by_jwt(&self, app: &App, id: &str, scopes: &[&str]) -> String {
        let mut request = app.client().json(self.call, self.message(id));
        let issuer = "https://issuer.example".to_owned();
        request.context.jwt = Some(Jwt {
            principal: JwtPrincipal::new(issuer, JwtName::Subject, "1".into()).ok(),
            scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
        });
        app.client().send(request).await.outcome()
    }
}

#[tokio::test]
async fn each_call_is_for_those_who_have_the_right() {
    let app = start().await;
    for wire in Wire::ALL {
        for (n, row) in rows().into_iter().enumerate() {
            check(&app, wire, &format!("{wire:?}{n}"), &row).await;
        }
    }
}

async fn check(app: &App, wire: Wire, name: &str, row: &Row) {
    let about = format!("{:?} {wire:?}", row.call);
    let admin = administrator(app).await;
    let id = add(admin, name).await;
    let other = add(admin, &format!("{name}-other")).await;
    // Each goes on where the one before was refused, so that the user is as at first.
    let anonymous = app.client().by(wire);
    assert_eq!(row.ask(anonymous, &id).await, UNAUTHENTICATED, "{about}");
    let user = as_user(app.client(), &id, json!({})).await.by(wire);
    for target in [&*other, "nobody"] {
        assert_eq!(row.ask(user, target).await, FORBIDDEN, "{about}");
    }
    let others = Permission::ALL.into_iter();
    let others: Vec<_> = others.filter(|one| *one != row.permission).collect();
    let without = app.service(&others).await.by(wire);
    for target in [&*id, "nobody"] {
        assert_eq!(row.ask(without, target).await, FORBIDDEN, "{about}");
    }
    if wire == Wire::Json {
        let scopes = others.iter().map(|one| one.as_str()).collect::<Vec<_>>();
        let refused = row.ask_by_jwt(app, &id, &scopes).await;
        assert_eq!(refused, FORBIDDEN, "{about}");
    }
    let later = user.later(MINUTE * 10);
    assert_eq!(row.ask(later, &id).await, row.own_later, "{about}");
    assert_eq!(row.ask(user, &id).await, row.own, "{about}");

    let with = app.service(&[row.permission]).await.by(wire);
    assert_eq!(row.ask(with, &other).await, row.with, "{about}");
    if wire == Wire::Json {
        let of_jwt = add(admin, &format!("{name}-jwt")).await;
        let scope = row.permission.as_str();
        let got = row.ask_by_jwt(app, &of_jwt, &[scope]).await;
        assert_eq!(got, row.with, "{about}");
    }
}

/// A session in which the password alone was checked stands for a user without second factors, and
/// for no other.
#[tokio::test]
async fn a_session_that_lacks_a_factor_has_no_right_to_any() {
    let app = start().await;
    let admin = administrator(&app).await;
    let id = add(admin, "mini").await;
    let before = as_user(app.client(), &id, json!({})).await;
    let secret = set_up(admin, &id).await;
    let weak = as_user(app.client(), &id, json!({})).await;
    let full = as_user(app.client(), &id, super::totp(&secret, steps(1))).await;
    for wire in Wire::ALL {
        for row in rows() {
            for client in [before, weak] {
                let got = row.ask(client.by(wire), &id).await;
                assert_eq!(got, WEAK, "{:?} {wire:?}", row.call);
            }
        }
        for call in [
            Operation::ListAuthenticationFactors,
            Operation::RemoveRecoveryCodes,
        ] {
            let got = super::ask(full.by(wire), call, &id).await;
            assert_eq!(got, "ok", "{call:?} {wire:?}");
        }
    }
}
