use aws_sdk_dynamodb::error::{BuildError, ProvideErrorMetadata};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType, TableDescription, TimeToLiveSpecification,
    TimeToLiveStatus,
};

use super::Store;
use crate::aws::failure;
use crate::error::Error;

/// The layout of a global secondary index. An index is eventually consistent, so what it names is
/// read from the table before anything is decided by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Index {
    pub name: &'static str,
    /// An attribute of type S.
    pub partition_key: &'static str,
    /// An attribute of type N.
    pub sort_key: &'static str,
}

/// The layout of a table, as it also stands in `template.yaml`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table {
    /// An attribute of type S.
    pub partition_key: &'static str,
    pub index: Option<Index>,
    /// The attribute by which DynamoDB deletes items.
    pub ttl: Option<&'static str>,
}

/// The layouts of the two tables.
pub struct Schema;

impl Schema {
    pub const USERS: Table = Table {
        partition_key: "pk",
        index: None,
        ttl: None,
    };
    pub const SESSIONS: Table = Table {
        partition_key: "session_id",
        index: Some(Index {
            name: "by_user",
            partition_key: "user_id",
            sort_key: "created_at",
        }),
        ttl: Some("ttl"),
    };
}

impl Store {
    fn schema(&self) -> [(&str, Table); 2] {
        [
            (&self.tables.users, Schema::USERS),
            (&self.tables.sessions, Schema::SESSIONS),
        ]
    }

    /// Creates the tables that don't exist, and returns their names. Turns on TTL where it is
    /// off.
    pub async fn create_tables(&self) -> Result<Vec<String>, Error> {
        let mut created = Vec::new();
        for (name, table) in self.schema() {
            if self.describe(name).await?.is_none() {
                self.create(name, table).await?;
                created.push(name.to_owned());
            }
            // This is checked for existing tables as well, because an earlier run may have been
            // cut off between the two requests.
            if let Some(ttl) = table.ttl
                && self.ttl_fault(name, ttl).await?.is_some()
            {
                self.enable_ttl(name, ttl).await?;
            }
        }
        Ok(created)
    }

    /// What is wrong with the tables, for an operator to read. Empty: nothing is.
    pub async fn check_tables(&self) -> Result<Vec<String>, Error> {
        let mut faults = Vec::new();
        for (name, table) in self.schema() {
            match self.describe(name).await? {
                None => faults.push(format!("there is no table {name}")),
                Some(found) => {
                    faults.extend(layout_faults(name, table, &found));
                    if let Some(ttl) = table.ttl {
                        faults.extend(self.ttl_fault(name, ttl).await?);
                    }
                }
            }
        }
        Ok(faults)
    }

    async fn describe(&self, name: &str) -> Result<Option<TableDescription>, Error> {
        match self.client.describe_table().table_name(name).send().await {
            Ok(output) => Ok(output.table),
            Err(error) if error.code() == Some("ResourceNotFoundException") => Ok(None),
            Err(error) => Err(failure(error)),
        }
    }

    async fn create(&self, name: &str, table: Table) -> Result<(), Error> {
        let mut request = self
            .client
            .create_table()
            .table_name(name)
            .billing_mode(BillingMode::PayPerRequest)
            .attribute_definitions(attribute(table.partition_key, ScalarAttributeType::S)?)
            .key_schema(key(table.partition_key, KeyType::Hash)?);
        if let Some(index) = table.index {
            // The index has keys alone: a list reads the sessions from the table anyway, and so
            // the index entry of a new session costs one write unit.
            let keys_only = Projection::builder().projection_type(ProjectionType::KeysOnly);
            let index_definition = GlobalSecondaryIndex::builder()
                .index_name(index.name)
                .key_schema(key(index.partition_key, KeyType::Hash)?)
                .key_schema(key(index.sort_key, KeyType::Range)?)
                .projection(keys_only.build())
                .build()?;
            request = request
                .attribute_definitions(attribute(index.partition_key, ScalarAttributeType::S)?)
                .attribute_definitions(attribute(index.sort_key, ScalarAttributeType::N)?)
                .global_secondary_indexes(index_definition);
        }
        request.send().await.map_err(failure)?;
        self.wait_until_active(name).await
    }

    async fn enable_ttl(&self, name: &str, attribute: &str) -> Result<(), Error> {
        let ttl = TimeToLiveSpecification::builder()
            .enabled(true)
            .attribute_name(attribute)
            .build()?;
        self.client
            .update_time_to_live()
            .table_name(name)
            .time_to_live_specification(ttl)
            .send()
            .await
            .map_err(failure)?;
        Ok(())
    }

    /// Waits until a table that was just created is active: usually seconds, at most a minute.
    async fn wait_until_active(&self, name: &str) -> Result<(), Error> {
        for _ in 0..120 {
            let table = self.describe(name).await?;
            let active = aws_sdk_dynamodb::types::TableStatus::Active;
            if table.is_some_and(|table| table.table_status == Some(active)) {
                return Ok(());
            }
            tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        }
        Err(Error::Unavailable(
            format!("the table {name} is not active after a minute").into(),
        ))
    }

    async fn ttl_fault(&self, name: &str, attribute: &str) -> Result<Option<String>, Error> {
        let ttl = self
            .client
            .describe_time_to_live()
            .table_name(name)
            .send()
            .await;
        let found = ttl.map_err(failure)?.time_to_live_description;
        let is_enabled = found.is_some_and(|found| {
            found.attribute_name() == Some(attribute)
                && matches!(
                    found.time_to_live_status(),
                    Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling)
                )
        });
        Ok((!is_enabled).then(|| format!("the table {name} has no TTL on {attribute}")))
    }
}

fn attribute(
    name: &str,
    attribute_type: ScalarAttributeType,
) -> Result<AttributeDefinition, BuildError> {
    AttributeDefinition::builder()
        .attribute_name(name)
        .attribute_type(attribute_type)
        .build()
}

fn key(name: &str, key_type: KeyType) -> Result<KeySchemaElement, BuildError> {
    KeySchemaElement::builder()
        .attribute_name(name)
        .key_type(key_type)
        .build()
}

fn layout_faults(name: &str, table: Table, found: &TableDescription) -> Vec<String> {
    let mut faults = Vec::new();
    let has_keys = |schema: &[KeySchemaElement], names: &[&str]| {
        let keys = schema.iter().map(KeySchemaElement::attribute_name);
        keys.eq(names.iter().copied())
    };
    if !has_keys(found.key_schema(), &[table.partition_key]) {
        faults.push(format!(
            "the table {name} is not keyed by {} alone",
            table.partition_key
        ));
    }
    if let Some(index) = table.index {
        let has_index = found.global_secondary_indexes().iter().any(|found| {
            found.index_name() == Some(index.name)
                && has_keys(found.key_schema(), &[index.partition_key, index.sort_key])
        });
        if !has_index {
            faults.push(format!(
                "the table {name} has no index {} by {} and {}",
                index.name, index.partition_key, index.sort_key
            ));
        }
    }
    faults
}
