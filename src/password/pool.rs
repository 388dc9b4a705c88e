use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use argon2::Block;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task;

use super::hash::PasswordHash;
use super::params::Params;
use super::scheme::{Argon2Hash, Scheme};
use super::{Cause, blocks};
use crate::domain::Password;

/// What came of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checked {
    pub matched: bool,
    /// How long the hash took to compute, without the wait for its turn.
    pub took: Duration,
}

/// Why a hash was not computed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// All checks and all places in the queue are taken: worth a retry.
    #[error("too many password checks at once")]
    Overloaded,
    #[error("the password hash could not be computed")]
    Internal(#[source] Cause),
}

/// Computes password hashes, a bounded number at once, in memory that it keeps.
///
/// Each check that may run at once has its blocks; whoever has a permit has one of them.
/// More callers wait in the order in which they came, up to the length of the queue. A
/// caller may go away at any time: while it waits, that frees its place; a hash that runs
/// runs on, and keeps permit, place and blocks until it is done.
///
/// Clones share all of it.
#[derive(Clone)]
pub struct PasswordPool(Arc<Inner>);

struct Inner {
    params: Params,
    /// One for each check that may run at once.
    permits: Arc<Semaphore>,
    /// One for each caller that runs or waits.
    places: Arc<Semaphore>,
    /// The blocks that no check runs in, as many as there are free permits.
    idle: Mutex<Vec<Vec<Block>>>,
}

impl PasswordPool {
    /// Allocates and writes the blocks, `checks_at_once` times the memory of `params`. That
    /// takes tens of milliseconds, so it belongs into the start of the process.
    pub fn new(params: Params, checks_at_once: NonZeroUsize, queue: usize) -> Self {
        let checks = checks_at_once.get();
        let places = checks.saturating_add(queue).min(Semaphore::MAX_PERMITS);
        let idle = (0..checks).map(|_| blocks::allocate(params.memory_kib() as usize));
        Self(Arc::new(Inner {
            params,
            permits: Arc::new(Semaphore::new(checks)),
            places: Arc::new(Semaphore::new(places)),
            idle: Mutex::new(idle.collect::<Result<_, _>>().expect("memory for the pool")),
        }))
    }

    /// Waits for a turn at computing hashes, in the order in which callers came.
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

    /// Whether `hash` is the hash of `password`: a turn for one check.
    ///
    /// # Errors
    ///
    /// - [`Error::Overloaded`]: the queue is full; nothing was computed.
    /// - [`Error::Internal`]: no memory for a hash larger than the pool's, or a panic.
    pub async fn verify(&self, password: Password, hash: PasswordHash) -> Result<Checked, Error> {
        let (checked, _) = self.turn().await?.verify(password, hash).await?;
        Ok(checked)
    }

    /// Does the work of [`Self::verify`] for a hash that is current, and never matches: for
    /// users that don't exist.
    pub async fn verify_decoy(&self, password: Password) -> Result<Checked, Error> {
        let (checked, _) = self.turn().await?.verify_decoy(password).await?;
        Ok(checked)
    }

    /// Makes the hash of `password` that is to be stored.
    pub async fn hash(&self, password: Password) -> Result<PasswordHash, Error> {
        self.turn().await?.hash(password).await
    }

    #[cfg(test)]
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut [Block]) -> Result<T, Cause> + Send + 'static,
    ) -> Result<T, Error> {
        let (done, _) = self.turn().await?.run(work).await?;
        Ok(done)
    }

    /// Whether `hash` is what [`Self::hash`] would make: argon2id in version 19 with the
    /// pool's params, a salt of 16 bytes or more, an output of 32.
    pub fn is_current(&self, hash: &PasswordHash) -> bool {
        matches!(hash.scheme(), Scheme::Argon2(hash) if hash.is_current(self.0.params))
    }
}

impl PasswordPool {
    /// Whether a hash that matched `password` is to be replaced: it is not current, and all of
    /// the password was checked. A hash of the bytes that nobody checked would lock out the
    /// right password, if they were mistyped.
    pub fn is_to_be_replaced(&self, hash: &PasswordHash, password: &Password) -> bool {
        !self.is_current(hash) && hash.scheme().covers(password)
    }
}

impl Inner {
    fn idle(&self) -> MutexGuard<'_, Vec<Vec<Block>>> {
        // Nothing panics between lock and unlock but an allocation; the list is whole.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to compute hashes, one after another, and the blocks to do it in.
///
/// It moves into each computation and comes back out of it, so neither a caller that goes
/// away nor a panic can end it early or lose its blocks.
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

    /// Whether `hash` is the hash of `password`.
    ///
    /// # Errors
    ///
    /// - [`Error::Internal`]: no memory for a hash larger than the pool's, or a panic.
    pub async fn verify(
        self,
        password: Password,
        hash: PasswordHash,
    ) -> Result<(Checked, Self), Error> {
        self.check(password, hash.into_scheme()).await
    }

    /// Does the work of [`Self::verify`] for a hash that is current, and never matches.
    pub async fn verify_decoy(self, password: Password) -> Result<(Checked, Self), Error> {
        let decoy = Scheme::Argon2(Argon2Hash::decoy(self.pool.params));
        let (checked, turn) = self.check(password, decoy).await?;
        let never = Checked {
            matched: false,
            ..checked
        };
        Ok((never, turn))
    }

    /// Makes the hash of `password` that is to be stored.
    pub async fn hash(self, password: Password) -> Result<PasswordHash, Error> {
        let params = self.pool.params;
        let (hash, _) = self
            .run(move |blocks| {
                let hash = Argon2Hash::make(password.as_bytes(), params, blocks)?;
                Ok(PasswordHash::parse(&hash.to_phc())?)
            })
            .await?;
        Ok(hash)
    }

    async fn check(self, password: Password, scheme: Scheme) -> Result<(Checked, Self), Error> {
        self.run(move |blocks| {
            let started = Instant::now();
            let matched = scheme.matches(&password, blocks)?;
            Ok(Checked {
                matched,
                took: started.elapsed(),
            })
        })
        .await
    }

    /// Runs `work` off the async threads.
    async fn run<T: Send + 'static>(
        mut self,
        work: impl FnOnce(&mut [Block]) -> Result<T, Cause> + Send + 'static,
    ) -> Result<(T, Self), Error> {
        task::spawn_blocking(move || work(&mut self.blocks).map(|done| (done, self)))
            .await
            .map_err(|failed| Error::Internal(failed.into()))?
            .map_err(Error::Internal)
    }
}

impl Drop for Turn {
    // Before the permit goes: the fields are dropped after this.
    fn drop(&mut self) {
        let blocks = std::mem::take(&mut self.blocks);
        self.pool.idle().push(blocks);
    }
}

#[cfg(test)]
mod tests;
