//! Headers that a call depends on, in all protocols: `If-Match` and `Idempotency-Key`. In
//! gRPC they are metadata, under the same names.

use http::header::IF_MATCH;
use http::{HeaderMap, HeaderName};

use crate::domain::{IdempotencyKey, Invalid, Precondition};
use crate::error::Error;
use crate::service::Call;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Adds them to the calls that they are for; others do without.
///
/// # Errors
///
/// [`Error::InvalidArgument`].
pub(super) fn add(call: &mut Call, headers: &HeaderMap) -> Result<(), Error> {
    match call {
        Call::CreateSession(create) => {
            if let Some(key) = one(headers, &IDEMPOTENCY_KEY, "idempotency-key")? {
                create.idempotency_key = Some(IdempotencyKey::parse(key)?);
            }
        }
        Call::SetSession(set) => {
            if let Some(condition) = one(headers, &IF_MATCH, "if-match")? {
                set.precondition = Some(Precondition::parse(&condition)?);
            }
        }
        Call::GetSession(_) | Call::DeleteSession(_) | Call::ListSessions(_) => {}
    }
    Ok(())
}

fn one(
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
fn conditions_are_for_the_calls_that_take_them() {
    use crate::service::{CreateSession, GetSession, SetSession};

    let headers = |pairs: &[(&'static str, &str)]| -> HeaderMap {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
            .collect()
    };
    let both = headers(&[("idempotency-key", "k"), ("if-match", "\"4\"")]);
    let create = || Call::CreateSession(CreateSession::default());
    let set = || Call::SetSession(SetSession::default());

    let (mut created, mut changed) = (create(), set());
    let mut read = Call::GetSession(GetSession::default());
    for call in [&mut created, &mut changed, &mut read] {
        add(call, &both).unwrap();
    }
    assert!(matches!(created, Call::CreateSession(call) if call.idempotency_key.is_some()));
    assert!(matches!(changed, Call::SetSession(call) if call.precondition.is_some()));

    for (mut call, pairs) in [
        (create(), &[("idempotency-key", "")][..]),
        (create(), &[("idempotency-key", "ä")]),
        (
            create(),
            &[("idempotency-key", "a"), ("idempotency-key", "a")],
        ),
        (set(), &[("if-match", "4")]),
        (set(), &[("if-match", "\"4\""), ("if-match", "\"4\"")]),
    ] {
        assert!(add(&mut call, &headers(pairs)).is_err(), "{pairs:?}");
    }
}
