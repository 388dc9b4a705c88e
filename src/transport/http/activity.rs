use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use super::frames::{Seen, Spoken};
use super::limits::Limits;

/// What one connection is doing, for the limits of time.
#[derive(Debug)]
pub struct Activity(Mutex<State>);

#[derive(Debug)]
struct State {
    spoken: Spoken,
    /// Since when headers, or a frame that bears none, are on their way.
    open_since: Option<Instant>,
    /// Since when the client has taken nothing of what there is to write.
    blocked_since: Option<Instant>,
    /// Under way.
    calls: usize,
    /// The end of the last call, if none is under way.
    quiet_since: Instant,
}

/// What is to be done with a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Judge again at this time: nothing can be due before.
    Fine(Instant),
    /// Nobody calls.
    Idle,
    /// Headers take too long, or the client takes nothing that is written.
    Late,
}

impl Activity {
    /// Of a connection that begins: it owes its first headers.
    pub fn new(now: Instant) -> Self {
        Self(Mutex::new(State {
            spoken: Spoken::new(),
            open_since: Some(now),
            blocked_since: None,
            calls: 0,
            quiet_since: now,
        }))
    }

    pub fn read(&self, bytes: &[u8], now: Instant) {
        let mut state = self.state();
        // While a call of HTTP/1.1 is under way, this is its body.
        if matches!(state.spoken, Spoken::Http1) && state.calls > 0 {
            return;
        }
        let Seen { end, open } = state.spoken.read(bytes);
        // What is not open is the content of a body.
        if end || !open {
            state.open_since = None;
        }
        if open {
            state.open_since.get_or_insert(now);
        }
    }

    /// Whether the client takes what is written to it.
    pub fn written(&self, is_taken: bool, now: Instant) {
        let mut state = self.state();
        if is_taken {
            state.blocked_since = None;
        } else {
            state.blocked_since.get_or_insert(now);
        }
    }

    /// A call is under way for as long as what this returns lives.
    pub fn call(self: &Arc<Self>) -> Call {
        let mut state = self.state();
        state.calls += 1;
        if matches!(state.spoken, Spoken::Http1) {
            state.open_since = None;
        }
        Call(Arc::clone(self))
    }

    pub fn judge(&self, limits: &Limits, now: Instant) -> Verdict {
        let state = self.state();
        let headers_by = state.open_since.unwrap_or(now) + limits.headers;
        let written_by = state.blocked_since.unwrap_or(now) + limits.write;
        let late_at = headers_by.min(written_by);
        if late_at <= now {
            return Verdict::Late;
        }
        let quiet_since = if state.calls == 0 {
            state.quiet_since
        } else {
            now
        };
        let idle_at = quiet_since + limits.idle;
        if idle_at <= now {
            return Verdict::Idle;
        }
        Verdict::Fine(late_at.min(idle_at))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call under way.
#[derive(Debug)]
pub struct Call(Arc<Activity>);

impl Drop for Call {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.calls -= 1;
        state.quiet_since = Instant::now();
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

    /// The verdict a number of seconds after `start`.
    fn at(activity: &Activity, start: Instant, seconds: u64) -> Verdict {
        activity.judge(&LIMITS, start + Duration::from_secs(seconds))
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_due_is_told_to_the_second() {
        let start = Instant::now();
        let fine = |seconds| Verdict::Fine(start + Duration::from_secs(seconds));
        for (name, bytes, before, after) in [
            ("silent", &[][..], (9, fine(10)), (10, Verdict::Late)),
            ("half a head", b"GET /", (9, fine(10)), (10, Verdict::Late)),
            (
                "half a preface",
                b"PRI *",
                (9, fine(10)),
                (10, Verdict::Late),
            ),
            ("HTTP/2", PREFACE, (59, fine(60)), (60, Verdict::Idle)),
            (
                "HTTP/2 and half a head",
                &[PREFACE, OPEN_HEADERS].concat(),
                (9, fine(10)),
                (10, Verdict::Late),
            ),
        ] {
            let activity = Activity::new(start);
            activity.read(bytes, start);

            assert_eq!(at(&activity, start, before.0), before.1, "{name}");
            assert_eq!(at(&activity, start, after.0), after.1, "{name}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_with_a_call_is_not_idle() {
        for bytes in [&b"GET / HTTP/1.1\r\n\r\n"[..], PREFACE] {
            let start = Instant::now();
            let activity = Arc::new(Activity::new(start));
            activity.read(bytes, start);
            let one = activity.call();
            let other = activity.call();
            tokio::time::advance(LIMITS.idle * 2).await;

            drop(one);
            assert!(matches!(at(&activity, start, 120), Verdict::Fine(_)));
            drop(other);

            assert!(matches!(at(&activity, start, 179), Verdict::Fine(_)));
            assert_eq!(at(&activity, start, 180), Verdict::Idle);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn headers_have_their_time_from_their_first_byte() {
        let start = Instant::now();
        let second = |seconds| start + Duration::from_secs(seconds);

        let http_1 = Arc::new(Activity::new(start));
        http_1.read(b"GET / HTTP/1.1\r\n\r\n", start);
        let call = http_1.call();
        http_1.read(b"a body", second(2));
        drop(call);
        assert!(matches!(at(&http_1, start, 30), Verdict::Fine(_)));
        http_1.read(b"G", second(30));
        http_1.read(b"E", second(39));
        assert!(matches!(at(&http_1, start, 39), Verdict::Fine(_)));
        assert_eq!(at(&http_1, start, 40), Verdict::Late);

        let http_2 = Activity::new(start);
        http_2.read(PREFACE, start);
        http_2.read(OPEN_HEADERS, second(30));
        assert_eq!(at(&http_2, start, 40), Verdict::Late);
        http_2.read(LAST_HEADERS, second(31));
        assert!(matches!(at(&http_2, start, 41), Verdict::Fine(_)));
    }

    #[tokio::test(start_paused = true)]
    async fn who_takes_nothing_that_is_written_is_late() {
        let start = Instant::now();
        let second = |seconds| start + Duration::from_secs(seconds);
        let activity = Arc::new(Activity::new(start));
        activity.read(PREFACE, start);
        let _call = activity.call();
        activity.written(false, second(10));
        activity.written(true, second(20));
        activity.written(false, second(30));
        activity.written(false, second(50));

        assert_eq!(at(&activity, start, 59), Verdict::Fine(second(60)));
        assert_eq!(at(&activity, start, 60), Verdict::Late);
        activity.written(true, second(60));
        assert!(matches!(at(&activity, start, 60), Verdict::Fine(_)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_whose_frame_came_in_two_parts_is_no_header() {
        let start = Instant::now();
        let activity = Arc::new(Activity::new(start));
        activity.read(PREFACE, start);
        activity.read(LAST_HEADERS, start);
        let _call = activity.call();
        // The head of a DATA frame of 100 bytes, and some of them.
        let frame = [0, 0, 100, 0, 0, 0, 0, 0, 1, b'x', b'x'];
        activity.read(&frame[..4], start);
        activity.read(&frame[4..], start + Duration::from_secs(1));

        assert!(matches!(at(&activity, start, 20), Verdict::Fine(_)));
    }

    #[tokio::test(start_paused = true)]
    async fn pings_are_no_calls() {
        let start = Instant::now();
        let activity = Activity::new(start);
        activity.read(PREFACE, start);
        for seconds in 1..60 {
            activity.read(PING, start + Duration::from_secs(seconds));
        }

        assert!(matches!(at(&activity, start, 59), Verdict::Fine(_)));
        assert_eq!(at(&activity, start, 60), Verdict::Idle);
    }
}
