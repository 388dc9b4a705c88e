use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use super::frames::{HeaderProgress, HttpVersion};
use super::limits::Limits;

/// The state of one connection on which its time limits depend.
#[derive(Debug)]
pub struct ConnectionState(Mutex<State>);

#[derive(Debug)]
struct State {
    version: HttpVersion,
    /// Since when headers, or any other frame but one of a body, are incomplete.
    headers_pending_since: Option<Instant>,
    /// Since when the client accepts nothing of what is written.
    write_blocked_since: Option<Instant>,
    /// The number of calls in progress.
    calls: usize,
    /// The end of the last call. It has no meaning while a call is in progress.
    idle_since: Instant,
}

/// Whether a connection keeps to its time limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionStatus {
    /// It does. No limit can be reached before this time.
    Active(Instant),
    /// It has had no call for the limit of idle connections.
    Idle,
    /// Its headers take too long, or the client accepts nothing of what is written.
    TimedOut,
}

impl ConnectionState {
    /// The state of a new connection, whose first headers are pending.
    pub fn new(now: Instant) -> Self {
        Self(Mutex::new(State {
            version: HttpVersion::new(),
            headers_pending_since: Some(now),
            write_blocked_since: None,
            calls: 0,
            idle_since: now,
        }))
    }

    /// Takes note of bytes that were read.
    pub fn record_read(&self, bytes: &[u8], now: Instant) {
        let mut state = self.state();
        // During a call over HTTP/1.1, the bytes are those of its body.
        if matches!(state.version, HttpVersion::Http1) && state.calls > 0 {
            return;
        }
        let HeaderProgress { completed, pending } = state.version.read(bytes);
        // If nothing is pending, the last bytes are those of a body.
        if completed || !pending {
            state.headers_pending_since = None;
        }
        if pending {
            state.headers_pending_since.get_or_insert(now);
        }
    }

    /// Takes note of a write, and of whether the client accepts it.
    pub fn record_write(&self, is_accepted: bool, now: Instant) {
        let mut state = self.state();
        if is_accepted {
            state.write_blocked_since = None;
        } else {
            state.write_blocked_since.get_or_insert(now);
        }
    }

    /// Begins a call, which ends when the guard is dropped.
    pub fn begin_call(self: &Arc<Self>) -> CallGuard {
        let mut state = self.state();
        state.calls += 1;
        if matches!(state.version, HttpVersion::Http1) {
            state.headers_pending_since = None;
        }
        CallGuard(Arc::clone(self))
    }

    /// Whether the connection keeps to `limits` at `now`.
    pub fn status(&self, limits: &Limits, now: Instant) -> ConnectionStatus {
        let state = self.state();
        let headers_by = state.headers_pending_since.unwrap_or(now) + limits.headers;
        let written_by = state.write_blocked_since.unwrap_or(now) + limits.write;
        let times_out_at = headers_by.min(written_by);
        if times_out_at <= now {
            return ConnectionStatus::TimedOut;
        }
        let idle_since = if state.calls == 0 {
            state.idle_since
        } else {
            now
        };
        let idles_at = idle_since + limits.idle;
        if idles_at <= now {
            return ConnectionStatus::Idle;
        }
        ConnectionStatus::Active(times_out_at.min(idles_at))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call in progress, which ends when this is dropped.
#[derive(Debug)]
pub struct CallGuard(Arc<ConnectionState>);

impl Drop for CallGuard {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.calls -= 1;
        state.idle_since = Instant::now();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const LIMITS: Limits = Limits {
        headers: Duration::from_secs(10),
        idle: Duration::from_mins(1),
        ..Limits::DEFAULT
    };
    const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    const OPEN_HEADERS: &[u8] = &[0, 0, 1, 1, 0, 0, 0, 0, 1, b'a'];
    const LAST_HEADERS: &[u8] = &[0, 0, 1, 9, 4, 0, 0, 0, 1, b'a'];
    const PING: &[u8] = &[0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8];

    /// The status a number of seconds after `start`.
    fn at(connection: &ConnectionState, start: Instant, seconds: u64) -> ConnectionStatus {
        connection.status(&LIMITS, start + Duration::from_secs(seconds))
    }

    #[tokio::test(start_paused = true)]
    async fn each_time_limit_is_kept_to_the_second() {
        let start = Instant::now();
        let fine = |seconds| ConnectionStatus::Active(start + Duration::from_secs(seconds));
        for (name, bytes, before, after) in [
            (
                "silent",
                &[][..],
                (9, fine(10)),
                (10, ConnectionStatus::TimedOut),
            ),
            (
                "half a head",
                b"GET /",
                (9, fine(10)),
                (10, ConnectionStatus::TimedOut),
            ),
            (
                "half a preface",
                b"PRI *",
                (9, fine(10)),
                (10, ConnectionStatus::TimedOut),
            ),
            (
                "HTTP/2",
                PREFACE,
                (59, fine(60)),
                (60, ConnectionStatus::Idle),
            ),
            (
                "HTTP/2 and half a head",
                &[PREFACE, OPEN_HEADERS].concat(),
                (9, fine(10)),
                (10, ConnectionStatus::TimedOut),
            ),
        ] {
            let connection = ConnectionState::new(start);
            connection.record_read(bytes, start);

            assert_eq!(at(&connection, start, before.0), before.1, "{name}");
            assert_eq!(at(&connection, start, after.0), after.1, "{name}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_with_a_call_is_not_idle() {
        for bytes in [&b"GET / HTTP/1.1\r\n\r\n"[..], PREFACE] {
            let start = Instant::now();
            let connection = Arc::new(ConnectionState::new(start));
            connection.record_read(bytes, start);
            let one = connection.begin_call();
            let other = connection.begin_call();
            tokio::time::advance(LIMITS.idle * 2).await;

            drop(one);
            assert!(matches!(
                at(&connection, start, 120),
                ConnectionStatus::Active(_)
            ));
            drop(other);

            assert!(matches!(
                at(&connection, start, 179),
                ConnectionStatus::Active(_)
            ));
            assert_eq!(at(&connection, start, 180), ConnectionStatus::Idle);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_time_for_headers_starts_at_their_first_byte() {
        let start = Instant::now();
        let second = |seconds| start + Duration::from_secs(seconds);

        let http_1 = Arc::new(ConnectionState::new(start));
        http_1.record_read(b"GET / HTTP/1.1\r\n\r\n", start);
        let call = http_1.begin_call();
        http_1.record_read(b"a body", second(2));
        drop(call);
        assert!(matches!(
            at(&http_1, start, 30),
            ConnectionStatus::Active(_)
        ));
        http_1.record_read(b"G", second(30));
        http_1.record_read(b"E", second(39));
        assert!(matches!(
            at(&http_1, start, 39),
            ConnectionStatus::Active(_)
        ));
        assert_eq!(at(&http_1, start, 40), ConnectionStatus::TimedOut);

        let http_2 = ConnectionState::new(start);
        http_2.record_read(PREFACE, start);
        http_2.record_read(OPEN_HEADERS, second(30));
        assert_eq!(at(&http_2, start, 40), ConnectionStatus::TimedOut);
        http_2.record_read(LAST_HEADERS, second(31));
        assert!(matches!(
            at(&http_2, start, 41),
            ConnectionStatus::Active(_)
        ));
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_accepts_nothing_that_is_written_times_out() {
        let start = Instant::now();
        let second = |seconds| start + Duration::from_secs(seconds);
        let connection = Arc::new(ConnectionState::new(start));
        connection.record_read(PREFACE, start);
        let _call = connection.begin_call();
        connection.record_write(false, second(10));
        connection.record_write(true, second(20));
        connection.record_write(false, second(30));
        connection.record_write(false, second(50));

        assert_eq!(
            at(&connection, start, 59),
            ConnectionStatus::Active(second(60))
        );
        assert_eq!(at(&connection, start, 60), ConnectionStatus::TimedOut);
        connection.record_write(true, second(60));
        assert!(matches!(
            at(&connection, start, 60),
            ConnectionStatus::Active(_)
        ));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_whose_frame_head_comes_in_two_parts_has_no_time_limit_of_headers() {
        let start = Instant::now();
        let connection = Arc::new(ConnectionState::new(start));
        connection.record_read(PREFACE, start);
        connection.record_read(LAST_HEADERS, start);
        let _call = connection.begin_call();
        // The head of a DATA frame of 100 bytes, and two of these.
        let frame = [0, 0, 100, 0, 0, 0, 0, 0, 1, b'x', b'x'];
        connection.record_read(&frame[..4], start);
        connection.record_read(&frame[4..], start + Duration::from_secs(1));

        assert!(matches!(
            at(&connection, start, 20),
            ConnectionStatus::Active(_)
        ));
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_with_only_pings_is_idle() {
        let start = Instant::now();
        let connection = ConnectionState::new(start);
        connection.record_read(PREFACE, start);
        for seconds in 1..60 {
            connection.record_read(PING, start + Duration::from_secs(seconds));
        }

        assert!(matches!(
            at(&connection, start, 59),
            ConnectionStatus::Active(_)
        ));
        assert_eq!(at(&connection, start, 60), ConnectionStatus::Idle);
    }
}
