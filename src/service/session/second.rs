//! The checks of second factors, and the codes that are sent for them.

mod asked;
mod challenge;
mod judge;
mod write;

use crate::domain::{
    CodeId, Credentials, Factor, FactorKind, FactorKinds, FactorSet, LoginName, OneTimeCode,
    OtpMethod, PresentedOtp, PresentedRecoveryCode, Profile, SecondFactors, Session, SessionId,
    TotpCode, User, UserFactor, WriteId,
};
use crate::service::Delivery;
use crate::service::session::web_authn::{AskedKey, KeyChallenge};
use crate::store::UsedFactors;

pub use asked::ReturnedChallenges;
pub(super) use asked::{CheckedChallenges, require_proof};
pub(super) use challenge::MadeChallenges;
pub(super) use write::Proofs;

/// The second factors that a request wants checked. They are judged in this order, until one is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecondChecks {
    pub totp: Option<TotpCode>,
    pub otp_sms: Option<PresentedOtp>,
    pub otp_email: Option<PresentedOtp>,
    pub recovery_code: Option<PresentedRecoveryCode>,
}

/// The challenges that a request asks for, once its checks have passed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AskedChallenges {
    pub web_authn: Option<Box<AskedKey>>,
    pub otp_sms: Option<Delivery>,
    pub otp_email: Option<Delivery>,
}

impl SecondChecks {
    /// Those that are there, in the order in which they are judged.
    pub fn kinds(&self) -> Vec<FactorKind> {
        // Exhaustive on purpose: a check that is added is judged.
        let Self {
            totp,
            otp_sms,
            otp_email,
            recovery_code,
        } = self;
        let all = [
            (FactorKind::Totp, totp.is_some()),
            (FactorKind::OtpSms, otp_sms.is_some()),
            (FactorKind::OtpEmail, otp_email.is_some()),
            (FactorKind::RecoveryCodes, recovery_code.is_some()),
        ];
        let there = all.into_iter().filter(|(_, is_there)| *is_there);
        there.map(|(kind, _)| kind).collect()
    }

    pub fn is_empty(&self) -> bool {
        self.kinds().is_empty()
    }

    fn sent(&self) -> impl Iterator<Item = (OtpMethod, &PresentedOtp)> {
        let all = [
            (OtpMethod::Sms, &self.otp_sms),
            (OtpMethod::Email, &self.otp_email),
        ];
        all.into_iter()
            .filter_map(|(method, code)| Some((method, code.as_ref()?)))
    }
}

impl AskedChallenges {
    /// The codes.
    pub fn iter(&self) -> impl Iterator<Item = (OtpMethod, &Delivery)> {
        let all = [
            (OtpMethod::Sms, &self.otp_sms),
            (OtpMethod::Email, &self.otp_email),
        ];
        all.into_iter()
            .filter_map(|(method, delivery)| Some((method, delivery.as_ref()?)))
    }

    pub fn is_empty(&self) -> bool {
        self.web_authn.is_none() && self.iter().next().is_none()
    }
}

/// Whose second factors are checked, or challenged, and in which session.
#[derive(Clone, Copy)]
pub(super) struct SecondSubject<'a> {
    pub user: &'a UserFactor,
    pub login_name: &'a LoginName,
    /// The kinds that the user has, if they were read with the session.
    pub kinds: Option<FactorKinds>,
    /// The user's credentials, if they were read already.
    pub credentials: Option<&'a Credentials>,
    pub session: SessionId,
    /// The session, if it exists.
    pub stored: Option<&'a Session>,
    /// The id of the attempt at codes, if one is reserved.
    pub attempt: WriteId,
}

/// A user who has passed the check of the password.
pub(super) struct CheckedUser {
    pub factor: UserFactor,
    pub login_name: LoginName,
}

impl From<&User> for CheckedUser {
    fn from(user: &User) -> Self {
        Self {
            factor: UserFactor::from(user),
            login_name: user.login_name.clone(),
        }
    }
}

/// What is done of second factors and challenges before anything is sent or written.
#[derive(Debug, Default)]
pub(super) struct PreparedSecond {
    pub passed: Option<PassedSecond>,
    /// What the challenges of codes need, if there are any.
    pub read: Option<(SecondFactors, Profile)>,
    /// The challenge for an authenticator, if there is one.
    pub key: Option<Box<KeyChallenge>>,
}

/// Second factors that were right, and are used up together with the change of the session.
#[derive(Debug)]
pub(super) struct PassedSecond {
    pub used: UsedFactors,
    checks: SecondChecks,
    /// The challenges that the codes answer.
    challenges: Vec<(OtpMethod, CodeId)>,
}

/// A returned code.
pub(super) type ReturnedOtp = (OtpMethod, OneTimeCode);

/// Whether the factors have one that others are checked beside: the password, or a passkey in its
/// place.
pub(super) fn has_first_factor(checks: &FactorSet) -> bool {
    [Factor::Password, Factor::Passkey]
        .iter()
        .any(|first| checks.contains(first))
}
