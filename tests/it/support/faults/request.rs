//! A request to DynamoDB, as a test sees it.

use std::collections::BTreeSet;

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use serde_json::Value;

use super::Fault;

/// One attempt of the SDK to send one request.
#[derive(Clone, Debug)]
pub struct Request {
    /// The operation, such as `PutItem` or `TransactWriteItems`.
    pub action: String,
    /// What it does to which table, in IAM's terms. A transaction and a batch have one part for
    /// each different pair; every other request has one part.
    pub parts: BTreeSet<Part>,
    /// The fault that it was given.
    pub fault: Option<Fault>,
}

/// An action on a table or on one of its indexes, as a policy allows it.
///
/// A transaction has no action of its own there: it needs those of its parts
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html>).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Part {
    pub action: String,
    /// The table's name; empty for an action on no table, such as `ListTables`.
    pub table: String,
    pub index: Option<String>,
    /// The beginnings of the keys of the items that are named, such as `USER#`, which is what
    /// `dynamodb:LeadingKeys` holds. Empty in the sessions table, whose keys are random, and
    /// where no item is named.
    pub keys: BTreeSet<String>,
}

impl Request {
    pub(super) fn read(request: &HttpRequest) -> Self {
        // Amazon SES has a path for each operation.
        let target = request.headers().get("x-amz-target");
        let target = target.unwrap_or("SendEmail");
        let action = target.rsplit('.').next().unwrap();
        let body = request.body().bytes().unwrap();
        Self {
            action: action.to_owned(),
            parts: parts(action, &serde_json::from_slice(body).unwrap()),
            fault: None,
        }
    }

    pub fn touches(&self, table: &str) -> bool {
        self.parts.iter().any(|part| part.table == table)
    }

    pub fn does(&self, action: &str) -> bool {
        self.parts.iter().any(|part| part.action == action)
    }
}

fn parts(action: &str, body: &Value) -> BTreeSet<Part> {
    let part = |action: &str, of: &Value| Part {
        action: action.to_owned(),
        table: of["TableName"].as_str().unwrap_or_default().to_owned(),
        index: of["IndexName"].as_str().map(str::to_owned),
        keys: beginnings([&of["Key"], &of["Item"]]),
    };
    match action {
        "TransactWriteItems" | "TransactGetItems" => body["TransactItems"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|item| item.as_object().unwrap())
            .map(|(kind, of)| match kind.as_str() {
                "ConditionCheck" => part("ConditionCheckItem", of),
                kind => part(&format!("{kind}Item"), of),
            })
            .collect(),
        "BatchGetItem" | "BatchWriteItem" => body["RequestItems"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(table, of)| Part {
                action: action.to_owned(),
                table: table.clone(),
                index: None,
                keys: batch_keys(of),
            })
            .collect(),
        _ => BTreeSet::from([part(action, body)]),
    }
}

/// Reads the beginnings of partition keys of the users table up to their `#`; a key without one
/// has an empty beginning.
fn beginnings<'a>(items: impl IntoIterator<Item = &'a Value>) -> BTreeSet<String> {
    let keys = items
        .into_iter()
        .filter_map(|item| item["pk"]["S"].as_str());
    keys.map(|key| key.find('#').map_or("", |at| &key[..=at]).to_owned())
        .collect()
}

/// Reads the beginnings of the keys in a table's part of a batch, which reads, writes or deletes.
fn batch_keys(of: &Value) -> BTreeSet<String> {
    let reads = of["Keys"].as_array().into_iter().flatten();
    let writes = of.as_array().into_iter().flatten();
    let writes =
        writes.flat_map(|write| [&write["PutRequest"]["Item"], &write["DeleteRequest"]["Key"]]);
    beginnings(reads.chain(writes))
}
