use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes that may be held at a time, by all connections and by one of them.
#[derive(Clone, Debug)]
pub struct Budget {
    all: Arc<Account>,
    own: Arc<Account>,
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
    /// For all connections; none of them has a share of it yet.
    pub fn new(limit: usize) -> Self {
        Self {
            all: Account::new(limit),
            own: Account::new(0),
        }
    }

    /// That of one connection.
    pub fn share(&self, limit: usize) -> Self {
        Self {
            all: Arc::clone(&self.all),
            own: Account::new(limit),
        }
    }

    /// Nothing held, which can grow.
    pub fn nothing(&self) -> Held {
        Held {
            budget: self.clone(),
            bytes: 0,
        }
    }
}

/// Bytes that are held until this is dropped.
#[derive(Debug)]
pub struct Held {
    budget: Budget,
    bytes: usize,
}

impl Held {
    /// False: the connection has no such share left, or all of them together haven't; nothing
    /// more is held.
    pub fn grow(&mut self, bytes: usize) -> bool {
        let Budget { all, own } = &self.budget;
        if !own.take(bytes) {
            return false;
        }
        if !all.take(bytes) {
            own.give_back(bytes);
            return false;
        }
        self.bytes += bytes;
        true
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.budget.own.give_back(self.bytes);
        self.budget.all.give_back(self.bytes);
    }
}

#[test]
fn what_is_held_is_bounded_for_each_and_for_all() {
    let all = Budget::new(10);
    let (one, other) = (all.share(6), all.share(6));

    let mut first = one.nothing();
    assert!(first.grow(6));
    assert!(!first.grow(1), "its own share");
    let mut second = other.nothing();
    assert!(!second.grow(5), "what is left for all");
    assert!(second.grow(4));
    drop(first);
    assert!(second.grow(2));
    assert!(!second.grow(1));
    drop(second);
    let mut third = one.nothing();
    assert!(third.grow(6) && other.nothing().grow(4));
    assert!(!third.grow(usize::MAX));
}
