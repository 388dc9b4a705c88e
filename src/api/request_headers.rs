use http::header::IF_MATCH;
use http::{HeaderMap, HeaderName};

use crate::domain::{IdempotencyKey, Invalid, Operation, Precondition};
use crate::error::Error;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The headers that are part of a call, in all protocols. In gRPC they are metadata, under the
/// same names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestHeaders {
    /// `Idempotency-Key`, of a create.
    pub idempotency_key: Option<IdempotencyKey>,
    /// `If-Match`, of a Set.
    pub precondition: Option<Precondition>,
}

impl RequestHeaders {
    /// Reads the headers that the operation takes. Others are ignored.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`].
    pub fn read(operation: Operation, headers: &HeaderMap) -> Result<Self, Error> {
        let mut read = Self::default();
        match operation {
            Operation::CreateSession => {
                if let Some(key) = value(headers, &IDEMPOTENCY_KEY, "idempotency-key")? {
                    read.idempotency_key = Some(IdempotencyKey::parse(key)?);
                }
            }
            Operation::SetSession => {
                if let Some(condition) = value(headers, &IF_MATCH, "if-match")? {
                    read.precondition = Some(Precondition::parse(&condition)?);
                }
            }
            Operation::GetSession | Operation::DeleteSession | Operation::ListSessions => {}
        }
        Ok(read)
    }
}

/// The one value of a header.
fn value(
    headers: &HeaderMap,
    name: &HeaderName,
    field: &'static str,
) -> Result<Option<String>, Invalid> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(Invalid::new(field, "must not be sent twice"));
    }
    let text = value.to_str();
    let text = text.map_err(|_| Invalid::new(field, "must be printable characters"))?;
    Ok(Some(text.to_owned()))
}

#[test]
fn each_operation_reads_the_headers_that_it_takes() {
    use Operation::{CreateSession, GetSession, SetSession};

    let headers = |pairs: &[(&'static str, &str)]| -> HeaderMap {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
            .collect()
    };
    let both = headers(&[("idempotency-key", "k"), ("if-match", "\"4\"")]);
    let read = |operation| RequestHeaders::read(operation, &both).unwrap();

    assert!(read(CreateSession).idempotency_key.is_some());
    assert!(read(SetSession).precondition.is_some());
    assert_eq!(read(GetSession), RequestHeaders::default());
    for (operation, pairs) in [
        (CreateSession, &[("idempotency-key", "")][..]),
        (CreateSession, &[("idempotency-key", "ä")]),
        (
            CreateSession,
            &[("idempotency-key", "a"), ("idempotency-key", "a")],
        ),
        (SetSession, &[("if-match", "4")]),
        (SetSession, &[("if-match", "\"4\""), ("if-match", "\"4\"")]),
    ] {
        let read = RequestHeaders::read(operation, &headers(pairs));
        assert!(read.is_err(), "{pairs:?}");
    }
}
