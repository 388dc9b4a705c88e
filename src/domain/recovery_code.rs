/// What is stored of a recovery code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecoveryCodeHash(pub [u8; 32]);
