use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use tokio::sync::mpsc::{Receiver, channel};

use super::line::LineError;

/// The length in bytes of the longest line. A user at all limits, with every character escaped,
/// needs 20 KiB.
const MAX_LINE_BYTES: usize = 32 * 1024;
/// How many lines are read before they can be written.
const MAX_WAITING_LINES: usize = 64;

/// A line of the input that is not blank.
pub struct Line {
    /// The number of the line; the first one is 1.
    pub number: u64,
    pub text: Result<Vec<u8>, LineError>,
    /// The bytes from the start of the input to the end of this line.
    pub end: u64,
}

/// Reads the lines of a file, or of stdin for `-`, on a thread of their own. Also gives the length
/// in bytes, if it is known. Nothing waits for the thread to end, because stdin may never give
/// another byte.
pub fn read_lines(path: &Path) -> io::Result<(Receiver<io::Result<Line>>, Option<u64>)> {
    let (input, bytes): (Box<dyn Read + Send>, _) = if path == Path::new("-") {
        (Box::new(io::stdin()), None)
    } else {
        let file = File::open(path)?;
        let about = file.metadata()?;
        if about.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        (Box::new(file), about.is_file().then_some(about.len()))
    };
    let mut lines = Lines::new(BufReader::new(input));
    let (sender, receiver) = channel(MAX_WAITING_LINES);
    // After an error nobody receives any more.
    let send_all = move || {
        while let Some(line) = lines.next().transpose()
            && sender.blocking_send(line).is_ok()
        {}
    };
    std::thread::Builder::new()
        .name("lines".to_owned())
        .spawn(send_all)?;
    Ok((receiver, bytes))
}

struct Lines<R> {
    reader: R,
    /// Whether [`check_form`] has accepted the first line.
    is_form_checked: bool,
    number: u64,
    end: u64,
}

impl<R: BufRead> Lines<R> {
    fn new(reader: R) -> Self {
        Self {
            reader,
            is_form_checked: false,
            number: 0,
            end: 0,
        }
    }

    fn next(&mut self) -> io::Result<Option<Line>> {
        loop {
            let mut text = Vec::new();
            let limit = MAX_LINE_BYTES as u64 + 1;
            let read = self
                .reader
                .by_ref()
                .take(limit)
                .read_until(b'\n', &mut text)?;
            if read == 0 {
                return Ok(None);
            }
            self.number += 1;
            self.end += read as u64;
            let is_whole = text.last() == Some(&b'\n') || text.len() <= MAX_LINE_BYTES;
            if !is_whole {
                self.end += self.reader.skip_until(b'\n')? as u64;
            }
            if self.number == 1 && text.starts_with(BYTE_ORDER_MARK) {
                text.drain(..BYTE_ORDER_MARK.len());
            }
            if is_whole && text.trim_ascii().is_empty() {
                continue;
            }
            if !self.is_form_checked {
                check_form(&text, is_whole)?;
                self.is_form_checked = true;
            }
            return Ok(Some(Line {
                number: self.number,
                text: if is_whole {
                    Ok(text)
                } else {
                    Err(LineError::TooLong(MAX_LINE_BYTES))
                },
                end: self.end,
            }));
        }
    }
}

/// Checks that the first line is one of JSON Lines.
///
/// In a document of several lines, such as an array, some lines could be valid users. None of them
/// is imported.
fn check_form(first: &[u8], is_whole: bool) -> io::Result<()> {
    let text = first.trim_ascii();
    let is_open = || {
        let read = serde_json::from_slice::<serde::de::IgnoredAny>(text);
        is_whole && read.is_err_and(|error| error.is_eof())
    };
    let reason = if text.contains(&0)
        || text.starts_with(b"\xff\xfe")
        || text.starts_with(b"\xfe\xff")
    {
        "it is UTF-16 or binary: make UTF-8 of it first, for example with iconv"
    } else if text.starts_with(b"[") {
        "it must be JSON Lines, not an array: jq -c '.[]' makes lines of one"
    } else if is_open() {
        "it must be JSON Lines, a whole object in each line: jq -c . makes one line of an object"
    } else {
        return Ok(());
    };
    Err(io::Error::new(io::ErrorKind::InvalidData, reason))
}

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

#[cfg(test)]
mod tests {
    use super::*;

    /// The number and text of each line; `None` for a line that is too long.
    fn lines(input: &[u8]) -> Vec<(u64, Option<String>)> {
        let mut lines = Lines::new(BufReader::with_capacity(7, input));
        let mut all = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            let text = line.text.ok();
            all.push((
                line.number,
                text.map(|text| String::from_utf8(text).unwrap()),
            ));
        }
        assert_eq!(lines.end, input.len() as u64);
        all
    }

    #[test]
    fn blank_lines_are_numbered_and_skipped() {
        let got = lines(b"one\n\n  \r\ntwo\r\nthree");

        let want = [(1, "one\n"), (4, "two\r\n"), (5, "three")];
        assert_eq!(got, want.map(|(n, text)| (n, Some(text.to_owned()))));
    }

    #[test]
    fn a_byte_order_mark_is_dropped_from_the_first_line() {
        let got = lines("\u{feff}one\n\u{feff}two".as_bytes());

        let want = [(1, "one\n"), (2, "\u{feff}two")];
        assert_eq!(got, want.map(|(n, text)| (n, Some(text.to_owned()))));
    }

    #[test]
    fn an_input_whose_first_line_is_not_of_json_lines_is_refused() {
        for (text, good) in [
            (&b"{}"[..], true),
            (b"{\"a\":1}\r\n", true),
            (b"nonsense", true),
            (b"\"text\"", true),
            (b"[", false),
            (b"[{}]", false),
            (b"  [{},", false),
            (b"{", false),
            (b"{\"users\": [", false),
            (b"\xff\xfe{\0}\0", false),
            (b"\xfe\xff\0{\0}", false),
            (b"{\0}\0", false),
        ] {
            assert_eq!(check_form(text, true).is_ok(), good, "{text:?}");
        }
        // Most exports of other programs are one long line.
        for (start, good) in [("[", false), ("{", true)] {
            let text = format!("{start}{}\n{{}}", " ".repeat(MAX_LINE_BYTES));
            let mut lines = Lines::new(text.as_bytes());
            assert_eq!(lines.next().is_ok(), good, "{start}");
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_skipped() {
        let longest = "a".repeat(MAX_LINE_BYTES);
        for (length, good) in [
            (MAX_LINE_BYTES - 1, true),
            (MAX_LINE_BYTES, true),
            (MAX_LINE_BYTES + 1, false),
        ] {
            let line = "a".repeat(length);

            let got = lines(format!("{line}\nnext\n").as_bytes());

            assert_eq!(got[0].1.is_some(), good, "{length}");
            assert_eq!(got[1], (2, Some("next\n".to_owned())), "{length}");
        }
        assert_eq!(lines(longest.as_bytes()).len(), 1);
        assert_eq!(lines(format!("{longest}a").as_bytes()), [(1, None)]);
    }
}
