/// The first bytes of each HTTP/2 connection.
/// <https://www.rfc-editor.org/rfc/rfc9113#section-3.4>
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const CONTINUATION: u8 = 9;
const END_HEADERS: u8 = 4;

/// The version of HTTP on a connection, judged by the bytes read so far.
#[derive(Debug)]
pub enum HttpVersion {
    /// All bytes so far are the beginning of HTTP/2's preface; the number is how many.
    Unknown(usize),
    Http1,
    Http2(FrameParser),
}

/// The position in the frames of HTTP/2.
///
/// hyper has no time limit for a block of headers, so this finds where one begins and ends.
/// <https://www.rfc-editor.org/rfc/rfc9113#section-4.1>
#[derive(Debug, Default)]
pub struct FrameParser {
    /// The length (3 bytes), type, flags and stream (4 bytes) of the current frame.
    head: [u8; 9],
    /// How many bytes of `head` have been read.
    head_bytes: usize,
    /// How many bytes of the payload have not been read.
    remaining: usize,
    /// Whether a block of headers has begun and not ended.
    in_header_block: bool,
    /// Whether the current frame ends a block of headers.
    ends_header_block: bool,
}

/// What some bytes mean for the time limit of headers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeaderProgress {
    /// The bytes ended a frame outside of a block of headers, or ended such a block.
    pub completed: bool,
    /// After the bytes, headers or any other frame but one of a body are incomplete.
    pub pending: bool,
}

impl HttpVersion {
    pub fn new() -> Self {
        Self::Unknown(0)
    }

    /// Reads the next bytes. HTTP/1.1 is not parsed: something is always pending in it.
    pub fn read(&mut self, bytes: &[u8]) -> HeaderProgress {
        const PENDING: HeaderProgress = HeaderProgress {
            completed: false,
            pending: true,
        };
        match self {
            Self::Http1 => PENDING,
            Self::Http2(frames) => frames.read(bytes),
            Self::Unknown(matched) => {
                let wanted = &PREFACE[*matched..];
                let length = wanted.len().min(bytes.len());
                let (here, rest) = bytes.split_at(length);
                if here != &wanted[..length] {
                    *self = Self::Http1;
                    return PENDING;
                }
                *matched += length;
                if *matched < PREFACE.len() {
                    return PENDING;
                }
                let mut frames = FrameParser::default();
                let progress = frames.read(rest);
                *self = Self::Http2(frames);
                HeaderProgress {
                    completed: true,
                    ..progress
                }
            }
        }
    }
}

impl FrameParser {
    fn read(&mut self, mut bytes: &[u8]) -> HeaderProgress {
        let mut completed = false;
        while !bytes.is_empty() {
            if self.head_bytes < self.head.len() {
                let length = bytes.len().min(self.head.len() - self.head_bytes);
                let (here, rest) = bytes.split_at(length);
                self.head[self.head_bytes..][..length].copy_from_slice(here);
                self.head_bytes += length;
                bytes = rest;
                if self.head_bytes < self.head.len() {
                    break;
                }
                self.begin_payload();
            }
            let length = bytes.len().min(self.remaining);
            self.remaining -= length;
            bytes = &bytes[length..];
            if self.remaining == 0 {
                self.head_bytes = 0;
                if self.ends_header_block {
                    self.in_header_block = false;
                }
                completed |= !self.in_header_block;
            }
        }
        HeaderProgress {
            completed,
            pending: self.is_pending(),
        }
    }

    fn begin_payload(&mut self) {
        let [a, b, c, kind, flags, ..] = self.head;
        self.remaining = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
        let is_header_block = matches!(kind, HEADERS | CONTINUATION);
        self.in_header_block |= is_header_block;
        self.ends_header_block = is_header_block && flags & END_HEADERS != 0;
    }

    fn is_pending(&self) -> bool {
        let is_data = self.head_bytes == self.head.len() && self.head[3] == DATA;
        self.in_header_block || (self.head_bytes > 0 && !is_data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
        let length = u8::try_from(payload.len()).unwrap();
        let mut frame = vec![0, 0, length, kind, flags, 0, 0, 0, 1];
        frame.extend(payload);
        frame
    }

    const SETTINGS: u8 = 4;
    const PING: u8 = 6;

    #[test]
    fn http_2_is_recognised_by_its_preface() {
        for (text, want) in [
            (&b"GET / HTTP/1.1\r\n"[..], "Http1"),
            (b"POST / HTTP/1.1\r\n", "Http1"),
            (b"PRI * HTTP/1.1\r\n", "Http1"),
            (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r", "Unknown"),
            (PREFACE, "Http2"),
        ] {
            let mut at_once = HttpVersion::new();
            at_once.read(text);
            let mut by_bytes = HttpVersion::new();
            for byte in text {
                by_bytes.read(&[*byte]);
            }
            for version in [at_once, by_bytes] {
                assert!(format!("{version:?}").starts_with(want), "{text:?}");
            }
        }
    }

    #[test]
    fn a_frame_or_a_block_of_headers_is_pending_until_its_end() {
        let progress = |completed, pending| HeaderProgress { completed, pending };
        let concat = |a: Vec<u8>, b: Vec<u8>| [a, b].concat();
        let cut = |mut frame: Vec<u8>| {
            frame.pop();
            frame
        };
        for (name, bytes, want) in [
            ("settings", frame(SETTINGS, 0, b""), progress(true, false)),
            ("headers", frame(HEADERS, 4, b"abc"), progress(true, false)),
            (
                "open headers",
                frame(HEADERS, 0, b"abc"),
                progress(false, true),
            ),
            (
                "cut headers",
                cut(frame(HEADERS, 4, b"a")),
                progress(false, true),
            ),
            ("cut head", vec![0, 0], progress(false, true)),
            (
                "cut ping",
                cut(frame(PING, 0, b"abcdefgh")),
                progress(false, true),
            ),
            ("data", frame(DATA, 0, b"abc"), progress(true, false)),
            (
                "cut data",
                cut(frame(DATA, 0, b"abc")),
                progress(false, false),
            ),
            (
                "continued",
                concat(frame(HEADERS, 0, b"a"), frame(CONTINUATION, 4, b"b")),
                progress(true, false),
            ),
            (
                "still open",
                concat(frame(HEADERS, 0, b"a"), frame(CONTINUATION, 0, b"b")),
                progress(false, true),
            ),
            (
                "one, and the begin of another",
                concat(frame(HEADERS, 4, b"a"), frame(HEADERS, 0, b"b")),
                progress(true, true),
            ),
        ] {
            assert_eq!(FrameParser::default().read(&bytes), want, "{name}");

            let mut frames = FrameParser::default();
            let mut completed = false;
            let mut pending = false;
            for byte in &bytes {
                let progress = frames.read(&[*byte]);
                completed |= progress.completed;
                pending = progress.pending;
            }
            assert_eq!(
                HeaderProgress { completed, pending },
                want,
                "{name}, byte by byte"
            );
        }
    }
}
