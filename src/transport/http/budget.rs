use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A limit on the bytes that may be held at a time, by all connections together and by one.
#[derive(Clone, Debug)]
pub struct Budget {
    all: Arc<Account>,
    connection: Arc<Account>,
}

#[derive(Debug)]
struct Account {
    used: AtomicUsize,
    limit: usize,
}

impl Account {
    fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self {
            used: AtomicUsize::new(0),
            limit,
        })
    }

    fn take(&self, bytes: usize) -> bool {
        let more = |used: usize| used.checked_add(bytes).filter(|sum| *sum <= self.limit);
        let taken = self
            .used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        taken.is_ok()
    }

    fn give_back(&self, bytes: usize) {
        self.used.fetch_sub(bytes, Ordering::Relaxed);
    }
}

impl Budget {
    /// A budget for all connections, of which none has a share.
    pub fn new(limit: usize) -> Self {
        Self {
            all: Account::new(limit),
            connection: Account::new(0),
        }
    }

    /// The budget of one connection, which has at most `limit` bytes of this one.
    pub fn share(&self, limit: usize) -> Self {
        Self {
            all: Arc::clone(&self.all),
            connection: Account::new(limit),
        }
    }

    /// An empty reservation, which can grow.
    pub fn reserve_nothing(&self) -> Reservation {
        Reservation {
            budget: self.clone(),
            bytes: 0,
        }
    }
}

/// A number of bytes that are reserved until this is dropped.
#[derive(Debug)]
pub struct Reservation {
    budget: Budget,
    bytes: usize,
}

impl Reservation {
    /// Reserves more bytes. `false`: the share of the connection or of all of them has no room, and
    /// the reservation is unchanged.
    pub fn grow(&mut self, bytes: usize) -> bool {
        let Budget { all, connection } = &self.budget;
        if !connection.take(bytes) {
            return false;
        }
        if !all.take(bytes) {
            connection.give_back(bytes);
            return false;
        }
        self.bytes += bytes;
        true
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.budget.connection.give_back(self.bytes);
        self.budget.all.give_back(self.bytes);
    }
}

#[test]
fn a_connection_and_all_together_hold_no_more_than_their_limits() {
    let all = Budget::new(10);
    let (one, other) = (all.share(6), all.share(6));

    let mut first = one.reserve_nothing();
    assert!(first.grow(6));
    assert!(!first.grow(1), "its own share");
    let mut second = other.reserve_nothing();
    assert!(!second.grow(5), "what is left for all");
    assert!(second.grow(4));
    drop(first);
    assert!(second.grow(2));
    assert!(!second.grow(1));
    drop(second);
    let mut third = one.reserve_nothing();
    assert!(third.grow(6) && other.reserve_nothing().grow(4));
    assert!(!third.grow(usize::MAX));
}
