use std::fmt;
use std::io::{self, IsTerminal as _, Write as _};

use serde::Serialize;

use super::failure::Failure;

/// Writes a line to stdout.
pub fn print_line(line: impl fmt::Display) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{line}")?;
    Ok(stdout.flush()?)
}

/// Writes a value as one line of JSON, so that a list is JSON Lines.
pub fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    print_line(serde_json::to_string(value).map_err(io::Error::from)?)
}

/// Writes a value as JSON or as text.
pub fn print(value: &(impl Serialize + fmt::Display), as_json: bool) -> Result<(), Failure> {
    if as_json {
        print_json(value)
    } else {
        print_line(value)
    }
}

/// Writes a remark to stderr if that is a terminal.
pub fn note(text: impl fmt::Display) {
    if io::stderr().is_terminal() {
        eprintln!("{text}");
    }
}

/// Writes what somebody has to know to stderr, whatever that is.
pub fn warn(text: impl fmt::Display) {
    eprintln!("warning: {text}");
}
