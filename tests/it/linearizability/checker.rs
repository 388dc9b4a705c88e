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

    /// A step as a table has it, such as `swap 1 for 2 at 3 to 4`. An end at `?` means that it
    /// never returned.
    fn read(text: &str) -> Event<Step> {
        let (step, times) = text.split_once(" at ").unwrap();
        let (invoked, returned) = times.split_once(" to ").unwrap();
        let words: Vec<_> = step.split(' ').collect();
        let value = |at: usize| words[at].parse().unwrap();
        let step = match words[0] {
            "write" => Write(value(1)),
            "read" => Read(value(1)),
            _ => Swap(value(1), value(3)),
        };
        let returned = returned.parse().unwrap_or(0);
        event(&(step, invoked.parse().unwrap(), returned))
    }

    #[test]
    fn linearizable_histories_are_accepted_and_others_refused() {
        const TABLE: &str = "
            accepted: nothing =>
            accepted: one after another => write 1 at 1 to 2, read 1 at 3 to 4
            refused: a stale read => write 1 at 1 to 2, read 0 at 3 to 4
            accepted: a read beside the write, before it => write 1 at 1 to 4, read 0 at 2 to 3
            accepted: a read beside the write, after it => write 1 at 1 to 4, read 1 at 2 to 3
            refused: a value that nobody wrote => write 1 at 1 to 4, read 2 at 2 to 3
            refused: two readers who saw it the other way round => write 1 at 1 to 8, read 1 at 2 to 3, read 0 at 4 to 5
            accepted: two writes at once, and who reads agrees with one order => write 1 at 1 to 4, write 2 at 2 to 3, read 1 at 5 to 6, read 1 at 7 to 8
            refused: and with none => write 1 at 1 to 4, write 2 at 2 to 3, read 1 at 5 to 6, read 2 at 7 to 8
            accepted: an end that nobody knows, and never => write 1 at 1 to ?, read 0 at 2 to 3
            accepted: or at once => write 1 at 1 to ?, read 1 at 2 to 3
            accepted: or later => write 1 at 1 to ?, read 0 at 2 to 3, read 1 at 4 to 5
            refused: but once => write 1 at 1 to ?, read 1 at 2 to 3, read 0 at 4 to 5
            refused: nor before it began => read 1 at 1 to 2, write 1 at 3 to ?
            refused: one of two who saw the same => swap 0 for 1 at 1 to 4, swap 0 for 2 at 2 to 3
            accepted: both, one after the other => swap 0 for 1 at 1 to 4, swap 1 for 2 at 2 to 3
            accepted: two who saw the same, of whom one may not have been => swap 0 for 1 at 1 to ?, swap 0 for 2 at 2 to 3, read 2 at 4 to 5
            accepted: a step that could be taken at once, and must wait => write 1 at 1 to 9, swap 0 for 2 at 2 to 8, read 2 at 3 to 4, read 1 at 5 to 6
        ";
        for line in TABLE.trim().lines() {
            let (name, history) = line.trim().split_once(" =>").unwrap();
            let steps = history.split(", ").map(str::trim);
            let events: Vec<_> = steps.filter(|step| !step.is_empty()).map(read).collect();
            let order = linearize(&Register(0), &events);
            let is_accepted = name.starts_with("accepted");
            assert_eq!(order.is_ok(), is_accepted, "{name}: {order:?}");
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
