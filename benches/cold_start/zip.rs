//! The size of a function's zip, as Lambda counts it.

use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::DeflateEncoder;

use super::outcome::Outcome;

/// The headers of a zip with one file that is named `bootstrap`: those of the file and of the
/// directory with their names and times, and the end.
const HEADERS: u64 = 176;

/// About the size in bytes that `zip -9` makes of a binary.
pub fn size(binary: &Path) -> Outcome<u64> {
    let binary = std::fs::read(binary)?;
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&binary)?;
    Ok(u64::try_from(encoder.finish()?.len())? + HEADERS)
}
