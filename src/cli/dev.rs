mod banner;
mod demo;
mod key_file;
mod outbox;
mod pages;
mod providers;
mod relying_party;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::oneshot;

use self::banner::Banner;
use self::providers::{MAIL_FROM, SMS_ORIGINATION};
use super::Environment;
use super::connection::Connection;
use super::failure::Failure;
use super::output::print;
use super::serve::{ServerOptions, bind, is_public, local_url, parse_address, serve_until_signal};
use super::signals::Signals;
use super::tables::note_building;
use crate::app::{App, Origins, Settings};
use crate::aws::{Endpoint, KeySource, ServerKeySetting, with_http_client};
use crate::config;
use crate::domain::{Access, printable};
use crate::emulator::{Emulator, exposed_files};
use crate::host::{HostName, PageLink};
use crate::log::{Log, log_panics};
use crate::store::Store;
use crate::token::ServerKey;
use crate::transport::admission::PageGuard;
use crate::transport::http::Options;

/// The resource owner of the API's published example, so that the responses look the same.
const RESOURCE_OWNER: &str = "69629023906488334";

#[derive(Debug, clap::Args)]
pub struct Dev {
    /// The address to listen on; port 0 is any free one
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8080", value_parser = parse_address)]
    listen: SocketAddr,
    /// The address for the emulated DynamoDB to listen on; port 0 is any free one
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8000", value_parser = parse_address)]
    dynamodb_listen: SocketAddr,
    /// A host name by which requests may reach the emulated DynamoDB, beside addresses and
    /// localhost; may be given several times
    #[arg(long, value_name = "NAME", value_parser = HostName::parse)]
    dynamodb_host: Vec<HostName>,
    /// A host name by which requests may reach the service, beside addresses and localhost; may be
    /// given several times
    #[arg(long, value_name = "NAME", value_parser = HostName::parse)]
    host: Vec<HostName>,
    /// Keep the tables in this file instead of in memory, and the server key in FILE.key beside it
    /// unless the environment has one
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
    /// Who may create sessions: public (anyone), authenticated (any principal that is
    /// authenticated) or token (principals with session.write)
    #[arg(long, value_name = "WHO", default_value = "public")]
    access: Access,
    /// Print one JSON line with `url`, `dynamodb_url` and `token`, once both listen
    #[arg(long)]
    ready_json: bool,
    #[command(flatten)]
    server: ServerOptions,
}

impl Dev {
    pub async fn run(self, connection: &Connection) -> Result<(), Failure> {
        if let Some(option) = connection.database_option() {
            return Err(Failure::OwnDatabase(option));
        }
        let Environment { now, variable, .. } = connection.environment;
        let server_options = self.server.read()?;
        let listener = bind("--listen", self.listen)?;
        let url = local_url(server_options.scheme(), &listener).map_err(Failure::Start)?;
        let settings = self.settings(connection, &url)?;
        let outbox = providers::outbox(now, self.ready_json);
        let messenger = providers::messenger(&settings, &outbox);
        let options = Options {
            pages: Some(pages::over(outbox)),
            page_guard: Some(PageGuard {
                hosts: self.host.clone(),
                origins: settings.origins.clone(),
            }),
            ..server_options
        };
        let database_listener = bind("--dynamodb-listen", self.dynamodb_listen)?;
        let emulator = match &self.data {
            None => Emulator::in_memory()?,
            Some(file) => Emulator::open(file)?,
        };
        let server_key = self.server_key(&settings)?;
        let signals = Signals::listen().map_err(Failure::Start)?;

        let log = Log::stderr();
        log_panics(log.clone());
        let store = store(&emulator, &settings);
        store.create_tables().await?;
        // The tables of a database file may be those of an earlier release.
        store.add_indexes(note_building).await?;
        demo::add_user(&store, &settings, now()).await?;
        let token = demo::add_service_account(&store, now()).await?;
        let checks_at_once = config::checks_at_once(variable);
        let app = App::new(store, &settings, server_key, messenger, checks_at_once, log);

        let (stop, stopped) = oneshot::channel::<()>();
        let database_url = local_url("http", &database_listener).map_err(Failure::Start)?;
        let mut database = emulator
            .serve(database_listener, self.dynamodb_host.clone(), async {
                let _ = stopped.await;
            })
            .map_err(Failure::Start)?;
        drop(emulator);
        let banner = Banner {
            url: &url,
            database_url: &database_url,
            token: token.as_str(),
            tables: &settings.tables,
            access: self.access,
            data: self.data.as_deref(),
            certificate: self.server.certificate(),
            program: connection.environment.program,
        };
        print(&banner, self.ready_json)?;
        self.warn();

        tokio::select! {
            served = serve_until_signal(listener, Arc::new(app), options, now, signals) => {
                drop(stop);
                database.await.map_err(Failure::Emulator)?;
                served
            }
            ended = &mut database => {
                let error = ended.err().unwrap_or_else(|| std::io::ErrorKind::Other.into());
                Err(Failure::Emulator(error))
            }
        }
    }

    /// The settings of a service that is at this URL.
    fn settings(&self, connection: &Connection, url: &str) -> Result<Settings, Failure> {
        let variable = connection.environment.variable;
        // At an address of the network, without TLS, no page is one that may be linked to.
        let page = |path| Some(format!("{url}{path}")).filter(|url| PageLink::parse(url).is_some());
        let tables = connection.tables();
        let mut settings = Settings::read(|name| match name {
            "USERS_TABLE" => Some(tables.users.clone()),
            "SESSIONS_TABLE" => Some(tables.sessions.clone()),
            "ACCESS" => Some(self.access.as_str().to_owned()),
            "RESOURCE_OWNER" => variable(name).or_else(|| Some(RESOURCE_OWNER.to_owned())),
            "MAIL_FROM" => variable(name).or_else(|| Some(MAIL_FROM.to_owned())),
            "SMS_ORIGINATION" => variable(name).or_else(|| Some(SMS_ORIGINATION.to_owned())),
            "MAX_FAILURES_PER_ADDRESS" => variable(name).or_else(|| Some("none".to_owned())),
            "TOS_LINK" => variable(name).or_else(|| page(pages::TERMS)),
            "PRIVACY_POLICY_LINK" => variable(name).or_else(|| page(pages::PRIVACY)),
            // Whoever sets the other alone may mean that there are no passkeys, by `none`.
            "RP_IDS" => variable(name).or_else(|| {
                let has_origins = variable("RP_ORIGINS").is_none_or(|origins| origins != "none");
                has_origins.then(|| relying_party::RP_ID.to_owned())
            }),
            "RP_ORIGINS" => variable(name).or_else(|| {
                let has_own_ids = variable("RP_IDS").is_some();
                (!has_own_ids).then(|| relying_party::origins(url))
            }),
            // There is no Secrets Manager here.
            "SERVER_KEY_SECRET" => None,
            _ => variable(name),
        })?;
        // Pages under development may call, at whatever port they are served.
        if variable("ALLOWED_ORIGINS").is_none() {
            settings.origins = Origins::Loopback;
        }
        Ok(settings)
    }

    /// The keys of the settings. Without any, that of the tables' file, or one that lasts as long as the
    /// process.
    fn server_key(&self, settings: &Settings) -> Result<KeySource, Failure> {
        let keys = match (&settings.server_key, &self.data) {
            (ServerKeySetting::Keys(keys), _) => Arc::clone(keys),
            (_, Some(file)) => Arc::new(key_file::server_keys(file)?),
            (_, None) => Arc::new(ServerKey::generate().map_err(Failure::Random)?.into()),
        };
        Ok(KeySource::Keys(keys))
    }

    /// Warns if other machines can reach the service, whose demo user has a published password, or
    /// the emulator, which asks for no credentials, and if other users of this machine can open its
    /// files.
    fn warn(&self) {
        if is_public(self.listen) {
            eprintln!(
                "warning: --listen {} lets other machines log in as the demo user",
                self.listen
            );
        }
        if is_public(self.dynamodb_listen) {
            eprintln!(
                "warning: --dynamodb-listen {} lets other machines read and write the tables",
                self.dynamodb_listen
            );
        }
        let files = self.data.iter().flat_map(|file| exposed_files(file));
        let files: Vec<_> = files
            .map(|file| format!("'{}'", printable(&file.to_string_lossy())))
            .collect();
        if !files.is_empty() {
            eprintln!(
                "warning: other users of this machine can open files that have password hashes or \
                 keys in them: chmod 600 {}",
                files.join(" ")
            );
        }
    }
}

/// A store that reaches the emulator in this process, without a socket.
fn store(emulator: &Emulator, settings: &Settings) -> Store {
    let endpoint = Endpoint::with_keys("local".to_owned(), None, "local", "local", None);
    let client = with_http_client(endpoint, emulator.http_client());
    Store::new(client, settings.tables.clone())
}
