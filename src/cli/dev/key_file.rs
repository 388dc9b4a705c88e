//! The server key that `--data` keeps beside the tables: without it, what they have of second factors
//! could not be opened at the next start.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use crate::cli::failure::Failure;
use crate::domain::printable;
use crate::token::ServerKeys;

/// In bytes, as many as the secrets of tokens have.
const RANDOM_BYTES: usize = 32;

/// Reads the key beside a database file, or draws one and keeps it there. The text is of the form
/// that `SERVER_KEY` has. Whoever calls this has the lock of the database.
pub(super) fn server_keys(database: &Path) -> Result<ServerKeys, Failure> {
    // A link and its file have the same key, as they have the same tables.
    let database = fs::canonicalize(database).unwrap_or_else(|_| database.to_owned());
    let path = with_suffix(&database, ".key");
    let failure = |done| {
        let file = printable(&path.to_string_lossy());
        move |error| Failure::KeyFile { done, file, error }
    };
    let text = match fs::read_to_string(&path) {
        Ok(text) => Zeroizing::new(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let text = random_text()?;
            write(&path, &text).map_err(failure("written"))?;
            text
        }
        Err(error) => return Err(failure("read")(error)),
    };
    let keys = ServerKeys::parse(&text);
    keys.map_err(|invalid| failure("used")(io::Error::new(io::ErrorKind::InvalidData, invalid)))
}

fn random_text() -> Result<Zeroizing<String>, Failure> {
    let mut bytes = Zeroizing::new([0; RANDOM_BYTES]);
    getrandom::fill(&mut *bytes).map_err(Failure::Random)?;
    Ok(Zeroizing::new(URL_SAFE_NO_PAD.encode(*bytes)))
}

/// Writes the file as a whole or not at all, so that no start finds half a key.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let unfinished = with_suffix(path, ".new");
    // A start that was cut off may have left one.
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.create_new(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&unfinished)?;
    file.write_all(text.as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()?;
    fs::rename(&unfinished, path)
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
