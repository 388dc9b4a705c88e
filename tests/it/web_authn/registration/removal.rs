//! How passkeys and security keys are removed, and what users are told.

use serde_json::json;
use sesame::domain::Operation;

use super::{
    Kind, add, add_user, address, administrator, as_user, begin, methods, outcome, passkeys,
    register, start, start_with,
};
use crate::support::client::{Client, Wire};

async fn remove(client: Client<'_>, kind: Kind, user: &str, id: &str) -> String {
    let message = json!({ "userId": user, kind.id(): id });
    outcome(&client.ask(kind.remove(), message).await)
}

#[tokio::test]
async fn one_is_removed_by_its_id_and_the_others_stay() {
    let app = start().await;
    let admin = administrator(&app).await;
    for wire in Wire::ALL {
        let client = admin.by(wire);
        let user = add(admin, &format!("{wire:?}")).await;
        let mut ids = Vec::new();
        for kind in Kind::ALL {
            for _ in 0..2 {
                let (id, _) = register(client, kind, &user).await;
                ids.push((kind, id));
            }
        }
        let waiting = begin(client, Kind::Passkey, &user).await;
        for (kind, id) in &ids {
            let other = Kind::ALL.into_iter().find(|one| one != kind).unwrap();
            for (kind, id) in [(other, &**id), (*kind, "laptop"), (*kind, &waiting.id)] {
                let got = remove(client, kind, &user, id).await;
                assert_eq!(got, "COMMAND-DAfb2", "{wire:?} {kind:?} {id}");
            }
        }
        let (passkey, key) = (&ids[0].1, &ids[2].1);
        assert_eq!(remove(client, Kind::Passkey, &user, passkey).await, "ok");
        assert_eq!(passkeys(client, &user).await, [ids[1].1.clone()]);
        assert_eq!(
            remove(client, Kind::Passkey, &user, passkey).await,
            "COMMAND-DAfb2"
        );
        assert_eq!(remove(client, Kind::U2f, &user, key).await, "ok");
        assert_eq!(methods(admin, &user).await, ["PASSWORD", "PASSKEY", "U2F"]);
        assert_eq!(remove(client, Kind::Passkey, &user, &ids[1].1).await, "ok");
        assert_eq!(remove(client, Kind::U2f, &user, &ids[3].1).await, "ok");
        assert_eq!(methods(admin, &user).await, ["PASSWORD"]);
    }
}

#[tokio::test]
async fn an_id_is_needed() {
    let app = start().await;
    let admin = administrator(&app).await;
    let user = add(admin, "mini").await;
    for kind in Kind::ALL {
        for wire in [Wire::Grpc, Wire::ConnectJson] {
            let got = remove(admin.by(wire), kind, &user, "").await;
            assert_eq!(got, "COMMAND-6M9de", "{kind:?} {wire:?}");
        }
        let long = "a".repeat(201);
        assert_eq!(remove(admin, kind, &user, &long).await, "code 3");
        assert_eq!(remove(admin, kind, "nobody", "a").await, "COMMAND-4g3xq");
    }
}

#[tokio::test]
async fn a_removal_ends_the_users_sessions() {
    let app = start().await;
    let admin = administrator(&app).await;
    for kind in Kind::ALL {
        let user = add(admin, &format!("{kind:?}")).await;
        let (id, _) = register(admin, kind, &user).await;
        let session = as_user(app.client(), &user).await;
        assert_eq!(remove(admin, kind, &user, &id).await, "ok");
        let message = json!({ "userId": user });
        let alive = session
            .ask(Operation::ListAuthenticationMethodTypes, message)
            .await;
        assert_eq!(outcome(&alive), "code 16", "{kind:?}");
    }
}

#[tokio::test]
async fn each_credential_that_is_added_or_removed_is_told() {
    let app = start_with(&[("ORGANIZATION_NAME", "Acme")]).await;
    let admin = administrator(&app).await;
    let user = add(admin, "mini").await;
    let told = |subject: &str, count: usize| {
        let sent = app.outbox();
        let subjects: Vec<_> = sent.iter().map(|one| one.subject.clone()).collect();
        assert_eq!(sent.len(), count, "{subjects:?}");
        let last = sent.last().unwrap();
        assert_eq!(
            (&*last.subject, &last.to),
            (subject, &address(&app, "mini"))
        );
    };
    let (first, _) = register(admin, Kind::Passkey, &user).await;
    told("A passkey was added to your account at Acme", 1);
    register(admin, Kind::Passkey, &user).await;
    told("A passkey was added to your account at Acme", 2);
    let (key, _) = register(admin, Kind::U2f, &user).await;
    told("A second factor was added to your account at Acme", 3);
    assert!(app.outbox()[2].text.contains(": security key."));
    assert_eq!(remove(admin, Kind::Passkey, &user, &first).await, "ok");
    told("A passkey was removed from your account at Acme", 4);
    assert_eq!(remove(admin, Kind::U2f, &user, &key).await, "ok");
    told("A second factor was removed from your account at Acme", 5);
}

/// Somebody else may have registered the user, who must not keep a way in.
#[tokio::test]
async fn a_reset_that_verifies_the_address_removes_all_credentials() {
    let app = start().await;
    let admin = administrator(&app).await;
    for is_verified in [true, false] {
        let name = format!("mini-{is_verified}");
        let message = json!({
            "userId": app.user_id(&name).as_str(),
            "username": app.login_name(&name).as_str(),
            "profile": { "givenName": "Mini", "familyName": "Mouse" },
            "email": { "email": address(&app, &name), "isVerified": is_verified },
        });
        let added = admin.ask(Operation::AddHumanUser, message).await.unwrap();
        let user = added["userId"].as_str().unwrap().to_owned();
        for kind in Kind::ALL {
            register(admin, kind, &user).await;
        }
        let waiting = begin(admin, Kind::Passkey, &user).await;
        let message = json!({ "userId": user, "returnCode": {} });
        let reset = admin.ask(Operation::PasswordReset, message).await.unwrap();
        let message = json!({
            "userId": user,
            "newPassword": { "password": "another good password" },
            "verificationCode": reset["verificationCode"],
        });
        let set = admin.ask(Operation::SetPassword, message).await;
        assert_eq!(outcome(&set), "ok");

        let (listed, completed) = if is_verified {
            (&["PASSWORD", "PASSKEY", "U2F"][..], "ok")
        } else {
            (&["PASSWORD"][..], "WEBAU-5M9so")
        };
        assert_eq!(methods(admin, &user).await, listed);
        assert_eq!(waiting.complete_rightly(admin).await, completed);
    }
}

#[tokio::test]
async fn a_user_with_a_passkey_needs_no_invitation() {
    let app = start().await;
    let admin = administrator(&app).await;
    for (kind, want) in [(Kind::Passkey, "COMMAND-EF34g"), (Kind::U2f, "ok")] {
        let user = add_user(admin, &format!("{kind:?}"), false).await;
        register(admin, kind, &user).await;
        let message = json!({ "userId": user, "returnCode": {} });
        let invited = admin.ask(Operation::CreateInviteCode, message).await;
        assert_eq!(outcome(&invited), want, "{kind:?}");
    }
}
