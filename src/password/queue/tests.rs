use super::*;
use crate::domain::LoginName;

fn name(text: &str) -> FoldedName {
    LoginName::parse(text.to_owned()).unwrap().folded()
}

fn join(queue: &mut Queue) -> u64 {
    let (ticket, _) = queue.join().unwrap();
    ticket
}

#[test]
fn a_queue_has_so_many_places_and_no_more() {
    let mut queue = Queue::new(1, 2);
    let first = join(&mut queue);
    join(&mut queue);

    assert!(queue.join().is_none());
    queue.leave(first);
    assert!(queue.join().is_some());
    assert!(queue.join().is_none());
}

#[test]
fn the_position_says_who_may_find_a_user_and_who_may_hash() {
    let mut queue = Queue::new(2, 6);
    let tickets: Vec<_> = (0..6).map(|_| join(&mut queue)).collect();
    let may = |queue: &mut Queue, step| -> Vec<_> {
        let left = tickets.iter().filter(|&&ticket| queue.has(ticket));
        let left: Vec<_> = left.copied().collect();
        left.iter().map(|&ticket| queue.may(ticket, step)).collect()
    };

    let finding = [true, true, true, true, false, false];
    assert_eq!(may(&mut queue, Step::FindUser), finding);
    let hashing = [true, true, false, false, false, false];
    assert_eq!(may(&mut queue, Step::Hash), hashing);

    queue.leave(tickets[1]);
    let finding = [true, true, true, true, false];
    assert_eq!(may(&mut queue, Step::FindUser), finding);
    let hashing = [true, true, false, false, false];
    assert_eq!(may(&mut queue, Step::Hash), hashing);
}

#[test]
fn earlier_attempts_of_the_same_name_or_of_an_unknown_one_are_rivals() {
    for (at_once, earlier, unsettled, want) in [
        (1, &[][..], &[][..], true),
        (1, &[Some("mini")], &[], false),
        (1, &[None], &[], false),
        (1, &[Some("ada")], &[], true),
        (1, &[], &["mini"], false),
        (1, &[], &["ada"], true),
        (2, &[Some("mini")], &[], true),
        (2, &[None], &[], true),
        (2, &[None, Some("ada")], &[], true),
        (2, &[None, Some("mini")], &[], false),
        (2, &[Some("mini"), Some("ada"), Some("mini")], &[], false),
        (2, &[Some("mini")], &["mini"], false),
        (2, &[Some("mini")], &["ada"], true),
        (2, &[], &["mini", "mini"], false),
    ] {
        let mut queue = Queue::new(at_once, 10);
        for &text in unsettled {
            let ticket = join(&mut queue);
            queue.name(ticket, name(text));
            queue.keep_pending(ticket);
            queue.leave(ticket);
        }
        for text in earlier {
            let ticket = join(&mut queue);
            if let Some(text) = text {
                queue.name(ticket, name(text));
            }
        }
        let own = join(&mut queue);
        // Later ones make no difference.
        let later = join(&mut queue);
        queue.name(later, name("mini"));
        queue.name(own, name("mini"));

        let may = queue.may(own, Step::CountAttempt);
        assert_eq!(may, want, "{at_once} {earlier:?} {unsettled:?}");
    }
}

/// Drives a queue at random, as calls do that take any time for each of their steps.
#[test]
fn calls_in_any_order_of_events_keep_the_bounds_and_all_come_to_their_end() {
    for seed in 0..100 {
        Simulation::new(seed).run();
    }
}

/// What a simulated call does or waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Joined,
    Finding,
    Named,
    Counted,
    Hashing,
    Unsettled,
    Ended,
}

struct SimulatedCall {
    ticket: u64,
    name: FoldedName,
    stage: Stage,
    /// Whether the call was told to wait, and not woken since.
    sleeps: bool,
    wake: Arc<Notify>,
}

struct Simulation {
    random: u64,
    at_once: usize,
    names: [FoldedName; 2],
    queue: Queue,
    calls: Vec<SimulatedCall>,
    hashed: Vec<u64>,
}

impl Simulation {
    fn new(seed: u64) -> Self {
        let at_once = usize::try_from(seed % 3).unwrap() + 1;
        Self {
            random: seed,
            at_once,
            names: ["ada", "mini"].map(name),
            queue: Queue::new(at_once, at_once + 6),
            calls: Vec::new(),
            hashed: Vec::new(),
        }
    }

    fn run(mut self) {
        for _ in 0..400 {
            if self.calls.len() < 40
                && self.below(3) == 0
                && let Some((ticket, wake)) = self.queue.join()
            {
                let name = self.below(2);
                let name = self.names[name].clone();
                self.calls.push(SimulatedCall {
                    ticket,
                    name,
                    stage: Stage::Joined,
                    sleeps: false,
                    wake,
                });
            }
            self.advance_one();
            self.check();
        }
        while self.advance_one() {
            self.check();
        }
        let ended = |call: &SimulatedCall| call.stage == Stage::Ended;
        assert!(self.calls.iter().all(ended), "a call waits for ever");
        assert_eq!(self.queue.len(), 0);
        assert!(self.queue.unsettled.is_empty());
        // With more turns, a call that has its turn may still be counting its attempt.
        let in_order = self.at_once > 1 || self.hashed.is_sorted();
        assert!(in_order, "{:?}", self.hashed);
    }

    /// Advances a call that doesn't sleep; false: all calls sleep or have ended.
    fn advance_one(&mut self) -> bool {
        for call in &mut self.calls {
            call.sleeps &= !is_woken(&call.wake);
        }
        let able = |call: &SimulatedCall| !call.sleeps && call.stage != Stage::Ended;
        let able: Vec<_> = (0..self.calls.len())
            .filter(|&at| able(&self.calls[at]))
            .collect();
        if able.is_empty() {
            return false;
        }
        let at = able[self.below(able.len())];
        // Now and then a client goes away.
        let gives_up = self.below(20) == 0;
        let is_right = self.below(2) == 0;
        let Self {
            queue,
            hashed,
            calls,
            ..
        } = &mut *self;
        let call = &mut calls[at];
        let ticket = call.ticket;
        let mut advance = |call: &mut SimulatedCall, step, stage| {
            call.sleeps = !queue.may(ticket, step);
            if !call.sleeps {
                call.stage = stage;
            }
        };
        match call.stage {
            Stage::Joined | Stage::Finding | Stage::Named | Stage::Counted if gives_up => {
                queue.leave(ticket);
                call.stage = Stage::Ended;
            }
            Stage::Joined => advance(call, Step::FindUser, Stage::Finding),
            Stage::Finding => {
                queue.name(ticket, call.name.clone());
                call.stage = Stage::Named;
            }
            Stage::Named => advance(call, Step::CountAttempt, Stage::Counted),
            Stage::Counted => {
                advance(call, Step::Hash, Stage::Hashing);
                if call.stage == Stage::Hashing {
                    hashed.push(ticket);
                }
            }
            Stage::Hashing if is_right => {
                assert_eq!(queue.keep_pending(ticket).as_ref(), Some(&call.name));
                queue.leave(ticket);
                call.stage = Stage::Unsettled;
            }
            Stage::Hashing => {
                queue.leave(ticket);
                call.stage = Stage::Ended;
            }
            Stage::Unsettled => {
                queue.settle(&call.name);
                call.stage = Stage::Ended;
            }
            Stage::Ended => {}
        }
        true
    }

    fn check(&self) {
        let count = |matches: &dyn Fn(&SimulatedCall) -> bool| {
            self.calls.iter().filter(|call| matches(call)).count()
        };
        let hashing = count(&|call| call.stage == Stage::Hashing);
        assert!(hashing <= self.at_once);
        let preparing =
            count(&|call| matches!(call.stage, Stage::Finding | Stage::Named | Stage::Counted));
        assert!(hashing + preparing <= 2 * self.at_once);
        for name in &self.names {
            let pending = count(&|call| {
                let stages = [Stage::Counted, Stage::Hashing, Stage::Unsettled];
                call.name == *name && stages.contains(&call.stage)
            });
            assert!(pending <= self.at_once, "{pending} {name:?}");
        }
    }

    /// A random number below `end`, by `SplitMix64` (<https://doi.org/10.1145/2714064.2660195>).
    fn below(&mut self, end: usize) -> usize {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.random ^ (self.random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % u64::try_from(end).unwrap()).unwrap()
    }
}

/// Whether the call was woken since this was last asked.
fn is_woken(wake: &Notify) -> bool {
    let notified = std::pin::pin!(wake.notified());
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    notified.poll(&mut context).is_ready()
}
