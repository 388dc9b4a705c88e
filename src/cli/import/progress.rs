use std::fmt;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use terminal_size::Width;

/// The least time between two drawings.
const PERIOD: Duration = Duration::from_millis(100);
/// What a terminal may add behind the line without wrapping it: the `^C` of a Ctrl-C, and the
/// cursor.
const MARGIN: usize = 3;
/// The longest bar, in columns.
const LONGEST_BAR: usize = 30;

/// A line of progress on stderr if that is a terminal; nothing otherwise.
pub struct Progress<W = io::Stderr> {
    terminal: W,
    columns: fn() -> Option<usize>,
    /// The size of the whole input, if it is known.
    bytes: Option<u64>,
    started: Instant,
    drawn_at: Option<Instant>,
    /// The length of the line that the terminal shows.
    shown: usize,
}

impl Progress {
    pub fn new(bytes: Option<u64>) -> Self {
        Self::on(io::stderr(), columns, bytes)
    }
}

/// The width of the terminal; none if stderr is no terminal.
fn columns() -> Option<usize> {
    let (Width(columns), _) = terminal_size::terminal_size_of(io::stderr())?;
    Some(columns.into())
}

impl<W: Write> Progress<W> {
    fn on(terminal: W, columns: fn() -> Option<usize>, bytes: Option<u64>) -> Self {
        Self {
            terminal,
            columns,
            bytes,
            started: Instant::now(),
            drawn_at: None,
            shown: 0,
        }
    }

    /// Shows how far the input is done, and the `counts` so far.
    pub fn update(&mut self, end: u64, counts: impl FnOnce() -> String) {
        let is_recent = |drawn_at: Instant| drawn_at.elapsed() < PERIOD;
        if self.drawn_at.is_some_and(is_recent) {
            return;
        }
        self.drawn_at = Some(Instant::now());
        if let Some(columns) = (self.columns)() {
            let line = self.line(columns, end, &counts());
            self.erase();
            self.shown = line.len();
            self.write(format_args!("{line}"));
        }
    }

    /// The line for a terminal of that width: as much as fits of a bar, the share that is done,
    /// the counts and the time.
    fn line(&self, columns: usize, end: u64, counts: &str) -> String {
        let seconds = self.started.elapsed().as_secs();
        let mut line = format!("{counts} [{seconds} s]");
        if let Some(bytes) = self.bytes {
            let percent = (end * 100).checked_div(bytes).unwrap_or(100).min(100);
            line = format!("{percent:>3}% {line}");
            let free = columns.saturating_sub(line.len() + MARGIN + 3);
            let length = free.min(LONGEST_BAR);
            if length >= 8 {
                let done = usize::try_from(percent).map_or(0, |percent| length * percent / 100);
                line = format!("[{:<length$}] {line}", "#".repeat(done));
            }
        }
        line.truncate(columns.saturating_sub(MARGIN));
        line
    }

    /// Writes a line to stderr above the progress.
    pub fn report(&mut self, line: impl fmt::Display) {
        self.erase();
        self.write(format_args!("{line}\n"));
        self.drawn_at = None;
    }

    /// Overwrites the line, and a `^C` behind it, with blanks.
    pub fn erase(&mut self) {
        if self.shown > 0 {
            let blanks = " ".repeat(self.shown + MARGIN - 1);
            self.shown = 0;
            self.write(format_args!("\r{blanks}\r"));
        }
    }

    fn write(&mut self, text: fmt::Arguments<'_>) {
        // An import goes on if nobody can see how far it is.
        let _ = self.terminal.write_fmt(text);
        let _ = self.terminal.flush();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rows that a terminal shows after it got some bytes. Of the last row, the blanks at the
    /// end are left out.
    fn screen(columns: usize, bytes: &[u8]) -> Vec<String> {
        let mut rows = vec![String::new()];
        let mut column = 0;
        for byte in bytes.iter().copied().map(char::from) {
            match byte {
                '\r' => column = 0,
                '\n' => {
                    rows.push(String::new());
                    column = 0;
                }
                _ => {
                    if column == columns {
                        rows.push(String::new());
                        column = 0;
                    }
                    let row = rows.last_mut().unwrap();
                    row.replace_range(column..(column + 1).min(row.len()), &byte.to_string());
                    column += 1;
                }
            }
        }
        let last = rows.pop().unwrap();
        rows.push(last.trim_end().to_owned());
        rows
    }

    fn counts() -> String {
        "1234567 added, 0 unchanged, 12 refused".to_owned()
    }

    #[test]
    fn progress_is_one_line_in_a_terminal_of_any_width() {
        for (columns, fits) in [
            ((|| Some(20)) as fn() -> Option<usize>, 20),
            (|| Some(60), 60),
            (|| Some(80), 80),
            (|| Some(200), 200),
        ] {
            for bytes in [None, Some(0), Some(1000)] {
                let mut progress = Progress::on(Vec::new(), columns, bytes);

                progress.update(420, counts);
                progress.drawn_at = None;
                progress.update(421, counts);

                let rows = screen(fits, &progress.terminal);
                assert_eq!(rows.len(), 1, "{rows:?}");
                let is_whole = rows[0].contains("1234567 added, 0 unchanged, 12 refused [0 s]");
                assert_eq!(is_whole, fits >= 60, "{rows:?}");
                assert!(rows[0].contains(" 42% ") || bytes != Some(1000), "{rows:?}");
                assert_eq!(rows[0].contains('#'), bytes.is_some() && fits >= 80);
            }
        }
    }

    #[test]
    fn nothing_of_the_progress_stays_after_ctrl_c() {
        for columns in [(|| Some(60)) as fn() -> Option<usize>, || Some(20)] {
            let mut progress = Progress::on(Vec::new(), columns, Some(1000));
            progress.update(420, counts);
            progress.report("line 7: refused");
            progress.update(430, counts);

            // The terminal itself shows this where the cursor is.
            progress.terminal.extend(b"^C");
            progress.erase();

            let rows = screen(columns().unwrap(), &progress.terminal);
            let rows: Vec<_> = rows.iter().map(|row| row.trim_end()).collect();
            assert_eq!(rows, ["line 7: refused", ""]);
        }
    }

    #[test]
    fn reports_alone_are_written_where_there_is_no_terminal() {
        let mut progress = Progress::on(Vec::new(), || None, Some(1000));

        progress.update(420, counts);
        progress.report("line 7: refused");
        progress.erase();

        assert_eq!(progress.terminal, b"line 7: refused\n");
    }
}
