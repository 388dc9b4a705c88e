use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks a mutex, also after a panic of whoever held it: only an allocation can panic meanwhile, and
/// that leaves the value intact.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
