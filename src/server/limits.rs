use std::time::Duration;

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
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
