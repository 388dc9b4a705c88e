use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

use super::fields::JsonObject;
use crate::api::proto::zitadel::object::v2::{ListQuery, TimestampQueryMethod};
use crate::api::proto::zitadel::session::v2;
use crate::api::{Version, messages};
use crate::domain::Invalid;
use crate::error::Error;
use crate::service::ListSessions;

pub(super) fn list_sessions(
    mut object: JsonObject,
    version: Version,
) -> Result<ListSessions, Error> {
    let mut request = v2::ListSessionsRequest::default();
    if let Some(mut query) = object.object("query", "query")? {
        request.query = Some(ListQuery {
            offset: query.unsigned("offset")?.unwrap_or_default(),
            limit: query.unsigned("limit")?.unwrap_or_default(),
            asc: query.flag("asc")?,
        });
    }
    let queries = object.objects("queries")?;
    let queries = queries
        .into_iter()
        .map(|query| search_query(query, version));
    request.queries = queries.collect::<Result<_, _>>()?;
    if version > Version::V2alpha {
        let by_name = |name: &str| v2::SessionFieldName::from_str_name(name).map(i32::from);
        request.sorting_column = object.member("sortingColumn", "sorting_column", by_name)?;
    }
    messages::list_sessions(request)
}

/// Reads one query of a list.
///
/// # Errors
///
/// [`Error::Malformed`]: the object has two queries.
fn search_query(mut object: JsonObject, version: Version) -> Result<v2::SearchQuery, Error> {
    use v2::search_query::Query;

    let mut found = Vec::new();
    if let Some(mut query) = object.object("idsQuery", "ids_query")? {
        let ids = query.strings("ids", "ids_query.ids")?;
        found.push(Query::IdsQuery(v2::IDsQuery { ids }));
    }
    if version > Version::V2alpha {
        if let Some(mut query) = object.object("userIdQuery", "user_id_query")? {
            let id = query
                .string("id", "id", "user_id_query.id")?
                .unwrap_or_default();
            found.push(Query::UserIdQuery(v2::UserIdQuery { id }));
        }
        if let Some(mut query) = object.object("creationDateQuery", "creation_date_query")? {
            found.push(Query::CreationDateQuery(v2::CreationDateQuery {
                creation_date: timestamp(&mut query, "creationDate", "creation_date")?,
                method: method(&mut query)?,
            }));
        }
    }
    if version > Version::V2beta {
        if let Some(mut query) = object.object("creatorQuery", "creator_query")? {
            let id = query.string("id", "id", "creator_query.id")?;
            found.push(Query::CreatorQuery(v2::CreatorQuery { id }));
        }
        if let Some(mut query) = object.object("userAgentQuery", "user_agent_query")? {
            let fingerprint_id =
                query.string("fingerprintId", "fingerprint_id", "fingerprint_id")?;
            found.push(Query::UserAgentQuery(v2::UserAgentQuery { fingerprint_id }));
        }
        if let Some(mut query) = object.object("expirationDateQuery", "expiration_date_query")? {
            found.push(Query::ExpirationDateQuery(v2::ExpirationDateQuery {
                expiration_date: timestamp(&mut query, "expirationDate", "expiration_date")?,
                method: method(&mut query)?,
            }));
        }
    }
    if found.len() > 1 {
        return Err(Error::Malformed(
            "each query must have exactly one condition".into(),
        ));
    }
    Ok(v2::SearchQuery { query: found.pop() })
}

fn method(query: &mut JsonObject) -> Result<i32, Error> {
    query.member("method", "method", |name| {
        TimestampQueryMethod::from_str_name(name).map(i32::from)
    })
}

fn timestamp(
    query: &mut JsonObject,
    camel: &str,
    name: &'static str,
) -> Result<Option<prost_types::Timestamp>, Error> {
    let Some(text) = query.string(camel, name, name)? else {
        return Ok(None);
    };
    let invalid = Invalid::new(name, "must be a time such as \"2026-11-24T10:00:00Z\"");
    let at = parse_timestamp(&text).ok_or(invalid)?;
    Ok(Some(prost_types::Timestamp {
        seconds: at.unix_timestamp(),
        // Less than 1,000,000,000.
        nanos: i32::try_from(at.nanosecond()).unwrap_or_default(),
    }))
}

/// Reads a time of proto3's JSON: RFC 3339 with `T` and `Z` in capitals, at most nine digits of a
/// second and no leap second; in the years 1 to 9999 of UTC.
/// <https://protobuf.dev/reference/protobuf/google.protobuf/#timestamp>
fn parse_timestamp(text: &str) -> Option<OffsetDateTime> {
    // `OffsetDateTime::parse` is more lenient than protobuf in each of these.
    let (date, time) = text.split_once('T')?;
    let (clock, zone) = time.split_at(time.find(['Z', '+', '-'])?);
    let (seconds, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let is_plain = date.len() == 10
        && seconds.len() == 8
        && !seconds.ends_with("60")
        && (1..=9).contains(&fraction.len())
        && (zone == "Z" || zone.len() == 6);
    let at = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    let at = at.checked_to_offset(UtcOffset::UTC)?;
    (is_plain && (1..=9999).contains(&at.year())).then_some(at)
}

#[test]
fn a_time_is_rfc_3339_in_the_years_1_to_9999() {
    use super::tree::{Tree, parse};

    for (text, want) in [
        ("\"1970-01-01T00:00:01Z\"", Ok(Some((1, 0)))),
        ("\"1970-01-01T00:00:00.000000001Z\"", Ok(Some((0, 1)))),
        ("\"1970-01-01T01:00:00+01:00\"", Ok(Some((0, 0)))),
        ("\"1969-12-31T23:59:59.5Z\"", Ok(Some((-1, 500_000_000)))),
        ("null", Ok(None)),
        ("\"1970-01-01\"", Err(())),
        ("\"1970-01-01T00:00:00\"", Err(())),
        ("\"1970-13-01T00:00:00Z\"", Err(())),
        ("\"\"", Err(())),
        ("0", Err(())),
        (
            "\"1970-01-01T00:00:00.123456789Z\"",
            Ok(Some((0, 123_456_789))),
        ),
        ("\"1970-01-01T00:00:00.1234567890Z\"", Err(())),
        ("\"1970-01-01T00:00:00.Z\"", Err(())),
        ("\"1970-01-01t00:00:00Z\"", Err(())),
        ("\"1970-01-01T00:00:00z\"", Err(())),
        ("\"1970-01-01_00:00:00Z\"", Err(())),
        ("\"1970-01-01 00:00:00Z\"", Err(())),
        ("\"1970-01-01T00:00:60Z\"", Err(())),
        ("\"1970-01-01T23:59:60.5Z\"", Err(())),
        ("\"1970-01-01T24:00:00Z\"", Err(())),
        ("\"1970-01-01T00:00:00+0100\"", Err(())),
        ("\"1970-01-01T00:00:00 +01:00\"", Err(())),
        ("\"1970-1-1T00:00:00Z\"", Err(())),
        ("\"0001-01-01T00:00:00Z\"", Ok(Some((-62_135_596_800, 0)))),
        ("\"0000-01-01T00:00:00Z\"", Err(())),
        ("\"0001-01-01T00:00:00+23:59\"", Err(())),
        (
            "\"9999-12-31T23:59:59.999999999Z\"",
            Ok(Some((253_402_300_799, 999_999_999))),
        ),
        ("\"9999-12-31T23:59:59-00:01\"", Err(())),
        ("\"10000-01-01T00:00:00Z\"", Err(())),
        ("\"1970-01-01T08:00:00+08:00\"", Ok(Some((0, 0)))),
        ("\"1969-12-31T16:00:00-08:00\"", Ok(Some((0, 0)))),
    ] {
        let body = format!("{{\"at\":{text}}}");
        let Ok(Some(Tree::Object(entries))) = parse(body.as_bytes()) else {
            unreachable!("{body} is an object");
        };
        let got = timestamp(&mut JsonObject::new("", entries), "at", "at");
        let got = got.map(|at| at.map(|at| (at.seconds, at.nanos)));
        assert_eq!(got.map_err(drop), want, "{text}");
    }
}
