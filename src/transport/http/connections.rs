//! The open connections: which of them has a place, and which has room for requests and answers.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::guard::Guard;
use super::limits::Limits;
use crate::api::WireLimits;
use crate::domain::AddressGroup;
use crate::lock::lock;
use crate::log::Losses;

/// How many connections may be open beyond the limit while they give way. Newcomers need not wait
/// for the ends of these.
const MAX_GIVING_WAY: usize = 64;

/// How long a client may take to react when its connection gives way to another one.
pub const GIVE_WAY_TIME: Duration = Duration::from_millis(100);

/// How long it may then take to read the answers to its calls.
const LAST_READ_TIME: Duration = Duration::from_secs(1);

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
    state: watch::Sender<State>,
}

struct State {
    /// The connection is to be closed for another one.
    gives_way: bool,
    /// How many requests are in progress, and how many calls.
    requests: usize,
    calls: usize,
    /// Since when the connection has had no call, unless it has one.
    idle_since: Instant,
    /// From the oldest on, what gives up the requests whose work has not begun.
    unfinished: VecDeque<Arc<GiveUp>>,
    /// The permits of its unread answers, by the times until which these have to be read.
    unread: BTreeMap<Instant, Option<OwnedSemaphorePermit>>,
}

/// Gives up a request whose work has not begun: frees what it holds, and has it answered with 429.
/// `false`: there is nothing left.
pub type GiveUp = dyn Fn() -> bool + Send + Sync;

/// The room for some bytes of a request, in the share of its connection and in that of all.
pub type Room = (OwnedSemaphorePermit, OwnedSemaphorePermit);

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
        let connection = Arc::new(Connection {
            all: Arc::clone(self),
            address,
            requests: Arc::new(Semaphore::new(self.request_share)),
            state: watch::Sender::new(State {
                gives_way: false,
                requests: 0,
                calls: 0,
                idle_since: Instant::now(),
                unfinished: VecDeque::new(),
                unread: BTreeMap::new(),
            }),
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
        let giving_way = open
            .iter()
            .filter(|one| one.state.borrow().gives_way)
            .count();
        open.len() < self.limit + MAX_GIVING_WAY
            && (open.len() < self.limit + giving_way || self.close_one(&open))
    }

    /// Closes a connection because the system has no file descriptor left. Waits until one has
    /// ended, but not for long: other parts of the process may free a descriptor too. While one gives
    /// way, no other does.
    pub async fn free_descriptor(&self) {
        {
            let open = lock(&self.open);
            if !open.iter().any(|one| one.state.borrow().gives_way) {
                self.close_one(&open);
            }
        }
        let _ = timeout(Duration::from_millis(100), self.freed.notified()).await;
    }

    /// Has a connection give way: of those without a call in progress, and of the address that has
    /// most of these, the one that has been without for the longest.
    fn close_one(&self, open: &[Arc<Connection>]) -> bool {
        let mut counts = HashMap::<_, usize>::new();
        let mut idle = Vec::new();
        for one in open {
            let state = one.state.borrow();
            if !state.gives_way && state.calls == 0 {
                *counts.entry(AddressGroup::of(one.address)).or_default() += 1;
                idle.push((one, Reverse(state.idle_since)));
            }
        }
        let idle = idle.into_iter();
        let choice =
            idle.max_by_key(|(one, since)| (counts[&AddressGroup::of(one.address)], *since));
        let Some((one, _)) = choice else {
            return false;
        };
        one.state.send_modify(|state| state.gives_way = true);
        self.losses.record(one.address);
        true
    }

    /// The connection that holds most of the requests, so that the least is left of its share: of
    /// those that have an unfinished one, and less left than so much.
    fn most_requests(&self, limit: usize) -> Option<Arc<Connection>> {
        let left = |one: &Arc<Connection>| one.requests.available_permits();
        let holds_more =
            |one: &&Arc<Connection>| left(one) < limit && !one.state.borrow().unfinished.is_empty();
        let open = lock(&self.open);
        let most = open.iter().filter(holds_more).min_by_key(|one| left(one));
        most.cloned()
    }

    /// Closes the connection with most unread. `false`: nothing is unread.
    fn cut_off_most(&self) -> bool {
        let open = lock(&self.open);
        let most = open.iter().max_by_key(|one| one.unread_bytes());
        let Some(most) = most.filter(|one| one.unread_bytes() > 0) else {
            return false;
        };
        // Nothing is held for it from here on, and an answer is overdue.
        let overdue = BTreeMap::from([(Instant::now(), None)]);
        most.state.send_modify(|state| state.unread = overdue);
        self.losses.record(most.address);
        true
    }
}

impl Connection {
    /// Changes the state in a way for which nobody waits: to wake the connection's task for each
    /// request would cost more than all else here.
    fn change(&self, change: impl FnOnce(&mut State)) {
        self.state.send_if_modified(|state| {
            change(state);
            false
        });
    }

    /// Changes the state when the guard is dropped. Who waits for the state looks again if `change`
    /// returns true.
    fn finally(
        self: &Arc<Self>,
        mut change: impl FnMut(&mut State) -> bool + Send + Sync + 'static,
    ) -> Guard {
        let connection = Arc::clone(self);
        Guard::new(move || _ = connection.state.send_if_modified(&mut change))
    }

    /// Begins a request, which is in progress until its answer is written.
    pub fn begin_request(self: &Arc<Self>) -> Guard {
        self.change(|state| state.requests += 1);
        self.finally(|state| {
            state.requests -= 1;
            state.requests == 0
        })
    }

    /// Begins a call. The connection gives way to no other until its answer is about to be written.
    pub fn begin_call(self: &Arc<Self>) -> Guard {
        self.change(|state| state.calls += 1);
        let all = Arc::clone(&self.all);
        self.finally(move |state| {
            state.calls -= 1;
            state.idle_since = Instant::now();
            all.freed.notify_one();
            // Only what gives way waits for it.
            state.gives_way && state.calls == 0
        })
    }

    /// Takes room for bytes of a request. As long as there is none, the connection that holds most
    /// loses its oldest unfinished request. Nobody loses one to whoever holds as much, so that may
    /// be this connection. `None`: it has no such request.
    pub fn take_request(self: &Arc<Self>, bytes: usize) -> Option<Room> {
        loop {
            let left = self.requests.available_permits();
            let loser = match (take(&self.requests, bytes), take(&self.all.requests, bytes)) {
                (Some(share), Some(all)) => return Some((share, all)),
                (None, _) => None,
                (Some(_), None) => self.all.most_requests(left),
            };
            loser.as_ref().unwrap_or(self).lose_oldest()?;
        }
    }

    fn lose_oldest(&self) -> Option<()> {
        let mut oldest = None;
        self.change(|state| oldest = state.unfinished.pop_front());
        // It is answered and logged without the lock.
        if oldest?() {
            self.record_loss();
        }
        Some(())
    }

    /// Has the log say that a client has lost something.
    pub fn record_loss(&self) {
        self.all.losses.record(self.address);
    }

    /// Adds a request, which can be given up until the guard is dropped.
    pub fn add_unfinished(self: &Arc<Self>, request: Arc<GiveUp>) -> Guard {
        let added = Arc::clone(&request);
        self.change(|state| state.unfinished.push_back(added));
        self.finally(move |State { unfinished, .. }| {
            unfinished.retain(|other| !Arc::ptr_eq(other, &request));
            false
        })
    }

    fn unread_bytes(&self) -> usize {
        let state = self.state.borrow();
        let permits = state.unread.values().flatten();
        permits.map(OwnedSemaphorePermit::num_permits).sum()
    }

    /// Whether an answer of so many bytes fits into the connection's share.
    pub fn has_share(&self, bytes: usize) -> bool {
        self.unread_bytes() + bytes <= self.all.answer_share
    }

    /// Takes room for bytes of an answer, which has to be read by a time. As long as there is no
    /// room, the connection with most unread is closed.
    pub fn take_answer(self: &Arc<Self>, bytes: usize, mut read_by: Instant) -> Guard {
        let permit = loop {
            let permit = take(&self.all.answers, bytes);
            if permit.is_some() || !self.all.cut_off_most() {
                break permit;
            }
        };
        self.state.send_if_modified(|state| {
            // No two have the same time.
            while state.unread.contains_key(&read_by) {
                read_by += Duration::from_nanos(1);
            }
            state.unread.insert(read_by, permit);
            state.unread.keys().next() == Some(&read_by)
        });
        self.finally(move |state| {
            state.unread.remove(&read_by);
            state.gives_way && state.unread.is_empty()
        })
    }

    /// Waits until an answer is not read in time.
    pub async fn is_overdue(&self) {
        let mut state = self.state.subscribe();
        loop {
            let first = state.borrow_and_update().unread.keys().next().copied();
            match first {
                Some(at) if at <= Instant::now() => return,
                Some(at) => _ = timeout_at(at, state.changed()).await,
                None => _ = state.changed().await,
            }
        }
    }

    /// Waits until there was no request for so long: the end of the last one starts the time anew.
    pub async fn is_idle_for(&self, time: Duration) {
        let mut state = self.state.subscribe();
        while timeout(time, state.changed()).await.is_ok() || state.borrow().requests > 0 {}
    }

    async fn wait_for(&self, condition: impl FnMut(&State) -> bool) {
        // There is a state for as long as there is the connection.
        let _ = self.state.subscribe().wait_for(condition).await;
    }

    pub async fn gives_way(&self) {
        self.wait_for(|state| state.gives_way).await;
    }

    pub async fn has_no_request(&self) {
        self.wait_for(|state| state.requests == 0).await;
    }

    /// Waits until the connection gives way to another one and may be closed for it: its calls have
    /// ended, and its client has read their answers or had time to.
    pub async fn has_given_way(&self) {
        self.gives_way().await;
        sleep(GIVE_WAY_TIME).await;
        self.wait_for(|state| state.calls == 0).await;
        let all_read = self.wait_for(|state| state.unread.is_empty());
        let _ = timeout(LAST_READ_TIME, all_read).await;
    }
}

#[cfg(test)]
mod tests;
