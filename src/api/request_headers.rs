use http::header::IF_MATCH;
use http::{HeaderMap, HeaderName};

use crate::domain::{IdempotencyKey, Invalid, Precondition};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The headers that are part of a call, in all protocols. In gRPC they are metadata, under the
/// same names. A fault in one is an error only of a call that takes the header, and is found after
/// all faults of the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestHeaders {
    /// `Idempotency-Key`, of a create.
    pub idempotency_key: Result<Option<IdempotencyKey>, Invalid>,
    /// `If-Match`, of a Set.
    pub precondition: Result<Option<Precondition>, Invalid>,
}

impl RequestHeaders {
    pub fn read(headers: &HeaderMap) -> Self {
        let key = value(headers, &IDEMPOTENCY_KEY, "idempotency-key");
        let condition = value(headers, &IF_MATCH, "if-match");
        Self {
            idempotency_key: key.and_then(|key| key.map(IdempotencyKey::parse).transpose()),
            precondition: condition
                .and_then(|text| text.map(|text| Precondition::parse(&text)).transpose()),
        }
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
fn a_header_has_one_value_of_its_form() {
    let headers = |pairs: &[(&'static str, &str)]| -> HeaderMap {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
            .collect()
    };
    let both = headers(&[("idempotency-key", "k"), ("if-match", "\"4\"")]);
    let read = RequestHeaders::read(&both);
    assert!(read.idempotency_key.unwrap().is_some());
    assert!(read.precondition.unwrap().is_some());
    let none = RequestHeaders::read(&HeaderMap::new());
    assert_eq!(
        (none.idempotency_key, none.precondition),
        (Ok(None), Ok(None))
    );

    for pairs in [
        &[("idempotency-key", "")][..],
        &[("idempotency-key", "ä")],
        &[("idempotency-key", "a"), ("idempotency-key", "a")],
    ] {
        let read = RequestHeaders::read(&headers(pairs));
        assert!(read.idempotency_key.is_err(), "{pairs:?}");
        assert_eq!(read.precondition, Ok(None), "{pairs:?}");
    }
    for pairs in [
        &[("if-match", "4")][..],
        &[("if-match", "\"4\""), ("if-match", "\"4\"")],
    ] {
        let read = RequestHeaders::read(&headers(pairs));
        assert!(read.precondition.is_err(), "{pairs:?}");
        assert_eq!(read.idempotency_key, Ok(None), "{pairs:?}");
    }
}
