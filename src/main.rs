//! The Lambda function.

#[path = "bin/process.rs"]
mod process;

use std::process::ExitCode;

use sesame::app::{App, Settings};
use sesame::aws::{Messenger, Roots, http_client, with_http_client};
use sesame::config::{self, Faults};
use sesame::log::Log;
use sesame::store::Store;
use sesame::transport::lambda::{event, run};

use self::process::{now, variable};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    run(variable, start, |app, event, context| async move {
        Ok(event::respond(&app, &event, context, now()).await)
    })
    .await
}

async fn start(log: Log) -> Result<App, Faults> {
    let settings = Settings::read(variable);
    let endpoint = config::endpoint(variable);
    let (settings, endpoint) = config::merge(settings, endpoint)?;
    let secrets = config::secrets_url(variable);
    let http = http_client(Roots::Amazon);
    let server_key = settings.server_key.open(&endpoint, secrets, http.clone());
    let urls = config::message_urls(variable);
    let messenger = Messenger::new(&settings.policy.messages, &endpoint, urls, http.clone());
    let client = with_http_client(endpoint, http);
    let store = Store::new(client, settings.tables.clone());
    let checks_at_once = config::checks_at_once(variable);
    let app = App::start(
        store,
        settings,
        server_key,
        messenger,
        checks_at_once,
        log,
        now(),
    );
    Ok(app.await)
}
