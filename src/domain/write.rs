use std::fmt;

use super::WriteId;

/// A session's sequence: the number of facts that have been recorded about it. Each write
/// increases it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sequence(pub u64);

impl fmt::Display for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A write that was carried out, and the sequence that it saw (0: nothing was stored).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Write {
    pub seen: Sequence,
    pub id: WriteId,
}

/// The last writes of a session, the newest first.
///
/// A write that is sent again because its answer was lost looks for itself here. Of the writes
/// that saw one sequence only one is carried out, so it finds either itself or the write that was
/// carried out instead of it. A write that is conditioned on no sequence, such as the end of the
/// session, increases it without an entry here: whoever saw the sequence before finds neither, and
/// was not carried out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Writes(Vec<Write>);

/// The outcome of a write, by the stored session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteOutcome {
    CarriedOut,
    NotCarriedOut,
    /// There were so many later writes that it is no longer among the last ones.
    Unknown,
}

impl Writes {
    /// How many writes are kept, at 24 bytes each. If a write is sent again after as many
    /// later ones, its outcome is unknown.
    pub const KEPT: usize = 8;

    pub fn new(newest_first: Vec<Write>) -> Self {
        let mut writes = newest_first;
        writes.truncate(Self::KEPT);
        Self(writes)
    }

    #[must_use]
    pub fn with(&self, newest: Write) -> Self {
        Self::new([newest].into_iter().chain(self.iter()).collect())
    }

    pub fn iter(&self) -> impl Iterator<Item = Write> {
        self.0.iter().copied()
    }

    pub fn newest(&self) -> Option<Write> {
        self.0.first().copied()
    }

    pub fn outcome(&self, write: Write) -> WriteOutcome {
        let forgotten = self.0.get(Self::KEPT - 1);
        if self.0.contains(&write) {
            WriteOutcome::CarriedOut
        } else if forgotten.is_some_and(|oldest| oldest.seen > write.seen) {
            WriteOutcome::Unknown
        } else {
            WriteOutcome::NotCarriedOut
        }
    }
}

#[test]
fn a_write_that_is_sent_again_learns_its_outcome_from_the_last_eight() {
    let write = |seen: u64| Write {
        seen: Sequence(seen),
        id: WriteId(uuid::Uuid::from_u128(seen.into())),
    };
    let other = |seen: u64| Write {
        id: WriteId(uuid::Uuid::max()),
        ..write(seen)
    };
    let after = |seen: &[u64]| {
        let all = seen.iter().map(|&seen| write(seen));
        all.fold(Writes::default(), |writes, next| writes.with(next))
    };
    let all = [0, 2, 4, 6, 8, 10, 12, 14, 16];
    let grown = [0, 2, 5, 7, 9, 11, 13, 15, 17, 19];

    for (stored, sought, want) in [
        (after(&all[..1]), write(0), WriteOutcome::CarriedOut),
        (after(&all[..2]), write(0), WriteOutcome::CarriedOut),
        (after(&all[..1]), other(0), WriteOutcome::NotCarriedOut),
        (after(&all[..2]), other(2), WriteOutcome::NotCarriedOut),
        (after(&all[..8]), write(0), WriteOutcome::CarriedOut),
        (after(&all[..8]), other(0), WriteOutcome::NotCarriedOut),
        // The sequence grew by one without an entry.
        (after(&grown[..3]), write(2), WriteOutcome::CarriedOut),
        (after(&grown[..3]), other(4), WriteOutcome::NotCarriedOut),
        (after(&grown[..9]), write(2), WriteOutcome::CarriedOut),
        (after(&grown[..9]), other(4), WriteOutcome::NotCarriedOut),
        (after(&grown), other(4), WriteOutcome::Unknown),
        (after(&all), write(0), WriteOutcome::Unknown),
        (after(&all), write(2), WriteOutcome::CarriedOut),
        (after(&all), other(2), WriteOutcome::NotCarriedOut),
        (after(&all), other(18), WriteOutcome::NotCarriedOut),
    ] {
        assert_eq!(stored.outcome(sought), want, "{stored:?} {sought:?}");
        assert!(stored.iter().count() <= Writes::KEPT);
    }
}
