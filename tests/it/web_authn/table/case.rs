//! The cells of the table.

/// How a user proves himself by an authenticator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// A passkey of the user whom the session names, who has no password.
    Passkey,
    /// A passkey that finds the user.
    Discoverable,
    /// A security key of the user whom the session names.
    SecurityKey,
    /// A security key after a password.
    SecondFactor,
}

impl Flow {
    pub const ALL: [Self; 4] = [
        Self::Passkey,
        Self::Discoverable,
        Self::SecurityKey,
        Self::SecondFactor,
    ];
}

/// What is peculiar about an answer, or has happened before it comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    Right,
    OtherChallenge,
    OtherSessions,
    NoChallenge,
    Origin(&'static str),
    TopOrigin,
    CrossOrigin,
    OtherRpId,
    NotPresent,
    NotVerified,
    OtherType,
    BadSignature,
    OtherUsersHandle,
    UnknownHandle,
    NoHandle,
    UnknownCredential,
    /// It names another user's credential, and is signed with the key of the own.
    NamesOtherUsers,
    /// Another user has answered, with all that is his.
    OtherUsers,
    OtherKind,
    OtherDomains,
    JustInTime,
    Expired,
    Used,
    UsedBesideAnother,
    CountSmaller,
    CountEqual,
    CountZero,
    NowEligible,
    NoLongerEligible,
    StateWithoutEligibility,
    Removed,
    /// It was removed, and is another user's now.
    Moved,
    Malformed,
    Renamed,
    LoggedOut,
    UserLocked,
    UserDeactivated,
    UserDeleted,
    SessionEnded,
}
