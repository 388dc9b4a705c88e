//! Checks whether a history of concurrent calls is linearizable: whether the same answers could
//! come from one step at a time.
//!
//! It is the search of Wing and Gong with Lowe's memory of states that led nowhere
//! (<https://www.cs.ox.ac.uk/people/gavin.lowe/LinearizabiltyTesting/>).

use std::collections::HashSet;
use std::hash::Hash;

/// The sequential behaviour that a history is checked against.
pub trait SequentialModel: Clone + Eq + Hash {
    type Step;

    /// The state after `step`; none, if the step can't have its answer in this state.
    fn after(&self, step: &Self::Step) -> Option<Self>;
}

/// A recorded step, and the two ticks of a shared clock between which it was taken.
#[derive(Clone, Debug)]
pub struct Event<Step> {
    pub step: Step,
    pub invoked: u64,
    /// The tick of its end. If there is none, it was taken at any time since its beginning, or never.
    pub returned: Option<u64>,
    /// The index of the event that it must follow, if any.
    pub follows: Option<usize>,
}

/// Returns an order in which all events that have returned can have been taken, or else the
/// longest order that was found.
pub fn linearize<M: SequentialModel>(
    initial: &M,
    events: &[Event<M::Step>],
) -> Result<Vec<usize>, Vec<usize>> {
    assert!(events.len() <= 128, "a history for a mask of 128 bits");
    let mut search = OrderSearch {
        events,
        seen: HashSet::new(),
        order: Vec::new(),
        longest: Vec::new(),
    };
    if search.goes_on(initial, 0) {
        Ok(search.order)
    } else {
        Err(search.longest)
    }
}

struct OrderSearch<'a, M: SequentialModel> {
    events: &'a [Event<M::Step>],
    /// The events that were taken, and the state after them.
    seen: HashSet<(u128, M)>,
    order: Vec<usize>,
    longest: Vec<usize>,
}

impl<M: SequentialModel> OrderSearch<'_, M> {
    fn goes_on(&mut self, model: &M, taken: u128) -> bool {
        let is_taken = |n: usize| taken & (1 << n) != 0;
        let events = self.events;
        let open = || events.iter().enumerate().filter(|(n, _)| !is_taken(*n));
        // An event that began after another had ended comes after it.
        let Some(first_end) = open().filter_map(|(_, event)| event.returned).min() else {
            return true;
        };
        if !self.seen.insert((taken, model.clone())) {
            return false;
        }
        for (n, event) in open() {
            if event.invoked > first_end || event.follows.is_some_and(|other| !is_taken(other)) {
                continue;
            }
            let Some(next) = model.after(&event.step) else {
                continue;
            };
            self.order.push(n);
            if self.order.len() > self.longest.len() {
                self.longest.clone_from(&self.order);
            }
            if self.goes_on(&next, taken | 1 << n) {
                return true;
            }
            self.order.pop();
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A register, which holds 0 at first.
    #[derive(Clone, Debug, PartialEq, Eq, Hash)]
    struct Register(u8);

    #[derive(Clone, Copy, Debug)]
    enum Step {
        Write(u8),
        Read(u8),
        Swap(u8, u8),
    }
    use Step::{Read, Swap, Write};

    impl SequentialModel for Register {
        type Step = Step;

        fn after(&self, step: &Step) -> Option<Self> {
            match *step {
                Write(value) => Some(Self(value)),
                Read(value) => (self.0 == value).then_some(Self(value)),
                Swap(from, to) => (self.0 == from).then_some(Self(to)),
            }
        }
    }

    fn event(&(step, invoked, returned): &(Step, u64, u64)) -> Event<Step> {
        Event {
            step,
            invoked,
            returned: (returned > 0).then_some(returned),
            follows: None,
        }
    }

    /// Makes an event; an end at 0 means that it never returned.
    #[test]
    fn linearizable_histories_are_accepted_and_others_refused() {
        for (name, history, want) in [
            ("nothing", &[][..], true),
            (
                "one after another",
                &[(Write(1), 1, 2), (Read(1), 3, 4)],
                true,
            ),
            ("a stale read", &[(Write(1), 1, 2), (Read(0), 3, 4)], false),
            (
                "a read beside the write, before it",
                &[(Write(1), 1, 4), (Read(0), 2, 3)],
                true,
            ),
            (
                "a read beside the write, after it",
                &[(Write(1), 1, 4), (Read(1), 2, 3)],
                true,
            ),
            (
                "a value that nobody wrote",
                &[(Write(1), 1, 4), (Read(2), 2, 3)],
                false,
            ),
            (
                "two readers who saw it the other way round",
                &[(Write(1), 1, 8), (Read(1), 2, 3), (Read(0), 4, 5)],
                false,
            ),
            (
                "two writes at once, and who reads agrees with one order",
                &[
                    (Write(1), 1, 4),
                    (Write(2), 2, 3),
                    (Read(1), 5, 6),
                    (Read(1), 7, 8),
                ],
                true,
            ),
            (
                "and with none",
                &[
                    (Write(1), 1, 4),
                    (Write(2), 2, 3),
                    (Read(1), 5, 6),
                    (Read(2), 7, 8),
                ],
                false,
            ),
            (
                "an end that nobody knows, and never",
                &[(Write(1), 1, 0), (Read(0), 2, 3)],
                true,
            ),
            ("or at once", &[(Write(1), 1, 0), (Read(1), 2, 3)], true),
            (
                "or later",
                &[(Write(1), 1, 0), (Read(0), 2, 3), (Read(1), 4, 5)],
                true,
            ),
            (
                "but once",
                &[(Write(1), 1, 0), (Read(1), 2, 3), (Read(0), 4, 5)],
                false,
            ),
            (
                "nor before it began",
                &[(Read(1), 1, 2), (Write(1), 3, 0)],
                false,
            ),
            (
                "one of two who saw the same",
                &[(Swap(0, 1), 1, 4), (Swap(0, 2), 2, 3)],
                false,
            ),
            (
                "both, one after the other",
                &[(Swap(0, 1), 1, 4), (Swap(1, 2), 2, 3)],
                true,
            ),
            (
                "two who saw the same, of whom one may not have been",
                &[(Swap(0, 1), 1, 0), (Swap(0, 2), 2, 3), (Read(2), 4, 5)],
                true,
            ),
            (
                "a step that could be taken at once, and must wait",
                &[
                    (Write(1), 1, 9),
                    (Swap(0, 2), 2, 8),
                    (Read(2), 3, 4),
                    (Read(1), 5, 6),
                ],
                true,
            ),
        ] {
            let events: Vec<_> = history.iter().map(event).collect();
            let order = linearize(&Register(0), &events);
            assert_eq!(order.is_ok(), want, "{name}: {order:?}");
        }
    }

    #[test]
    fn the_steps_of_a_call_are_taken_in_order() {
        let mut events: Vec<_> = [(Write(1), 1, 9), (Write(2), 1, 9), (Read(2), 10, 11)]
            .iter()
            .map(event)
            .collect();
        assert_eq!(linearize(&Register(0), &events), Ok(vec![0, 1, 2]));

        events[0].follows = Some(1);
        assert_eq!(linearize(&Register(0), &events), Err(vec![1, 0]));
    }

    /// Without the memory, there are 12! orders to try.
    #[test]
    fn the_search_tries_no_state_twice() {
        let write = |n: u8| (Write(n % 2), 1, 50);
        let mut history: Vec<_> = (0..12).map(write).collect();
        history.push((Read(7), 51, 52));
        let events: Vec<_> = history.iter().map(event).collect();

        let longest = linearize(&Register(0), &events).unwrap_err();

        assert_eq!(longest.len(), 12);
    }
}
