use clap::Subcommand;
use serde_json::{Value, json};

use super::Environment;
use super::connection::Connection;
use super::failure::Failure;
use super::output::{Output, plain};
use super::user::names::{new_login_name, quoted};
use crate::store::{Schema, Store, Table, Tables};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Create those of the two tables that aren't there
    ///
    /// A stack deployed from template.yaml has its tables already, with backups and
    /// protection against deletion; these have neither.
    Create,
    /// Check that both tables are there and laid out as the service needs them
    ///
    /// Names each fault, and exits with 1 if there is one. Names users as well whose login name
    /// is stored in a former form, under which they still log in: `sesame user rename` to the
    /// same name gives it the form of today. Reads the whole users table.
    Check,
    /// Print both tables as inputs of DynamoDB's `CreateTable`, in JSON
    Describe {
        /// As one JSON document, which is the only way there is
        #[arg(long, hide = true)]
        json: bool,
    },
}

impl Command {
    pub async fn run(
        self,
        connection: &Connection,
        environment: Environment,
    ) -> Result<(), Failure> {
        let mut output = Output::stdout();
        match self {
            Self::Create => {
                let store = connection.store(environment).await?;
                let created = store.create_tables().await?;
                for name in [&store.tables().users, &store.tables().sessions] {
                    let done = if created.contains(name) {
                        "created"
                    } else {
                        "is there"
                    };
                    output.line(format_args!("{name}: {done}"))?;
                }
                output.flush()
            }
            Self::Check => {
                let store = connection.store(environment).await?;
                let faults = store.check_tables().await?;
                for fault in &faults {
                    output.line(fault)?;
                }
                if faults.is_empty() {
                    output.line("both tables are as they should be")?;
                    former_names(&store, &mut output).await?;
                }
                output.flush()?;
                if faults.is_empty() {
                    Ok(())
                } else {
                    Err(Failure::TableFaults)
                }
            }
            Self::Describe { json: _ } => {
                output.json(&describe(&connection.tables()))?;
                output.flush()
            }
        }
    }
}

async fn former_names(store: &Store, output: &mut Output) -> Result<(), Failure> {
    store
        .scan_users(|login| {
            let (name, id) = (login.login_name.as_str(), login.user_id.as_str());
            let what = if login.under_former_key {
                "is stored in a former form"
            } else if new_login_name(name).is_ok_and(|trimmed| trimmed == login.login_name) {
                return Ok(());
            } else {
                "has white space around it or characters that don't show"
            };
            let (name, id) = (quoted(name), plain(id));
            output.line(format_args!(
                "the login name {name} of the user {id} {what}: sesame user rename --id {id} --to …"
            ))
        })
        .await
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

/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html>
fn create_table(name: &str, table: Table) -> Value {
    let attribute = |name, of| json!({ "AttributeName": name, "AttributeType": of });
    let key = |name, of| json!({ "AttributeName": name, "KeyType": of });

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
