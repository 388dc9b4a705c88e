use super::*;

fn search(query: Query) -> v2::SearchQuery {
    v2::SearchQuery { query: Some(query) }
}

fn read(query: Query) -> Result<UserQuery, Invalid> {
    Reader::default().query(search(query), 0)
}

fn ids(count: usize) -> Query {
    let user_ids = (0..count).map(|n| n.to_string()).collect();
    Query::InUserIdsQuery(v2::InUserIdQuery { user_ids })
}

fn or(queries: Vec<v2::SearchQuery>) -> Query {
    Query::OrQuery(v2::OrQuery { queries })
}

fn and(queries: Vec<v2::SearchQuery>) -> Query {
    Query::AndQuery(v2::AndQuery { queries })
}

fn not(query: Option<v2::SearchQuery>) -> Query {
    let query = query.map(Box::new);
    Query::NotQuery(Box::new(v2::NotQuery { query }))
}

fn name(text: &str, method: i32) -> Query {
    Query::LoginNameQuery(v2::LoginNameQuery {
        login_name: text.to_owned(),
        method,
    })
}

#[test]
fn a_condition_that_names_nothing_matches_nobody() {
    let nothing = v2::SearchQuery { query: None };
    let emails = v2::InUserEmailsQuery::default();
    for (query, want) in [
        (and(vec![]), UserQuery::Nobody),
        (or(vec![]), UserQuery::Any(vec![])),
        (not(None), UserQuery::Nobody),
        (not(Some(nothing.clone())), UserQuery::Nobody),
        (and(vec![nothing]), UserQuery::All(vec![UserQuery::Nobody])),
        (ids(0), UserQuery::Ids(vec![])),
        (Query::InUserEmailsQuery(emails), UserQuery::Emails(vec![])),
        (name("", 4), UserQuery::Nobody),
        (
            Query::StateQuery(v2::StateQuery::default()),
            UserQuery::Nobody,
        ),
        (
            Query::TypeQuery(v2::TypeQuery::default()),
            UserQuery::Nobody,
        ),
        (
            Query::TypeQuery(v2::TypeQuery { r#type: 2 }),
            UserQuery::Nobody,
        ),
        (
            Query::TypeQuery(v2::TypeQuery { r#type: 1 }),
            UserQuery::Everybody,
        ),
    ] {
        assert_eq!(read(query), Ok(want));
    }
}

#[test]
fn conditions_are_nested_five_deep_and_no_deeper() {
    let wraps: [fn(Query) -> Query; 3] = [
        |query| and(vec![search(query)]),
        |query| or(vec![search(query)]),
        |query| not(Some(search(query))),
    ];
    for wrap in wraps {
        for (depth, good) in [(5, true), (6, false)] {
            let nested = (0..depth).fold(ids(1), |query, _| wrap(query));
            assert_eq!(read(nested).is_ok(), good, "{depth}");
        }
    }
}

#[test]
fn ids_and_texts_are_counted_over_the_whole_call() {
    let two = |one: Query, other: Query| {
        let queries = vec![search(one), search(or(vec![search(other)]))];
        Reader::default().read(queries).is_ok()
    };
    let emails = |count: usize| {
        let user_emails = vec![String::new(); count];
        Query::InUserEmailsQuery(v2::InUserEmailsQuery { user_emails })
    };
    let names = |count: usize| or(vec![search(name("mini", 4)); count]);
    for (counts, one, other, good) in [
        ("100 ids", ids(60), ids(40), true),
        ("101 ids", ids(60), ids(41), false),
        ("20 texts", emails(10), names(10), true),
        ("11 names", emails(10), names(11), false),
        ("11 addresses", emails(11), names(10), false),
        ("100 ids, 20 texts", ids(100), names(20), true),
    ] {
        assert_eq!(two(one, other), good, "{counts}");
    }
}

#[test]
fn unknown_values_of_enums_are_refused() {
    for query in [
        name("mini", 8),
        name("mini", -1),
        Query::StateQuery(v2::StateQuery { state: 6 }),
        Query::TypeQuery(v2::TypeQuery { r#type: 3 }),
    ] {
        assert!(read(query).is_err());
    }
    for (column, good) in [(0, true), (9, true), (10, false), (-1, false)] {
        assert_eq!(order(column).is_ok(), good, "{column}");
    }
    for (known, order) in ORDERS {
        assert!(column(order) == known);
    }
}
