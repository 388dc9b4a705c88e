use sesame::domain::{Invalid, Sequence};
use sesame::error::{Error, Side, TokenFault, Whose};

/// One of each kind; `the_errors_are_those_of_the_code` counts them.
pub fn all() -> Vec<Error> {
    let cause = || "".into();
    vec![
        Error::InvalidArgument(Invalid::new(
            "login_name",
            "must be 1 to 200 characters long",
        )),
        Error::Malformed("the body is not a JSON object".to_owned()),
        Error::UserMismatch,
        Error::UserNotFound,
        Error::PasswordInvalid,
        Error::UserMissing,
        Error::PasswordNotSet,
        Error::UserNotActive,
        Error::UserLocked,
        Error::SessionNotFound(Side::Command),
        Error::SessionNotFound(Side::Query),
        Error::SessionEnded,
        Error::SessionExpired,
        Error::SessionTokenInvalid(Side::Command),
        Error::SessionTokenInvalid(Side::Query),
        Error::PreconditionFailed(Sequence(7)),
        Error::IdempotencyKeyReused,
        Error::Unauthenticated(TokenFault::Missing),
        Error::PermissionDenied,
        Error::Conflict,
        Error::Unimplemented("checks.totp".into()),
        Error::RouteNotFound,
        Error::MethodNotAllowed("POST"),
        Error::UnsupportedMediaType("application/json"),
        Error::UnsupportedEncoding,
        Error::CompressedHow,
        Error::NotOneMessage,
        Error::BodyTooLarge,
        Error::LimitTooHigh,
        Error::ListTooLong("ask for fewer sessions at once"),
        Error::Overloaded,
        Error::Unavailable(cause()),
        Error::DeadlineExceeded(Whose::Ours),
        Error::DeadlineExceeded(Whose::Client),
        Error::Internal(cause()),
    ]
}
