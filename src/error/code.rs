use http::StatusCode;

/// A code of an error on the wire.
/// <https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// The number of `google.rpc.Code`, which gRPC and JSON have.
    pub number: u8,
    /// Its name in Connect. That of `google.rpc.Code` is the same in upper case.
    pub name: &'static str,
    /// The HTTP status that Connect has for it, and so have ZITADEL's JSON routes.
    /// <https://connectrpc.com/docs/protocol/#error-codes>
    pub http: StatusCode,
}

impl Code {
    pub const INVALID_ARGUMENT: Self = Self::new(3, "invalid_argument", StatusCode::BAD_REQUEST);
    pub const DEADLINE_EXCEEDED: Self =
        Self::new(4, "deadline_exceeded", StatusCode::GATEWAY_TIMEOUT);
    pub const NOT_FOUND: Self = Self::new(5, "not_found", StatusCode::NOT_FOUND);
    pub const ALREADY_EXISTS: Self = Self::new(6, "already_exists", StatusCode::CONFLICT);
    pub const PERMISSION_DENIED: Self = Self::new(7, "permission_denied", StatusCode::FORBIDDEN);
    pub const RESOURCE_EXHAUSTED: Self =
        Self::new(8, "resource_exhausted", StatusCode::TOO_MANY_REQUESTS);
    pub const FAILED_PRECONDITION: Self =
        Self::new(9, "failed_precondition", StatusCode::BAD_REQUEST);
    pub const ABORTED: Self = Self::new(10, "aborted", StatusCode::CONFLICT);
    pub const UNIMPLEMENTED: Self = Self::new(12, "unimplemented", StatusCode::NOT_IMPLEMENTED);
    pub const INTERNAL: Self = Self::new(13, "internal", StatusCode::INTERNAL_SERVER_ERROR);
    pub const UNAVAILABLE: Self = Self::new(14, "unavailable", StatusCode::SERVICE_UNAVAILABLE);
    pub const UNAUTHENTICATED: Self = Self::new(16, "unauthenticated", StatusCode::UNAUTHORIZED);

    const fn new(number: u8, name: &'static str, http: StatusCode) -> Self {
        Self { number, name, http }
    }
}
