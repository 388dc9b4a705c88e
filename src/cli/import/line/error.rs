use crate::domain::{AddressFault, Invalid, UserId, printable};
use crate::password::Unsupported;

/// Why a line is refused. The error shows no value of the line, because one of them may be a
/// password.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    #[error("the line is longer than {0} bytes")]
    TooLong(usize),
    #[error("the line is not JSON (column {0})")]
    NotJson(usize),
    #[error("the line is not a JSON object")]
    NotAnObject,
    #[error("{} is no field of a user", printable(.0))]
    UnknownField(String),
    #[error("plaintext passwords are not accepted: passwordHash takes a hash")]
    Plaintext,
    #[error("{0} is there twice")]
    Twice(&'static str),
    #[error("{0} is missing")]
    Missing(&'static str),
    #[error("{0} is not a string")]
    NotAString(&'static str),
    #[error("{0} is not a list of strings")]
    NotAList(&'static str),
    #[error("{0} is neither true nor false")]
    NotABoolean(&'static str),
    #[error("{0} is not {1}")]
    NoSuchValue(&'static str, &'static str),
    #[error("{0} is not a time such as 2026-01-31T23:59:59Z")]
    NotATime(&'static str),
    #[error("{0} can't be used: {1}")]
    Address(&'static str, AddressFault),
    #[error(transparent)]
    Invalid(#[from] Invalid),
    #[error("passwordHash can't be used: {0}")]
    Hash(#[from] Unsupported),
    #[error("a credential can't be used: {0}")]
    Credential(&'static str),
    #[error("totpSecret needs SERVER_KEY or SERVER_KEY_SECRET, as the service has it")]
    NoServerKey,
    #[error("the login name is taken by the user {}", printable(.0.as_str()))]
    NameTaken(UserId),
    #[error("the user id is taken by a user with another login name")]
    IdTaken,
    #[error("the login name or e-mail address is another user's e-mail address")]
    AddressTaken,
    #[error("as many users as may have the e-mail address or the phone number")]
    AddressFull,
    #[error("a passkey or security key with the same id is registered already")]
    CredentialTaken,
}
