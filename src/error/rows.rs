//! The table of errors.

use std::borrow::Cow;
use std::time::Duration;

use http::StatusCode;

use super::table::{Row, errors};
use super::{ApiSide, Cause, Code, FactorError, TokenFault, UserError, WebAuthnError};
use crate::domain::{FactorKind, FactorKinds, Invalid, Lacking, Page, Sequence};

/// An error as the documentation shows it.
pub struct Example {
    pub error: Error,
    documentation: &'static str,
}

impl Example {
    /// What the error means, and what to do about it, each as one line of Markdown.
    pub fn documentation(&self) -> Option<(String, String)> {
        let line = |text: &str| -> String {
            let words: Vec<_> = text.split_whitespace().collect();
            words.join(" ")
        };
        let (meaning, remedy) = self.documentation.split_once("\n\n")?;
        Some((line(meaning), line(remedy)))
    }
}

errors! {
    /// Why a call was not carried out.
    ///
    /// Messages are sent to the client, so they name no table, host or secret. What only operators
    /// may see is in the `source()`.
    pub enum Error + User(UserError) + Factor(FactorError) + WebAuthn(WebAuthnError);

    /// A field breaks a limit, or the request names another user than the session's.
    ///
    /// The message names the field and what it must be. The reference has all limits.
    InvalidArgument(Invalid = Invalid::new("login_name", "must be 1 to 200 characters long")):
        INVALID_ARGUMENT, "invalid_argument", "{0}";

    /// The body, the query or the event can't be read as a message at all.
    ///
    /// Compare it with the example in the reference.
    Malformed(String = "the body is not a JSON object".to_owned()):
        INVALID_ARGUMENT, "malformed", "malformed request: {0}";

    /// The request names one user by id and another one by login name.
    ///
    /// Leave one of the two out.
    UserMismatch:
        INVALID_ARGUMENT, "user_mismatch",
        "invalid checks.user: user_id and login_name name different users";

    /// An HTTP/1.1 request has not exactly one valid `Host` (`cargo dev`, `sesame serve`). The
    /// connection is closed.
    ///
    /// Send one `Host` header, which names the service.
    HostInvalid:
        INVALID_ARGUMENT, "invalid_host", "the Host header is missing, repeated or malformed";

    /// The list's `limit` is over 1000.
    ///
    /// Ask for 1000 sessions at most, and for the next ones with `offset`.
    LimitTooHigh:
        INVALID_ARGUMENT, "limit_too_high",
        "Limit must not be over {}" (Page::MAX_LIMIT), "QUERY-4M0fs";

    /// The password is wrong. To principals without `session.write`, an unknown, inactive or locked
    /// user looks the same, so that nobody learns who exists.
    ///
    /// Try the right password. With a bearer token the answer says which of these it is, and how many
    /// were wrong in a row. After 10 the user is locked for a while.
    PasswordInvalid(Option<u32> = None):
        INVALID_ARGUMENT, "wrong_password", "Password is invalid", "COMMAND-3M0fs";

    /// The call took longer than the service allows. What was to be written may have been written
    /// all the same.
    ///
    /// Try again.
    DeadlineExceeded: DEADLINE_EXCEEDED, "deadline_exceeded", "deadline exceeded";

    /// The call took longer than the client allows. What was to be written may have been written
    /// all the same.
    ///
    /// Try again, and allow more time.
    ClientDeadlineExceeded: DEADLINE_EXCEEDED, "client_deadline_exceeded", "deadline exceeded";

    /// No user has this login name or id.
    ///
    /// Check the spelling, or add the user: `sesame user add --login-name …`
    UserNotFound: NOT_FOUND, "unknown_user", "User could not be found", "QUERY-Dfbg2";

    /// No session has this id, which may be no UUID at all; for a read, also if the session has ended
    /// or expired.
    ///
    /// Create a session.
    SessionNotFound(ApiSide = ApiSide::Command, ApiSide::Query):
        NOT_FOUND, "session_not_found",
        "Session could not be found", "COMMAND-Flk38" / "QUERY-SFeaa";

    /// No operation has this path.
    ///
    /// Compare the path with the reference, version included; a slash at its end counts.
    RouteNotFound: NOT_FOUND, "unknown_route", "not found";

    /// The principal has sent another request with this `Idempotency-Key`.
    ///
    /// Use a key of its own for each session that is to be created.
    IdempotencyKeyReused:
        ALREADY_EXISTS, "idempotency_key_reused",
        "the idempotency-key was used for another request";

    /// The principal is authenticated, and lacks the permission for this call.
    ///
    /// Use the session's token, or a bearer token with the permission: `session.write` for creating
    /// and changing sessions, `session.read` for reading and `session.delete` for ending them;
    /// `user.write`, `user.read` and `user.delete` for users that aren't the principal itself:
    /// `sesame service-account add --permission session.write …`
    PermissionDenied:
        PERMISSION_DENIED, "permission_denied", "No matching permissions found", "AUTH-5mWD2";

    /// A user changes himself with the token of a session in which the newest proof of who he is
    /// is older than the deployment allows (`FRESH_SECONDS`, 600 by default).
    ///
    /// Have the user log in again: a password check in the same session renews the proof.
    ProofTooOld:
        PERMISSION_DENIED, "proof_too_old",
        "The last proof of the user is too old, log in again", "SESAME-Fres1";

    /// The bearer's session lacks a factor that its user has or, with `MFA=required`, has to set up.
    /// Such a token is good for its own session alone, and for setting up a first factor.
    ///
    /// Check in the session what the message names; `ListAuthenticationMethodTypes` has all that the
    /// user has set up.
    TooWeak(Lacking = Lacking::Second(FactorKinds::default().with(FactorKind::Totp))):
        PERMISSION_DENIED, "too_weak", "authentication required, {0}", "AUTHZ-Kl3p0";

    /// The session token isn't the session's current one.
    ///
    /// Use the token of the last answer: each change of a session replaces it.
    SessionTokenInvalid(ApiSide = ApiSide::Command, ApiSide::Query):
        PERMISSION_DENIED, "invalid_session_token",
        "Session token is invalid", "COMMAND-sGr42" / "QUERY-dsfr3";

    /// `cargo dev` doesn't answer to this host name, which may be that of any web page.
    ///
    /// Name the host with `--host` when you start the service.
    HostNotAllowed:
        PERMISSION_DENIED, "host_not_allowed",
        "the host is neither an address nor localhost: --host NAME allows another one";

    /// `cargo dev` was called by a page of another origin.
    ///
    /// Name the page's origin in `ALLOWED_ORIGINS` when you start the service.
    OriginNotAllowed:
        PERMISSION_DENIED, "origin_not_allowed",
        "pages of this origin may not call: ALLOWED_ORIGINS says which may";

    /// More password checks at once than fit the queue, or more requests at all than `sesame serve`
    /// has room for. The password was not tried.
    ///
    /// Try again, after as many seconds as `Retry-After` says.
    Overloaded: RESOURCE_EXHAUSTED, "overloaded", "too many requests at once, try again";

    /// Too many logins have failed from the client's address. No password from there is tried until
    /// the window ends in which failures are counted, 15 minutes at most.
    ///
    /// Try again, after as many seconds as `Retry-After` says. A login page with `session.write` sends
    /// its client's address as `userAgent.ip`; `UNLIMITED_ADDRESSES` names networks that many share.
    TooManyFailures(Duration = Duration::from_mins(15)):
        RESOURCE_EXHAUSTED, "too_many_failures", "too many failed logins, try again later";

    /// The body or the decompressed message is too long.
    ///
    /// Send less metadata.
    BodyTooLarge:
        RESOURCE_EXHAUSTED as PAYLOAD_TOO_LARGE, "body_too_large",
        "the request body is too large";

    /// The page would be too large, or entries of the list would be out of reach.
    ///
    /// The message has advice.
    ListTooLong(&'static str = "ask for fewer at once"):
        RESOURCE_EXHAUSTED as PAYLOAD_TOO_LARGE, "list_too_long", "the list is too long: {0}";

    /// `sesame serve` and `cargo dev`: the request has more than 100 header fields; over HTTP/1.1
    /// also if they have too many bytes, and then the answer has no body.
    ///
    /// Send fewer: a proxy or a browser extension may add them.
    TooManyHeaderFields:
        RESOURCE_EXHAUSTED as REQUEST_HEADER_FIELDS_TOO_LARGE, "too_many_header_fields",
        "the request has too many header fields";

    /// The request has a password, and neither it nor the session has a user.
    ///
    /// Add a login name or a user id, or leave the password out.
    UserMissing: FAILED_PRECONDITION, "user_missing", "User ID missing", "COMMAND-Sfw3f";

    /// The user has no password.
    ///
    /// Set one: `sesame user set-password …`
    PasswordNotSet: FAILED_PRECONDITION, "no_password", "User has no password", "COMMAND-3nJ4t";

    /// The user was deactivated, or locked by an administrator.
    ///
    /// Activate or unlock the user: `sesame user activate …`, `sesame user unlock …`
    UserNotActive: FAILED_PRECONDITION, "not_active", "User is not active", "SESSION-Gj4ko";

    /// The user is locked after too many wrong passwords in a row: for a while no password is
    /// tried, not even the right one.
    ///
    /// Wait, for as many seconds as `Retry-After` and the `google.rpc.RetryInfo` say: 30 at first, twice as
    /// long after each further failure, an hour at most. Or at once: `sesame user unlock …`
    UserLocked(Option<Duration> = Some(Duration::from_secs(30))):
        FAILED_PRECONDITION, "locked", "User is locked", "COMMAND-JLK35";

    /// The session to change was deleted, or all sessions of its user were ended.
    ///
    /// Create another one.
    SessionEnded:
        FAILED_PRECONDITION, "session_ended", "Session already terminated", "COMMAND-Hewfq";

    /// The session to change has expired.
    ///
    /// Create another one.
    SessionExpired: FAILED_PRECONDITION, "session_expired", "Session has expired", "COMMAND-Hkl3d";

    /// Others changed the session first, each time that it was tried.
    ///
    /// Try again.
    Conflict: ABORTED, "conflict", "the session was changed by others meanwhile, try again";

    /// The session is not at a sequence of `If-Match`. Nothing was changed; the message and `ETag`
    /// say where it is.
    ///
    /// Read the session, and try again with the sequence that it is at.
    PreconditionFailed(Sequence = Sequence(7)):
        ABORTED as PRECONDITION_FAILED, "precondition_failed",
        "the session is at sequence {0}, not at the one of if-match";

    /// The body of a gRPC or gRPC-Web call has no message in it, or more than one.
    ///
    /// Send one message: a unary call has no other form.
    MessageCount:
        UNIMPLEMENTED as BAD_REQUEST, "message_count",
        "a unary call takes exactly one message";

    // Carries the value of an `Allow` header.
    /// The path has no such method; see `Allow`.
    ///
    /// Use one of those that the `Allow` header names.
    MethodNotAllowed(Cow<'static, str> = "POST".into()):
        UNIMPLEMENTED as METHOD_NOT_ALLOWED, "unknown_method", "method not allowed";

    // Carries the value of an `Accept-Post` header.
    /// The content type is not read on this path; see `Accept-Post`.
    ///
    /// On the JSON routes send `application/json`; gRPC, gRPC-Web and Connect have paths of their
    /// own.
    UnsupportedMediaType(&'static str = "application/json"):
        UNIMPLEMENTED as UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type",
        "the content type is not supported here";

    /// The compression is another one than gzip; see `Accept-Encoding`.
    ///
    /// Send the body with gzip, or as it is.
    UnsupportedEncoding:
        UNIMPLEMENTED as UNSUPPORTED_MEDIA_TYPE, "unsupported_encoding",
        "the compression is not supported, only gzip is";

    /// A check, a challenge or a call that is not built, or an `Idempotency-Key` without a
    /// `SERVER_KEY`. The message names it.
    ///
    /// Leave it out.
    Unimplemented(Cow<'static, str> = "checks.web_auth_n".into()):
        UNIMPLEMENTED, "unimplemented", "{0} is not supported";

    /// A gRPC call came by a transport that has no trailers, such as API Gateway.
    ///
    /// Use gRPC-Web or Connect, or call `sesame serve`.
    TrailersUnsupported:
        UNIMPLEMENTED, "trailers_unsupported",
        "gRPC needs HTTP/2 trailers, which this endpoint can't send; use gRPC-Web, Connect or \
         `sesame serve`";

    /// A gRPC message has its compressed flag set, and `grpc-encoding` names no compression.
    ///
    /// Send `grpc-encoding: gzip`, or the message as it is.
    CompressionNotNamed:
        INTERNAL as BAD_REQUEST, "compression_not_named",
        "compressed flag set without grpc-encoding";

    /// A fault of the service.
    ///
    /// Look for the answer's `X-Request-Id` in the log, which `cargo dev` prints.
    Internal(#[source] Cause = "a cause".into()): INTERNAL, "internal", "internal error";

    /// The database is throttled or out of reach, or a new password can't be looked up among
    /// breached ones. What was to be written may have been written all the same.
    ///
    /// Try again, after as many seconds as `Retry-After` says.
    Unavailable(#[source] Cause = "a cause".into()):
        UNAVAILABLE, "unavailable", "unavailable, try again";

    /// There is no bearer token, or it is unknown, expired or malformed.
    ///
    /// Put a bearer token into `Authorization`: `cargo dev` prints one, and
    /// `sesame service-account add …` makes another.
    Unauthenticated(TokenFault = TokenFault::Missing):
        UNAUTHENTICATED, "unauthenticated", "a valid bearer token is required";
}

/// An error of each row, and of each id where a row has several.
pub fn examples() -> Vec<Example> {
    let examples = Error::examples().into_iter();
    let example = |(error, documentation)| Example {
        error,
        documentation,
    };
    examples.map(example).collect()
}

#[test]
fn each_row_is_whole_and_tells_its_error_apart() {
    let mut seen = std::collections::HashSet::new();
    for example in examples() {
        let row = example.error.row();
        let side = example.error.side().map(ApiSide::as_str);

        assert!(example.documentation().is_some(), "{row:?}");
        // Errors of one kind have ids that tell them apart. Those of several kinds may have one id, as
        // ZITADEL's have.
        assert!(seen.insert((row.kind, row.id.or(side))), "{row:?}");
    }
}
