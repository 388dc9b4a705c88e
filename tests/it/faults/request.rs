//! What a request asks for, read from its body.

use std::collections::BTreeSet;

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use serde_json::Value;

use super::Fault;

/// One attempt to have one request answered.
#[derive(Clone, Debug)]
pub struct Request {
    /// Such as `PutItem` or `TransactWriteItems`.
    pub action: String,
    /// What it does to which table, in IAM's terms. A transaction and a batch have
    /// one for each different pair; of all others, this has one.
    pub parts: BTreeSet<Part>,
    /// What befell it.
    pub fault: Option<Fault>,
}

/// An action on a table or on one of its indexes, as a policy allows it.
///
/// A transaction has no action of its own there: it needs those of its parts
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html>).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Part {
    pub action: String,
    /// Empty for an action on no table, such as `ListTables`.
    pub table: String,
    pub index: Option<String>,
}

impl Request {
    pub(super) fn read(request: &HttpRequest) -> Self {
        let target = request.headers().get("x-amz-target").unwrap();
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
            .keys()
            .map(|table| Part {
                action: action.to_owned(),
                table: table.clone(),
                index: None,
            })
            .collect(),
        _ => BTreeSet::from([part(action, body)]),
    }
}
