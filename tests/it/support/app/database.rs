use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use sesame::aws::{Endpoint, Roots, http_client, with_http_client};
use sesame::config;
use sesame::emulator::Emulator;
use sesame::store::{Store, Tables};
use tokio::sync::OnceCell;

use crate::support::faults::Faults;
use crate::support::providers::Providers;
use crate::support::template;

/// A database for a test: both clients reach the same tables.
#[derive(Clone)]
pub(super) struct Database {
    pub tables: Tables,
    pub endpoint: Endpoint,
    pub plain: SharedHttpClient,
    pub faults: Faults,
    /// What the services over it send messages with.
    pub providers: Providers,
    /// Whether no other test uses it.
    pub is_emulated: bool,
}

impl Database {
    pub fn store(&self, http: SharedHttpClient) -> Store {
        Store::new(self.client(http), self.tables.clone())
    }

    /// A client with the service's time-outs over the emulator in this process. A database that
    /// other tests use too may be slow without being at fault, so there they are longer.
    pub fn client(&self, http: SharedHttpClient) -> Client {
        let client = with_http_client(self.endpoint.clone(), http);
        if self.is_emulated {
            return client;
        }
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_mins(1))
            .operation_attempt_timeout(Duration::from_mins(1))
            .operation_timeout(Duration::from_mins(3))
            .build();
        Client::from_conf(
            client
                .config()
                .to_builder()
                .timeout_config(timeouts)
                .build(),
        )
    }

    fn over(
        tables: [&str; 2],
        endpoint: Endpoint,
        plain: SharedHttpClient,
        is_emulated: bool,
    ) -> Self {
        let [users, sessions] = tables.map(str::to_owned);
        let faults = Faults::around(plain.clone());
        Self {
            tables: Tables { users, sessions },
            endpoint,
            plain,
            faults,
            providers: Providers::new(),
            is_emulated,
        }
    }

    /// Opens an emulated database with the tables of `template.yaml`, or the one that
    /// `SESAME_TEST_ENDPOINT` names, which all tests share: a URL, or `aws`.
    #[allow(
        clippy::disallowed_methods,
        reason = "where the tests run is not the service's to know"
    )]
    pub async fn open() -> Self {
        static CREATED: OnceCell<()> = OnceCell::const_new();
        let variable = |name: &str| std::env::var(name).ok();
        let Some(target) = variable("SESAME_TEST_ENDPOINT") else {
            return Self::emulated().await;
        };
        let url = (target != "aws").then_some(target);
        let endpoint = Endpoint {
            url,
            ..config::endpoint(variable).unwrap()
        };
        let names = ["sesame-test-users", "sesame-test-sessions"];
        let database = Self::over(names, endpoint, http_client(Roots::System), false);
        CREATED
            .get_or_init(async || {
                let store = database.store(database.plain.clone());
                if !store.check_tables().await.unwrap().is_empty() {
                    database.create_tables().await;
                }
            })
            .await;
        database
    }

    pub async fn emulated() -> Self {
        let region = "eu-central-1".to_owned();
        let endpoint = Endpoint::with_keys(region, None, "local", "local", None);
        let emulator = Emulator::in_memory().unwrap();
        let database = Self::over(
            ["users", "sessions"],
            endpoint,
            emulator.http_client(),
            true,
        );
        database.create_tables().await;
        database
    }

    async fn create_tables(&self) {
        let client = self.client(self.plain.clone());
        template::create_table(&client, "UsersTable", &self.tables.users).await;
        template::create_table(&client, "SessionsTable", &self.tables.sessions).await;
    }
}
