//! Users, callers and sessions in two DynamoDB tables, and a key in Secrets Manager.
//!
//! Each write states the condition under which it may happen, and carries the id of
//! the logical write that it belongs to: DynamoDB may carry it out and its answer be
//! lost, the SDK then sends it again, and it must know itself.
//! Every read is strongly consistent, but for that of the index which says where the
//! sessions of a user are.

mod batch;
mod client;
mod failure;
mod item;
mod logins;
mod retries;
mod schema;
#[cfg(feature = "function")]
mod secrets;
mod service_accounts;
mod sessions;
mod transactions;
mod users;

use aws_sdk_dynamodb::Client;

pub use batch::{Listing, Read};
pub use client::{Endpoint, Roots, connect, http_client, with_http_client};
pub use logins::Attempt;
pub use schema::{Index, Schema, Table};
#[cfg(feature = "function")]
pub use secrets::KeySource;
pub use sessions::{EndOutcome, PutOutcome};
pub use users::InsertOutcome;

/// The names of the two tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tables {
    pub users: String,
    pub sessions: String,
}

/// Two tables, and the client that reaches them. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    client: Client,
    tables: Tables,
}

impl Store {
    pub fn new(client: Client, tables: Tables) -> Self {
        Self { client, tables }
    }

    pub fn tables(&self) -> &Tables {
        &self.tables
    }
}
