use std::time::{Duration, SystemTime};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::types::{AttributeValue, TimeToLiveSpecification};
use sesame::emulator::Emulator;
use tokio::time::Instant;

use super::{TABLE, client, config, create_table, is_stored, put, text};

#[tokio::test(start_paused = true)]
async fn paused_time_waits_for_calls_in_progress() {
    let timeouts = TimeoutConfig::builder()
        .operation_attempt_timeout(Duration::from_millis(1))
        .build();
    let http = Emulator::in_memory().unwrap().http_client();
    let client = Client::from_conf(config().http_client(http).timeout_config(timeouts).build());
    let start = Instant::now();

    create_table(&client).await;
    for n in 0..100 {
        put(&client, &n.to_string()).await;
    }
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test]
async fn a_sweep_deletes_expired_items() {
    let emulator = Emulator::in_memory().unwrap();
    let client = client(emulator.http_client());
    create_table(&client).await;
    let ttl = TimeToLiveSpecification::builder()
        .attribute_name("ttl")
        .enabled(true);
    let ttl = ttl.build().unwrap();
    let update = client.update_time_to_live().table_name(TABLE);
    update.time_to_live_specification(ttl).send().await.unwrap();
    put_with_ttl(&client, "past", epoch_seconds() - 10).await;
    put_with_ttl(&client, "future", epoch_seconds() + 1000).await;
    put(&client, "for ever").await;

    assert_eq!(emulator.sweep().unwrap(), 1);
    assert!(!is_stored(&client, "past").await);
    assert!(is_stored(&client, "future").await);
    assert!(is_stored(&client, "for ever").await);
}

async fn put_with_ttl(client: &Client, pk: &str, ttl: u64) {
    client
        .put_item()
        .table_name(TABLE)
        .item("pk", text(pk))
        .item("ttl", AttributeValue::N(ttl.to_string()))
        .send()
        .await
        .unwrap();
}

/// The emulator uses the real clock.
#[allow(
    clippy::disallowed_methods,
    reason = "what a sweep deletes depends on it"
)]
fn epoch_seconds() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.unwrap().as_secs()
}
