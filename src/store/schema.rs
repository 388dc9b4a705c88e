use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType, TableDescription, TimeToLiveSpecification,
    TimeToLiveStatus,
};

use super::Store;
use super::failure::failure;
use crate::error::Error;

/// An index that lists a user's sessions. It is eventually consistent, so no check
/// reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Index {
    pub name: &'static str,
    /// A string.
    pub partition_key: &'static str,
    /// A number.
    pub sort_key: &'static str,
}

/// How a table is laid out. The stack's template says the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table {
    /// A string.
    pub partition_key: &'static str,
    pub index: Option<Index>,
    pub ttl: Option<&'static str>,
}

/// Both tables' layout.
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

    /// Creates the tables that aren't there, and returns their names.
    pub async fn create_tables(&self) -> Result<Vec<String>, Error> {
        let mut created = Vec::new();
        for (name, table) in self.schema() {
            if self.describe(name).await?.is_none() {
                self.create(name, table).await?;
                created.push(name.to_owned());
            }
            // Of its own: whoever was cut off before this runs it again.
            if let Some(ttl) = table.ttl
                && self.ttl_fault(name, ttl).await?.is_some()
            {
                self.expire_by(name, ttl).await?;
            }
        }
        Ok(created)
    }

    /// What keeps the tables from being used, in an operator's words. Empty: nothing.
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
        let internal = |error: aws_sdk_dynamodb::error::BuildError| Error::Internal(error.into());
        let text = ScalarAttributeType::S;
        let mut request = self
            .client
            .create_table()
            .table_name(name)
            .billing_mode(BillingMode::PayPerRequest)
            .attribute_definitions(attribute(table.partition_key, text.clone()).map_err(internal)?)
            .key_schema(key(table.partition_key, KeyType::Hash).map_err(internal)?);
        if let Some(index) = table.index {
            // Keys alone: a list reads the sessions themselves, which are the truth, and
            // a login's write to the index stays one unit.
            let keys = Projection::builder().projection_type(ProjectionType::KeysOnly);
            let by = GlobalSecondaryIndex::builder()
                .index_name(index.name)
                .key_schema(key(index.partition_key, KeyType::Hash).map_err(internal)?)
                .key_schema(key(index.sort_key, KeyType::Range).map_err(internal)?)
                .projection(keys.build())
                .build()
                .map_err(internal)?;
            request = request
                .attribute_definitions(attribute(index.partition_key, text).map_err(internal)?)
                .attribute_definitions(
                    attribute(index.sort_key, ScalarAttributeType::N).map_err(internal)?,
                )
                .global_secondary_indexes(by);
        }
        request.send().await.map_err(failure)?;
        self.wait_until_active(name).await
    }

    async fn expire_by(&self, name: &str, attribute: &str) -> Result<(), Error> {
        let on = TimeToLiveSpecification::builder()
            .enabled(true)
            .attribute_name(attribute)
            .build()
            .map_err(|error| Error::Internal(error.into()))?;
        self.client
            .update_time_to_live()
            .table_name(name)
            .time_to_live_specification(on)
            .send()
            .await
            .map_err(failure)?;
        Ok(())
    }

    /// DynamoDB creates a table within seconds.
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
        let on = found.is_some_and(|found| {
            found.attribute_name() == Some(attribute)
                && matches!(
                    found.time_to_live_status(),
                    Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling)
                )
        });
        Ok((!on).then(|| format!("the table {name} has no TTL on {attribute}")))
    }
}

fn attribute(
    name: &str,
    of: ScalarAttributeType,
) -> Result<AttributeDefinition, aws_sdk_dynamodb::error::BuildError> {
    AttributeDefinition::builder()
        .attribute_name(name)
        .attribute_type(of)
        .build()
}

fn key(name: &str, of: KeyType) -> Result<KeySchemaElement, aws_sdk_dynamodb::error::BuildError> {
    KeySchemaElement::builder()
        .attribute_name(name)
        .key_type(of)
        .build()
}

fn layout_faults(name: &str, table: Table, found: &TableDescription) -> Vec<String> {
    let mut faults = Vec::new();
    let keys = |schema: &[KeySchemaElement]| -> Vec<String> {
        schema
            .iter()
            .map(|key| key.attribute_name().to_owned())
            .collect()
    };
    if keys(found.key_schema()) != [table.partition_key] {
        faults.push(format!(
            "the table {name} is not keyed by {} alone",
            table.partition_key
        ));
    }
    if let Some(index) = table.index {
        let has = found.global_secondary_indexes().iter().any(|found| {
            found.index_name() == Some(index.name)
                && keys(found.key_schema()) == [index.partition_key, index.sort_key]
        });
        if !has {
            faults.push(format!(
                "the table {name} has no index {} by {} and {}",
                index.name, index.partition_key, index.sort_key
            ));
        }
    }
    faults
}
