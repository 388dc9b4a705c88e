//! The Lambda functions as processes, with the events that Lambda hands to them.

use std::process::Command;

use serde_json::{Value, json};

use crate::support::app::event;
use crate::support::broken::broken;
use crate::support::cli::function::Function;
use crate::support::cli::process::{Dev, run};
use crate::support::record;

const FUNCTION: &str = env!("CARGO_BIN_EXE_sesame-function");
const AUTHORIZER: &str = env!("CARGO_BIN_EXE_sesame-authorizer");

/// One event at a time, and as many as Lambda's Managed Instances send at once.
const CONCURRENCY: [&[(&str, &str)]; 2] = [&[], &[("AWS_LAMBDA_MAX_CONCURRENCY", "4")]];

fn unreadable(text: &str, marker: &str) -> Vec<(&'static str, Vec<u8>)> {
    let mut events = broken(text, marker);
    events.extend([("nothing", Vec::new()), ("no JSON", b"x".to_vec())]);
    events
}

#[test]
fn the_function_answers_events_that_cannot_be_read() {
    let dev = Dev::start();
    for settings in CONCURRENCY {
        let function = Function::start(FUNCTION, &dev.database, settings);
        let events = unreadable(&event("create-session-alb.json"), "curl");
        let count = events.len();
        for (fault, event) in events {
            let report = function.invoke(&event);

            assert_eq!(report.kind, "response", "{fault}: {report:?}");
            assert_eq!(report.body["statusCode"], 400, "{fault}: {report:?}");
            let body = report.body["body"].as_str().unwrap();
            let body: Value = serde_json::from_str(body).unwrap();
            assert_eq!(body["code"], 3, "{fault}");
        }
        let created = function.invoke(event("create-session-alb.json").as_bytes());
        assert_eq!(
            created.body["statusCode"], 200,
            "{:?}",
            created.body["statusCode"]
        );
        let body: Value = serde_json::from_str(created.body["body"].as_str().unwrap()).unwrap();
        record::secret(body["sessionToken"].as_str());

        let outcomes: Vec<_> = function
            .log()
            .iter()
            .map(|line| line["outcome"].clone())
            .collect();
        let mut want = vec![json!("malformed"); count];
        want.push(json!("ok"));
        assert_eq!(outcomes, want);
    }
}

#[test]
fn the_authorizer_denies_by_events_that_cannot_be_read() {
    let dev = Dev::start();
    for settings in CONCURRENCY {
        let function = Function::start(AUTHORIZER, &dev.database, settings);
        let token = event("authorizer/token.json");
        let mut events = unreadable(&token, "SESSION");
        events.push(("not an authorizer's", b"{}".to_vec()));
        let count = events.len();
        for (fault, event) in events {
            let report = function.invoke(&event);

            assert_eq!(report.kind, "response", "{fault}: {report:?}");
            let statement = &report.body["policyDocument"]["Statement"][0];
            assert_eq!(statement["Effect"], "Deny", "{fault}: {report:?}");
        }
        assert_eq!(function.invoke(token.as_bytes()).kind, "response");

        let outcomes: Vec<_> = function
            .log()
            .iter()
            .map(|line| line["outcome"].clone())
            .collect();
        let mut want = vec![json!("malformed"); count];
        want.push(json!("malformed_token"));
        assert_eq!(outcomes, want);
    }
}

/// With `SnapStart`, credentials come so.
#[test]
fn a_function_does_not_start_with_credentials_by_url() {
    for program in [FUNCTION, AUTHORIZER] {
        let mut command = Command::new(program);
        command.env_clear().envs([
            ("AWS_LAMBDA_FUNCTION_NAME", "sesame"),
            ("AWS_REGION", "eu-central-1"),
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/"),
            ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "token"),
            ("USERS_TABLE", "users"),
            ("SESSIONS_TABLE", "sessions"),
            ("RESOURCE_OWNER", "acme"),
        ]);
        let done = run(&mut command, "").expect(1);
        for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
            assert!(done.stderr.contains(name), "{program}: {done:?}");
        }
    }
}
