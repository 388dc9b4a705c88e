use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use sesame::emulator::Emulator;
use tokio::time::Instant;

use super::{TABLE, config, create_table, is_stored, put, text};
use crate::support::faults::{Fault, Faults, Part};

const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn a_retry_survives_one_fault() {
    // Each fault, and whether the first attempt is carried out.
    for (fault, applied) in [
        (Fault::Reset, false),
        (Fault::ApplyThenReset, true),
        (Fault::Cut, true),
        (Fault::Silence, false),
        (Fault::Answer(500, "InternalServerError"), false),
        (Fault::Answer(400, "ThrottlingException"), false),
        (Fault::Delay(2 * ATTEMPT_TIMEOUT), false),
    ] {
        let (client, faults) = faulty_client().await;
        faults.inject(fault.once());
        put(&client, "a").await;
        assert!(is_stored(&client, "a").await, "{fault:?}");
        let puts = faults
            .requests()
            .into_iter()
            .filter(|request| request.does("PutItem"));
        let befell: Vec<_> = puts.map(|put| put.fault).collect();
        assert_eq!(befell, [Some(fault), None]);

        faults.inject(fault.times(3).for_action("PutItem").on(TABLE));
        let lost = client.put_item().table_name(TABLE).item("pk", text("b"));
        lost.send().await.unwrap_err();
        assert_eq!(is_stored(&client, "b").await, applied, "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_delay_takes_exactly_its_time() {
    let (client, faults) = faulty_client().await;
    let start = Instant::now();
    let delay = Duration::from_millis(700);
    faults.inject(Fault::Delay(delay).once());

    put(&client, "a").await;
    // Timers of tokio end on whole milliseconds.
    let end = delay + Duration::from_millis(1);
    assert!(
        (delay..=end).contains(&start.elapsed()),
        "{:?}",
        start.elapsed()
    );
    assert_eq!(faults.count("PutItem"), 1);
}

#[tokio::test]
async fn requests_are_recorded_as_policies_name_them() {
    let (client, faults) = faulty_client().await;
    put(&client, "USER#a").await;
    let query = client.query().table_name(TABLE).index_name("by_user");
    // There is no such index, so it is refused; it is recorded all the same.
    query
        .key_condition_expression("x = y")
        .send()
        .await
        .unwrap_err();
    let gets = (0..2).map(|n| get_part(&n.to_string()));
    let transaction = client
        .transact_get_items()
        .set_transact_items(Some(gets.collect()));
    transaction.send().await.unwrap();

    let part = |action: &str, index: Option<&str>, keys: &[&str]| Part {
        action: action.to_owned(),
        table: TABLE.to_owned(),
        index: index.map(str::to_owned),
        keys: keys.iter().map(|&key| key.to_owned()).collect(),
    };
    let parts = faults.requests().into_iter();
    let parts = parts.map(|request| (request.action, request.parts));
    let want = [
        ("PutItem", part("PutItem", None, &["USER#"])),
        ("Query", part("Query", Some("by_user"), &[])),
        ("TransactGetItems", part("GetItem", None, &[""])),
    ];
    let want = want.map(|(action, part)| (action.to_owned(), [part].into()));
    assert_eq!(parts.collect::<Vec<_>>(), want);
}

fn get_part(pk: &str) -> aws_sdk_dynamodb::types::TransactGetItem {
    let get = aws_sdk_dynamodb::types::Get::builder()
        .table_name(TABLE)
        .key("pk", text(pk));
    aws_sdk_dynamodb::types::TransactGetItem::builder()
        .get(get.build().unwrap())
        .build()
}

async fn faulty_client() -> (Client, Faults) {
    let faults = Faults::around(Emulator::in_memory().unwrap().http_client());
    let timeouts = TimeoutConfig::builder()
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .build();
    let config = config()
        .http_client(faults.http_client())
        .timeout_config(timeouts)
        .retry_config(RetryConfig::standard().with_max_attempts(3));
    let client = Client::from_conf(config.build());
    create_table(&client).await;
    faults.clear();
    (client, faults)
}
