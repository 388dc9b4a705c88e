use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use sesame::emulator::Emulator;
use tokio::time::Instant;

use super::{config, create_table, put};

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
