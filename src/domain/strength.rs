//! What a session is good for, from the factors of its user and those that were proved in it.

use std::fmt;

use super::named::named;
use super::{Factor, FactorKind, FactorKinds, Factors, Timestamp};

named! {
    /// Whether users need a second factor.
    pub enum MfaPolicy {
        /// Those who have one.
        Optional = "optional",
        /// All.
        Required = "required",
    }
}

named! {
    /// The least that an authorizer or a layer lets pass, beside what the policy demands. The names
    /// are those of `acr`.
    pub enum MinAcr {
        None = "none",
        /// A second factor.
        SecondFactor = "2fa",
        /// A second factor that a forged page can't use.
        PhishingResistant = "phr",
    }
}

/// What a session has to prove to whoever uses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequiredStrength {
    pub mfa: MfaPolicy,
    pub min_acr: MinAcr,
}

impl RequiredStrength {
    /// What a session with these `factors` lacks of a user who has `kinds`. What the policy demands
    /// comes first, since it names the factor that is missing.
    pub fn lacking(self, kinds: FactorKinds, factors: &Factors) -> Option<Lacking> {
        let by_policy = self.mfa.lacking(kinds, factors);
        by_policy.or_else(|| self.min_acr.lacking(factors))
    }
}

impl Default for RequiredStrength {
    /// What the defaults of the settings are.
    fn default() -> Self {
        Self {
            mfa: MfaPolicy::Optional,
            min_acr: MinAcr::None,
        }
    }
}

named! {
    /// How strongly a session proves its user: `acr`, from the weakest.
    pub enum Strength {
        /// One factor, or something that is less.
        Half = "1fa",
        /// The password and a second factor.
        Full = "2fa",
        /// A passkey, or the password and a security key.
        PhishingResistant = "phr",
    }
}

/// What a session lacks to stand for its user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lacking {
    /// One of the factors that the user has.
    Second(FactorKinds),
    /// The user has none of those that are required, and has to set one up.
    SetUp,
    /// Neither the password nor anything in its place was checked.
    Password,
    /// What `MIN_ACR` demands.
    Acr(MinAcr),
}

impl Lacking {
    /// What a session lacks that doesn't have the strongest proof of a user with `kinds`.
    pub fn of(kinds: FactorKinds) -> Self {
        if kinds.is_empty() {
            Self::Password
        } else {
            Self::Second(kinds)
        }
    }
}

impl MfaPolicy {
    /// What a session with these `factors` lacks to stand for a user who has `kinds`.
    ///
    /// This is the one place that decides it, at each use of a session and from what the user has at
    /// that moment: for a bearer token, the authorizer and the layer.
    pub fn lacking(self, kinds: FactorKinds, factors: &Factors) -> Option<Lacking> {
        let is_full = factors.strength() >= Some(Strength::Full);
        match self {
            _ if is_full => None,
            _ if kinds.demands_second() => Some(Lacking::Second(kinds)),
            Self::Required if kinds.has_lasting() => Some(Lacking::Second(kinds)),
            Self::Required => Some(Lacking::SetUp),
            Self::Optional if factors.verified_at.contains_key(&Factor::Password) => None,
            Self::Optional => Some(Lacking::Password),
        }
    }
}

impl MinAcr {
    /// What a session with these `factors` lacks for it.
    pub fn lacking(self, factors: &Factors) -> Option<Lacking> {
        let is_met = match self {
            Self::None => true,
            Self::SecondFactor => factors.strength() >= Some(Strength::Full),
            Self::PhishingResistant => factors.strength() == Some(Strength::PhishingResistant),
        };
        (!is_met).then_some(Lacking::Acr(self))
    }
}

impl Factors {
    /// How strongly they prove the user. `None`: they prove nothing.
    pub fn strength(&self) -> Option<Strength> {
        self.proved_at()?;
        Some(match (self.full_since(), self.web_authn()) {
            (Some(_), Some(_)) => Strength::PhishingResistant,
            (Some(_), None) => Strength::Full,
            (None, _) => Strength::Half,
        })
    }

    /// Since when they are full: by the passkey, or by the older one of two, the password and the
    /// newest second factor.
    pub fn full_since(&self) -> Option<Timestamp> {
        let at = |factor| self.verified_at.get(&factor).copied();
        let seconds = self.iter().filter(|(factor, _)| factor.is_second());
        let second = seconds.map(|(_, at)| at).max();
        let both = at(Factor::Password).zip(second);
        let both = both.map(|(password, second)| password.min(second));
        at(Factor::Passkey).max(both)
    }

    /// When the older one of the proofs was made that are the strongest which a user with `kinds` can
    /// give. `None`: they are weaker.
    pub fn strongest_since(&self, kinds: FactorKinds) -> Option<Timestamp> {
        let full = self.full_since();
        if kinds.is_empty() {
            self.verified_at.get(&Factor::Password).copied().max(full)
        } else {
            full
        }
    }

    /// The methods by which the user was proved, in the words of RFC 8176.
    /// <https://www.rfc-editor.org/rfc/rfc8176#section-2>
    pub fn methods(&self) -> Vec<&'static str> {
        let mut methods = Vec::new();
        for factor in self.verified_at.keys() {
            let method = match factor {
                Factor::Password => "pwd",
                Factor::Totp | Factor::OtpEmail => "otp",
                Factor::OtpSms => "sms",
                Factor::Passkey | Factor::U2f => "pop",
                Factor::User | Factor::RecoveryCode => continue,
            };
            if !methods.contains(&method) {
                methods.push(method);
            }
        }
        let has_passkey = self.verified_at.contains_key(&Factor::Passkey);
        if has_passkey || self.u2f_at().is_some() && self.u2f_verified_user {
            methods.push("user");
        }
        if self.full_since().is_some() {
            methods.push("mfa");
        }
        methods
    }
}

/// The text for clients.
impl fmt::Display for Lacking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds = match self {
            Self::Second(kinds) => *kinds,
            Self::SetUp => {
                return f.write_str("mfa required: the user has to set up a second factor");
            }
            Self::Password => return f.write_str("the password has to be checked"),
            Self::Acr(acr) => return write!(f, "acr {} required", acr.as_str()),
        };
        let mut checks: Vec<_> = kinds.iter().map(FactorKind::check).collect();
        checks.dedup();
        let unknown = kinds.has_unknown().then_some("a factor of a newer release");
        let checks: Vec<_> = checks.into_iter().chain(unknown).collect();
        write!(f, "mfa required: check {}", checks.join(" or "))
    }
}
