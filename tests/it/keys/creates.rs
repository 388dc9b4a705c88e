//! Creates with an idempotency key while one server key takes the place of another.

use sesame::domain::SessionId;

use super::steps;
use crate::support::answer::Answer;
use crate::support::app::{App, NOW, PASSWORD, by_name, header, post};

async fn create(app: &App, name: &str) -> Answer {
    let request = post(by_name(&app.login_name(name), PASSWORD).to_string());
    app.send(header(request, "idempotency-key", name), NOW)
        .await
}

/// One service for each step, over one database.
async fn services() -> Vec<App> {
    let steps = steps();
    let first = App::emulated(&[("SERVER_KEY", &steps[0])]).await;
    let others = steps[1..].iter();
    let others: Vec<_> = others
        .map(|keys| first.beside(&[("SERVER_KEY", keys)]))
        .collect();
    std::iter::once(first).chain(others).collect()
}

#[tokio::test]
async fn a_create_that_is_repeated_in_another_step_has_one_answer() {
    let services = services().await;
    // The last step drops the key that has decided until then: what is repeated over it is another
    // create.
    for (before, after, is_one) in [
        (0, 1, true),
        (1, 0, true),
        (1, 2, true),
        (2, 1, true),
        (0, 2, true),
        (2, 0, true),
        (2, 3, false),
        (3, 2, false),
        (3, 3, true),
    ] {
        let name = format!("mini-{before}-{after}");
        let user = services[0].user(&name).await;

        let first = create(&services[before], &name).await;
        let again = create(&services[after], &name).await;

        let statuses = [first.status, again.status].map(|status| status.as_u16());
        assert_eq!(statuses, [200, 200], "{name}");
        assert_eq!(first.body == again.body, is_one, "{name}");
        let sessions = services[0].sessions_of(&user.user_id).await;
        assert_eq!(sessions.len(), if is_one { 1 } else { 2 }, "{name}");
        let id: SessionId = first.json()["sessionId"].as_str().unwrap().parse().unwrap();
        assert!(sessions.contains(&id.to_string()), "{name}");
    }
}
