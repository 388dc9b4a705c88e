use super::kind::MessageKind;

/// A language that there are texts in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MessageLanguage {
    English,
    German,
}

/// The page around the paragraphs of an e-mail.
pub(super) const LAYOUT: &str = include_str!("layout.html");

macro_rules! text {
    ($folder:literal, $kind:expr) => {
        match $kind {
            MessageKind::VerifyEmail => include_str!(concat!($folder, "/verify_email.txt")),
            MessageKind::VerifyPhone => include_str!(concat!($folder, "/verify_phone.txt")),
            MessageKind::ResetPassword => include_str!(concat!($folder, "/reset_password.txt")),
            MessageKind::Invite => include_str!(concat!($folder, "/invite.txt")),
            MessageKind::OtpEmail => include_str!(concat!($folder, "/otp_email.txt")),
            MessageKind::OtpSms => include_str!(concat!($folder, "/otp_sms.txt")),
            MessageKind::RegisterPasskey => {
                include_str!(concat!($folder, "/register_passkey.txt"))
            }
            MessageKind::PasswordChanged => include_str!(concat!($folder, "/password_changed.txt")),
            MessageKind::LoginNameChanged => {
                include_str!(concat!($folder, "/login_name_changed.txt"))
            }
            MessageKind::EmailChanged => include_str!(concat!($folder, "/email_changed.txt")),
            MessageKind::PhoneChanged => include_str!(concat!($folder, "/phone_changed.txt")),
            MessageKind::FactorAdded => include_str!(concat!($folder, "/factor_added.txt")),
            MessageKind::FactorRemoved => include_str!(concat!($folder, "/factor_removed.txt")),
            MessageKind::PasskeyAdded => include_str!(concat!($folder, "/passkey_added.txt")),
            MessageKind::PasskeyRemoved => include_str!(concat!($folder, "/passkey_removed.txt")),
            MessageKind::RecoveryCodeUsed => {
                include_str!(concat!($folder, "/recovery_code_used.txt"))
            }
            MessageKind::RecoveryCodesReplaced => {
                include_str!(concat!($folder, "/recovery_codes_replaced.txt"))
            }
            MessageKind::FactorsRemovedByReset => {
                include_str!(concat!($folder, "/factors_removed_by_reset.txt"))
            }
        }
    };
}

impl MessageLanguage {
    #[cfg(test)]
    pub const ALL: [Self; 2] = [Self::English, Self::German];

    /// The language of the texts for a user with this preferred language, such as `de-CH`.
    pub fn preferred(tag: Option<&str>) -> Self {
        let language = tag.and_then(|tag| tag.split(['-', '_']).next());
        match language {
            Some(language) if language.eq_ignore_ascii_case("de") => Self::German,
            _ => Self::English,
        }
    }

    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    pub fn text(self, kind: MessageKind) -> &'static str {
        match self {
            Self::English => text!("en", kind),
            Self::German => text!("de", kind),
        }
    }

    /// A phrase of the language that stands in several texts.
    pub fn phrase(self, name: &str) -> Option<&'static str> {
        self.phrases()
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find_map(|(key, phrase)| (key == name).then(|| phrase.trim()))
    }

    pub fn phrases(self) -> &'static str {
        match self {
            Self::English => include_str!("en/phrases.txt"),
            Self::German => include_str!("de/phrases.txt"),
        }
    }
}
