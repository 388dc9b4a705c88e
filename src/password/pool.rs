use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use argon2::Block;
use sesame_argon2::Kernel;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task;

use super::blocks::{self, Workspace};
use super::hash::PasswordHash;
use super::params::Params;
use super::scheme::{Argon2Hash, Scheme};
use crate::domain::Password;
use crate::error::Cause;

/// The result of checking a password against a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verification {
    pub matched: bool,
    /// How long the hash took to compute, without the wait for a turn.
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
/// The pool has a permit and a set of blocks for each check that may run at a time. Further calls
/// wait in the order in which they came, up to the length of the queue. A call may be dropped at
/// any time: while it waits, that frees its place in the queue; once its hash is being computed, the
/// computation goes on, and keeps permit, place and blocks until it is done.
///
/// All clones are the same pool.
#[derive(Clone)]
pub struct PasswordPool(Arc<Inner>);

struct Inner {
    params: Params,
    kernel: Kernel,
    /// One permit for each check that may run at a time.
    permits: Arc<Semaphore>,
    /// One permit for each check that runs or waits.
    places: Arc<Semaphore>,
    /// The sets of blocks that no check uses, as many as there are free permits.
    idle: Mutex<Vec<Vec<Block>>>,
}

impl PasswordPool {
    /// Allocates and writes the blocks, `checks_at_once` times the memory of `params`. This takes
    /// tens of milliseconds, so it belongs to the start of the process.
    pub fn new(params: Params, kernel: Kernel, checks_at_once: NonZeroUsize, queue: usize) -> Self {
        let checks = checks_at_once.get();
        let places = checks.saturating_add(queue).min(Semaphore::MAX_PERMITS);
        let idle = (0..checks).map(|_| blocks::allocate(params.memory_kib() as usize));
        Self(Arc::new(Inner {
            params,
            kernel,
            permits: Arc::new(Semaphore::new(checks)),
            places: Arc::new(Semaphore::new(places)),
            idle: Mutex::new(idle.collect::<Result<_, _>>().expect("memory for the pool")),
        }))
    }

    /// Waits for a turn to compute hashes, in the order of the calls.
    ///
    /// # Errors
    ///
    /// - [`Error::Overloaded`]: the queue is full.
    pub async fn turn(&self) -> Result<Turn, Error> {
        let place = Arc::clone(&self.0.places)
            .try_acquire_owned()
            .map_err(|_| Error::Overloaded)?;
        let permit = Arc::clone(&self.0.permits)
            .acquire_owned()
            .await
            .map_err(|closed| Error::Internal(closed.into()))?;
        Ok(Turn::take(&self.0, permit, place))
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
        self.turn().await?.hash(password).await
    }

    /// Whether `hash` is as [`Self::hash`] makes them: argon2id in version 19 with the pool's
    /// params, a salt of 16 bytes or more and an output of 32.
    pub fn is_current(&self, hash: &PasswordHash) -> bool {
        matches!(hash.scheme(), Scheme::Argon2(hash) if hash.is_current(self.0.params))
    }

    /// Whether a hash that matched `password` is to be replaced: it is not current, and the check
    /// read all of the password. If the bytes that a check ignores were mistyped, a hash of them too
    /// would lock out the right password.
    pub fn is_to_be_replaced(&self, hash: &PasswordHash, password: &Password) -> bool {
        !self.is_current(hash) && hash.scheme().covers(password)
    }
}

impl Inner {
    fn idle(&self) -> MutexGuard<'_, Vec<Vec<Block>>> {
        // Only an allocation can panic while the lock is held, and it leaves the list intact.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to compute hashes, one after another, and the blocks to compute them in.
///
/// It moves into each computation and comes back out of it, so that neither a dropped call nor a
/// panic can end it early or lose its blocks.
pub struct Turn {
    pool: Arc<Inner>,
    blocks: Vec<Block>,
    _permit: OwnedSemaphorePermit,
    _place: OwnedSemaphorePermit,
}

impl Turn {
    fn take(pool: &Arc<Inner>, permit: OwnedSemaphorePermit, place: OwnedSemaphorePermit) -> Self {
        Self {
            pool: Arc::clone(pool),
            blocks: pool.idle().pop().unwrap_or_default(),
            _permit: permit,
            _place: place,
        }
    }

    /// Checks whether `hash` is the hash of `password`.
    ///
    /// # Errors
    ///
    /// - [`Error::Internal`]: there is no memory for a hash larger than the pool's, or a panic.
    pub async fn verify(
        self,
        password: Password,
        hash: PasswordHash,
    ) -> Result<(Verification, Self), Error> {
        self.check(password, hash.into_scheme()).await
    }

    /// Does the work of [`Self::verify`] for a current hash, and never matches. The time taken thus
    /// doesn't tell whether a user exists.
    pub async fn verify_decoy(self, password: Password) -> Result<(Verification, Self), Error> {
        let decoy = Scheme::Argon2(Argon2Hash::decoy(self.pool.params));
        let (verification, turn) = self.check(password, decoy).await?;
        let no_match = Verification {
            matched: false,
            ..verification
        };
        Ok((no_match, turn))
    }

    /// Makes a hash of `password` to store.
    pub async fn hash(self, password: Password) -> Result<PasswordHash, Error> {
        let params = self.pool.params;
        let (hash, _) = self
            .run(move |workspace| {
                let hash = Argon2Hash::make(password.as_bytes(), params, workspace)?;
                Ok(PasswordHash::parse(&hash.to_phc())?)
            })
            .await?;
        Ok(hash)
    }

    async fn check(
        self,
        password: Password,
        scheme: Scheme,
    ) -> Result<(Verification, Self), Error> {
        self.run(move |workspace| {
            let started = Instant::now();
            let matched = scheme.matches(&password, workspace)?;
            Ok(Verification {
                matched,
                took: started.elapsed(),
            })
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
                kernel: self.pool.kernel,
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
    // The fields, and with them the permit, are dropped after this.
    fn drop(&mut self) {
        let blocks = std::mem::take(&mut self.blocks);
        self.pool.idle().push(blocks);
    }
}

#[cfg(test)]
mod tests;
