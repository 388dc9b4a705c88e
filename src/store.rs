//! Users, service accounts and sessions in two DynamoDB tables.
//!
//! A write to an item that others may write at the same time has a condition. The response to a
//! write may be lost, and the SDK then sends the write again. So writes of sessions and of password
//! attempts carry an id, by which a resent write finds that it was carried out.
//! Every read is strongly consistent, except that of the index of a user's sessions.

#[cfg(feature = "function")]
mod address_failures;
mod batch;
mod changes;
#[cfg(feature = "function")]
mod codes;
mod item;
#[cfg(feature = "function")]
mod manner;
#[cfg(feature = "function")]
mod message_counts;
#[cfg(feature = "function")]
mod rehearsal;
mod schema;
#[cfg(feature = "function")]
mod service_accounts;
mod sessions;
#[cfg(feature = "function")]
mod transactions;
mod users;

use std::pin::Pin;

use aws_sdk_dynamodb::Client;

pub use batch::SessionsAndUsers;
#[cfg(feature = "function")]
pub use codes::{CodeWrite, CountedTry, IssuedCode};
#[cfg(feature = "function")]
use manner::Manner;
#[cfg(feature = "function")]
pub use manner::Patience;
#[cfg(feature = "function")]
pub use message_counts::MessageCounter;
pub use schema::{Index, Schema, Table};
pub use sessions::{EndOutcome, PutOutcome};
pub use users::ReserveOutcome;
#[cfg(feature = "function")]
pub use users::{
    AddressConflict, Alongside, ChangeOutcome, FactorPutOutcome, InsertOutcome, Repair,
    ReservedFactors, ScannedAccount, ScannedUsers, StoredSecret, StoredUser, TriedTotp,
    UsedCredential, UsedFactors, UsedProofs, UsedTotp, UserFault,
};

/// Puts a request on the heap. The SDK's futures take kilobytes, and on the stack each future around
/// one would be moved together with it.
fn on_heap<F: Future>(request: F) -> Pin<Box<F>> {
    Box::pin(request)
}

/// The names of the two tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tables {
    pub users: String,
    pub sessions: String,
}

/// The two tables, and the client that reaches them. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    client: Client,
    tables: Tables,
    #[cfg(feature = "function")]
    manner: Manner,
}

impl Store {
    pub fn new(client: Client, tables: Tables) -> Self {
        Self {
            client,
            tables,
            #[cfg(feature = "function")]
            manner: Manner::default(),
        }
    }

    pub fn tables(&self) -> &Tables {
        &self.tables
    }
}
