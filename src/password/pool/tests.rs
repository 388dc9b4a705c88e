use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Barrier, mpsc};
use std::task::{Context, Poll, Waker};

use argon2::{Algorithm, Argon2, Version};
use tokio::sync::oneshot;

use super::*;
use crate::domain::LoginName;

const PARAMS: (u32, u32, u32) = (128, 2, 1);

/// Hashes of `correct horse` with one pass over 64 KiB, and over 256 KiB.
const ONE_PASS: &str = "$argon2id$v=19$m=64,t=1,p=1$AAECAwQFBgcICQoLDA0ODw$Jc5SM8weTTfpvKMb/vQXEOQERs0ctXWTJ5HF/TeAvTw";
const LARGER: &str = "$argon2i$v=19$m=256,t=3,p=2$AAECAwQFBgcICQoLDA0ODw$6nW7U8U7CdUpoJ+TDMP/z2ub6f/yzRkw0PW50V2P/Ck";

fn params() -> Params {
    let (memory_kib, passes, lanes) = PARAMS;
    Params::new(memory_kib.into(), passes.into(), lanes.into()).unwrap()
}

fn pool(checks_at_once: usize, queue: usize) -> PasswordPool {
    let checks_at_once = NonZeroUsize::new(checks_at_once).unwrap();
    PasswordPool::new(params(), Kernel::detect(), checks_at_once, queue)
}

fn password() -> Password {
    Password::new("correct horse".into())
}

fn is_pending(future: Pin<&mut impl Future>) -> bool {
    future
        .poll(&mut Context::from_waker(Waker::noop()))
        .is_pending()
}

/// Whether the future fails with [`Error::Overloaded`] when it is first polled.
fn is_refused<T>(future: impl Future<Output = Result<T, Error>>) -> bool {
    let outcome = pin!(future).poll(&mut Context::from_waker(Waker::noop()));
    matches!(outcome, Poll::Ready(Err(Error::Overloaded)))
}

type Work = Box<dyn FnOnce(&mut [Block]) -> Result<(), Cause> + Send>;

/// Work that signals that it runs and then waits for a signal to end.
fn held() -> (Work, oneshot::Receiver<()>, mpsc::Sender<()>) {
    let (runs, running) = oneshot::channel();
    let (let_go, held) = mpsc::channel();
    let work = Box::new(move |_: &mut [Block]| {
        runs.send(()).unwrap();
        held.recv()?;
        Ok(())
    });
    (work, running, let_go)
}

impl PasswordPool {
    async fn verify_decoy(&self, password: Password) -> Result<Verification, Error> {
        let (verification, _) = self.turn().await?.verify_decoy(password).await?;
        Ok(verification)
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut [Block]) -> Result<T, Cause> + Send + 'static,
    ) -> Result<T, Error> {
        let (done, _) = self
            .turn()
            .await?
            .run(|workspace| work(workspace.kept))
            .await?;
        Ok(done)
    }

    fn is_idle(&self) -> bool {
        let whole = lock(&self.0.idle).iter().all(|blocks| blocks.len() == 128);
        whole && self.waiting() == 0
    }

    /// How many calls are in the queue, those that compute hashes included.
    fn waiting(&self) -> usize {
        lock(&self.0.queue).len()
    }

    /// A copy of the blocks of a pool that runs one check at a time.
    fn blocks(&self) -> Vec<Vec<u64>> {
        let idle = lock(&self.0.idle);
        idle[0]
            .iter()
            .map(|block| block.as_ref().to_vec())
            .collect()
    }
}

#[tokio::test]
async fn a_check_uses_the_memory_of_the_pool() {
    let pool = pool(1, 0);
    let kept = lock(&pool.0.idle)[0].as_ptr();
    let untouched = pool.blocks();

    let hash = pool.hash(password()).await.unwrap();
    let after_hash = pool.blocks();
    let checked = pool.verify(password(), hash).await.unwrap();

    assert!(checked.matched);
    assert!(checked.took > Duration::ZERO);
    assert_eq!(lock(&pool.0.idle)[0].as_ptr(), kept);
    assert!(untouched.iter().zip(&after_hash).all(|(a, b)| a != b));
    assert_eq!(pool.blocks(), after_hash);
}

#[tokio::test]
async fn a_smaller_hash_uses_the_first_blocks_and_wipes_them_after_one_pass() {
    let pool = pool(1, 0);
    let untouched = pool.blocks();

    let checked = pool
        .verify(password(), PasswordHash::parse(ONE_PASS).unwrap())
        .await;

    assert!(checked.unwrap().matched);
    let blocks = pool.blocks();
    assert!(blocks[..64].iter().flatten().all(|&word| word == 0));
    assert_eq!(blocks[64..], untouched[64..]);
}

#[tokio::test]
async fn a_larger_hash_leaves_the_kept_blocks_alone() {
    let pool = pool(1, 0);
    let untouched = pool.blocks();

    let checked = pool
        .verify(password(), PasswordHash::parse(LARGER).unwrap())
        .await;

    assert!(checked.unwrap().matched);
    assert_eq!(pool.blocks(), untouched);
}

#[tokio::test]
async fn a_decoy_does_the_work_of_a_current_hash_and_never_matches() {
    let pool = pool(1, 0);
    let (memory_kib, passes, lanes) = PARAMS;
    let params = argon2::Params::new(memory_kib, passes, lanes, None).unwrap();
    let mut expected = vec![Block::new(); 128];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into_with_memory(b"correct horse", &[0; 16], &mut [0; 32], &mut expected)
        .unwrap();

    let checked = pool.verify_decoy(password()).await.unwrap();

    assert!(!checked.matched);
    assert_eq!(checked.hashes, 1);
    let expected: Vec<_> = expected
        .iter()
        .map(|block| block.as_ref().to_vec())
        .collect();
    assert_eq!(pool.blocks(), expected);
}

#[tokio::test]
async fn each_new_hash_is_current_and_has_another_salt() {
    let pool = pool(1, 0);

    let one = pool.hash(password()).await.unwrap();
    let other = pool.hash(password()).await.unwrap();

    assert!(one.as_str().starts_with("$argon2id$v=19$m=128,t=2,p=1$"));
    assert!(pool.is_current(&one));
    assert_ne!(one.as_str(), other.as_str());
    let wrong = Password::new("correct house".into());
    assert!(!pool.verify(wrong, one).await.unwrap().matched);
}

#[tokio::test]
async fn an_empty_password_is_checked_like_any_other() {
    let pool = pool(1, 0);
    let empty = || Password::new(String::new());

    let hash = pool.hash(empty()).await.unwrap();

    assert!(pool.verify(empty(), hash.clone()).await.unwrap().matched);
    assert!(!pool.verify(password(), hash).await.unwrap().matched);
}

#[test]
fn a_hash_is_current_if_the_pool_would_make_one_like_it() {
    let pool = pool(1, 0);
    let (salt, output) = ("A".repeat(22), "w".repeat(43));

    for (costs, salt, output, want) in [
        ("argon2id$v=19$m=128,t=2,p=1", &*salt, &*output, true),
        (
            "argon2id$v=19$m=128,t=2,p=1",
            &"A".repeat(26),
            &output,
            true,
        ),
        ("argon2i$v=19$m=128,t=2,p=1", &salt, &output, false),
        ("argon2d$v=19$m=128,t=2,p=1", &salt, &output, false),
        ("argon2id$v=16$m=128,t=2,p=1", &salt, &output, false),
        ("argon2id$v=19$m=129,t=2,p=1", &salt, &output, false),
        ("argon2id$v=19$m=128,t=3,p=1", &salt, &output, false),
        ("argon2id$v=19$m=128,t=2,p=2", &salt, &output, false),
        ("argon2id$v=19$m=128,t=2,p=1", &salt[..11], &output, false),
        ("argon2id$v=19$m=128,t=2,p=1", &salt, &"w".repeat(44), false),
        ("pbkdf2-sha256$600000", &salt, &output, false),
    ] {
        let hash = format!("${costs}${salt}${output}");
        let hash = PasswordHash::parse(&hash).unwrap();
        assert_eq!(pool.is_current(&hash), want, "{}", hash.as_str());
    }
}

#[tokio::test]
async fn as_many_checks_run_at_once_as_the_pool_has_sets_of_blocks() {
    let pool = pool(2, 6);
    let running = Arc::new(AtomicUsize::new(0));
    let pairs = Arc::new(Barrier::new(2));

    let checks: Vec<_> = (0..8)
        .map(|_| {
            let (pool, running, pairs) = (pool.clone(), running.clone(), pairs.clone());
            tokio::spawn(async move {
                pool.run(move |blocks| {
                    let at_once = running.fetch_add(1, Ordering::SeqCst) + 1;
                    // The barrier opens only once a second check runs.
                    pairs.wait();
                    running.fetch_sub(1, Ordering::SeqCst);
                    Ok((at_once, blocks.len()))
                })
                .await
            })
        })
        .collect();

    let mut outcomes = Vec::new();
    for check in checks {
        outcomes.push(check.await.unwrap().unwrap());
    }

    for (at_once, blocks) in outcomes {
        assert!(at_once <= 2, "{at_once}");
        assert_eq!(blocks, 128);
    }
    assert_eq!(lock(&pool.0.idle).len(), 2);
    assert!(pool.is_idle());
}

#[tokio::test]
async fn a_full_queue_refuses_at_once_and_waiting_callers_leave_it_when_dropped() {
    let pool = pool(1, 2);
    let (work, running, let_go) = held();
    let mut first = pin!(pool.run(work));
    assert!(is_pending(first.as_mut()));
    running.await.unwrap();
    let mut second = Box::pin(pool.verify_decoy(password()));
    let mut third = pin!(pool.verify_decoy(password()));
    assert!(is_pending(second.as_mut()));
    assert!(is_pending(third.as_mut()));

    let larger = PasswordHash::parse(LARGER).unwrap();
    assert!(is_refused(pool.verify(password(), larger)));
    assert!(is_refused(pool.hash(password())));
    assert!(is_refused(pool.verify_decoy(password())));

    drop(second);
    let mut fourth = pin!(pool.verify_decoy(password()));
    assert!(is_pending(fourth.as_mut()));

    let_go.send(()).unwrap();
    first.await.unwrap();
    third.await.unwrap();
    fourth.await.unwrap();
    assert!(pool.is_idle());
}

#[tokio::test]
async fn a_hash_whose_call_was_dropped_keeps_its_place_and_its_blocks() {
    let pool = pool(1, 1);
    let (work, running, let_go) = held();
    let mut first = Box::pin(pool.run(work));
    assert!(is_pending(first.as_mut()));
    running.await.unwrap();

    drop(first);

    assert_eq!(pool.waiting(), 1);
    assert!(lock(&pool.0.idle).is_empty());
    let mut second = pin!(pool.run(|blocks| Ok(blocks.len())));
    assert!(is_pending(second.as_mut()));
    let_go.send(()).unwrap();
    assert_eq!(second.await.unwrap(), 128);
    assert!(pool.is_idle());
    assert_eq!(lock(&pool.0.idle).len(), 1);
}

#[tokio::test]
async fn a_panic_loses_neither_place_nor_blocks() {
    let pool = pool(1, 0);
    let kept = lock(&pool.0.idle)[0].as_ptr();

    let failed = pool.run::<()>(|_| panic!("as a test has it")).await;

    assert!(matches!(failed, Err(Error::Internal(_))), "{failed:?}");
    assert!(pool.is_idle());
    assert_eq!(lock(&pool.0.idle)[0].as_ptr(), kept);
    pool.verify_decoy(password()).await.unwrap();
}

#[tokio::test]
async fn clones_share_queue_and_blocks() {
    let pool = pool(1, 0);
    let (work, running, let_go) = held();
    let clone = pool.clone();
    let mut first = pin!(clone.run(work));
    assert!(is_pending(first.as_mut()));
    running.await.unwrap();

    assert!(is_refused(pool.verify_decoy(password())));

    let_go.send(()).unwrap();
    first.await.unwrap();
}

#[tokio::test]
async fn a_dropped_call_holds_up_neither_turns_nor_attempts() {
    let pool = pool(1, 3);
    let name = LoginName::parse("mini".to_owned()).unwrap().folded();
    let first = pool.join().unwrap();
    first.may_find_user().await;
    first.may_count_attempt(&name).await;
    let second = pool.join().unwrap();
    second.may_find_user().await;
    let mut counting = Box::pin(second.may_count_attempt(&name));
    assert!(is_pending(counting.as_mut()));
    let third = pool.join().unwrap();
    let mut finding = Box::pin(third.may_find_user());
    assert!(is_pending(finding.as_mut()));

    drop(first);
    counting.await;
    finding.await;
    let mut counting = Box::pin(third.may_count_attempt(&name));
    assert!(is_pending(counting.as_mut()));
    drop(second);
    counting.await;

    third.turn().await.hash(password()).await.unwrap();
    assert!(pool.is_idle());
}

#[tokio::test]
async fn a_right_password_keeps_its_attempt_pending_after_its_turn() {
    let pool = pool(1, 1);
    let name = LoginName::parse("mini".to_owned()).unwrap().folded();
    let first = pool.join().unwrap();
    first.may_find_user().await;
    first.may_count_attempt(&name).await;
    let second = pool.join().unwrap();
    let mut counting = Box::pin(second.may_count_attempt(&name));
    assert!(is_pending(counting.as_mut()));

    let attempt = first.turn().await.into_pending();
    assert!(is_pending(counting.as_mut()));

    drop(attempt);
    counting.await;
    second.turn().await;
    assert!(pool.is_idle());
}
