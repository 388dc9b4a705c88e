/// What begins an HTTP/2 connection.
/// <https://www.rfc-editor.org/rfc/rfc9113#section-3.4>
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const CONTINUATION: u8 = 9;
const END_HEADERS: u8 = 4;

/// Which HTTP a connection speaks, by the bytes that have come so far.
#[derive(Debug)]
pub enum Spoken {
    /// So many bytes of HTTP/2's preface.
    Preface(usize),
    Http1,
    Http2(Frames),
}

/// Where in the frames of HTTP/2 the last byte was. hyper has no limit of time for a
/// block of headers, so somebody has to see where one begins and ends.
/// <https://www.rfc-editor.org/rfc/rfc9113#section-4.1>
#[derive(Debug, Default)]
pub struct Frames {
    /// Length (3 bytes), type, flags and stream (4 bytes) of the frame.
    head: [u8; 9],
    /// How much of `head` has come.
    known: usize,
    /// How much of the frame is still to come.
    left: usize,
    /// Headers go on in the frame that follows.
    continued: bool,
    /// This frame ends, or could end, a block of headers.
    ended: bool,
}

/// Whether some bytes were the end of something, and whether they leave something open:
/// headers, or any frame but one of a body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    pub end: bool,
    pub open: bool,
}

impl Spoken {
    pub fn new() -> Self {
        Self::Preface(0)
    }

    /// Takes in what came next. HTTP/1.1 is not looked into: all of it leaves
    /// something open.
    pub fn read(&mut self, bytes: &[u8]) -> Seen {
        const OPEN: Seen = Seen {
            end: false,
            open: true,
        };
        match self {
            Self::Http1 => OPEN,
            Self::Http2(frames) => frames.read(bytes),
            Self::Preface(known) => {
                let wanted = &PREFACE[*known..];
                let length = wanted.len().min(bytes.len());
                let (here, rest) = bytes.split_at(length);
                if here != &wanted[..length] {
                    *self = Self::Http1;
                    return OPEN;
                }
                *known += length;
                if *known < PREFACE.len() {
                    return OPEN;
                }
                let mut frames = Frames::default();
                let seen = frames.read(rest);
                *self = Self::Http2(frames);
                Seen { end: true, ..seen }
            }
        }
    }
}

impl Frames {
    fn read(&mut self, mut bytes: &[u8]) -> Seen {
        let mut end = false;
        while !bytes.is_empty() {
            if self.known < self.head.len() {
                let length = bytes.len().min(self.head.len() - self.known);
                let (here, rest) = bytes.split_at(length);
                self.head[self.known..][..length].copy_from_slice(here);
                self.known += length;
                bytes = rest;
                if self.known < self.head.len() {
                    break;
                }
                self.begin();
            }
            let length = bytes.len().min(self.left);
            self.left -= length;
            bytes = &bytes[length..];
            if self.left == 0 {
                self.known = 0;
                if self.ended {
                    self.continued = false;
                }
                end |= !self.continued;
            }
        }
        Seen {
            end,
            open: self.is_open(),
        }
    }

    fn begin(&mut self) {
        let [a, b, c, kind, flags, ..] = self.head;
        self.left = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
        let of_headers = matches!(kind, HEADERS | CONTINUATION);
        self.continued |= of_headers;
        self.ended = of_headers && flags & END_HEADERS != 0;
    }

    fn is_open(&self) -> bool {
        let is_data = self.known == self.head.len() && self.head[3] == DATA;
        self.continued || (self.known > 0 && !is_data)
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
    fn http_2_is_told_by_its_preface() {
        for (text, want) in [
            (&b"GET / HTTP/1.1\r\n"[..], "Http1"),
            (b"POST / HTTP/1.1\r\n", "Http1"),
            (b"PRI * HTTP/1.1\r\n", "Http1"),
            (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r", "Preface"),
            (PREFACE, "Http2"),
        ] {
            let mut at_once = Spoken::new();
            at_once.read(text);
            let mut by_bytes = Spoken::new();
            for byte in text {
                by_bytes.read(&[*byte]);
            }
            for spoken in [at_once, by_bytes] {
                assert!(format!("{spoken:?}").starts_with(want), "{text:?}");
            }
        }
    }

    #[test]
    fn a_frame_or_a_block_of_headers_is_open_until_its_end() {
        let seen = |end, open| Seen { end, open };
        let both = |a: Vec<u8>, b: Vec<u8>| [a, b].concat();
        let cut = |mut frame: Vec<u8>| {
            frame.pop();
            frame
        };
        for (name, bytes, want) in [
            ("settings", frame(SETTINGS, 0, b""), seen(true, false)),
            ("headers", frame(HEADERS, 4, b"abc"), seen(true, false)),
            ("open headers", frame(HEADERS, 0, b"abc"), seen(false, true)),
            (
                "cut headers",
                cut(frame(HEADERS, 4, b"a")),
                seen(false, true),
            ),
            ("cut head", vec![0, 0], seen(false, true)),
            (
                "cut ping",
                cut(frame(PING, 0, b"abcdefgh")),
                seen(false, true),
            ),
            ("data", frame(DATA, 0, b"abc"), seen(true, false)),
            ("cut data", cut(frame(DATA, 0, b"abc")), seen(false, false)),
            (
                "continued",
                both(frame(HEADERS, 0, b"a"), frame(CONTINUATION, 4, b"b")),
                seen(true, false),
            ),
            (
                "still open",
                both(frame(HEADERS, 0, b"a"), frame(CONTINUATION, 0, b"b")),
                seen(false, true),
            ),
            (
                "one, and the begin of another",
                both(frame(HEADERS, 4, b"a"), frame(HEADERS, 0, b"b")),
                seen(true, true),
            ),
        ] {
            assert_eq!(Frames::default().read(&bytes), want, "{name}");

            let mut frames = Frames::default();
            let mut end = false;
            let mut open = false;
            for byte in &bytes {
                let seen = frames.read(&[*byte]);
                end |= seen.end;
                open = seen.open;
            }
            assert_eq!(Seen { end, open }, want, "{name}, byte by byte");
        }
    }
}
