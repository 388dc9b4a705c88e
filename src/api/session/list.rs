use super::parts::session;
use crate::api::call::{Call, Envelope};
use crate::api::parts::{page, timestamp};
use crate::api::proto::zitadel::object::v2::{ListDetails, TimestampQueryMethod};
use crate::api::proto::zitadel::session::v2;
use crate::domain::{Compare, Filter, Invalid, SessionId, UserId};
use crate::error::Error;
use crate::service::{ListSessions, ListedSessions};

impl Call for ListSessions {
    type Request = v2::ListSessionsRequest;
    type Reply = v2::ListSessionsResponse;

    fn read(message: Self::Request, _: Envelope) -> Result<Self, Error> {
        list_sessions(message)
    }

    fn reply(listed: ListedSessions) -> Self::Reply {
        let sessions = listed.sessions.iter();
        v2::ListSessionsResponse {
            details: Some(ListDetails {
                total_result: listed.total,
                processed_sequence: listed.processed_sequence(),
                timestamp: Some(timestamp(listed.timestamp)),
            }),
            sessions: sessions
                .map(|one| session(one, &listed.resource_owner))
                .collect(),
        }
    }
}

fn list_sessions(message: v2::ListSessionsRequest) -> Result<ListSessions, Error> {
    let v2::ListSessionsRequest {
        query,
        queries,
        sorting_column,
    } = message;
    // Whatever the column, sessions are sorted by their creation date.
    if v2::SessionFieldName::try_from(sorting_column).is_err() {
        return Err(Invalid::new("sorting_column", "is unknown").into());
    }
    let filters = queries.into_iter().map(filter);
    Ok(ListSessions {
        page: page(query)?,
        filters: filters.collect::<Result<_, _>>()?,
    })
}

/// How many ids one filter may have, valid or not.
const MAX_IDS: usize = 100;

/// Reads a filter. One with no value, or with a value that can't exist, matches nothing.
fn filter(query: v2::SearchQuery) -> Result<Filter, Invalid> {
    use v2::search_query::Query;

    let user = |id: String| UserId::parse(id).ok();
    Ok(match query.query {
        None => Filter::Nothing,
        Some(Query::IdsQuery(ids)) if ids.ids.len() > MAX_IDS => {
            return Err(Invalid::new("ids_query", "names more than 100 sessions"));
        }
        Some(Query::IdsQuery(ids)) => {
            let ids = ids.ids.iter().filter_map(|id| SessionId::find(id).ok()?);
            Filter::Ids(ids.collect())
        }
        Some(Query::UserIdQuery(query)) => user(query.id).map_or(Filter::Nothing, Filter::User),
        Some(Query::CreationDateQuery(query)) => {
            let compare = compare("creation_date_query.method", query.method)?;
            by_date(query.creation_date, |date| Filter::Created(compare, date))
        }
        Some(Query::ExpirationDateQuery(query)) => {
            let compare = compare("expiration_date_query.method", query.method)?;
            by_date(query.expiration_date, |date| Filter::Expires(compare, date))
        }
        Some(Query::CreatorQuery(query)) => match query.id {
            None => Filter::Creator(None),
            Some(id) => user(id).map_or(Filter::Nothing, |id| Filter::Creator(Some(id))),
        },
        Some(Query::UserAgentQuery(query)) => match query.fingerprint_id {
            Some(id) if id.is_empty() => Filter::Nothing,
            id => Filter::Fingerprint(id),
        },
    })
}

fn compare(field: &'static str, method: i32) -> Result<Compare, Invalid> {
    match TimestampQueryMethod::try_from(method) {
        Ok(TimestampQueryMethod::Equals) => Ok(Compare::Equals),
        Ok(TimestampQueryMethod::Greater) => Ok(Compare::Greater),
        Ok(TimestampQueryMethod::GreaterOrEquals) => Ok(Compare::GreaterOrEquals),
        Ok(TimestampQueryMethod::Less) => Ok(Compare::Less),
        Ok(TimestampQueryMethod::LessOrEquals) => Ok(Compare::LessOrEquals),
        Err(_) => Err(Invalid::new(field, "is unknown")),
    }
}

/// The filter by a time, which is in nanoseconds since 1970.
fn by_date(at: Option<prost_types::Timestamp>, filter: impl FnOnce(i128) -> Filter) -> Filter {
    at.map_or(Filter::Nothing, |at| {
        filter(i128::from(at.seconds) * 1_000_000_000 + i128::from(at.nanos))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use v2::search_query::Query;

    fn read(query: Option<Query>) -> Result<Filter, Invalid> {
        filter(v2::SearchQuery { query })
    }

    fn date(method: i32, seconds: Option<i64>) -> Query {
        Query::CreationDateQuery(v2::CreationDateQuery {
            creation_date: seconds.map(|seconds| prost_types::Timestamp { seconds, nanos: 5 }),
            method,
        })
    }

    #[test]
    fn a_filter_that_names_nothing_matches_nothing() {
        let ids = |ids: &[&str]| {
            let ids = ids.iter().map(|&id| id.to_owned()).collect();
            Some(Query::IdsQuery(v2::IDsQuery { ids }))
        };
        let user = |id: &str| Some(Query::UserIdQuery(v2::UserIdQuery { id: id.to_owned() }));
        let creator = |id: Option<&str>| {
            let id = id.map(str::to_owned);
            Some(Query::CreatorQuery(v2::CreatorQuery { id }))
        };
        let agent = |id: Option<&str>| {
            let fingerprint_id = id.map(str::to_owned);
            Some(Query::UserAgentQuery(v2::UserAgentQuery { fingerprint_id }))
        };
        let ada = UserId::parse("ada".to_owned()).unwrap();
        let id = "67e55044-10b1-426f-9247-bb680e5fe0c8";

        for (query, want) in [
            (None, Ok(Filter::Nothing)),
            (ids(&[]), Ok(Filter::Ids(vec![]))),
            (ids(&["", "1"]), Ok(Filter::Ids(vec![]))),
            (ids(&["1", id]), Ok(Filter::Ids(vec![id.parse().unwrap()]))),
            (user(""), Ok(Filter::Nothing)),
            (user(&"a".repeat(201)), Ok(Filter::Nothing)),
            (user("ada"), Ok(Filter::User(ada.clone()))),
            (creator(Some("")), Ok(Filter::Nothing)),
            (creator(Some("ada")), Ok(Filter::Creator(Some(ada)))),
            (creator(None), Ok(Filter::Creator(None))),
            (agent(Some("")), Ok(Filter::Nothing)),
            (agent(Some("f")), Ok(Filter::Fingerprint(Some("f".into())))),
            (agent(None), Ok(Filter::Fingerprint(None))),
            (Some(date(1, None)), Ok(Filter::Nothing)),
            (
                Some(date(1, Some(-1))),
                Ok(Filter::Created(Compare::Greater, -999_999_995)),
            ),
            (
                Some(date(4, Some(i64::MAX))),
                Ok(Filter::Created(
                    Compare::LessOrEquals,
                    i128::from(i64::MAX) * 1_000_000_000 + 5,
                )),
            ),
        ] {
            assert_eq!(read(query), want);
        }
        assert!(read(Some(date(5, Some(1)))).is_err());
    }

    #[test]
    fn a_list_is_sorted_by_what_there_is() {
        for (sorting_column, good) in [(0, true), (1, true), (2, false), (-1, false)] {
            let request = v2::ListSessionsRequest {
                sorting_column,
                ..v2::ListSessionsRequest::default()
            };
            assert_eq!(list_sessions(request).is_ok(), good, "{sorting_column}");
        }
    }
}
