use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use argon2::Block;
use sesame_argon2::Kernel;
use tokio::sync::Notify;
use tokio::task;

use super::blocks::{self, Workspace};
use super::hash::PasswordHash;
use super::params::Params;
use super::queue::{Queue, Step};
use super::scheme::{self, Scheme};
use crate::domain::{FoldedName, Password, hide_in_debug};
use crate::error::Cause;
use crate::lock::lock;

/// The result of checking a password against a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verification {
    pub matched: bool,
    /// Whether the hash, if it matched, is to be replaced by one that [`Turn::hash`] makes: it isn't
    /// current, or it is not that of the NFC form. It is kept if the check may not have read all of
    /// the password. If the bytes that a check ignores were mistyped, a hash of them too would lock
    /// out the right password.
    pub is_outdated: bool,
    /// How many hashes were computed: one of each form of the password that was tried.
    pub hashes: u32,
    /// How long these took, without the wait for a turn.
    pub took: Duration,
}

/// Why a hash can't be computed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// As many checks as may run at a time do, and the queue is full. A retry may succeed.
    #[error("too many password checks at once")]
    Overloaded,
    #[error("the password hash could not be computed")]
    Internal(#[source] Cause),
}

/// Computes password hashes, a limited number at a time, in memory that it keeps.
///
/// The pool has a set of blocks for each hash that may be computed at a time. Further calls wait in
/// the order in which they came, up to the length of the queue; the first of them, one for each
/// hash, may prepare theirs. A call may be dropped at any time: while it waits, that frees its place
/// in the queue; once its hash is being computed, the computation goes on, and keeps place and
/// blocks until it is done.
///
/// All clones are the same pool.
#[derive(Clone)]
pub struct PasswordPool(Arc<Inner>);

struct Inner {
    params: Params,
    kernel: Kernel,
    /// The calls that hash and those that wait.
    queue: Mutex<Queue>,
    /// The sets of blocks that no hash uses.
    idle: Mutex<Vec<Vec<Block>>>,
}

impl PasswordPool {
    /// Allocates and writes the blocks, `checks_at_once` times the memory of `params`. This takes
    /// tens of milliseconds, so it belongs to the start of the process.
    pub fn new(params: Params, kernel: Kernel, checks_at_once: NonZeroUsize, queue: usize) -> Self {
        let checks = checks_at_once.get();
        let places = checks.saturating_add(queue);
        let [memory_kib, ..] = params.costs();
        let idle = (0..checks).map(|_| blocks::allocate(memory_kib as usize));
        Self(Arc::new(Inner {
            params,
            kernel,
            queue: Mutex::new(Queue::new(checks, places)),
            idle: Mutex::new(idle.collect::<Result<_, _>>().expect("memory for the pool")),
        }))
    }

    /// Joins the queue of the calls that compute hashes.
    ///
    /// # Errors
    ///
    /// - [`Error::Overloaded`]: the queue is full.
    pub fn join(&self) -> Result<Place, Error> {
        let (ticket, woken) = lock(&self.0.queue).join().ok_or(Error::Overloaded)?;
        Ok(Place {
            pool: Arc::clone(&self.0),
            ticket,
            woken,
        })
    }

    /// Waits for a turn to compute hashes, in the order of the calls.
    ///
    /// # Errors
    ///
    /// - [`Error::Overloaded`]: the queue is full.
    pub async fn turn(&self) -> Result<Turn, Error> {
        Ok(self.join()?.turn().await)
    }

    /// Checks whether `hash` is the hash of `password`, in a turn of its own.
    ///
    /// # Errors
    ///
    /// - [`Error::Overloaded`]: the queue is full; nothing was computed.
    /// - [`Error::Internal`]: there is no memory for a hash larger than the pool's, or a panic.
    pub async fn verify(
        &self,
        password: Password,
        hash: PasswordHash,
    ) -> Result<Verification, Error> {
        let (verification, _) = self.turn().await?.verify(password, hash).await?;
        Ok(verification)
    }

    /// Makes a hash of `password` to store, in a turn of its own.
    pub async fn hash(&self, password: Password) -> Result<PasswordHash, Error> {
        let (hash, _) = self.turn().await?.hash(password).await?;
        Ok(hash)
    }

    /// Whether `hash` is as [`Self::hash`] makes them: argon2id in version 19 with the pool's
    /// params, a salt of 16 bytes or more and an output of 32.
    pub fn is_current(&self, hash: &PasswordHash) -> bool {
        hash.scheme.made_with == Some(self.0.params)
    }
}

/// A place in the queue, which is left on drop.
pub struct Place {
    pool: Arc<Inner>,
    ticket: u64,
    woken: Arc<Notify>,
}

impl Place {
    /// Waits until the call may find its user: as many calls may as twice the number of hashes at
    /// once, those whose hashes are computed included.
    pub async fn may_find_user(&self) {
        self.wait(Step::FindUser).await;
    }

    /// Waits until the call may count an attempt at the password of `name`: then no more attempts at
    /// it are pending than hashes are computed at once, this one included.
    ///
    /// The attempt is pending until the place is left, or the [`PendingAttempt`] dropped that
    /// [`Turn::into_pending`] makes of it. Whether there is such a user makes no difference, as the
    /// time would reveal it.
    pub async fn may_count_attempt(&self, name: &FoldedName) {
        lock(&self.pool.queue).name(self.ticket, name.clone());
        self.wait(Step::CountAttempt).await;
    }

    /// Waits for the call's turn to compute hashes.
    pub async fn turn(self) -> Turn {
        self.wait(Step::Hash).await;
        let blocks = lock(&self.pool.idle).pop().unwrap_or_default();
        Turn {
            blocks,
            place: self,
        }
    }

    async fn wait(&self, step: Step) {
        while !lock(&self.pool.queue).may(self.ticket, step) {
            self.woken.notified().await;
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        lock(&self.pool.queue).leave(self.ticket);
    }
}

/// The right to compute hashes, one after another, and the blocks to compute them in.
///
/// It moves into each computation and comes back out of it, so that neither a dropped call nor a
/// panic can end it early or lose its blocks.
pub struct Turn {
    blocks: Vec<Block>,
    place: Place,
}

impl Turn {
    /// Ends the turn of a right password, whose attempt is pending until it is forgiven. `None`: no
    /// attempt was counted.
    pub fn into_pending(self) -> Option<PendingAttempt> {
        let Place { pool, ticket, .. } = &self.place;
        let name = lock(&pool.queue).keep_pending(*ticket)?;
        let pool = Arc::clone(pool);
        Some(PendingAttempt { pool, name })
    }

    /// Checks whether `hash` is the hash of `password`: of its NFC form, or, if that differs, of the
    /// bytes as they were sent.
    ///
    /// # Errors
    ///
    /// - [`Error::Internal`]: there is no memory for a hash larger than the pool's, or a panic.
    pub async fn verify(
        self,
        password: Password,
        hash: PasswordHash,
    ) -> Result<(Verification, Self), Error> {
        self.check(password, hash.scheme).await
    }

    /// Does the work of [`Self::verify`] for a current hash, and never matches. The time taken thus
    /// doesn't tell whether a user exists.
    pub async fn verify_decoy(self, password: Password) -> Result<(Verification, Self), Error> {
        let decoy = scheme::argon2::decoy(self.place.pool.params);
        let (verification, turn) = self.check(password, decoy).await?;
        let no_match = Verification {
            matched: false,
            ..verification
        };
        Ok((no_match, turn))
    }

    /// Makes a hash of the NFC form of `password` to store (NIST SP 800-63B-4, 3.1.1.2).
    pub async fn hash(self, password: Password) -> Result<(PasswordHash, Self), Error> {
        let params = self.place.pool.params;
        self.run(move |workspace| {
            let password = password.composed().unwrap_or(password);
            let hash = scheme::argon2::make(password.as_bytes(), params, workspace)?;
            Ok(PasswordHash::parse(&hash)?)
        })
        .await
    }

    async fn check(
        self,
        password: Password,
        scheme: Scheme,
    ) -> Result<(Verification, Self), Error> {
        let params = self.place.pool.params;
        self.run(move |workspace| {
            let started = Instant::now();
            let composed = password.composed();
            let first = composed.as_ref().unwrap_or(&password).as_bytes();
            let mut verification = Verification {
                matched: scheme.matches(first, workspace)?,
                is_outdated: scheme.made_with != Some(params) && scheme.covers(first),
                hashes: 1,
                took: Duration::ZERO,
            };
            if composed.is_some() && !verification.matched {
                verification.matched = scheme.matches(password.as_bytes(), workspace)?;
                verification.is_outdated = scheme.covers(password.as_bytes());
                verification.hashes = 2;
            }
            verification.took = started.elapsed();
            Ok(verification)
        })
        .await
    }

    /// Runs `work` off the async threads.
    async fn run<T: Send + 'static>(
        mut self,
        work: impl FnOnce(&mut Workspace<'_>) -> Result<T, Cause> + Send + 'static,
    ) -> Result<(T, Self), Error> {
        let compute = move || {
            let mut workspace = Workspace {
                kernel: self.place.pool.kernel,
                kept: &mut self.blocks,
            };
            work(&mut workspace).map(|done| (done, self))
        };
        task::spawn_blocking(compute)
            .await
            .map_err(|failed| Error::Internal(failed.into()))?
            .map_err(Error::Internal)
    }
}

impl Drop for Turn {
    // The place is dropped after this, so that the next call finds the blocks.
    fn drop(&mut self) {
        let blocks = std::mem::take(&mut self.blocks);
        lock(&self.place.pool.idle).push(blocks);
    }
}

/// A right password's attempt that is not forgiven yet. On drop it no longer is pending.
pub struct PendingAttempt {
    pool: Arc<Inner>,
    name: FoldedName,
}

impl Drop for PendingAttempt {
    fn drop(&mut self) {
        lock(&self.pool.queue).settle(&self.name);
    }
}

hide_in_debug!(PendingAttempt);

#[cfg(test)]
mod tests;
