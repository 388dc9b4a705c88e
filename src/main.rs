//! The Lambda function.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use lambda_runtime::{Error, LambdaEvent, run_concurrent, service_fn};
use sesame::api::App;
use sesame::config::{self, Settings};
use sesame::domain::Timestamp;
use sesame::log::{Log, log_panics};
use sesame::store::{Roots, Store, connect, http_client};
use sesame::transport::lambda::event::{Event, respond};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match serve().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!(
                "{}",
                serde_json::json!({ "level": "error", "message": error.to_string() })
            );
            ExitCode::FAILURE
        }
    }
}

async fn serve() -> Result<(), Error> {
    let log = Log::stdout(variable("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default());
    log_panics(log.clone());
    let settings = Settings::read(variable);
    let endpoint = config::endpoint(variable);
    let (mut settings, endpoint) = config::merge(settings, endpoint)?;
    let secrets = config::secrets_url(variable);
    settings.server_key = settings
        .server_key
        .reached(&endpoint, secrets, || http_client(Roots::Amazon));
    let store = Store::new(connect(endpoint, Roots::Amazon), settings.tables.clone());
    let app = App::new(store, &settings, config::checks_at_once(variable), log);
    app.warm_up(now()).await;
    let app = Arc::new(app);
    // One call at a time, but where `AWS_LAMBDA_MAX_CONCURRENCY` says how many.
    run_concurrent(service_fn(move |event: LambdaEvent<Event>| {
        let app = Arc::clone(&app);
        async move { Ok::<_, Error>(respond(&app, event, now()).await) }
    }))
    .await
}

#[allow(
    clippy::disallowed_methods,
    reason = "the one place of the function that may"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[allow(
    clippy::disallowed_methods,
    reason = "the one place of the function that may"
)]
fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let millis = since.map(|since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX));
    Timestamp::from_millis(millis.unwrap_or(0))
}
