use std::time::Duration;

use crate::config::WireLimits;

/// What a client may take of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// At once; more wait in the system's queue.
    pub connections: u32,
    /// Of one HTTP/2 connection at a time.
    pub streams: u32,
    /// Of a request's headers, in bytes. hyper takes no less than 8 KiB for HTTP/1.1.
    pub header_bytes: u32,
    /// For a TLS handshake, and for the headers of a request from their first byte.
    pub headers: Duration,
    /// For a request's body.
    pub body: Duration,
    /// Without a call, until a connection is closed.
    pub idle: Duration,
    /// From the end of a request until its answer.
    pub answer: Duration,
    /// Carried out at once, of all connections together.
    pub calls: u32,
    /// For a client to read an answer, until its last piece is written to the connection.
    pub write: Duration,
    /// Of a connection, until it is to end once its calls have.
    pub age: Duration,
    /// Of request bodies that are held at once, in bytes. A sixteenth of it, or one body, is what
    /// a connection may have.
    pub body_bytes: u32,
    /// The same of answers that are not yet read.
    pub answer_bytes: u32,
    /// Streams of gRPC's health and reflection at once.
    pub watches: u32,
    /// How long such a stream may last.
    pub watch: Duration,
}

impl Limits {
    pub const DEFAULT: Self = Self {
        connections: 1024,
        streams: 100,
        header_bytes: 32 * 1024,
        headers: Duration::from_secs(10),
        // The largest body, by default, arrives in it at 26 kB/s.
        body: Duration::from_secs(10),
        idle: Duration::from_mins(1),
        // What `template.yaml` gives the function.
        answer: Duration::from_secs(25),
        // Many times what a machine computes hashes for; others wait for the database alone.
        calls: 256,
        // The largest answer, 4 MiB, is read in it at 140 kB/s.
        write: Duration::from_secs(30),
        // So that a balancer spreads its connections anew.
        age: Duration::from_hours(1),
        body_bytes: 64 * 1024 * 1024,
        answer_bytes: 64 * 1024 * 1024,
        watches: 64,
        watch: Duration::from_mins(15),
    };

    /// The share of one connection in bytes: a sixteenth, and room for one request at least.
    pub fn body_share(&self, wire: &WireLimits) -> usize {
        let request = self.header_bytes as usize + wire.body + 1;
        (self.body_bytes as usize / SHARES).max(request)
    }

    /// The share of one connection in bytes: a sixteenth, and room for one answer at least.
    pub fn answer_share(&self) -> usize {
        (self.answer_bytes as usize / SHARES).max(MAX_ANSWER_BYTES)
    }
}

/// A single connection has a small part of what there is for all.
const SHARES: usize = 16;
/// A list's, in base64 and with its trailers.
const MAX_ANSWER_BYTES: usize = 6 * 1024 * 1024;

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
