//! The permissions of a database file and of the files that are kept beside it.

use std::fs::OpenOptions;
use std::io;
use std::path::{Path, PathBuf};

/// What SQLite adds to the name of a database file for those beside it, and what the file with the
/// server key has.
/// <https://sqlite.org/wal.html#persistence_of_wal_files>
const SUFFIXES: [&str; 4] = ["", "-wal", "-shm", ".key"];

/// The options to create a file that only its owner can read and write.
pub(super) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Creates an empty database file if there is none. SQLite gives the files beside it the
/// permissions of the database.
///
/// A file that exists is not opened: to close it would release the locks that SQLite holds on it.
pub(super) fn create(path: &Path) -> io::Result<()> {
    if path.exists() {
        return Ok(());
    }
    private().open(path).map(drop)
}

/// The database file at `path` and those beside it that other users of the machine may open.
pub fn exposed_files(path: &Path) -> Vec<PathBuf> {
    // The others are beside the file that a link leads to.
    let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let beside = |suffix: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    let mut files: Vec<_> = SUFFIXES.into_iter().map(beside).collect();
    files.retain(|file| is_exposed(file));
    files
}

#[cfg(unix)]
fn is_exposed(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;

    let metadata = std::fs::metadata(file);
    metadata.is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
}

/// Other systems have permissions of another kind.
#[cfg(not(unix))]
fn is_exposed(_: &Path) -> bool {
    false
}
