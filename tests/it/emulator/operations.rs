use std::fmt::Debug;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, Put, ReturnValuesOnConditionCheckFailure as OnFailure,
    TransactWriteItem,
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use sesame::emulator::Emulator;

use super::{TABLE, client, create_table, is_stored, put, remote, text};

#[tokio::test]
async fn a_refused_put_shows_the_item_that_is_stored() {
    let client = client(Emulator::in_memory().unwrap().http_client());
    create_table(&client).await;
    put(&client, "a").await;

    let refused = put_once(&client, "a")
        .await
        .unwrap_err()
        .into_service_error();
    let PutItemError::ConditionalCheckFailedException(failed) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(failed.item().unwrap()["pk"], text("a"));
}

#[tokio::test]
async fn a_refused_transaction_writes_nothing_and_gives_a_reason_per_part() {
    let client = client(Emulator::in_memory().unwrap().http_client());
    create_table(&client).await;
    put(&client, "a").await;

    let refused = transact(&client).await.unwrap_err().into_service_error();
    let TransactWriteItemsError::TransactionCanceledException(reasons) = refused else {
        panic!("{refused:?}");
    };
    let codes: Vec<_> = reasons
        .cancellation_reasons()
        .iter()
        .map(|reason| reason.code().unwrap())
        .collect();
    assert_eq!(codes, ["None", "ConditionalCheckFailed", "None"]);
    let stored = reasons.cancellation_reasons()[1].item().unwrap();
    assert_eq!(stored["pk"], text("a"));
    assert!(!is_stored(&client, "b").await);
}

/// The emulator dispatches requests itself when in process; `dynoxide`'s server is the reference.
#[tokio::test]
async fn the_emulator_refuses_alike_in_process_and_over_http() {
    let emulator = Emulator::in_memory().unwrap();
    let near = client(emulator.http_client());
    let far = remote(&emulator);
    create_table(&far).await;
    put(&near, "a").await;

    for what in [
        "in use",
        "condition",
        "transaction",
        "no table",
        "number",
        "key",
        "unknown",
    ] {
        let near = refusal(&near, what).await;
        assert_eq!(near, refusal(&far, what).await, "{what}");
        assert_eq!(near.0, 400, "{what}");
    }
}

/// The status and the code of a request that is refused for the reason `what`.
async fn refusal(client: &Client, what: &str) -> (u16, String) {
    let put = client.put_item().table_name(TABLE);
    match what {
        "in use" => status_and_code(client.create_table().clone().table_name(TABLE).send().await),
        "condition" => status_and_code(put_once(client, "a").await),
        "transaction" => status_and_code(transact(client).await),
        "no table" => status_and_code(client.describe_table().table_name("nothing").send().await),
        "number" => {
            let number = AttributeValue::N("twelve".to_owned());
            status_and_code(put.item("pk", text("n")).item("n", number).send().await)
        }
        "key" => status_and_code(put.item("id", text("a")).send().await),
        "unknown" => status_and_code(client.list_backups().send().await),
        _ => unreachable!(),
    }
}

fn status_and_code<O: Debug, E>(outcome: Result<O, SdkError<E, HttpResponse>>) -> (u16, String)
where
    E: ProvideErrorMetadata + Debug,
{
    let error = outcome.unwrap_err();
    let status = error.raw_response().unwrap().status().as_u16();
    (status, error.code().unwrap_or_default().to_owned())
}

async fn put_once(client: &Client, pk: &str) -> Result<(), SdkError<PutItemError, HttpResponse>> {
    client
        .put_item()
        .table_name(TABLE)
        .item("pk", text(pk))
        .condition_expression("attribute_not_exists(pk)")
        .return_values_on_condition_check_failure(OnFailure::AllOld)
        .send()
        .await
        .map(drop)
}

/// Puts `b` if there is no `a`, and deletes `c`.
async fn transact(client: &Client) -> Result<(), SdkError<TransactWriteItemsError, HttpResponse>> {
    let put = Put::builder().table_name(TABLE).item("pk", text("b"));
    let check = ConditionCheck::builder()
        .table_name(TABLE)
        .key("pk", text("a"))
        .condition_expression("attribute_not_exists(pk)")
        .return_values_on_condition_check_failure(OnFailure::AllOld);
    let delete = Delete::builder().table_name(TABLE).key("pk", text("c"));
    let part = TransactWriteItem::builder;
    client
        .transact_write_items()
        .transact_items(part().put(put.build().unwrap()).build())
        .transact_items(part().condition_check(check.build().unwrap()).build())
        .transact_items(part().delete(delete.build().unwrap()).build())
        .send()
        .await
        .map(drop)
}
