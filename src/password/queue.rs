use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::Notify;

use crate::domain::FoldedName;

/// The calls that compute hashes or wait for it, in the order in which they came.
///
/// A call's position is the number of calls before it. It may compute hashes while fewer than
/// `at_once` are before it. It may find its user and count an attempt while fewer than twice as
/// many are, so that the next calls are ready when the hashes of these end. So:
///
/// - Turns to compute hashes come in the order of the calls.
/// - At most twice `at_once` attempts are counted whose hash is not yet computed.
/// - At most `at_once` attempts at the password of one login name are pending: counted, and
///   neither known to be wrong nor forgiven. More would let right logins of one user lock each
///   other out.
#[derive(Default)]
pub(super) struct Queue {
    at_once: usize,
    /// How many calls may be in the queue.
    places: usize,
    next_ticket: u64,
    /// In the order of their tickets.
    calls: VecDeque<QueuedCall>,
    /// The login names of calls that have left the queue while their attempts are pending.
    unsettled: Vec<FoldedName>,
}

struct QueuedCall {
    ticket: u64,
    /// The login name at whose password the call makes an attempt, once it is known.
    name: Option<FoldedName>,
    awaits: Option<Step>,
    /// Wakes the call when it may take the step that it awaits.
    wake: Arc<Notify>,
}

/// The step that a call in the queue waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    FindUser,
    CountAttempt,
    Hash,
}

impl Queue {
    pub fn new(at_once: usize, places: usize) -> Self {
        Self {
            at_once,
            places,
            ..Self::default()
        }
    }

    /// Adds a call, and gives its ticket and what wakes it; `None`: the queue is full.
    pub fn join(&mut self) -> Option<(u64, Arc<Notify>)> {
        if self.calls.len() >= self.places {
            return None;
        }
        let (ticket, wake) = (self.next_ticket, Arc::default());
        self.next_ticket += 1;
        self.calls.push_back(QueuedCall {
            ticket,
            name: None,
            awaits: None,
            wake: Arc::clone(&wake),
        });
        Some((ticket, wake))
    }

    /// Says at whose password a call makes an attempt.
    pub fn name(&mut self, ticket: u64, name: FoldedName) {
        let position = self.position(ticket);
        self.calls[position].name = Some(name);
        self.wake();
    }

    /// Whether a call may take a step. If not, it is woken when it may.
    pub fn may(&mut self, ticket: u64, step: Step) -> bool {
        let position = self.position(ticket);
        let ready = self.is_ready(position, step);
        self.calls[position].awaits = (!ready).then_some(step);
        ready
    }

    /// Removes a call, whose attempt is no longer pending unless [`Self::keep_pending`] was called.
    pub fn leave(&mut self, ticket: u64) {
        let position = self.position(ticket);
        self.calls.remove(position);
        self.wake();
    }

    /// Keeps a call's attempt pending until [`Self::settle`], even after the call has left.
    pub fn keep_pending(&mut self, ticket: u64) -> Option<FoldedName> {
        let name = self.calls[self.position(ticket)].name.clone();
        self.unsettled.extend(name.clone());
        name
    }

    pub fn settle(&mut self, name: &FoldedName) {
        if let Some(at) = self.unsettled.iter().position(|other| other == name) {
            self.unsettled.swap_remove(at);
        }
        self.wake();
    }

    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.calls.len()
    }

    #[cfg(test)]
    fn has(&self, ticket: u64) -> bool {
        self.calls.iter().any(|call| call.ticket == ticket)
    }

    fn position(&self, ticket: u64) -> usize {
        // A call is in the queue for as long as anyone has its ticket.
        self.calls.partition_point(|call| call.ticket < ticket)
    }

    fn is_ready(&self, position: usize, step: Step) -> bool {
        match step {
            Step::FindUser => position < 2 * self.at_once,
            Step::CountAttempt => self.rivals(position) < self.at_once,
            Step::Hash => position < self.at_once,
        }
    }

    /// How many attempts before that of a call are pending at the same password or will be: a call
    /// whose login name isn't known yet may have the same one. Later calls count this one in their
    /// turn, so that no two wait for each other.
    fn rivals(&self, position: usize) -> usize {
        let name = &self.calls[position].name;
        let earlier = self.calls.range(..position);
        let queued = earlier.filter(|call| call.name.is_none() || call.name == *name);
        let unsettled = self.unsettled.iter();
        queued.count()
            + unsettled
                .filter(|other| Some(*other) == name.as_ref())
                .count()
    }

    /// Wakes the calls that may take the step that they await.
    fn wake(&mut self) {
        for position in 0..self.calls.len().min(2 * self.at_once) {
            let call = &self.calls[position];
            if call
                .awaits
                .is_some_and(|step| self.is_ready(position, step))
            {
                call.wake.notify_one();
                self.calls[position].awaits = None;
            }
        }
    }
}

#[cfg(test)]
mod tests;
