use std::time::Duration;

use super::named::named;

named! {
    /// What a code is for. The name is part of what a code is derived from, and of its item's key.
    pub enum CodePurpose {
        VerifyEmail = "email",
        VerifyPhone = "phone",
        ResetPassword = "reset",
        Invite = "invite",
        /// The code of a link by which a passkey can be registered.
        RegisterPasskey = "passkey",
    }
}

impl CodePurpose {
    /// How long a code is valid after it was last asked for.
    pub fn lifetime(self) -> Duration {
        match self {
            Self::VerifyEmail | Self::VerifyPhone | Self::ResetPassword | Self::RegisterPasskey => {
                Duration::from_hours(1)
            }
            Self::Invite => Duration::from_hours(72),
        }
    }
}
