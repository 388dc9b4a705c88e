use std::collections::BTreeMap;
use std::fmt::Debug;

use proptest::prelude::*;
use prost::Message;
use sesame::api::proto::zitadel::object::v2::ListQuery;
use sesame::api::proto::zitadel::session::v2;
use sesame::api::proto::zitadel::session::v2::CreateSessionRequest as Create;
use sesame::api::proto::zitadel::session::v2::check_user::Search;
use sesame::api::proto::zitadel::session::v2::search_query::Query;
use sesame::api::{Call, MatchedRoute, Version, WireLimits, check, read};
use sesame::domain::Operation;
use sesame::service::{CreateSession, ListSessions, SetSession};

use crate::support::client::{Wire, json_of};

const LIMITS: WireLimits = WireLimits {
    body: 262_144,
    message: 262_144,
};

/// The parts of a request, because the request's own `Debug` hides secrets.
#[derive(Clone, Debug)]
struct Parts {
    user: Option<UserPart>,
    password: Option<String>,
    unsupported: [bool; 5],
    metadata: BTreeMap<String, Vec<u8>>,
    agent: Option<(Option<String>, HeaderPart)>,
    lifetime: Option<(i64, i32)>,
}

/// Whether a user is named by id, and the id or the login name, if any.
type UserPart = (bool, Option<String>);

/// The headers of a user agent.
type HeaderPart = BTreeMap<String, Vec<String>>;

fn any_parts() -> impl Strategy<Value = Parts> {
    let text = || ".{0,6}";
    let header = prop::collection::btree_map(text(), prop::collection::vec(text(), 0..3), 0..3);
    let rarely = prop::bool::weighted(0.05);
    let checks = (
        prop::option::of((any::<bool>(), prop::option::weighted(0.9, text()))),
        prop::option::of(text()),
        prop::array::uniform5(rarely),
    );
    let facts = (
        prop::collection::btree_map(text(), prop::collection::vec(any::<u8>(), 0..8), 0..4),
        prop::option::of((prop::option::of(text()), header)),
        prop::option::of((0..200_000_i64, 0..1_000_000_000_i32)),
    );
    (checks, facts).prop_map(
        |((user, password, unsupported), (metadata, agent, lifetime))| Parts {
            user,
            password,
            unsupported,
            metadata,
            agent,
            lifetime,
        },
    )
}

fn assemble(parts: Parts) -> Create {
    let Parts {
        user,
        password,
        unsupported,
        metadata,
        agent,
        lifetime,
    } = parts;
    let search = |(by_id, text): UserPart| {
        let member = if by_id {
            Search::UserId
        } else {
            Search::LoginName
        };
        text.map(member)
    };
    let [web_auth_n, idp_intent, totp, otp_sms, challenge] = unsupported;
    let checks = v2::Checks {
        user: user.map(|user| v2::CheckUser {
            search: search(user),
        }),
        password: password.map(|password| v2::CheckPassword { password }),
        web_auth_n: web_auth_n.then(Default::default),
        idp_intent: idp_intent.then(Default::default),
        totp: totp.then(Default::default),
        otp_sms: otp_sms.then(Default::default),
        otp_email: None,
        recovery_code: None,
    };
    let header = |header: HeaderPart| {
        let header = header.into_iter();
        header
            .map(|(name, values)| (name, v2::user_agent::HeaderValues { values }))
            .collect()
    };
    Create {
        checks: Some(checks),
        metadata,
        challenges: challenge.then(|| v2::RequestChallenges {
            otp_sms: Some(v2::RequestOtpsms::default()),
            ..v2::RequestChallenges::default()
        }),
        user_agent: agent.map(|(ip, headers)| v2::UserAgent {
            ip,
            header: header(headers),
            ..v2::UserAgent::default()
        }),
        lifetime: lifetime.map(|(seconds, nanos)| prost_types::Duration { seconds, nanos }),
    }
}

/// The parts of a filter: an id, or a time and how to compare with it.
type QueryParts = (usize, Option<String>, Option<(i64, i32)>, i32);

fn any_query() -> impl Strategy<Value = Option<QueryParts>> {
    // JSON can write the years 1 to 9999.
    let seconds = -62_135_596_800..253_402_300_800_i64;
    let time = prop::option::of((seconds, 0..1_000_000_000_i32));
    prop::option::of((0..6_usize, prop::option::of(".{0,6}"), time, 0..5_i32))
}

fn assemble_query((kind, text, time, method): QueryParts) -> Query {
    let time = time.map(|(seconds, nanos)| prost_types::Timestamp { seconds, nanos });
    match kind {
        0 => Query::IdsQuery(v2::IDsQuery {
            ids: text.into_iter().collect(),
        }),
        1 => Query::UserIdQuery(v2::UserIdQuery {
            id: text.unwrap_or_default(),
        }),
        2 => Query::CreationDateQuery(v2::CreationDateQuery {
            creation_date: time,
            method,
        }),
        3 => Query::CreatorQuery(v2::CreatorQuery { id: text }),
        4 => Query::UserAgentQuery(v2::UserAgentQuery {
            fingerprint_id: text,
        }),
        _ => Query::ExpirationDateQuery(v2::ExpirationDateQuery {
            expiration_date: time,
            method,
        }),
    }
}

/// Checks that a request in JSON, as another implementation writes it, is the same call as in
/// protobuf.
fn same_call<C>(at: usize, message: &C::Request) -> Result<(), TestCaseError>
where
    C: Call + Debug + PartialEq,
{
    let rpc = C::OPERATION.as_str();
    let message = message.encode_to_vec();
    let body = json_of(&format!("{rpc}Request"), &message).to_string();
    let read_from = |wire: Wire, message: Vec<u8>| {
        let request = wire.frame(Version::ALL[at], rpc, message.into());
        let (_, route) = MatchedRoute::find(&request.path, &request);
        let call = route.and_then(|route| read::<C>(&route, &request, LIMITS));
        call.map_err(|error| error.to_string())
    };

    let by_json = read_from(Wire::ConnectJson, body.clone().into_bytes());
    let by_proto = read_from(Wire::ConnectProto, message);

    prop_assert_eq!(by_json, by_proto, "{}", body);
    Ok(())
}

proptest! {
    /// The JSON is written by another implementation.
    #[test]
    fn a_create_in_json_and_in_protobuf_is_the_same_call(parts in any_parts(), at in 0..3_usize) {
        same_call::<CreateSession>(at, &assemble(parts))?;
    }

    #[test]
    fn a_set_in_json_and_in_protobuf_is_the_same_call(
        parts in any_parts(),
        id in "[0-9a-f-]{0,37}",
        token in prop::sample::select(vec!["", "t"]),
        at in 0..3_usize,
    ) {
        let Create { checks, metadata, challenges, lifetime, .. } = assemble(parts);
        let message = v2::SetSessionRequest {
            session_id: id,
            session_token: token.to_owned(),
            checks,
            metadata,
            challenges,
            lifetime,
        };
        same_call::<SetSession>(at, &message)?;
    }

    #[test]
    fn a_list_in_json_and_in_protobuf_is_the_same_call(
        queries in prop::collection::vec(any_query(), 0..4),
        page in prop::option::of((any::<u64>(), any::<u32>(), any::<bool>())),
        sorting_column in 0..2_i32,
        at in 0..3_usize,
    ) {
        let message = v2::ListSessionsRequest {
            query: page.map(|(offset, limit, asc)| ListQuery { offset, limit, asc }),
            queries: queries.into_iter().map(|query| v2::SearchQuery { query: query.map(assemble_query) }).collect(),
            sorting_column,
        };
        same_call::<ListSessions>(at, &message)?;
    }

    #[test]
    fn no_bytes_cause_an_internal_error(
        bytes in prop::collection::vec(any::<u8>(), 0..64),
        at in 0..Wire::ALL.len(),
        of in 0..Operation::ALL.len(),
    ) {
        let (wire, rpc) = (Wire::ALL[at], Operation::ALL[of]);
        let request = wire.frame(Version::V2, rpc.as_str(), bytes.into());
        let limits = WireLimits { body: 64, message: 64 };
        let (_, route) = MatchedRoute::find(&request.path, &request);
        if let Err(error) = check(&route.unwrap(), &request, limits) {
            prop_assert!([3, 8, 12].contains(&error.row().code.number), "{}", error);
        }
    }
}
