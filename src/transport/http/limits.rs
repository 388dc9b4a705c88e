use std::time::Duration;

use crate::api::WireLimits;

/// The limits on what clients may use of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many connections are open at a time; more wait in the system's queue.
    pub connections: u32,
    /// How many streams an HTTP/2 connection has at a time.
    pub streams: u32,
    /// The bytes of a request's headers. hyper accepts no less than 8 KiB for HTTP/1.1.
    pub header_bytes: u32,
    /// The time for a TLS handshake, and for the headers of a request from their first byte.
    pub headers: Duration,
    /// The time for a request's body.
    pub body: Duration,
    /// The time after which a connection without a call is closed.
    pub idle: Duration,
    /// The time from the end of a request to its response.
    pub response: Duration,
    /// How many calls all connections together may carry out at a time.
    pub calls: u32,
    /// The time for a client to read a response, until its last chunk is written to the connection.
    pub write: Duration,
    /// The time after which a connection is closed once its calls have ended.
    pub age: Duration,
    /// The bytes of request bodies that are held at a time. A connection may have a sixteenth, or
    /// one body.
    pub body_bytes: u32,
    /// The bytes of unread responses that are held at a time. A connection may have a sixteenth, or
    /// one response.
    pub response_bytes: u32,
    /// How many streams of gRPC's health and reflection are open at a time.
    pub watches: u32,
    /// The time that such a stream may last.
    pub watch: Duration,
}

impl Limits {
    pub const DEFAULT: Self = Self {
        connections: 1024,
        streams: 100,
        header_bytes: 32 * 1024,
        headers: Duration::from_secs(10),
        // In this time the largest body, by default, arrives at 26 kB/s.
        body: Duration::from_secs(10),
        idle: Duration::from_mins(1),
        // `template.yaml` gives the function as much.
        response: Duration::from_secs(25),
        // This is many times the number of hashes that a machine computes at a time; other calls
        // only wait for the database.
        calls: 256,
        // In this time the largest response, 4 MiB, is read at 140 kB/s.
        write: Duration::from_secs(30),
        // New connections let a load balancer distribute them again.
        age: Duration::from_hours(1),
        body_bytes: 64 * 1024 * 1024,
        response_bytes: 64 * 1024 * 1024,
        watches: 64,
        watch: Duration::from_mins(15),
    };

    /// How many bytes of requests one connection may hold.
    pub fn request_share(&self, wire: &WireLimits) -> usize {
        let request = self.header_bytes as usize + wire.body + MAX_OVERHEAD_BYTES;
        (self.body_bytes as usize / SHARES).max(request)
    }

    /// How many bytes of unread responses one connection may hold.
    pub fn response_share(&self) -> usize {
        let share = (self.response_bytes as usize / SHARES).max(MAX_RESPONSE_BYTES);
        share.min(self.response_bytes as usize)
    }
}

/// A connection's share is a sixteenth of the total, or one request or response if that is more.
const SHARES: usize = 16;
/// What a request costs beside the bytes of its headers and its body.
const MAX_OVERHEAD_BYTES: usize = 64 * 1024;
/// The largest response, which is that of a list in base64 with its trailers.
const MAX_RESPONSE_BYTES: usize = 6 * 1024 * 1024;
