use http::StatusCode;

/// A request that is refused, as AWS does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub status: StatusCode,
    /// The error code.
    pub code: &'static str,
    pub message: &'static str,
}

impl Refusal {
    /// The error for a request whose sender is not known.
    pub const fn forbidden(code: &'static str, message: &'static str) -> Self {
        Self {
            status: StatusCode::FORBIDDEN,
            code,
            message,
        }
    }

    /// The error for a request that asks for something impossible.
    pub const fn invalid(code: &'static str, message: &'static str) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            code,
            message,
        }
    }
}
