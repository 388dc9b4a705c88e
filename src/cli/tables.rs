use clap::Subcommand;
use serde_json::{Value, json};

use super::connection::Connection;
use super::failure::Failure;
use super::output::{print_json, print_line};
use crate::domain::{LoginName, printable, quote};
use crate::store::{Schema, Store, Table, Tables};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Create the tables that don't exist
    ///
    /// A stack deployed from template.yaml has its tables already, with backups and deletion
    /// protection; the tables that this creates have neither.
    Create,
    /// Check that both tables exist with the keys, index and TTL that the service needs
    ///
    /// Prints each fault, and exits with 1 if there is one. Also prints the users whose login
    /// name has white space around it or characters that don't show. Reads the whole users table.
    Check,
    /// Print the keys, the index and the TTL attribute of both tables
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
                for name in [&store.tables().users, &store.tables().sessions] {
                    let is_new = created.contains(name);
                    let done = if is_new { "created" } else { "is there" };
                    print_line(format_args!("{name}: {done}"))?;
                }
                Ok(())
            }
            Self::Check => {
                let store = connection.store().await?;
                let faults = store.check_tables().await?;
                if faults.is_empty() {
                    print_line("both tables are as they should be")?;
                    return print_users_to_rename(&store).await;
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

/// Prints the users whose login name a new user couldn't get.
async fn print_users_to_rename(store: &Store) -> Result<(), Failure> {
    store
        .scan_accounts(|account| {
            let user = account.user;
            let (name, id) = (user.login_name.as_str(), user.user_id.as_str());
            if LoginName::parse_new(name).is_ok_and(|trimmed| trimmed == user.login_name) {
                return Ok(());
            }
            let (name, id) = (quote(name), printable(id));
            print_line(format_args!(
                "the login name {name} of the user {id} has white space around it or characters \
                 that don't show: sesame user rename --id {id} --to …"
            ))
        })
        .await
}

fn in_words(name: &str, table: Table) -> String {
    let index = table.index.map(|index| {
        let (name, partition, sort) = (index.name, index.partition_key, index.sort_key);
        format!("; index {name} with keys {partition} (S) and {sort} (N), keys only")
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
        attributes.push(attribute(index.sort_key, "N"));
        input["GlobalSecondaryIndexes"] = json!([{
            "IndexName": index.name,
            "KeySchema": [key(index.partition_key, "HASH"), key(index.sort_key, "RANGE")],
            "Projection": { "ProjectionType": "KEYS_ONLY" },
        }]);
    }
    input["AttributeDefinitions"] = attributes.into();
    input
}
