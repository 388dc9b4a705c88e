//! The stack's template and this code say the same.

use serde_json::{Value, json};
use sesame::config::{AUTHORIZER_SETTINGS, SETTINGS};
use sesame::store::{Schema, Table};

use crate::support::app::App;
use crate::support::record;

#[tokio::test]
async fn the_templates_tables_are_those_of_the_code() {
    let app = App::start().await;

    let faults = app.store.check_tables().await.unwrap();

    assert!(faults.is_empty(), "{faults:?}");
}

/// What the checks in `tests/stack` hold the template against.
#[test]
fn the_code_states_its_tables_and_settings() {
    let names = SETTINGS.map(|setting| setting.name);
    let of_authorizer = AUTHORIZER_SETTINGS.map(|setting| setting.name);
    let tables = [("users", Schema::USERS), ("sessions", Schema::SESSIONS)]
        .map(|(name, table)| create_table_input(name, table));

    let write = |name: &str, value: &Value| {
        let text = serde_json::to_string_pretty(value).unwrap();
        std::fs::write(record::folder().join(name), text).unwrap();
    };
    write("settings.json", &json!(names));
    write("authorizer-settings.json", &json!(of_authorizer));
    write("tables.json", &json!(tables));

    assert_eq!(tables.len(), 2);
}

fn create_table_input(name: &str, table: Table) -> Value {
    let definition = |name: &str, of: &str| json!({ "AttributeName": name, "AttributeType": of });
    let key = |name: &str, of: &str| json!({ "AttributeName": name, "KeyType": of });
    let mut definitions = vec![definition(table.partition_key, "S")];
    let mut input = json!({
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [key(table.partition_key, "HASH")],
    });
    if let Some(index) = table.index {
        definitions.push(definition(index.partition_key, "S"));
        definitions.push(definition(index.sort_key, "N"));
        input["GlobalSecondaryIndexes"] = json!([{
            "IndexName": index.name,
            "KeySchema": [key(index.partition_key, "HASH"), key(index.sort_key, "RANGE")],
            "Projection": { "ProjectionType": "KEYS_ONLY" },
        }]);
    }
    input["AttributeDefinitions"] = json!(definitions);
    input["ttl_attribute"] = json!(table.ttl);
    input
}
