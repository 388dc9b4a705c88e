use super::Gate;
use crate::app::{NOW, PASSWORD, by_name};
use crate::faults::Fault;

#[tokio::test]
async fn a_decision_is_a_line_in_the_log() {
    let gate = Gate::open().await;
    let (mini, session) = gate.mini().await;
    let user_alone = gate.app.create_named(&mini).await;
    assert!(
        gate.app
            .store
            .end_sessions(&gate.app.login("mini").await)
            .await
            .unwrap()
    );
    let again = gate.app.create(&by_name(&mini.login_name, PASSWORD)).await;
    let user_again = gate.app.create_named(&mini).await;

    for (authorization, outcome) in [
        (format!("Bearer {}", again.token()), "allow"),
        (format!("Bearer {}", session.token()), "void_token"),
        (format!("Bearer {}", user_alone.token()), "void_token"),
        (format!("Bearer {}", user_again.token()), "unproven_token"),
        ("Bearer V3ryS3cure".to_owned(), "malformed_token"),
        (String::new(), "no_token"),
    ] {
        gate.lets_in(&authorization, NOW).await;

        let lines = gate.logged();
        assert_eq!(lines.len(), 1, "{outcome}");
        let line = lines[0].as_object().unwrap();
        let allowed = outcome == "allow";
        let caller = format!("user:{}", mini.user_id);
        let mut names = vec![
            "call",
            "client_ip",
            "duration_ms",
            "level",
            "outcome",
            "request_id",
            "time",
            "trace_id",
        ];
        names.extend(allowed.then_some("caller"));
        names.extend(allowed.then_some("session_id"));
        names.sort_unstable();
        assert_eq!(line.keys().collect::<Vec<_>>(), names, "{outcome}");
        assert_eq!(line["outcome"], outcome);
        assert_eq!(line["level"], "info");
        assert_eq!(line["request_id"], "request-1");
        assert_eq!(line["call"], "Authorize");
        assert_eq!(line["time"], NOW.as_millis());
        assert!(!allowed || line["caller"] == caller.as_str());
        assert!(!allowed || line["session_id"] == again.json()["sessionId"]);
        assert_eq!(line["client_ip"], "203.0.113.24");
        assert_eq!(line["trace_id"], "1-5759e988-bd862e3fe1be46a994272793");
    }
}

#[tokio::test]
async fn starting_makes_one_request_of_the_kind_that_decisions_make() {
    let gate = Gate::open().await;

    gate.authorizer.warm_up(NOW).await;
    assert_eq!(gate.requests(), ["BatchGetItem"]);
    assert!(gate.logged().is_empty());

    gate.faults
        .inject(Fault::Answer(400, "AccessDeniedException").times(3));
    gate.authorizer.warm_up(NOW).await;
    assert_eq!(gate.logged()[0]["level"], "warn");
}
