//! How many registrations and credentials a user may have, and for how long.

use std::time::Duration;

use serde_json::json;
use sesame::domain::Operation;

use super::{
    Kind, MINUTE, add, administrator, authenticator, begin, begin_with, methods, register, start,
};
use crate::web_authn::ORIGIN;

const NONE: &str = "WEBAU-5M9so";

#[tokio::test]
async fn five_registrations_of_a_kind_wait_and_the_sixth_drops_the_oldest() {
    let app = start().await;
    let admin = administrator(&app).await;
    let user = add(admin, "mini").await;
    let mut begun = Vec::new();
    for _ in 0..6 {
        for kind in Kind::ALL {
            begun.push(begin(admin, kind, &user).await);
        }
    }
    for (n, one) in begun.iter().enumerate() {
        let want = if n < 2 { NONE } else { "ok" };
        let got = one.complete_rightly(admin).await;
        assert_eq!(got, want, "{n} {:?}", one.kind);
    }
}

#[tokio::test]
async fn a_registration_is_good_for_ten_minutes_and_for_one_answer() {
    let app = start().await;
    let admin = administrator(&app).await;
    for kind in Kind::ALL {
        let user = add(admin, &format!("{kind:?}")).await;
        let begun = begin(admin, kind, &user).await;
        let late = admin.later(MINUTE * 10);
        assert_eq!(begun.complete_rightly(late).await, NONE, "{kind:?}");
        let last = admin.later((MINUTE * 10).saturating_sub(Duration::from_millis(1)));
        assert_eq!(begun.complete_rightly(last).await, "ok", "{kind:?}");
        assert_eq!(begun.complete_rightly(last).await, NONE, "{kind:?}");
    }
}

#[tokio::test]
async fn a_user_has_at_most_twenty_credentials() {
    let app = start().await;
    let admin = administrator(&app).await;
    let user = add(admin, "mini").await;
    let waiting = begin(admin, Kind::Passkey, &user).await;
    for n in 0..20 {
        register(admin, Kind::ALL[n % 2], &user).await;
    }
    for kind in Kind::ALL {
        let refused = begin_with(admin, kind, &user, json!({})).await;
        assert_eq!(refused.unwrap_err(), "SESAME-Kmax1");
    }
    let answer = authenticator().register(&waiting.options, ORIGIN);
    assert_eq!(waiting.complete(admin, &answer).await, "SESAME-Kmax1");
    assert_eq!(waiting.complete(admin, &answer).await, NONE);
    assert_eq!(methods(admin, &user).await, ["PASSWORD", "PASSKEY", "U2F"]);

    let message = json!({ "userId": user });
    let deleted = admin.ask(Operation::DeleteUser, message).await;
    assert!(deleted.is_ok(), "{deleted:?}");
}
