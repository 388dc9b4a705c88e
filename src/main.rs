//! The Lambda function.

#[path = "bin/process.rs"]
mod process;

use std::process::ExitCode;

use sesame::api::App;
use sesame::config::{self, Faults, Settings};
use sesame::log::Log;
use sesame::store::{Roots, Store, connect};
use sesame::transport::lambda::{event, run};

use self::process::{now, variable};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    run(variable, start, |app, event| async move {
        Ok(event::respond(&app, event, now()).await)
    })
    .await
}

async fn start(log: Log) -> Result<App, Faults> {
    let settings = Settings::read(variable);
    let endpoint = config::endpoint(variable);
    let (settings, endpoint) = config::merge(settings, endpoint)?;
    let secrets = config::secrets_url(variable);
    let server_key = settings.server_key.open(&endpoint, secrets, Roots::Amazon);
    let store = Store::new(connect(endpoint, Roots::Amazon), settings.tables.clone());
    let checks_at_once = config::checks_at_once(variable);
    let app = App::new(store, &settings, server_key, checks_at_once, log);
    app.warm_up(now()).await;
    Ok(app)
}
