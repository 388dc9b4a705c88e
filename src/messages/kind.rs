/// What a message is about. The first four have a code; the others are notices, which have none and
/// no link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageKind {
    VerifyEmail,
    VerifyPhone,
    ResetPassword,
    Invite,
    PasswordChanged,
    LoginNameChanged,
    EmailChanged,
    PhoneChanged,
}

impl MessageKind {
    pub const ALL: [Self; 8] = [
        Self::VerifyEmail,
        Self::VerifyPhone,
        Self::ResetPassword,
        Self::Invite,
        Self::PasswordChanged,
        Self::LoginNameChanged,
        Self::EmailChanged,
        Self::PhoneChanged,
    ];

    pub(super) fn is_notice(self) -> bool {
        match self {
            Self::VerifyEmail | Self::VerifyPhone | Self::ResetPassword | Self::Invite => false,
            Self::PasswordChanged
            | Self::LoginNameChanged
            | Self::EmailChanged
            | Self::PhoneChanged => true,
        }
    }
}

/// Who asked for a message, or made the change that it tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asker<'a> {
    /// The user himself, in a session.
    User,
    /// A program, by the name of its service account.
    Application(&'a str),
    /// Whoever has the command line.
    Operator,
}

/// What the placeholders of a text are replaced by. A value becomes one line, whatever it has.
#[derive(Clone, Copy)]
pub struct MessageValues<'a> {
    pub organization: &'a str,
    pub asker: Asker<'a>,
    /// `None` for an address that nobody has verified: users choose their names.
    pub name: Option<&'a str>,
    /// The short form, for typing.
    pub code: Option<&'a str>,
    pub link: Option<&'a str>,
    /// What an invitation is to.
    pub application: Option<&'a str>,
    /// What a changed address is changed to.
    pub new_address: Option<&'a str>,
    /// How long the code is valid.
    pub hours: u32,
}
