//! How a store carries out transactions.

/// How long a transaction is tried that meets other writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Patience {
    #[default]
    /// A call is billed by time, and its client waits.
    Call,
    /// An operator wants it done, even while somebody tries passwords.
    Operator,
}

/// How a store carries out transactions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Manner {
    pub patience: Patience,
    /// Whether they are checked, and not carried out.
    pub rehearses: bool,
}

impl Patience {
    /// The pauses before a transaction that met another write is tried again: 150 ms in all in a
    /// call, 630 ms for an operator.
    pub fn pauses_millis(self) -> &'static [u64] {
        let all = &[10, 20, 40, 80, 160, 320];
        match self {
            Self::Call => &all[..4],
            Self::Operator => all,
        }
    }
}
