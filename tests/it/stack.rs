//! The stack's template and this code say the same.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, Projection,
    ProjectionType, TimeToLiveSpecification,
};
use saphyr::{LoadableYamlNode, Yaml};
use serde_json::{Value, json};
use sesame::config::{AUTHORIZER_SETTINGS, SETTINGS};
use sesame::store::{Schema, Table};

use crate::app::App;
use crate::record;

const TEMPLATE: &str = include_str!("../../template.yaml");

/// Creates the table that stands in the template as `resource`, as it stands there.
pub async fn create_table(client: &Client, resource: &str, name: &str) {
    let template = Yaml::load_from_str(TEMPLATE).unwrap();
    let table = &template[0]["Resources"][resource]["Properties"];
    let list = |name: &str| list(table.as_mapping_get(name));
    let attributes = list("AttributeDefinitions").map(|attribute| {
        AttributeDefinition::builder()
            .attribute_name(text(&attribute["AttributeName"]))
            .attribute_type(text(&attribute["AttributeType"]).into())
            .build()
            .unwrap()
    });
    let indexes = list("GlobalSecondaryIndexes").map(|index| {
        let projected: ProjectionType = text(&index["Projection"]["ProjectionType"]).into();
        GlobalSecondaryIndex::builder()
            .index_name(text(&index["IndexName"]))
            .set_key_schema(Some(keys(&index["KeySchema"])))
            .projection(Projection::builder().projection_type(projected).build())
            .build()
            .unwrap()
    });
    let indexes: Vec<_> = indexes.collect();
    let billing: BillingMode = text(&table["BillingMode"]).into();
    client
        .create_table()
        .table_name(name)
        .billing_mode(billing)
        .set_attribute_definitions(Some(attributes.collect()))
        .set_key_schema(Some(keys(&table["KeySchema"])))
        .set_global_secondary_indexes((!indexes.is_empty()).then_some(indexes))
        .send()
        .await
        .unwrap();
    if let Some(ttl) = table.as_mapping_get("TimeToLiveSpecification") {
        let enabled = ttl["Enabled"].as_bool().unwrap();
        let ttl = TimeToLiveSpecification::builder()
            .attribute_name(text(&ttl["AttributeName"]))
            .enabled(enabled);
        client
            .update_time_to_live()
            .table_name(name)
            .time_to_live_specification(ttl.build().unwrap())
            .send()
            .await
            .unwrap();
    }
}

fn list<'a>(yaml: Option<&'a Yaml<'a>>) -> impl Iterator<Item = &'a Yaml<'a>> {
    yaml.and_then(Yaml::as_sequence).into_iter().flatten()
}

fn text<'a>(yaml: &'a Yaml<'a>) -> &'a str {
    yaml.as_str().unwrap()
}

fn keys(yaml: &Yaml<'_>) -> Vec<KeySchemaElement> {
    let key = |key: &Yaml<'_>| {
        KeySchemaElement::builder()
            .attribute_name(text(&key["AttributeName"]))
            .key_type(text(&key["KeyType"]).into())
            .build()
            .unwrap()
    };
    list(Some(yaml)).map(key).collect()
}

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
