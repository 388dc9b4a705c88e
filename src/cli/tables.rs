mod secrets;
mod users;

use clap::Subcommand;
use serde_json::{Value, json};

use self::secrets::check_secrets;
use self::users::check_users;
use super::connection::Connection;
use super::failure::Failure;
use super::output::{print_json, print_line};
use super::server_keys::KeysIfSet;
use crate::config;
use crate::store::{Patience, Schema, Table, Tables};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Create the tables that don't exist, and add the index that one lacks
    ///
    /// An index is built while the service works, and this waits for it. It may be stopped and run
    /// again meanwhile.
    ///
    /// A stack deployed from template.yaml has its tables already, with backups and deletion
    /// protection; the tables that this creates have neither.
    Create,
    /// Check that both tables exist with the keys, indexes and TTL that the service needs
    ///
    /// Prints each fault, and exits with 1 if there is one. Faults are also profiles, second factors
    /// and entries of addresses without their user, users who aren't found by their address, and users
    /// of whom a login demands other second factors than there are. Also prints how many authenticator
    /// apps each server key protects, and with `SERVER_KEY` or `SERVER_KEY_SECRET` in the environment
    /// the users whose app none of its keys opens, which is a fault; and the
    /// users whose login name has white space around it or characters that don't show, and with
    /// `UNIQUE_EMAILS=true` in the environment those who share an e-mail address. Reads the whole users
    /// table.
    Check {
        /// Mend profiles, second factors, addresses and users that disagree, also while the service
        /// runs
        #[arg(long)]
        repair: bool,
    },
    /// Print the keys, the indexes and the TTL attribute of both tables
    Describe {
        /// As one JSON object, with the inputs of DynamoDB's `CreateTable`
        #[arg(long)]
        json: bool,
    },
}

impl Command {
    pub async fn run(self, connection: &Connection) -> Result<(), Failure> {
        match self {
            Self::Create => {
                let store = connection.store().await?;
                let created = store.create_tables().await?;
                let completed = store.add_indexes(note_building).await?;
                for name in [&store.tables().users, &store.tables().sessions] {
                    let done = match () {
                        () if created.contains(name) => "created",
                        () if completed.contains(name) => "is there; its index was added",
                        () => "is there",
                    };
                    print_line(format_args!("{name}: {done}"))?;
                }
                Ok(())
            }
            Self::Check { repair } => {
                let unique_emails = config::unique_emails(connection.environment.variable)?;
                let store = connection.store().await?.with_patience(Patience::Operator);
                let faults = store.check_tables().await?;
                if faults.is_empty() {
                    let keys = KeysIfSet::new(connection).get().await?;
                    let now = (connection.environment.now)();
                    let scanned = store.scan_users().await?;
                    let checked = check_users(&store, &scanned, repair, unique_emails).await;
                    let opened = check_secrets(&scanned, keys.as_deref(), now);
                    return checked.and(opened);
                }
                for fault in &faults {
                    print_line(fault)?;
                }
                Err(Failure::TableFaults)
            }
            Self::Describe { json } => {
                let tables = connection.tables();
                if json {
                    return print_json(&describe(&tables));
                }
                print_line(in_words(&tables.users, Schema::USERS))?;
                print_line(in_words(&tables.sessions, Schema::SESSIONS))
            }
        }
    }
}

/// Tells on stderr that an index is being built.
pub fn note_building(table: &str, index: &str) {
    eprintln!("{table}: the index {index} is being built, while the service works");
}

fn in_words(name: &str, table: Table) -> String {
    let index = table.index.map(|index| {
        let (name, partition) = (index.name, index.partition_key);
        let keys = match index.sort_key {
            Some(sort) => format!("keys {partition} (S) and {sort} (N)"),
            None => format!("key {partition} (S)"),
        };
        let attributes = match index.attributes {
            [] => "keys only".to_owned(),
            attributes => format!("also {}", attributes.join(", ")),
        };
        format!("; index {name} with {keys}, {attributes}")
    });
    let ttl = table.ttl.map(|ttl| format!("; TTL attribute {ttl}"));
    let (index, ttl) = (index.unwrap_or_default(), ttl.unwrap_or_default());
    format!(
        "{name}: partition key {} (S){index}{ttl}",
        table.partition_key
    )
}

fn describe(tables: &Tables) -> Value {
    json!({
        "tables": [
            create_table(&tables.users, Schema::USERS),
            create_table(&tables.sessions, Schema::SESSIONS),
        ],
        "timeToLive": { &tables.sessions: Schema::SESSIONS.ttl },
    })
}

/// The input of `CreateTable`.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html>
fn create_table(name: &str, table: Table) -> Value {
    let attribute = |name, kind| json!({ "AttributeName": name, "AttributeType": kind });
    let key = |name, kind| json!({ "AttributeName": name, "KeyType": kind });

    let mut attributes = vec![attribute(table.partition_key, "S")];
    let mut input = json!({
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [key(table.partition_key, "HASH")],
    });
    if let Some(index) = table.index {
        attributes.push(attribute(index.partition_key, "S"));
        attributes.extend(index.sort_key.map(|name| attribute(name, "N")));
        let mut keys = vec![key(index.partition_key, "HASH")];
        keys.extend(index.sort_key.map(|name| key(name, "RANGE")));
        let projection = match index.attributes {
            [] => json!({ "ProjectionType": "KEYS_ONLY" }),
            names => json!({ "ProjectionType": "INCLUDE", "NonKeyAttributes": names }),
        };
        input["GlobalSecondaryIndexes"] = json!([{
            "IndexName": index.name,
            "KeySchema": keys,
            "Projection": projection,
        }]);
    }
    input["AttributeDefinitions"] = attributes.into();
    input
}
