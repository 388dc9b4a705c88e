//! What these calls ask of the database: nothing but who calls, as `docs/cost.md` says it.

use sesame::domain::Permission;

use super::calls;
use crate::support::app::App;

const COST: &str = include_str!("../../../docs/cost.md");

#[tokio::test]
async fn nothing_is_asked_of_the_database_but_who_calls() {
    let app = App::start().await;
    let mini = app.user("mini").await;
    let page = app.service(&[Permission::SessionWrite]).await;
    let session = page.login(&mini).await.session_token;
    let user = app.client().bearing(&session);
    let mut rows = Vec::new();
    for (rpc, request) in calls() {
        let mut counts = Vec::new();
        // The service account was read by the login, and is remembered for a minute.
        for client in [page, user] {
            app.faults.clear();
            client.ask(rpc, request.clone()).await.unwrap();
            counts.push(app.faults.requests().len());
        }
        assert_eq!(counts, [0, 1], "{rpc:?}");
        rows.push(format!("| {} | {} |", rpc.as_str(), counts[0]));
    }
    let missing: Vec<_> = rows.iter().filter(|row| !COST.contains(*row)).collect();
    assert!(missing.is_empty(), "docs/cost.md lacks {missing:#?}");
}
