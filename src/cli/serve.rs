mod limits;
mod listen;
mod options;

use std::net::SocketAddr;
use std::sync::Arc;

use super::Environment;
use super::connection::Connection;
use super::failure::Failure;
use super::output::{print_json, print_line};
use super::signals::Signals;
use crate::app::{App, Settings};
use crate::aws::{Messenger, Roots, http_client, with_http_client};
use crate::config;
use crate::domain::Timestamp;
use crate::log::{Log, log_panics};
use crate::store::Store;
use crate::transport::http::{Options, serve};
pub use listen::{bind, is_public, local_url, parse_address};
pub use options::ServerOptions;

/// Tokens and passwords can be read on the way unless something in front of the service has TLS.
const NO_TLS: &str = "other machines can reach the service, and it has no TLS: something with TLS has \
                      to stand in front of it, or --tls-cert and --tls-key";

#[derive(Debug, clap::Args)]
pub struct Serve {
    /// The address to listen on, for HTTP/1.1 and HTTP/2; port 0 is any free one
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8080", value_parser = parse_address)]
    listen: SocketAddr,
    /// Print one JSON line with the `url`, once the service listens
    #[arg(long)]
    ready_json: bool,
    #[command(flatten)]
    server: ServerOptions,
}

impl Serve {
    pub async fn run(self, connection: &Connection) -> Result<(), Failure> {
        let Environment { now, variable, .. } = connection.environment;
        let settings = Settings::read(|name| match name {
            "USERS_TABLE" => connection.users_table().map(str::to_owned),
            "SESSIONS_TABLE" => connection.sessions_table().map(str::to_owned),
            _ => variable(name),
        })?;
        let options = Options {
            hsts: true,
            ..self.server.read()?
        };
        let listener = bind("--listen", self.listen)?;
        let endpoint = connection.endpoint().await?;
        let secrets = config::secrets_url(variable);
        let http = http_client(Roots::System);
        let server_key = settings.server_key.open(&endpoint, secrets, http.clone());
        let urls = config::message_urls(variable);
        let messenger = Messenger::new(&settings.policy.messages, &endpoint, urls, http.clone());
        let signals = Signals::listen().map_err(Failure::Start)?;

        let log = Log::stderr();
        log_panics(log.clone());
        if options.tls.is_none() && is_public(self.listen) {
            log.warn(NO_TLS, serde_json::json!({}), now());
        }
        let client = with_http_client(endpoint, http);
        let store = Store::new(client, settings.tables.clone());
        let checks_at_once = config::checks_at_once(variable);
        let app = App::new(store, &settings, server_key, messenger, checks_at_once, log);
        app.warm_up(now()).await;

        let url = local_url(options.scheme(), &listener).map_err(Failure::Start)?;
        if self.ready_json {
            print_json(&serde_json::json!({ "url": url }))?;
        } else {
            print_line(format_args!("Sesame is at {url}."))?;
        }
        serve_until_signal(listener, Arc::new(app), options, now, signals).await
    }
}

/// Serves until a signal comes, and then finishes the calls in progress. A second signal ends them
/// too.
pub async fn serve_until_signal(
    listener: std::net::TcpListener,
    app: Arc<App>,
    options: Options,
    now: fn() -> Timestamp,
    mut signals: Signals,
) -> Result<(), Failure> {
    let listener = tokio::net::TcpListener::from_std(listener).map_err(Failure::Start)?;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let mut served = std::pin::pin!(serve(listener, app, now, options, async {
        let _ = stopped.await;
    }));
    tokio::select! {
        () = &mut served => return Ok(()),
        () = signals.next() => drop(stop),
    }
    tokio::select! {
        () = &mut served => Ok(()),
        () = signals.next() => Err(Failure::Interrupted),
    }
}
