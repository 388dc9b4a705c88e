use std::collections::{BTreeMap, BTreeSet};

use super::named::named;
use super::text::Invalid;
use super::{
    DisplayName, FactorKind, LoginName, SessionGeneration, Timestamp, User, UserId, UserRef,
};

named! {
    /// What can be checked of a session's user. The names are those of the API in JSON, where the last
    /// two are `webAuthN`. They are also stored, in the order of this list.
    pub enum Factor {
        /// Who the user is. Anybody can name a user, so this alone proves nothing.
        User = "user",
        Password = "password",
        /// The code of an authenticator app.
        Totp = "totp",
        /// A code that was sent by SMS.
        OtpSms = "otpSms",
        /// A code that was sent by e-mail.
        OtpEmail = "otpEmail",
        RecoveryCode = "recoveryCode",
        /// A credential of WebAuthn that was registered as a passkey, and has verified the user.
        Passkey = "passkey",
        /// Another credential of WebAuthn, or a passkey that has not verified the user.
        U2f = "u2f",
    }
}

impl Factor {
    /// The attribute of a session's item that has the time of the last check.
    pub const fn verified_at_attribute(self) -> &'static str {
        match self {
            Self::User => "user_verified_at",
            Self::Password => "password_verified_at",
            Self::Totp => "totp_verified_at",
            Self::OtpSms => "otp_sms_verified_at",
            Self::OtpEmail => "otp_email_verified_at",
            Self::RecoveryCode => "recovery_code_verified_at",
            Self::Passkey => "passkey_verified_at",
            Self::U2f => "u2f_verified_at",
        }
    }

    /// Whether the check proves that the user is there, and not only who that is.
    pub fn is_proof(self) -> bool {
        self != Self::User
    }

    /// Whether it is one that is checked beside the password.
    pub fn is_second(self) -> bool {
        match self {
            Self::User | Self::Password | Self::Passkey => false,
            Self::Totp | Self::OtpSms | Self::OtpEmail | Self::RecoveryCode | Self::U2f => true,
        }
    }
}

impl From<FactorKind> for Factor {
    fn from(kind: FactorKind) -> Self {
        match kind {
            FactorKind::Totp => Self::Totp,
            FactorKind::OtpEmail => Self::OtpEmail,
            FactorKind::OtpSms => Self::OtpSms,
            FactorKind::RecoveryCodes => Self::RecoveryCode,
            FactorKind::Passkey => Self::Passkey,
            FactorKind::U2f => Self::U2f,
        }
    }
}

pub type FactorSet = BTreeSet<Factor>;

/// The user of a session, as of the last check. The login name isn't part of it, because a rename
/// may change that: see [`NamedSession`](super::NamedSession).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserFactor {
    pub user_id: UserId,
    pub display_name: Option<DisplayName>,
    /// The user's session generation at the first proof, or at the last check as long as nothing
    /// was proved. A session in which the user was proved is valid only while it is still the
    /// user's.
    pub generation: SessionGeneration,
}

impl From<&User> for UserFactor {
    fn from(user: &User) -> Self {
        Self {
            user_id: user.user_id.clone(),
            display_name: user.display_name.clone(),
            generation: user.generation,
        }
    }
}

impl UserFactor {
    /// The name to show for the user, whose login name is `login_name`.
    pub fn shown_name<'a>(&'a self, login_name: &'a LoginName) -> &'a str {
        DisplayName::or_login_name(self.display_name.as_ref(), login_name)
    }
}

/// What was proved in a session, and when.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Factors {
    pub user: Option<UserFactor>,
    pub verified_at: BTreeMap<Factor, Timestamp>,
    /// Whether the credential of [`Factor::U2f`] has verified the user. It is a second factor all the
    /// same.
    pub u2f_verified_user: bool,
    /// A newer release has stored a proof that this one doesn't know. It vouches for nobody here,
    /// but it ends with the session generation as each proof does.
    pub unknown_proof: bool,
}

impl Factors {
    /// Those that `user` has passed at `at`, with the session generation that they were checked in.
    /// The user is part of them even if it was not checked who that is, because the session knows
    /// it already.
    pub fn passed(factors: &FactorSet, user: UserFactor, at: Timestamp) -> Self {
        Self {
            user: Some(user),
            verified_at: factors.iter().map(|factor| (*factor, at)).collect(),
            ..Self::default()
        }
    }

    pub fn user(&self) -> Option<&UserFactor> {
        self.user.as_ref()
    }

    pub fn user_ref(&self) -> Option<UserRef> {
        self.user.as_ref().map(|user| UserRef::from(&user.user_id))
    }

    pub fn iter(&self) -> impl Iterator<Item = (Factor, Timestamp)> {
        self.verified_at.iter().map(|(factor, at)| (*factor, *at))
    }

    pub fn set(&self) -> FactorSet {
        self.verified_at.keys().copied().collect()
    }

    pub fn is_empty(&self) -> bool {
        self.verified_at.is_empty()
    }

    pub fn count(&self) -> u64 {
        self.verified_at.len() as u64
    }

    /// When it was last proved that the user is there.
    pub fn proved_at(&self) -> Option<Timestamp> {
        let proofs = self.iter().filter(|(factor, _)| factor.is_proof());
        proofs.map(|(_, at)| at).max()
    }

    /// Whether more than the user's name was checked, by this release or a newer one.
    pub fn is_proved(&self) -> bool {
        self.unknown_proof || self.proved_at().is_some()
    }

    /// The user, if more than the name was checked.
    pub fn proved_user(&self) -> Option<&UserFactor> {
        self.user.as_ref().filter(|_| self.proved_at().is_some())
    }

    /// These after the checks of a change. Those may be the older ones: of two changes at the same
    /// time, the one that was checked first may be written last.
    ///
    /// As long as nothing was proved, the user's session generation is that of the last check, so
    /// the first proof brings its own. From then on it stays, and a proof of another generation is
    /// not for this session: [`Session::state`](super::Session::state).
    ///
    /// # Errors
    ///
    /// The change is of another user, and a session's user can't be changed.
    pub fn changed(&self, checked: &Self) -> Result<Self, Invalid> {
        let user = match (&self.user, &checked.user) {
            (Some(own), Some(other)) if own.user_id != other.user_id => {
                return Err(Self::another_user());
            }
            (Some(own), Some(other)) => {
                let is_named = checked.verified_at.contains_key(&Factor::User);
                let shown = if is_named { other } else { own };
                let generation = if self.is_proved() { own } else { other }.generation;
                Some(UserFactor {
                    generation,
                    ..shown.clone()
                })
            }
            (own, other) => own.as_ref().or(other.as_ref()).cloned(),
        };
        let mut verified_at = self.verified_at.clone();
        for (factor, at) in checked.iter() {
            let newest = verified_at.entry(factor).or_insert(at);
            *newest = at.max(*newest);
        }
        let (own, other) = (self.u2f_at(), checked.u2f_at());
        let newest = if other >= own { checked } else { self };
        Ok(Self {
            user,
            verified_at,
            u2f_verified_user: newest.u2f_verified_user,
            unknown_proof: self.unknown_proof,
        })
    }

    pub(super) fn u2f_at(&self) -> Option<Timestamp> {
        self.verified_at.get(&Factor::U2f).copied()
    }

    /// When a credential of WebAuthn was checked last, and whether it verified the user.
    pub fn web_authn(&self) -> Option<(Timestamp, bool)> {
        let passkey = self.verified_at.get(&Factor::Passkey);
        let passkey = passkey.map(|at| (*at, true));
        let u2f = self.u2f_at().map(|at| (at, self.u2f_verified_user));
        passkey.max(u2f)
    }

    /// The error of a request that names another user than the session's.
    pub fn another_user() -> Invalid {
        Invalid::new(
            "checks.user",
            "is not the user of the session, who can't be changed",
        )
    }
}

/// The checks that a change of a session passed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PassedChecks {
    pub factors: FactorSet,
    /// The session had no user before.
    pub added_user: bool,
    /// A newer release has stored checks that this one doesn't know.
    pub unknown: bool,
}

impl PassedChecks {
    pub fn is_empty(&self) -> bool {
        self.factors.is_empty() && !self.unknown
    }

    /// Whether a change with `checks` passes all of these again. Whether the user was added makes no
    /// difference, because when a change is repeated, the session has its user already.
    pub fn are_repeated_by(&self, checks: &FactorSet) -> bool {
        checks.is_superset(&self.factors)
    }
}

#[test]
fn a_change_is_repeated_only_with_the_same_checks_or_more() {
    let set = |factors: &[Factor]| -> FactorSet { factors.iter().copied().collect() };
    let (user, password) = (&[Factor::User][..], &[Factor::Password][..]);
    let both = &[Factor::User, Factor::Password][..];
    for (repeated, (first, added), want) in [
        (both, (both, false), true),
        (both, (user, false), true),
        (both, (password, false), true),
        (user, (user, true), true),
        (user, (both, false), false),
        (password, (both, false), false),
        (password, (user, true), false),
        (&[], (password, false), false),
    ] {
        let passed = PassedChecks {
            factors: set(first),
            added_user: added,
            unknown: false,
        };
        let is_repeated = passed.are_repeated_by(&set(repeated));
        assert_eq!(is_repeated, want, "{repeated:?} {first:?}");
    }
}
