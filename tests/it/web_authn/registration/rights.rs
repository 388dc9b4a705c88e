//! Who may make which call.

use serde_json::{Value, json};
use sesame::domain::{Operation, Permission};

use super::{
    Kind, MINUTE, add, administrator, as_user, begin, outcome, register, start, start_with,
};
use crate::support::client::Wire;

const UNAUTHENTICATED: &str = "code 16";
const FORBIDDEN: &str = "AUTH-5mWD2";
const STALE: &str = "SESAME-Fres1";
const WEAK: &str = "AUTHZ-Kl3p0";
const NO_REGISTRATION: &str = "WEBAU-5M9so";

struct Row {
    call: Operation,
    more: Value,
    permission: Permission,
    /// To whoever may make the call, and to the user ten minutes after the login.
    with: &'static str,
    own_later: &'static str,
    /// To whoever may not.
    without: &'static str,
}

fn rows() -> Vec<Row> {
    use Operation as Call;
    use Permission::{UserCredentialWrite, UserRead, UserWrite};

    let row = |call, more, permission, with, own_later| Row {
        call,
        more,
        permission,
        with,
        own_later,
        without: match call {
            // The id of a registration that a code has begun would do.
            Call::VerifyPasskeyRegistration => NO_REGISTRATION,
            _ => FORBIDDEN,
        },
    };
    let passkey = json!({ "passkeyId": "a", "publicKeyCredential": {}, "passkeyName": "a" });
    let key = json!({ "u2fId": "a", "publicKeyCredential": {}, "tokenName": "a" });
    let unknown = "COMMAND-DAfb2";
    vec![
        row(
            Call::RegisterPasskey,
            json!({}),
            UserCredentialWrite,
            "ok",
            STALE,
        ),
        row(
            Call::VerifyPasskeyRegistration,
            passkey,
            UserCredentialWrite,
            NO_REGISTRATION,
            STALE,
        ),
        row(Call::ListPasskeys, json!({}), UserRead, "ok", "ok"),
        row(
            Call::RemovePasskey,
            json!({ "passkeyId": "a" }),
            UserWrite,
            unknown,
            STALE,
        ),
        row(
            Call::RegisterU2F,
            json!({}),
            UserCredentialWrite,
            "ok",
            STALE,
        ),
        row(
            Call::VerifyU2FRegistration,
            key,
            UserCredentialWrite,
            NO_REGISTRATION,
            STALE,
        ),
        row(
            Call::RemoveU2F,
            json!({ "u2fId": "a" }),
            UserWrite,
            unknown,
            STALE,
        ),
    ]
}

#[tokio::test]
async fn each_call_is_for_those_who_have_the_right() {
    let app = start().await;
    let admin = administrator(&app).await;
    for wire in Wire::ALL {
        let user = add(admin, &format!("{wire:?}")).await;
        let other = add(admin, &format!("{wire:?}-other")).await;
        let own = as_user(app.client(), &user).await.by(wire);
        for row in rows() {
            let about = format!("{:?} {wire:?}", row.call);
            let message = |user: &str| {
                let mut message = row.more.clone();
                message["userId"] = json!(user);
                message
            };
            let anonymous = app.client().by(wire);
            let got = outcome(&anonymous.ask(row.call, message(&user)).await);
            assert_eq!(got, UNAUTHENTICATED, "{about}");
            let others = Permission::ALL.into_iter();
            let others: Vec<_> = others.filter(|one| *one != row.permission).collect();
            let without = app.service(&others).await.by(wire);
            for target in [&*other, "nobody"] {
                for client in [own, without] {
                    let got = outcome(&client.ask(row.call, message(target)).await);
                    assert_eq!(got, row.without, "{about}");
                }
            }
            let later = own.later(MINUTE * 10);
            let got = outcome(&later.ask(row.call, message(&user)).await);
            assert_eq!(got, row.own_later, "{about}");
            let with = app.service(&[row.permission]).await.by(wire);
            for client in [own, with] {
                let got = outcome(&client.ask(row.call, message(&user)).await);
                assert_eq!(got, row.with, "{about}");
            }
        }
    }
}

/// A session by password is weaker than a security key beside it, and a passkey.
#[tokio::test]
async fn a_session_without_the_users_factor_changes_none() {
    let app = start().await;
    let admin = administrator(&app).await;
    for kind in Kind::ALL {
        let user = add(admin, &format!("{kind:?}")).await;
        register(admin, kind, &user).await;
        let by_password = as_user(app.client(), &user).await;
        for row in rows() {
            if row.call == Operation::ListPasskeys {
                continue;
            }
            let mut message = row.more.clone();
            message["userId"] = json!(user);
            let got = outcome(&by_password.ask(row.call, message).await);
            assert_eq!(got, WEAK, "{kind:?} {:?}", row.call);
        }
    }
}

#[tokio::test]
async fn where_a_factor_is_required_a_user_without_any_sets_up_the_first() {
    let app = start_with(&[("MFA", "required")]).await;
    let admin = administrator(&app).await;
    for kind in Kind::ALL {
        let user = add(admin, &format!("{kind:?}")).await;
        let own = as_user(app.client(), &user).await;
        let refused = own
            .ask(Operation::ListPasskeys, json!({ "userId": user }))
            .await;
        assert_eq!(outcome(&refused), WEAK, "{kind:?}");
        let begun = begin(own, kind, &user).await;
        assert_eq!(begun.complete_rightly(own).await, "ok", "{kind:?}");
    }
}
