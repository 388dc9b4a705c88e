//! An HTTP/2 client that sends single frames, for what a well-behaved client would not send.
//! <https://www.rfc-editor.org/rfc/rfc9113>

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;

use super::process::connect;
use super::service::SOON;

pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const RST_STREAM: u8 = 3;
pub const SETTINGS: u8 = 4;
pub const PING: u8 = 6;
pub const GOAWAY: u8 = 7;
pub const WINDOW_UPDATE: u8 = 8;

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

/// The headers of a `POST`.
pub fn headers_of(path: &str, more: &[(&str, &str)]) -> Vec<u8> {
    headers_by("POST", path, more)
}

/// The headers of a request, in HPACK without Huffman codes.
/// <https://www.rfc-editor.org/rfc/rfc7541#section-6>
pub fn headers_by(method: &str, path: &str, more: &[(&str, &str)]) -> Vec<u8> {
    // `:scheme: http` is in the static table.
    let mut block = vec![0x86];
    let own = [
        (":method", method),
        (":path", path),
        (":authority", "localhost"),
    ];
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
        // A frame isn't to wait until the last one is acknowledged.
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(SOON)).unwrap();
        stream
            .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
            .unwrap();
        let mut begun = Self(stream);
        begun.send(&Frame::new(SETTINGS, 0, 0, b"")).unwrap();
        begun
    }

    /// Connects with an initial window of so many bytes for each answer.
    /// <https://www.rfc-editor.org/rfc/rfc9113#section-6.5.2>
    pub fn with_window(url: &str, bytes: u8) -> Self {
        const INITIAL_WINDOW_SIZE: u8 = 4;

        let mut begun = Self::connect(url);
        let setting = [0, INITIAL_WINDOW_SIZE, 0, 0, 0, bytes];
        begun.send(&Frame::new(SETTINGS, 0, 0, &setting)).unwrap();
        begun
    }

    pub fn send(&mut self, frame: &Frame) -> io::Result<()> {
        self.0.write_all(&frame.bytes())
    }

    /// Opens a stream with these headers.
    pub fn open(&mut self, stream: u8, block: &[u8]) {
        self.send(&Frame::new(HEADERS, END_HEADERS, stream, block))
            .unwrap();
    }

    /// Ends a stream with this data.
    pub fn finish(&mut self, stream: u8, data: &[u8]) {
        self.send(&Frame::new(DATA, END_STREAM, stream, data))
            .unwrap();
    }

    pub fn cancel(&mut self, stream: u8) {
        self.send(&Frame::new(RST_STREAM, 0, stream, &[0, 0, 0, 8]))
            .unwrap();
    }

    /// Makes a call and leaves its answer to be read.
    pub fn call(&mut self, stream: u8, body: &str) {
        self.open(stream, &headers(&[]));
        self.finish(stream, body.as_bytes());
    }

    /// Makes a call without a body and leaves its answer to be read.
    pub fn ask(&mut self, stream: u8, method: &str, path: &str) {
        self.try_ask(stream, method, path).unwrap();
    }

    /// Does the same on a connection that may be closed.
    pub fn try_ask(&mut self, stream: u8, method: &str, path: &str) -> io::Result<()> {
        let block = headers_by(method, path, &[]);
        self.send(&Frame::new(
            HEADERS,
            END_HEADERS | END_STREAM,
            stream,
            &block,
        ))
    }

    /// Opens a call of gRPC, and sends the message of it.
    pub fn ask_grpc(&mut self, stream: u8, path: &str, message: &[u8]) {
        let block = headers_of(path, &[("content-type", "application/grpc")]);
        self.open(stream, &block);
        self.finish(stream, message);
    }

    /// Reads the headers and the data of the next answer, which fits into a client's initial window.
    pub fn read_answer(&mut self) -> (Frame, Vec<u8>) {
        let head = self.frame_of(&[HEADERS]).unwrap();
        let (mut flags, mut data) = (head.flags, Vec::new());
        while flags & END_STREAM == 0 {
            let frame = self.frame_of(&[DATA, HEADERS, RST_STREAM]).unwrap();
            assert_eq!(frame.stream, head.stream, "one call at a time");
            if frame.kind == DATA {
                data.extend(frame.payload);
            }
            flags = frame.flags;
        }
        (head, data)
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
                // Either side may close first.
                let _ = self.send(&Frame::new(PING, 1, 0, &frame.payload));
            }
        }
    }
}
