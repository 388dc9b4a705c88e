//! The errors of passkeys and security keys.

use super::Code;
use super::table::{Row, errors};

errors! {
    /// Why a passkey or a security key was not checked, registered or removed.
    pub enum WebAuthnError;

    /// An authenticator is asked for, or its answer checked, and neither the request nor the session
    /// has a user. Without one, the challenge has to verify its user: `REQUIRED`.
    ///
    /// Add a user, or ask for `REQUIRED`.
    UserMissing:
        FAILED_PRECONDITION, "user_missing_for_key", "User ID missing", "COMMAND-eeR2e";

    /// The session has no challenge for an authenticator.
    ///
    /// Ask for one first: `challenges.webAuthN`.
    NoChallenge:
        FAILED_PRECONDITION, "no_key_challenge", "Session without WebAuthN challenge", "COMMAND-Ioqu5";

    /// An authenticator's answer is wrong: to another challenge, or one that is older than five
    /// minutes or was answered, from another origin, with a wrong signature, or of a credential that
    /// isn't known or is no longer good. All are one answer, so that nothing is told about users.
    ///
    /// Ask for another challenge.
    WrongAnswer:
        INVALID_ARGUMENT, "wrong_key_answer", "Error on validate login credentials", "WEBAU-3M9si";

    /// An authenticator's answer can't be read.
    ///
    /// Send what the browser gave, as its `toJSON()` writes it.
    MalformedAnswer:
        INVALID_ARGUMENT, "malformed_key_answer", "Error on validate login credentials", "WEBAU-ADgv4";

    /// The credential that has answered is not one of the session's user.
    ///
    /// Have the user answer with another one.
    NotFound:
        FAILED_PRECONDITION, "key_not_found", "WebAuthN Token could not be found", "COMMAND-Aej7i";

    /// The user is not active.
    ///
    /// Have an administrator reactivate or unlock the user.
    UserNotActive:
        FAILED_PRECONDITION, "key_user_not_active", "User could not be found", "COMMAND-Df4b3";

    /// The user has no credential that could answer: of the kind that is asked for, and for the
    /// domain.
    ///
    /// Check another factor: `ListAuthenticationMethodTypes` says which there are.
    NoneUsable:
        FAILED_PRECONDITION, "no_usable_key", "WebAuthN begin login failed", "WEBAU-4G8sw";

    /// The authenticator has counted no more signatures than before, so that it may be a copy
    /// (`WEBAUTHN_COUNTER`).
    ///
    /// Have the user log in otherwise, and remove the credential.
    MayBeCopied:
        FAILED_PRECONDITION, "key_may_be_copied", "Credentials may be cloned", "WEBAU-4M90s";

    /// There is no registration to complete with this id: it is older than ten minutes, was answered,
    /// or was pushed out by five others.
    ///
    /// Begin again: `RegisterPasskey` or `RegisterU2F`.
    NoRegistration:
        INVALID_ARGUMENT, "no_key_registration", "Token could not be found", "WEBAU-5M9so";

    /// The answer of a registration can't be read.
    ///
    /// Send what the browser gave, as its `toJSON()` writes it.
    MalformedRegistration:
        INVALID_ARGUMENT, "malformed_key_registration", "Error on parse credential data",
        "WEBAU-sEr8c";

    /// The answer of a registration is wrong: to another challenge, from another origin, or of an
    /// authenticator or algorithm that isn't supported.
    ///
    /// Begin again: `RegisterPasskey` or `RegisterU2F`.
    WrongRegistration:
        INVALID_ARGUMENT, "wrong_key_registration", "Error on create credentials", "WEBAU-3Vb9s";

    /// The credential is registered already, by this user or another one.
    ///
    /// Use another authenticator.
    Taken:
        FAILED_PRECONDITION, "key_taken", "Error on create credentials", "WEBAU-3Vb9s";

    /// The user has 20 passkeys and security keys, which is the maximum.
    ///
    /// Remove one first.
    TooMany:
        FAILED_PRECONDITION, "too_many_keys", "The user has too many keys", "SESAME-Kmax1";

    /// The request names no passkey or security key.
    ///
    /// Send its id, as the list has it.
    IdMissing: FAILED_PRECONDITION, "key_id_missing", "The id is missing", "COMMAND-6M9de";

    /// The code of a registration link is wrong, was used, has expired, or is another user's.
    ///
    /// Have another link sent: `CreatePasskeyRegistrationLink`.
    WrongCode: INVALID_ARGUMENT, "wrong_key_code", "Code is invalid", "COMMAND-Eeb2a";

    /// A code that was sent registers a passkey only for a user who has neither a second factor nor a
    /// passkey: a mailbox could else replace both.
    ///
    /// Register it in a session of the user.
    SentCodeTooWeak:
        FAILED_PRECONDITION, "sent_code_too_weak",
        "A code that was sent can't add a passkey to other factors", "SESAME-Flnk1";
}
