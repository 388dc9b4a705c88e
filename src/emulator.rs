//! AWS in this process, for the local service, tests and benches: an emulated DynamoDB, and an
//! [`Outbox`] in place of the services that send messages.
//!
//! `dynoxide` keeps the tables in SQLite and checks conditions as DynamoDB does. Clients reach an
//! [`Emulator`] without a socket ([`Emulator::http_client`]) and over HTTP ([`Emulator::serve`]).
//! SQLite blocks, so both run it on other threads than those of the client's runtime.

mod file;
mod guard;
mod lock;
mod operation;
mod outbox;
mod server;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dynoxide::Database;

use crate::aws::{HttpClient, in_process};
use crate::domain::hide_in_debug;

pub use self::file::exposed_files;
pub use self::outbox::{Outbox, OutboxKeys, SentMessage};
pub use self::server::ServerEnd;
pub use crate::host::HostName;

/// A DynamoDB that exists as long as one of its clones, clients or servers.
///
/// Fields are dropped in this order: the file is closed before its lock is released.
#[derive(Clone)]
pub struct Emulator {
    database: Database,
    _lock: Option<Arc<File>>,
}

/// Why an emulator can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("{} is in use by another process", .0.display())]
    InUse(PathBuf),
    #[error("{} can't be opened: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("the path {0:?} is not UTF-8")]
    Path(PathBuf),
    #[error("the database can't be opened: {0}")]
    Database(#[from] dynoxide::DynoxideError),
}

impl OpenError {
    fn io(path: &Path, source: io::Error) -> Self {
        Self::Io {
            path: path.to_owned(),
            source,
        }
    }
}

impl Emulator {
    /// Opens a database in memory.
    pub fn in_memory() -> Result<Self, OpenError> {
        Ok(Self {
            database: Database::memory()?,
            _lock: None,
        })
    }

    /// Opens the database file at `path`. If it doesn't exist, it is created for its owner alone.
    ///
    /// The kernel has each write before the client gets the response, so no write is lost when the
    /// process ends, however suddenly. Writes are not flushed to the disk (SQLite's
    /// `synchronous = NORMAL` in WAL mode, <https://sqlite.org/pragma.html#pragma_synchronous>):
    /// a power cut may lose the last ones but leaves the file valid. An `fsync` for each write
    /// would be most of its cost (4.1 ms with it and 0.34 without, on a virtual disk).
    /// `enable_bulk_loading` goes further (`OFF`, 0.31 ms), and then a power cut may corrupt the
    /// file.
    ///
    /// # Errors
    ///
    /// - [`OpenError::InUse`]: another emulator has the file open.
    /// - [`OpenError::Database`]: the file is not a database, or one of a later `dynoxide`.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        // SQLite gives ":memory:" and "file:…" a meaning of their own, but not in an absolute
        // path. A link and its file must have the same lock.
        let absolute = std::path::absolute(path).map_err(|error| OpenError::io(path, error))?;
        file::create(&absolute).map_err(|error| OpenError::io(path, error))?;
        let path = std::fs::canonicalize(&absolute).unwrap_or(absolute);
        let lock = Some(Arc::new(lock::acquire(&path)?));
        let text = path.to_str().ok_or_else(|| OpenError::Path(path.clone()))?;
        let database = Database::new(text)?;
        // No other function of dynoxide sets `synchronous = NORMAL`. All else that this one sets
        // are SQLite's defaults.
        database.disable_bulk_loading()?;
        Ok(Self {
            database,
            _lock: lock,
        })
    }

    /// An HTTP client for the SDK that reaches the emulator without a socket.
    ///
    /// Requests need a tokio runtime. While one is in progress, paused time (`tokio::time::pause`)
    /// doesn't advance, so no timeout of the SDK expires. A request that the SDK gives up is carried
    /// out all the same, as over a network.
    pub fn http_client(&self) -> HttpClient {
        let emulator = self.clone();
        in_process(move |target, body| operation::run(emulator.database(), target, body))
    }

    /// Deletes the items whose time to live is over, and returns their number. It blocks. A server
    /// calls it regularly.
    pub fn sweep(&self) -> Result<usize, dynoxide::DynoxideError> {
        self.database.sweep_ttl()
    }

    /// The database. A closure that named the field would keep the database alone, and not its lock.
    fn database(&self) -> &Database {
        &self.database
    }
}

hide_in_debug!(Emulator);
