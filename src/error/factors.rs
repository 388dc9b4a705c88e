//! The errors of second factors: of their checks and challenges, and of the calls that register and
//! remove them.

use std::time::Duration;

use super::Code;
use super::table::{Row, errors};
use crate::domain::FactorKind;

/// A lock after too many wrong codes, as the check of one kind meets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FactorLock {
    pub kind: FactorKind,
    /// How long it lasts; `None`: until an administrator ends it.
    pub left: Option<Duration>,
}

/// How many recovery codes a request may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CountFault {
    TooFew,
    TooMany,
}

fn user_missing_to_check(kind: FactorKind) -> (Code, &'static str) {
    let id = match kind {
        FactorKind::Totp => "COMMAND-8N9ds",
        FactorKind::OtpEmail | FactorKind::OtpSms => "COMMAND-S453v",
        FactorKind::RecoveryCodes => "COMMAND-4m9s2",
        FactorKind::Passkey | FactorKind::U2f => {
            return (Code::FAILED_PRECONDITION, "COMMAND-eeR2e");
        }
    };
    (Code::INVALID_ARGUMENT, id)
}

fn user_missing_to_challenge(kind: FactorKind) -> (Code, &'static str) {
    let id = match kind {
        FactorKind::OtpSms => "COMMAND-JKL3g",
        FactorKind::Passkey | FactorKind::U2f => "COMMAND-eeR2e",
        _ => "COMMAND-JK3gp",
    };
    (Code::FAILED_PRECONDITION, id)
}

fn not_set_up(kind: FactorKind) -> (Code, &'static str) {
    let id = match kind {
        FactorKind::Totp => "COMMAND-3Mif9s",
        FactorKind::OtpEmail | FactorKind::OtpSms => "COMMAND-d2r52",
        FactorKind::RecoveryCodes => "COMMAND-84rgg",
        FactorKind::Passkey | FactorKind::U2f => "COMMAND-Aej7i",
    };
    (Code::FAILED_PRECONDITION, id)
}

fn not_ready(kind: FactorKind) -> (Code, &'static str) {
    let id = match kind {
        FactorKind::OtpSms => "COMMAND-BJ2g3",
        _ => "COMMAND-JKLJ3",
    };
    (Code::FAILED_PRECONDITION, id)
}

fn code_empty(kind: FactorKind) -> (Code, &'static str) {
    let id = match kind {
        FactorKind::RecoveryCodes => "COMMAND-u0b6c",
        _ => "COMMAND-SJl2g",
    };
    (Code::INVALID_ARGUMENT, id)
}

fn wrong(kind: FactorKind) -> (Code, &'static str) {
    let id = match kind {
        FactorKind::Totp => "EVENT-8isk2",
        FactorKind::OtpEmail | FactorKind::OtpSms => "CODE-woT0xc",
        FactorKind::RecoveryCodes => "DOMAIN-6uvh0",
        FactorKind::Passkey | FactorKind::U2f => "WEBAU-3M9si",
    };
    (Code::INVALID_ARGUMENT, id)
}

fn locked(lock: FactorLock) -> (Code, &'static str) {
    let id = match lock.kind {
        FactorKind::Totp => "COMMAND-SF3fg",
        FactorKind::OtpEmail | FactorKind::OtpSms => "COMMAND-S6h4R",
        FactorKind::RecoveryCodes => "COMMAND-2w6oa",
        // A signature can't be guessed, so these are not locked.
        FactorKind::Passkey | FactorKind::U2f => "COMMAND-Df4b3",
    };
    (Code::FAILED_PRECONDITION, id)
}

fn exists(kind: FactorKind) -> (Code, &'static str) {
    let id = match kind {
        FactorKind::OtpSms => "COMMAND-Ad3g2",
        FactorKind::OtpEmail => "COMMAND-Q54j2",
        _ => "COMMAND-do9se",
    };
    (Code::ALREADY_EXISTS, id)
}

fn unverified(kind: FactorKind) -> (Code, &'static str) {
    let id = match kind {
        FactorKind::OtpSms => "COMMAND-MKL2s",
        _ => "COMMAND-KLJ2d",
    };
    (Code::FAILED_PRECONDITION, id)
}

fn none_to_remove(kind: FactorKind) -> (Code, &'static str) {
    let id = match kind {
        FactorKind::OtpSms => "COMMAND-Sr3h3",
        FactorKind::OtpEmail => "COMMAND-b312D",
        FactorKind::Passkey | FactorKind::U2f => "COMMAND-DAfb2",
        FactorKind::Totp | FactorKind::RecoveryCodes => "COMMAND-Hd9sd",
    };
    (Code::NOT_FOUND, id)
}

fn wrong_count(fault: CountFault) -> (Code, &'static str) {
    match fault {
        CountFault::TooFew => (Code::INVALID_ARGUMENT, "COMMAND-7c0nx"),
        CountFault::TooMany => (Code::FAILED_PRECONDITION, "COMMAND-8f2k9"),
    }
}

errors! {
    /// Why a second factor was not checked, registered or removed.
    pub enum FactorError;

    /// A second factor is checked, or a code asked for, and neither the session nor the request has
    /// the user's password.
    ///
    /// Check the password first, or in the same request.
    NoProofYet:
        FAILED_PRECONDITION, "second_factor_first",
        "The password has to be checked before a second factor", "SESAME-Fprf1";

    /// A second factor is checked, and neither the request nor the session has a user.
    ///
    /// Add a user and the password.
    UserMissingToCheck(
        FactorKind = FactorKind::Totp, FactorKind::OtpEmail, FactorKind::RecoveryCodes
    ) => user_missing_to_check, "user_missing_for_factor", "User ID missing";

    /// A code is asked for, and neither the request nor the session has a user.
    ///
    /// Add a user and the password.
    UserMissingToChallenge(FactorKind = FactorKind::OtpSms, FactorKind::OtpEmail) =>
        user_missing_to_challenge, "user_missing_for_challenge", "User ID missing";

    /// The user has not set up the factor that is checked, or has removed it.
    ///
    /// Check another one: `ListAuthenticationMethodTypes` says which there are.
    NotSetUp(
        FactorKind = FactorKind::Totp, FactorKind::OtpEmail, FactorKind::RecoveryCodes
    ) => not_set_up, "factor_not_set_up", "Factor isn't set up";

    /// No code can be sent: the user has not set up such codes, or has no verified address or number
    /// any more.
    ///
    /// Check another factor: `ListAuthenticationMethodTypes` says which there are.
    NotReady(FactorKind = FactorKind::OtpSms, FactorKind::OtpEmail) =>
        not_ready, "factor_not_ready", "Multifactor OTP (OneTimePassword) isn't ready";

    /// The session has no challenge for the code that is checked.
    ///
    /// Ask for a code first: `challenges.otpEmail` or `challenges.otpSms`.
    NoChallenge: FAILED_PRECONDITION, "no_challenge", "Code not found", "COMMAND-S34gh";

    /// The code is empty.
    ///
    /// Send what the user types.
    CodeEmpty(FactorKind = FactorKind::OtpEmail, FactorKind::RecoveryCodes) =>
        code_empty, "factor_code_empty", "Code is empty";

    /// The code of a second factor is wrong, was used already, or is that of another session or
    /// address. After `MAX_FACTOR_ATTEMPTS` in a row, whatever the factors, they are locked for a
    /// while.
    ///
    /// Type it again. An app shows the next code within 30 seconds.
    Wrong(FactorKind = FactorKind::Totp, FactorKind::OtpEmail, FactorKind::RecoveryCodes) =>
        wrong, "wrong_factor_code", "Code is invalid";

    /// The code that was sent is older than five minutes.
    ///
    /// Ask for another one.
    Expired: FAILED_PRECONDITION, "factor_code_expired", "Code is expired", "CODE-QvUQ4P";

    /// The user's second factors are locked after too many wrong codes in a row. The password is not.
    ///
    /// Wait, for as many seconds as `Retry-After` and the `google.rpc.RetryInfo` say: 30 at first, twice as
    /// long after each further failure, an hour at most. After 100, or at once: `sesame user unlock …`
    Locked(
        FactorLock = FactorLock { kind: FactorKind::Totp, left: Some(Duration::from_secs(30)) },
        FactorLock { kind: FactorKind::OtpEmail, left: Some(Duration::from_secs(30)) },
        FactorLock { kind: FactorKind::RecoveryCodes, left: Some(Duration::from_secs(30)) }
    ) => locked, "factors_locked", "User is locked";

    /// The user has set up the factor already.
    ///
    /// Nothing is to be done. To replace it, remove it first.
    Exists(FactorKind = FactorKind::Totp, FactorKind::OtpSms, FactorKind::OtpEmail) =>
        exists, "factor_exists", "Multifactor is already set up";

    /// Codes can be sent to a verified address or number alone, and the user has none.
    ///
    /// Have it verified first: `SendEmailCode` or `ResendPhoneCode`.
    Unverified(FactorKind = FactorKind::OtpSms, FactorKind::OtpEmail) =>
        unverified, "factor_unverified", "Multifactor OTP (OneTimePassword) isn't ready";

    /// There is no registration of an authenticator app to verify: it is older than ten minutes, was
    /// tried ten times, or was replaced.
    ///
    /// Begin again: `RegisterTOTP`.
    NoRegistration:
        NOT_FOUND, "no_registration", "Multifactor OTP (OneTimePassword) doesn't exist", "COMMAND-3Mif9s";

    /// The user's authenticator app is verified already.
    ///
    /// Nothing is to be done.
    RegistrationDone:
        FAILED_PRECONDITION, "registration_done",
        "Multifactor OTP (OneTimePassword) is already set up", "COMMAND-qx4ls";

    /// The user has no such factor that could be removed.
    ///
    /// Nothing is to be done.
    NoneToRemove(
        FactorKind = FactorKind::Totp,
        FactorKind::OtpSms,
        FactorKind::OtpEmail,
        FactorKind::Passkey
    ) =>
        none_to_remove, "factor_not_found", "Multifactor doesn't exist";

    /// A user has 1 to 10 recovery codes.
    ///
    /// Send a `count` of 1 to 10.
    WrongCount(CountFault = CountFault::TooFew, CountFault::TooMany) =>
        wrong_count, "recovery_code_count", "The number of recovery codes must be 1 to 10";

    /// Recovery codes are for the loss of a second factor, and the user has none.
    ///
    /// Set one up first.
    NoFactorToRecover:
        FAILED_PRECONDITION, "no_factor_to_recover",
        "Recovery codes need a second factor first", "SESAME-Frec1";

    /// The user would be left without a second factor, which this deployment requires (`MFA`), or
    /// without anything to log in with.
    ///
    /// Set up another one first, or have an administrator remove it.
    LastFactor:
        FAILED_PRECONDITION, "last_factor",
        "The last factor can't be removed", "SESAME-Flst1";

    /// The deployment has switched the factor off (`SECOND_FACTORS`). What users have stays good.
    ///
    /// Set up another one.
    SwitchedOff:
        FAILED_PRECONDITION, "factor_switched_off",
        "This factor can't be set up here", "SESAME-Foff1";
}
