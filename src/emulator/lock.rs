//! A lock that lets one process use a database file.

use std::fs::{File, TryLockError};
use std::path::Path;

use super::OpenError;
use super::file::private;

/// Locks `<database>.lock` until the file that this returns is dropped or the process ends.
///
/// SQLite lets several processes write one file, but `dynoxide` keeps tables and tokens in memory,
/// so a second process would work with what the first one has changed. The lock is on a file beside
/// the database: closing any handle of the database itself would release the locks that SQLite
/// holds on it
/// (<https://sqlite.org/howtocorrupt.html>, 2.2).
///
/// The empty file is never deleted: a process that deletes it could delete the one that the next
/// process has just locked.
pub(super) fn acquire(database: &Path) -> Result<File, OpenError> {
    let mut path = database.as_os_str().to_owned();
    path.push(".lock");
    let file = private()
        .open(&path)
        .map_err(|error| OpenError::io(Path::new(&path), error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse(database.to_owned())),
        Err(TryLockError::Error(error)) => Err(OpenError::io(Path::new(&path), error)),
    }
}
