//! Two who hold the same token, such as a user and whoever has copied it.

use std::time::Duration;

use sesame::api::proto::zitadel::session::v2::SetSessionRequest as Set;

use crate::support::app::{App, PASSWORD};
use crate::support::client::password_alone;
use crate::support::client::{Client, code, metadata};

/// A set without a check, which notes the time.
fn noting(id: &str, token: &str, second: u64) -> Set {
    Set {
        session_id: id.to_owned(),
        session_token: token.to_owned(),
        metadata: metadata(&[("at", &second.to_string())]),
        ..Set::default()
    }
}

#[tokio::test(start_paused = true)]
async fn two_holders_of_one_token_go_on_in_the_grace_until_a_check_passes() {
    let app = App::emulated(&[]).await;
    let mini = app.user("mini").await;
    let created = Client::new(&app).login(&mini).await;
    let id = &*created.session_id;
    let at = |second| Client::new(&app).later(Duration::from_secs(second));
    let first = created.session_token.clone();
    let [mut user, mut thief] = [first.clone(), first];

    // Each sets five seconds after the other, with the token that the other has just replaced.
    for round in 0..20 {
        let second = round * 10;
        for (holder, second) in [(&mut user, second), (&mut thief, second + 5)] {
            let changed = at(second).set(&noting(id, holder, second)).await;
            *holder = changed.unwrap().session_token;
        }
    }
    assert_ne!(user, thief);

    let check = Set {
        session_id: id.to_owned(),
        session_token: user.clone(),
        checks: Some(password_alone(PASSWORD)),
        ..Set::default()
    };
    user = at(200).set(&check).await.unwrap().session_token;
    let late = at(200).set(&noting(id, &thief, 200)).await;
    assert_eq!(code(&late), "COMMAND-sGr42");
    assert_eq!(code(&at(200).get(id, Some(&thief)).await), "QUERY-dsfr3");
    assert_eq!(code(&at(200).get(id, Some(&user)).await), "ok");
}
