//! DynamoDB emulated in this process, for the local service, tests and benches.
//!
//! `dynoxide` keeps the tables in SQLite and refuses conditions as DynamoDB does.
//! An [`Emulator`] is reached without a socket ([`Emulator::http_client`]) and over
//! HTTP ([`Emulator::serve`]), both at once if need be. SQLite blocks, so neither
//! way runs it on a thread of the caller's runtime.

mod connector;
mod guard;
mod lock;
mod operation;
mod server;

use std::path::Path;
use std::sync::Arc;

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use dynoxide::Database;

pub use self::guard::HostName;
use self::lock::FileLock;
pub use self::lock::LockError;
pub use self::server::Server;

/// A DynamoDB that lives as long as its last clone, client or server.
#[derive(Clone)]
pub struct Emulator(Arc<Opened>);

/// The fields go in this order: the file is closed, then its lock released.
struct Opened {
    database: Database,
    _lock: Option<FileLock>,
}

/// Why an emulator was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(transparent)]
    Lock(#[from] LockError),
    #[error("the path {0:?} is not UTF-8")]
    Path(std::path::PathBuf),
    #[error("the database can't be opened: {0}")]
    Database(#[from] dynoxide::DynoxideError),
}

impl Emulator {
    /// Forgets everything with the last clone.
    pub fn in_memory() -> Result<Self, OpenError> {
        Ok(Self::over(Database::memory()?, None))
    }

    /// Keeps the tables in the file at `path`, which is created when there is none.
    ///
    /// A write is handed to the kernel before it is answered, so the end of the
    /// process, however sudden, loses none. It isn't flushed to the disk (SQLite's
    /// `synchronous = NORMAL` in WAL mode, <https://sqlite.org/pragma.html#pragma_synchronous>):
    /// a power cut may take the last ones with it but leaves the file whole, and a
    /// laptop is spared one `fsync` per write, which is most of what a write costs (4.1 ms
    /// with it and 0.34 without, on a virtual disk). `enable_bulk_loading` goes further
    /// (`OFF`, 0.31 ms), and then a power cut may spoil the file.
    ///
    /// # Errors
    ///
    /// - [`OpenError::Lock`]: another emulator has this file open.
    /// - [`OpenError::Database`]: not a database, or one of a later `dynoxide`.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        // SQLite gives ":memory:" and "file:…" a meaning of their own, but not in
        // an absolute path. A link and its file must come to the same lock.
        let absolute = std::path::absolute(path).map_err(|error| LockError::io(path, error))?;
        let path = std::fs::canonicalize(&absolute).unwrap_or(absolute);
        let lock = FileLock::beside(&path)?;
        let text = path.to_str().ok_or_else(|| OpenError::Path(path.clone()))?;
        let database = Database::new(text)?;
        // The only setter of `synchronous = NORMAL` that dynoxide has: what it
        // restores are SQLite's defaults but for this one.
        database.disable_bulk_loading()?;
        Ok(Self::over(database, Some(lock)))
    }

    /// The client to give to the SDK's configuration in place of one with sockets.
    ///
    /// Calls must be made on a tokio runtime. A call under way keeps paused time
    /// (`tokio::time::pause`) where it is, so no timeout of the SDK runs out on it.
    /// A call that the SDK gives up is carried out all the same, as over a network.
    pub fn http_client(&self) -> SharedHttpClient {
        connector::http_client(self)
    }

    /// Deletes what is past its time to live and returns how many items that were.
    /// Blocks; a served emulator does it by itself.
    pub fn sweep(&self) -> Result<usize, dynoxide::DynoxideError> {
        self.database().sweep_ttl()
    }

    fn over(database: Database, lock: Option<FileLock>) -> Self {
        Self(Arc::new(Opened {
            database,
            _lock: lock,
        }))
    }

    fn database(&self) -> &Database {
        &self.0.database
    }
}

impl std::fmt::Debug for Emulator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Emulator")
    }
}
