//! Transactions without their writes, which tell whether these could be carried out.

use std::collections::{HashMap, HashSet};

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
};

/// The condition of a write without one. A check of a condition has to have one.
const ALWAYS: &str = "attribute_exists(pk) OR attribute_not_exists(pk)";

/// What a write says of one item of the users table.
struct Write {
    table: String,
    key: HashMap<String, AttributeValue>,
    condition: Option<String>,
    names: Option<HashMap<String, String>>,
    values: Option<HashMap<String, AttributeValue>>,
    on_failure: Option<ReturnValuesOnConditionCheckFailure>,
}

/// A check of the condition of each item of a transaction, in the items' order.
pub fn conditions(items: Vec<TransactWriteItem>) -> Result<Vec<TransactWriteItem>, BuildError> {
    let checks = items.into_iter().map(|item| {
        let write = match item {
            TransactWriteItem { put: Some(put), .. } => Write {
                table: put.table_name,
                key: put
                    .item
                    .into_iter()
                    .filter(|(name, _)| name == "pk")
                    .collect(),
                condition: put.condition_expression,
                names: put.expression_attribute_names,
                values: put.expression_attribute_values,
                on_failure: put.return_values_on_condition_check_failure,
            },
            TransactWriteItem {
                update: Some(update),
                ..
            } => Write {
                table: update.table_name,
                key: update.key,
                condition: update.condition_expression,
                names: update.expression_attribute_names,
                values: update.expression_attribute_values,
                on_failure: update.return_values_on_condition_check_failure,
            },
            TransactWriteItem {
                delete: Some(delete),
                ..
            } => Write {
                table: delete.table_name,
                key: delete.key,
                condition: delete.condition_expression,
                names: delete.expression_attribute_names,
                values: delete.expression_attribute_values,
                on_failure: delete.return_values_on_condition_check_failure,
            },
            check => return Ok(check),
        };
        let check = write.check()?;
        Ok(TransactWriteItem::builder().condition_check(check).build())
    });
    checks.collect()
}

impl Write {
    fn check(self) -> Result<ConditionCheck, BuildError> {
        let condition = self.condition.unwrap_or_else(|| ALWAYS.to_owned());
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '#' | ':');
        let words: HashSet<_> = condition.split(|c| !is_part(c)).collect();
        // DynamoDB refuses names and values that no expression has.
        ConditionCheck::builder()
            .table_name(self.table)
            .set_key(Some(self.key))
            .set_expression_attribute_names(used(self.names, &words))
            .set_expression_attribute_values(used(self.values, &words))
            .set_return_values_on_condition_check_failure(self.on_failure)
            .condition_expression(condition)
            .build()
    }
}

fn used<V>(all: Option<HashMap<String, V>>, words: &HashSet<&str>) -> Option<HashMap<String, V>> {
    let all = all.into_iter().flatten();
    let used: HashMap<_, _> = all.filter(|(name, _)| words.contains(&**name)).collect();
    (!used.is_empty()).then_some(used)
}

#[test]
fn a_check_has_the_condition_of_the_write_and_only_what_that_names() {
    use aws_sdk_dynamodb::types::{Put, Update};

    let text = |text: &str| AttributeValue::S(text.to_owned());
    let update = Update::builder()
        .table_name("users")
        .key("pk", text("1"))
        .update_expression("SET #a = :a")
        .condition_expression("#b = :b")
        .expression_attribute_names("#a", "a")
        .expression_attribute_names("#b", "b")
        .expression_attribute_values(":a", text("a"))
        .expression_attribute_values(":b", text("b"));
    let put = Put::builder()
        .table_name("users")
        .item("pk", text("2"))
        .item("a", text("a"));
    let update = TransactWriteItem::builder().update(update.build().unwrap());
    let put = TransactWriteItem::builder().put(put.build().unwrap());

    let checks = conditions(vec![update.build(), put.build()]).unwrap();

    let checks: Vec<_> = checks
        .iter()
        .map(|item| item.condition_check().unwrap())
        .collect();
    assert_eq!(checks[0].condition_expression(), "#b = :b");
    let names = checks[0].expression_attribute_names().unwrap();
    assert_eq!(names.keys().collect::<Vec<_>>(), ["#b"]);
    let values = checks[0].expression_attribute_values().unwrap();
    assert_eq!(values.keys().collect::<Vec<_>>(), [":b"]);
    assert_eq!(checks[1].condition_expression(), ALWAYS);
    assert_eq!(checks[1].key().keys().collect::<Vec<_>>(), ["pk"]);
    assert!(checks[1].expression_attribute_values().is_none());
}
