//! HTTP/2 frame by frame, for what a well-behaved client would not send.
//! <https://www.rfc-editor.org/rfc/rfc9113>

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;

use super::process::connect;

pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const RST_STREAM: u8 = 3;
pub const SETTINGS: u8 = 4;
pub const PING: u8 = 6;
pub const GOAWAY: u8 = 7;

pub const END_STREAM: u8 = 1;
pub const END_HEADERS: u8 = 4;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub kind: u8,
    pub flags: u8,
    pub stream: u8,
    pub payload: Vec<u8>,
}

impl Frame {
    pub fn new(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Self {
        let payload = payload.to_vec();
        Self {
            kind,
            flags,
            stream,
            payload,
        }
    }

    pub fn bytes(&self) -> Vec<u8> {
        let length = u32::try_from(self.payload.len()).unwrap().to_be_bytes();
        let head = [self.kind, self.flags, 0, 0, 0, self.stream];
        [&length[1..], &head, &self.payload].concat()
    }

    /// The error code that a `RST_STREAM` or a `GOAWAY` ends with.
    pub fn code(&self) -> u32 {
        let at = if self.kind == GOAWAY { 4 } else { 0 };
        u32::from_be_bytes(self.payload[at..at + 4].try_into().unwrap())
    }

    /// The headers of an answer begin with `:status 200`.
    pub fn is_ok(&self) -> bool {
        self.kind == HEADERS && self.payload[0] == 0x88
    }
}

/// The headers of a create with `more`.
pub fn headers(more: &[(&str, &str)]) -> Vec<u8> {
    headers_of("/v2alpha/sessions", more)
}

/// The headers of a `POST`, in HPACK without Huffman codes.
/// <https://www.rfc-editor.org/rfc/rfc7541#section-6>
pub fn headers_of(path: &str, more: &[(&str, &str)]) -> Vec<u8> {
    // `:method: POST` and `:scheme: http` are in the static table.
    let mut block = vec![0x83, 0x86];
    let own = [(":path", path), (":authority", "localhost")];
    for (name, value) in own.iter().chain(more) {
        block.push(0);
        for text in [name, value] {
            length(text.len(), &mut block);
            block.extend(text.as_bytes());
        }
    }
    block
}

/// <https://www.rfc-editor.org/rfc/rfc7541#section-5.1>, in 7 bits.
fn length(length: usize, to: &mut Vec<u8>) {
    if length < 127 {
        to.push(u8::try_from(length).unwrap());
        return;
    }
    to.push(127);
    let mut rest = length - 127;
    while rest >= 128 {
        to.push(u8::try_from(rest % 128).unwrap() | 128);
        rest /= 128;
    }
    to.push(u8::try_from(rest).unwrap());
}

pub struct Http2(pub TcpStream);

impl Http2 {
    /// A connection that has begun, with no settings of its own.
    pub fn connect(url: &str) -> Self {
        let mut stream = connect(url);
        stream
            .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
            .unwrap();
        let mut begun = Self(stream);
        begun.send(&Frame::new(SETTINGS, 0, 0, b"")).unwrap();
        begun
    }

    pub fn send(&mut self, frame: &Frame) -> io::Result<()> {
        self.0.write_all(&frame.bytes())
    }

    /// Makes a call and leaves its answer to be read.
    pub fn call(&mut self, stream: u8, body: &str) {
        self.send(&Frame::new(HEADERS, END_HEADERS, stream, &headers(&[])))
            .unwrap();
        self.send(&Frame::new(DATA, END_STREAM, stream, body.as_bytes()))
            .unwrap();
    }

    /// The next frame; none at the end of the connection.
    pub fn frame(&mut self) -> Option<Frame> {
        let mut head = [0; 9];
        self.0.read_exact(&mut head).ok()?;
        let [a, b, c, kind, flags, _, _, _, stream] = head;
        let length = u32::from_be_bytes([0, a, b, c]);
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        self.0.read_exact(&mut payload).ok()?;
        Some(Frame::new(kind, flags, stream, &payload))
    }

    /// The next frame of one of these kinds; pings are answered meanwhile.
    pub fn frame_of(&mut self, kinds: &[u8]) -> Option<Frame> {
        loop {
            let frame = self.frame()?;
            if kinds.contains(&frame.kind) {
                return Some(frame);
            }
            if frame.kind == PING && frame.flags == 0 {
                // Whoever closes first wins.
                let _ = self.send(&Frame::new(PING, 1, 0, &frame.payload));
            }
        }
    }
}
