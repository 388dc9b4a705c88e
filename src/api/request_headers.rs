//! The headers that are part of a call, in all protocols. In gRPC they are metadata, under the same
//! names. A call reads those that it takes after all of its message.

use http::header::IF_MATCH;
use http::{HeaderMap, HeaderName};

use crate::domain::{IdempotencyKey, Invalid, Precondition};

/// `Idempotency-Key`, of a create.
pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, Invalid> {
    const NAME: HeaderName = HeaderName::from_static("idempotency-key");

    let key = value(headers, &NAME, "idempotency-key")?;
    key.map(IdempotencyKey::parse).transpose()
}

/// `If-Match`, of a Set.
pub(super) fn precondition(headers: &HeaderMap) -> Result<Option<Precondition>, Invalid> {
    let condition = value(headers, &IF_MATCH, "if-match")?;
    condition.map(|text| Precondition::parse(&text)).transpose()
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
    assert!(idempotency_key(&both).unwrap().is_some());
    assert!(precondition(&both).unwrap().is_some());
    assert_eq!(idempotency_key(&HeaderMap::new()), Ok(None));
    assert_eq!(precondition(&HeaderMap::new()), Ok(None));

    for pairs in [
        &[("idempotency-key", "")][..],
        &[("idempotency-key", "ä")],
        &[("idempotency-key", "a"), ("idempotency-key", "a")],
    ] {
        assert!(idempotency_key(&headers(pairs)).is_err(), "{pairs:?}");
    }
    for pairs in [
        &[("if-match", "4")][..],
        &[("if-match", "\"4\""), ("if-match", "\"4\"")],
    ] {
        assert!(precondition(&headers(pairs)).is_err(), "{pairs:?}");
    }
}
