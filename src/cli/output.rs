use std::fmt;
use std::io::{self, IsTerminal as _, Write as _};

use serde::Serialize;

use super::failure::Failure;

/// A buffer in front of stdout, which the command flushes at its end.
pub struct Output(io::BufWriter<io::Stdout>);

impl Output {
    pub fn stdout() -> Self {
        Self(io::BufWriter::new(io::stdout()))
    }

    /// Writes a value, which is all that a command writes, as JSON or as text.
    pub fn print(value: &(impl Serialize + fmt::Display), as_json: bool) -> Result<(), Failure> {
        let mut output = Self::stdout();
        if as_json {
            output.json(value)?;
        } else {
            output.line(value)?;
        }
        output.flush()
    }

    pub fn line(&mut self, line: impl fmt::Display) -> Result<(), Failure> {
        Ok(writeln!(self.0, "{line}")?)
    }

    /// Writes a value as one line of JSON, so that a list is JSON Lines.
    pub fn json(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        serde_json::to_writer(&mut self.0, value).map_err(io::Error::from)?;
        Ok(self.0.write_all(b"\n")?)
    }

    pub fn flush(&mut self) -> Result<(), Failure> {
        Ok(self.0.flush()?)
    }
}

/// Writes a remark to stderr if that is a terminal.
pub fn note(text: impl fmt::Display) {
    if io::stderr().is_terminal() {
        eprintln!("{text}");
    }
}
