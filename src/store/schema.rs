use std::time::Duration;

use aws_sdk_dynamodb::error::{BuildError, ProvideErrorMetadata};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, CreateGlobalSecondaryIndexAction, GlobalSecondaryIndex,
    GlobalSecondaryIndexDescription, GlobalSecondaryIndexUpdate, IndexStatus, KeySchemaElement,
    KeyType, Projection, ProjectionType, ScalarAttributeType, TableDescription,
    TimeToLiveSpecification, TimeToLiveStatus,
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
    /// An attribute of type N, if there is a sort key.
    pub sort_key: Option<&'static str>,
    /// The attributes that the index has beside keys.
    pub attributes: &'static [&'static str],
}

impl Index {
    fn keys(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.partition_key).chain(self.sort_key)
    }
}

/// The index of users, and what it is asked for by its name.
pub(super) const USERS_INDEX: Index = Index {
    name: "by_user_id",
    partition_key: "user_id",
    sort_key: None,
    // What filters and orders need, no hash, and nothing that a login writes: so a login writes no
    // entry.
    attributes: &[
        "login_name",
        "display_name",
        "state",
        "given_name",
        "family_name",
        "nick_name",
        "email",
        "phone",
        "created_at",
    ],
};

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
        index: Some(USERS_INDEX),
        ttl: None,
    };
    pub const SESSIONS: Table = Table {
        partition_key: "session_id",
        index: Some(Index {
            name: "by_user",
            partition_key: "user_id",
            sort_key: Some("created_at"),
            // A list reads the sessions from the table anyway, and so the index entry of a new
            // session costs one write unit.
            attributes: &[],
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

    /// Adds the indexes that existing tables lack, and returns the names of these tables.
    ///
    /// DynamoDB builds an index while the table is used, which may take hours; `waiting` is called
    /// again and again meanwhile, with the names of table and index. If this is cut off, the
    /// building goes on, and a later run waits for its end.
    pub async fn add_indexes(
        &self,
        mut waiting: impl FnMut(&str, &str),
    ) -> Result<Vec<String>, Error> {
        let mut added = Vec::new();
        for (name, table) in self.schema() {
            let Some(index) = table.index else {
                continue;
            };
            let found = self.describe(name).await?;
            if found.is_some_and(|found| find_index(&found, index).is_none()) {
                self.wait_until_active(name).await?;
                self.add_index(name, table, index).await?;
                added.push(name.to_owned());
            }
            let mut pause = Duration::from_millis(250);
            while let Some(found) = self.describe(name).await?
                && find_index(&found, index).is_some_and(is_being_built)
            {
                waiting(name, index.name);
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(Duration::from_secs(10));
            }
        }
        Ok(added)
    }

    async fn add_index(&self, name: &str, table: Table, index: Index) -> Result<(), Error> {
        let create = CreateGlobalSecondaryIndexAction::builder()
            .index_name(index.name)
            .set_key_schema(Some(index_keys(index)?))
            .projection(projection(index))
            .build()?;
        let mut attributes = index_attributes(index)?;
        attributes.push(attribute(table.partition_key, ScalarAttributeType::S)?);
        self.client
            .update_table()
            .table_name(name)
            .set_attribute_definitions(Some(attributes))
            .global_secondary_index_updates(
                GlobalSecondaryIndexUpdate::builder().create(create).build(),
            )
            .send()
            .await
            .map_err(failure)?;
        Ok(())
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
            let definition = GlobalSecondaryIndex::builder()
                .index_name(index.name)
                .set_key_schema(Some(index_keys(index)?))
                .projection(projection(index))
                .build()?;
            for attribute in index_attributes(index)? {
                request = request.attribute_definitions(attribute);
            }
            request = request.global_secondary_indexes(definition);
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
            tokio::time::sleep(Duration::from_millis(500)).await;
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
        faults.extend(index_fault(name, index, find_index(found, index)));
    }
    faults
}

fn index_fault(
    table: &str,
    index: Index,
    found: Option<&GlobalSecondaryIndexDescription>,
) -> Option<String> {
    let keys = index.keys().collect::<Vec<_>>().join(" and ");
    let missing = format!("the table {table} has no index {} by {keys}", index.name);
    let Some(found) = found else {
        return Some(missing);
    };
    let found_keys = found.key_schema().iter();
    if !found_keys
        .map(KeySchemaElement::attribute_name)
        .eq(index.keys())
    {
        return Some(missing);
    }
    let projection = found.projection();
    let has = |attribute: &&str| {
        projection.is_some_and(|projection| {
            projection.projection_type() == Some(&ProjectionType::All)
                || projection
                    .non_key_attributes()
                    .iter()
                    .any(|own| own == attribute)
        })
    };
    if let Some(lacking) = index.attributes.iter().find(|name| !has(name)) {
        let name = index.name;
        return Some(format!(
            "the index {name} of the table {table} lacks {lacking}"
        ));
    }
    is_being_built(found).then(|| {
        let name = index.name;
        format!("the index {name} of the table {table} is being built")
    })
}

fn find_index(found: &TableDescription, index: Index) -> Option<&GlobalSecondaryIndexDescription> {
    let mut indexes = found.global_secondary_indexes().iter();
    indexes.find(|found| found.index_name() == Some(index.name))
}

fn is_being_built(index: &GlobalSecondaryIndexDescription) -> bool {
    index.index_status() == Some(&IndexStatus::Creating)
}

fn index_keys(index: Index) -> Result<Vec<KeySchemaElement>, BuildError> {
    let kinds = [KeyType::Hash, KeyType::Range];
    let keys = index.keys().zip(kinds);
    keys.map(|(name, kind)| key(name, kind)).collect()
}

fn index_attributes(index: Index) -> Result<Vec<AttributeDefinition>, BuildError> {
    let types = [ScalarAttributeType::S, ScalarAttributeType::N];
    let attributes = index.keys().zip(types);
    attributes
        .map(|(name, kind)| attribute(name, kind))
        .collect()
}

fn projection(index: Index) -> Projection {
    let projection = Projection::builder();
    if index.attributes.is_empty() {
        return projection.projection_type(ProjectionType::KeysOnly).build();
    }
    let attributes = index.attributes.iter().map(ToString::to_string);
    projection
        .projection_type(ProjectionType::Include)
        .set_non_key_attributes(Some(attributes.collect()))
        .build()
}
