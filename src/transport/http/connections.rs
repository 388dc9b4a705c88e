//! The open connections: which of them has a place, and which has room for requests and answers.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until, timeout};

use super::guard::Guard;
use super::limits::Limits;
use super::unread::UnreadResponses;
use crate::config::WireLimits;
use crate::log::Losses;

/// How many connections may be open beyond the limit while they give way. Newcomers need not wait
/// for the ends of these.
const MAX_GIVING_WAY: usize = 64;

/// All open connections.
pub struct Connections {
    limit: usize,
    open: Mutex<Vec<Arc<Connection>>>,
    /// A permit for each byte of requests that may be held.
    requests: Arc<Semaphore>,
    request_share: usize,
    /// A permit for each byte of answers that may be unread.
    answers: Arc<Semaphore>,
    answer_share: usize,
    /// A connection or a call has ended.
    freed: Notify,
    pub losses: Losses,
}

/// A connection, for as long as it is open or anything is held for it.
pub struct Connection {
    all: Arc<Connections>,
    pub address: IpAddr,
    /// A permit for each byte of its share.
    requests: Arc<Semaphore>,
    pub unread: Arc<UnreadResponses>,
    state: Mutex<State>,
    /// The connection is to be closed for another one.
    pub give_way: Notify,
    /// The connection is to be closed at once.
    pub cut_off: Notify,
    ended: Notify,
}

struct State {
    gives_way: bool,
    requests: Activity,
    calls: Activity,
    /// From the oldest on, the requests whose work has not begun.
    unfinished: Vec<Arc<dyn GiveUp>>,
    /// The permits of its unread answers. `None`: it is cut off, and they are about to be freed.
    answers: Option<OwnedSemaphorePermit>,
}

#[derive(Clone, Copy)]
struct Activity {
    in_progress: usize,
    ended_at: Instant,
}

/// A request that can be given up as long as its work has not begun.
pub trait GiveUp: Send + Sync {
    /// Frees what the request holds, and has it answered with 429. `false`: there is nothing left.
    fn give_up(&self) -> bool;
}

/// The room for some bytes of a request, in the share of its connection and in that of all.
pub type Room = (OwnedSemaphorePermit, OwnedSemaphorePermit);

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn take(semaphore: &Arc<Semaphore>, bytes: usize) -> Option<OwnedSemaphorePermit> {
    let bytes = u32::try_from(bytes).ok()?;
    Arc::clone(semaphore).try_acquire_many_owned(bytes).ok()
}

impl Connections {
    pub fn new(limits: &Limits, wire: &WireLimits) -> Arc<Self> {
        let request_share = limits.request_share(wire);
        // There is always room for one request.
        let requests = request_share.max(limits.body_bytes as usize);
        Arc::new(Self {
            limit: limits.connections as usize,
            open: Mutex::default(),
            requests: Arc::new(Semaphore::new(requests)),
            request_share,
            answers: Arc::new(Semaphore::new(limits.response_bytes as usize)),
            answer_share: limits.response_share(),
            freed: Notify::new(),
            losses: Losses::default(),
        })
    }

    /// Gives a place to a new connection, until the guard is dropped. If all are taken, another
    /// connection gives way; if each of these has a call in progress, this waits.
    pub async fn open(self: &Arc<Self>, address: IpAddr) -> (Arc<Connection>, Guard) {
        while !self.has_place() {
            self.freed.notified().await;
        }
        let ended = Activity {
            in_progress: 0,
            ended_at: Instant::now(),
        };
        let connection = Arc::new(Connection {
            all: Arc::clone(self),
            address,
            requests: Arc::new(Semaphore::new(self.request_share)),
            unread: Arc::default(),
            state: Mutex::new(State {
                gives_way: false,
                requests: ended,
                calls: ended,
                unfinished: Vec::new(),
                answers: take(&self.answers, 0),
            }),
            give_way: Notify::new(),
            cut_off: Notify::new(),
            ended: Notify::new(),
        });
        lock(&self.open).push(Arc::clone(&connection));
        let closed = Arc::clone(&connection);
        let place = Guard::new(move || {
            lock(&closed.all.open).retain(|other| !Arc::ptr_eq(other, &closed));
            closed.all.freed.notify_one();
        });
        (connection, place)
    }

    fn has_place(&self) -> bool {
        let open = lock(&self.open);
        let giving_way = open.iter().filter(|one| lock(&one.state).gives_way).count();
        open.len() < self.limit + MAX_GIVING_WAY
            && (open.len() < self.limit + giving_way || self.close_one(&open))
    }

    /// Closes a connection because the system has no file descriptor left. Waits until one has
    /// ended, but not for long: other parts of the process may free a descriptor too.
    pub async fn free_descriptor(&self) {
        self.close_one(&lock(&self.open));
        let _ = timeout(Duration::from_millis(100), self.freed.notified()).await;
    }

    /// Has a connection give way: of those without a call in progress, and of the address that has
    /// most of these, the one that has been without for the longest.
    fn close_one(&self, open: &[Arc<Connection>]) -> bool {
        let mut counts = HashMap::<_, usize>::new();
        let mut idle = Vec::new();
        for one in open {
            let state = lock(&one.state);
            if !state.gives_way && state.calls.in_progress == 0 {
                *counts.entry(one.network()).or_default() += 1;
                idle.push((one, Reverse(state.calls.ended_at)));
            }
        }
        let idle = idle.into_iter();
        let choice = idle.max_by_key(|(one, ended_at)| (counts[&one.network()], *ended_at));
        let Some((one, _)) = choice else {
            return false;
        };
        lock(&one.state).gives_way = true;
        one.give_way.notify_one();
        self.losses.record(one.address);
        true
    }

    /// The connection that holds most of the requests, of those with an unfinished one.
    fn most_requests(&self) -> Option<Arc<Connection>> {
        let has_unfinished = |one: &&Arc<Connection>| !lock(&one.state).unfinished.is_empty();
        let open = lock(&self.open);
        let unfinished = open.iter().filter(has_unfinished);
        let most = unfinished.min_by_key(|one| one.requests.available_permits());
        most.cloned()
    }

    /// Closes the connection with most unread. `false`: nothing is unread.
    fn cut_off_most(&self) -> bool {
        let open = lock(&self.open);
        let most = open.iter().max_by_key(|one| one.unread_bytes());
        let Some(most) = most.filter(|one| one.unread_bytes() > 0) else {
            return false;
        };
        lock(&most.state).answers = None;
        most.cut_off.notify_one();
        self.losses.record(most.address);
        true
    }
}

impl Connection {
    /// The addresses that its client has: of IPv6, a network of 64 bits.
    fn network(&self) -> IpAddr {
        match self.address {
            IpAddr::V4(_) => self.address,
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        }
    }

    fn begin(self: &Arc<Self>, activity: fn(&mut State) -> &mut Activity) -> Guard {
        activity(&mut lock(&self.state)).in_progress += 1;
        let connection = Arc::clone(self);
        Guard::new(move || {
            let mut state = lock(&connection.state);
            let activity = activity(&mut state);
            activity.in_progress -= 1;
            activity.ended_at = Instant::now();
            connection.ended.notify_one();
            connection.all.freed.notify_one();
        })
    }

    /// Begins a request, which is in progress until its answer is written.
    pub fn begin_request(self: &Arc<Self>) -> Guard {
        self.begin(|state| &mut state.requests)
    }

    /// Begins a call. The connection gives way to no other while it is carried out.
    pub fn begin_call(self: &Arc<Self>) -> Guard {
        self.begin(|state| &mut state.calls)
    }

    /// Takes room for bytes of a request. As long as there is none, the connection that holds most
    /// loses its oldest unfinished request. `None`: there is no such request.
    pub fn take_request(&self, bytes: usize) -> Option<Room> {
        loop {
            let loser = match (take(&self.requests, bytes), take(&self.all.requests, bytes)) {
                (Some(share), Some(all)) => return Some((share, all)),
                (None, _) => self.lose_oldest(),
                (Some(_), None) => self.all.most_requests()?.lose_oldest(),
            };
            loser?;
        }
    }

    fn lose_oldest(&self) -> Option<()> {
        let mut state = lock(&self.state);
        let oldest = (!state.unfinished.is_empty()).then(|| state.unfinished.remove(0))?;
        // It is answered and logged without the lock.
        drop(state);
        if oldest.give_up() {
            self.all.losses.record(self.address);
        }
        Some(())
    }

    /// Adds a request, which can be given up until the guard is dropped.
    pub fn add_unfinished(self: &Arc<Self>, request: Arc<dyn GiveUp>) -> Guard {
        lock(&self.state).unfinished.push(Arc::clone(&request));
        let connection = Arc::clone(self);
        Guard::new(move || {
            let unfinished = &mut lock(&connection.state).unfinished;
            unfinished.retain(|other| !Arc::ptr_eq(other, &request));
        })
    }

    fn unread_bytes(&self) -> usize {
        let state = lock(&self.state);
        let answers = state.answers.as_ref();
        answers.map_or(0, OwnedSemaphorePermit::num_permits)
    }

    /// Whether an answer of so many bytes fits into the connection's share.
    pub fn has_share(&self, bytes: usize) -> bool {
        self.unread_bytes() + bytes <= self.all.answer_share
    }

    /// Takes room for bytes of an answer, which has to be read by a time. As long as there is no
    /// room, the connection with most unread is closed.
    pub fn take_answer(self: &Arc<Self>, bytes: usize, read_by: Instant) -> Guard {
        let permit = loop {
            let permit = take(&self.all.answers, bytes);
            if permit.is_some() || !self.all.cut_off_most() {
                break permit;
            }
        };
        if let (Some(answers), Some(permit)) = (&mut lock(&self.state).answers, permit) {
            answers.merge(permit);
        }
        let (connection, deadline) = (Arc::clone(self), self.unread.add(read_by));
        Guard::new(move || {
            drop(deadline);
            let mut state = lock(&connection.state);
            let answers = state.answers.as_mut();
            drop(answers.and_then(|answers| answers.split(bytes)));
        })
    }

    /// Waits until there was no request for so long.
    pub async fn is_idle_for(&self, time: Duration) {
        loop {
            let requests = lock(&self.state).requests;
            let since = match requests.in_progress {
                0 => requests.ended_at,
                // This looks again after the earliest possible end.
                _ => Instant::now(),
            };
            if since.elapsed() >= time {
                return;
            }
            sleep_until(since + time).await;
        }
    }

    /// Waits until no request is in progress, or no call.
    pub async fn has_ended(&self, calls_alone: bool) {
        let is_in_progress = || {
            let state = lock(&self.state);
            state.calls.in_progress > 0 || !calls_alone && state.requests.in_progress > 0
        };
        while is_in_progress() {
            self.ended.notified().await;
        }
    }
}

#[cfg(test)]
mod tests;
