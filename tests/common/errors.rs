use sesame::domain::Invalid;
use sesame::error::{Error, Whose};

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
        Error::Unauthenticated,
        Error::PermissionDenied,
        Error::Conflict,
        Error::Unimplemented("checks.totp"),
        Error::RouteNotFound,
        Error::MethodNotAllowed("POST"),
        Error::UnsupportedMediaType("application/json"),
        Error::UnsupportedEncoding,
        Error::BodyTooLarge,
        Error::Overloaded,
        Error::Unavailable(cause()),
        Error::DeadlineExceeded(Whose::Ours),
        Error::DeadlineExceeded(Whose::Client),
        Error::Internal(cause()),
    ]
}
