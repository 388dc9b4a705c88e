use sesame::domain::{Invalid, Sequence};
use sesame::error::{ApiSide, DeadlineOwner, Error, TokenFault};

/// Returns one error of each kind; `the_errors_are_those_of_the_code` counts them.
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
        Error::SessionNotFound(ApiSide::Command),
        Error::SessionNotFound(ApiSide::Query),
        Error::SessionEnded,
        Error::SessionExpired,
        Error::SessionTokenInvalid(ApiSide::Command),
        Error::SessionTokenInvalid(ApiSide::Query),
        Error::PreconditionFailed(Sequence(7)),
        Error::IdempotencyKeyReused,
        Error::Unauthenticated(TokenFault::Missing),
        Error::PermissionDenied,
        Error::Conflict,
        Error::Unimplemented("checks.totp".into()),
        Error::TrailersUnsupported,
        Error::RouteNotFound,
        Error::MethodNotAllowed("POST"),
        Error::UnsupportedMediaType("application/json"),
        Error::UnsupportedEncoding,
        Error::CompressionNotNamed,
        Error::MessageCount,
        Error::BodyTooLarge,
        Error::TooManyHeaderFields,
        Error::LimitTooHigh,
        Error::ListTooLong("ask for fewer sessions at once"),
        Error::HostInvalid,
        Error::HostNotAllowed,
        Error::OriginNotAllowed,
        Error::Overloaded,
        Error::Unavailable(cause()),
        Error::DeadlineExceeded(DeadlineOwner::Server),
        Error::DeadlineExceeded(DeadlineOwner::Client),
        Error::Internal(cause()),
    ]
}
