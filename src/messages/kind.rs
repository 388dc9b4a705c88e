use crate::domain::FactorKind;

/// What a message is about. The first seven have a code or the link of one; the others are notices,
/// which have neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageKind {
    VerifyEmail,
    VerifyPhone,
    ResetPassword,
    Invite,
    /// A code that checks a second factor, by e-mail.
    OtpEmail,
    /// The same by SMS.
    OtpSms,
    /// A link by which a passkey can be registered.
    RegisterPasskey,
    PasswordChanged,
    LoginNameChanged,
    EmailChanged,
    PhoneChanged,
    FactorAdded,
    FactorRemoved,
    PasskeyAdded,
    PasskeyRemoved,
    RecoveryCodeUsed,
    RecoveryCodesReplaced,
    /// A reset verified the address for the first time, and removed all passkeys and second factors.
    FactorsRemovedByReset,
}

impl MessageKind {
    pub const ALL: [Self; 18] = [
        Self::VerifyEmail,
        Self::VerifyPhone,
        Self::ResetPassword,
        Self::Invite,
        Self::OtpEmail,
        Self::OtpSms,
        Self::RegisterPasskey,
        Self::PasswordChanged,
        Self::LoginNameChanged,
        Self::EmailChanged,
        Self::PhoneChanged,
        Self::FactorAdded,
        Self::FactorRemoved,
        Self::PasskeyAdded,
        Self::PasskeyRemoved,
        Self::RecoveryCodeUsed,
        Self::RecoveryCodesReplaced,
        Self::FactorsRemovedByReset,
    ];

    pub(super) fn is_notice(self) -> bool {
        match self {
            Self::VerifyEmail
            | Self::VerifyPhone
            | Self::ResetPassword
            | Self::Invite
            | Self::OtpEmail
            | Self::OtpSms
            | Self::RegisterPasskey => false,
            Self::PasswordChanged
            | Self::LoginNameChanged
            | Self::EmailChanged
            | Self::PhoneChanged
            | Self::FactorAdded
            | Self::FactorRemoved
            | Self::PasskeyAdded
            | Self::PasskeyRemoved
            | Self::RecoveryCodeUsed
            | Self::RecoveryCodesReplaced
            | Self::FactorsRemovedByReset => true,
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
    /// What was added or removed.
    pub factor: Option<FactorKind>,
    /// How many recovery codes are left.
    pub left: Option<usize>,
    /// How long the code is valid, if that is an hour or longer.
    pub hours: u32,
    /// How long the code is valid, if that is less than an hour.
    pub minutes: u32,
}

impl<'a> MessageValues<'a> {
    /// The values that each message has. All others are missing.
    pub fn new(organization: &'a str, asker: Asker<'a>) -> Self {
        Self {
            organization,
            asker,
            name: None,
            code: None,
            link: None,
            application: None,
            new_address: None,
            factor: None,
            left: None,
            hours: 0,
            minutes: 0,
        }
    }
}
