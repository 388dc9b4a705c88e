//! The emulator and the faults themselves, on which the other tests rely.

mod faults;
mod file;
mod operations;
mod server;
mod time;

use std::future::pending;
use std::net::TcpListener;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{Builder, Config, Credentials, Region};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use sesame::aws::{Roots, http_client};
use sesame::emulator::Emulator;

use crate::support::template;

const TABLE: &str = "things";

fn config() -> Builder {
    Config::builder()
        .behavior_version_latest()
        .region(Region::from_static("eu-central-1"))
        .credentials_provider(Credentials::new("id", "secret", None, None, "test"))
}

fn client(http: SharedHttpClient) -> Client {
    Client::from_conf(config().http_client(http).build())
}

/// A client over HTTP, like that of another process.
fn remote(emulator: &Emulator) -> Client {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(emulator.serve(listener, Vec::new(), pending()).unwrap());
    Client::from_conf(
        config()
            .http_client(http_client(Roots::Amazon))
            .endpoint_url(url)
            .build(),
    )
}

/// Creates a table with the key `pk`.
async fn create_table(client: &Client) {
    template::create_table(client, "UsersTable", TABLE).await;
}

async fn put(client: &Client, pk: &str) {
    let put = client.put_item().table_name(TABLE);
    put.item("pk", text(pk)).send().await.unwrap();
}

async fn is_stored(client: &Client, pk: &str) -> bool {
    let get = client.get_item().table_name(TABLE).key("pk", text(pk));
    get.send().await.unwrap().item.is_some()
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}
