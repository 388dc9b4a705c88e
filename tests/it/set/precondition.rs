use std::time::Duration;

use sesame::api::proto::zitadel::session::v2::{
    self, CreateSessionRequest as Create, SetSessionRequest as Set,
};
use sesame::domain::Operation;
use sesame::domain::Permission;

use crate::support::app::{App, NOW, header};
use crate::support::client::Wire;
use crate::support::client::metadata;
use crate::support::client::of_session;

fn note(id: &str, value: &str) -> Set {
    Set {
        metadata: metadata(&[("a", value)]),
        ..of_session(id)
    }
}

#[tokio::test]
async fn a_set_with_an_outdated_if_match_changes_nothing() {
    let app = App::with(&[("ACCESS", "token")]).await;
    let writer = app.service(&Permission::ALL).await;
    for wire in Wire::ALL {
        let client = writer.by(wire);
        let created = client.create(&Create::default()).await.unwrap();
        let id = &*created.session_id;
        for (condition, value, want) in [
            ("\"3\"", "1", Err(10)),
            ("\"2\"", "1", Ok(4)),
            ("\"2\"", "2", Err(10)),
            ("\"2\", \"4\"", "2", Ok(6)),
            // Nothing would change, and the condition is checked all the same.
            ("\"2\"", "2", Err(10)),
            ("*", "3", Ok(8)),
            ("8", "4", Err(3)),
            ("W/\"8\"", "4", Err(3)),
        ] {
            let request = client.request(Operation::SetSession, &note(id, value));
            let answer = app.send(header(request, "if-match", condition), NOW).await;

            let got: Result<v2::SetSessionResponse, _> =
                client.read(Operation::SetSession, &answer);
            let sequence = got.map(|changed| changed.details.unwrap().sequence);
            let found = sequence.as_ref().map_err(|fault| fault.code);
            assert_eq!(found.copied(), want, "{wire:?} {condition}");
            let Err(fault) = sequence.map_err(|fault| fault.message) else {
                continue;
            };
            if want == Err(10) {
                let at = client.get(id, None).await.unwrap().sequence;
                assert!(fault.contains(&format!("sequence {at}")), "{fault}");
                if wire == Wire::Json {
                    assert_eq!(answer.status, 412);
                    assert_eq!(answer.headers["etag"], format!("\"{at}\""));
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn of_two_sets_with_the_same_if_match_one_is_refused() {
    let app = App::emulated(&[("ACCESS", "token")]).await;
    let client = app.service(&Permission::ALL).await;
    let created = client.create(&Create::default()).await.unwrap();
    app.faults
        .delay("UpdateItem", 2, Duration::from_millis(100));
    let send = |value: &'static str| {
        let request = client.request(Operation::SetSession, &note(&created.session_id, value));
        app.send(header(request, "if-match", "\"2\""), NOW)
    };

    let (one, other) = tokio::join!(send("1"), send("2"));

    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
    let session = client.get(&created.session_id, None).await.unwrap();
    assert_eq!(session.sequence, 4);
}
