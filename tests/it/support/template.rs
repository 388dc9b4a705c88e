//! The tables of `template.yaml`, which the databases of tests have.

use std::sync::LazyLock;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, Projection,
    ProjectionType, TimeToLiveSpecification,
};
use saphyr::{LoadableYamlNode, Yaml};

/// Each database has the tables, and the template is long.
static TEMPLATE: LazyLock<Vec<Yaml<'static>>> =
    LazyLock::new(|| Yaml::load_from_str(include_str!("../../../template.yaml")).unwrap());

/// Creates a table with the layout of the template's `resource`.
pub async fn create_table(client: &Client, resource: &str, name: &str) {
    let table = &TEMPLATE[0]["Resources"][resource]["Properties"];
    let list = |name: &str| list(table.as_mapping_get(name));
    let attributes = list("AttributeDefinitions").map(|attribute| {
        AttributeDefinition::builder()
            .attribute_name(text(&attribute["AttributeName"]))
            .attribute_type(text(&attribute["AttributeType"]).into())
            .build()
            .unwrap()
    });
    let indexes = list("GlobalSecondaryIndexes").map(|index| {
        let projection = &index["Projection"];
        let projected: ProjectionType = text(&projection["ProjectionType"]).into();
        let attributes = self::list(projection.as_mapping_get("NonKeyAttributes"));
        let attributes: Vec<_> = attributes.map(|name| text(name).to_owned()).collect();
        let projection = Projection::builder()
            .projection_type(projected)
            .set_non_key_attributes((!attributes.is_empty()).then_some(attributes));
        GlobalSecondaryIndex::builder()
            .index_name(text(&index["IndexName"]))
            .set_key_schema(Some(keys(&index["KeySchema"])))
            .projection(projection.build())
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
