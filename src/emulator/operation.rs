//! DynamoDB's JSON protocol.
//!
//! `dynoxide` has it too, but private to its HTTP server. This one has no special treatment of what
//! no SDK sends: malformed JSON, wrong types, missing signatures. The wording of a
//! `ValidationException` may differ from DynamoDB's.

use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Carries out one request, and gives an HTTP status and a JSON body. `target` is its
/// `x-amz-target`, such as `DynamoDB_20120810.GetItem`. It blocks while SQLite works.
pub(super) fn run(database: &Database, target: &str, body: &[u8]) -> (u16, Vec<u8>) {
    let action = target.strip_prefix("DynamoDB_20120810.").unwrap_or(target);
    match dispatch(database, action, body) {
        Some(Ok(body)) => (200, body),
        Some(Err(error)) => (error.status_code(), error.to_json().into_bytes()),
        None => {
            let body = br#"{"__type":"com.amazon.coral.service#UnknownOperationException"}"#;
            (400, body.to_vec())
        }
    }
}

/// Carries out an action. `None`: it is not emulated.
fn dispatch(db: &Database, action: &str, body: &[u8]) -> Option<dynoxide::Result<Vec<u8>>> {
    Some(match action {
        "GetItem" => call(body, |request| db.get_item(request)),
        "PutItem" => call(body, |request| db.put_item(request)),
        "UpdateItem" => call(body, |request| db.update_item(request)),
        "DeleteItem" => call(body, |request| db.delete_item(request)),
        "Query" => call(body, |request| db.query(request)),
        "Scan" => call(body, |request| db.scan(request)),
        "BatchGetItem" => call(body, |request| db.batch_get_item(request)),
        "BatchWriteItem" => call(body, |request| db.batch_write_item(request)),
        "TransactGetItems" => call(body, |request| db.transact_get_items(request)),
        "TransactWriteItems" => call(body, |request| db.transact_write_items(request)),
        "CreateTable" => call(body, |request| db.create_table(request)),
        "DescribeTable" => call(body, |request| db.describe_table(request)),
        "UpdateTable" => call(body, |request| db.update_table(request)),
        "DeleteTable" => call(body, |request| db.delete_table(request)),
        "ListTables" => call(body, |request| db.list_tables(request)),
        "UpdateTimeToLive" => call(body, |request| db.update_time_to_live(request)),
        "DescribeTimeToLive" => call(body, |request| db.describe_time_to_live(request)),
        _ => return None,
    })
}

fn call<Q: DeserializeOwned, A: Serialize>(
    body: &[u8],
    method: impl FnOnce(Q) -> dynoxide::Result<A>,
) -> dynoxide::Result<Vec<u8>> {
    let request = serde_json::from_slice(body).map_err(|error| invalid_body(&error))?;
    let response = method(request)?;
    serde_json::to_vec(&response)
        .map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}

/// The error for a body that can't be read. SDKs send well-formed JSON, so one of its values is
/// invalid. `dynoxide` puts the class of some errors in front of their text.
fn invalid_body(error: &serde_json::Error) -> DynoxideError {
    let text = error.to_string();
    let reason = ["VALIDATION_REQUEST:", "VALIDATION:", "SERIALIZATION:"]
        .iter()
        .find_map(|mark| text.strip_prefix(mark))
        .unwrap_or(&text);
    DynoxideError::ValidationException(reason.to_owned())
}
