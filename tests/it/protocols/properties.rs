use std::collections::BTreeMap;

use proptest::prelude::*;
use prost::Message as _;
use sesame::api::proto::zitadel::session::v2;
use sesame::api::proto::zitadel::session::v2::CreateSessionRequest as Create;
use sesame::api::proto::zitadel::session::v2::check_user::Search;
use sesame::api::{Bound, Codec, Coding, Protocol, Route, Version, json, message, row};
use sesame::config::WireLimits;
use sesame::service::Rpc;

use crate::wire::{Wire, json_of};

/// Parts of a request, which itself hides what is in it.
type Parts = (
    // A user: by id or by name, or without either.
    Option<(bool, Option<String>)>,
    Option<String>,
    [bool; 5],
    BTreeMap<String, Vec<u8>>,
    Option<(Option<String>, BTreeMap<String, Vec<String>>)>,
    Option<(i64, i32)>,
);

fn any_parts() -> impl Strategy<Value = Parts> {
    let text = || ".{0,6}";
    let header = prop::collection::btree_map(text(), prop::collection::vec(text(), 0..3), 0..3);
    let rarely = prop::bool::weighted(0.05);
    (
        prop::option::of((any::<bool>(), prop::option::weighted(0.9, text()))),
        prop::option::of(text()),
        prop::array::uniform5(rarely),
        prop::collection::btree_map(text(), prop::collection::vec(any::<u8>(), 0..8), 0..4),
        prop::option::of((prop::option::of(text()), header)),
        prop::option::of((0..200_000_i64, 0..1_000_000_000_i32)),
    )
}

fn assemble((user, password, unbuilt, metadata, agent, lifetime): Parts) -> Create {
    let search = |(by_id, text): (bool, Option<String>)| {
        let member = if by_id {
            Search::UserId
        } else {
            Search::LoginName
        };
        text.map(member)
    };
    let [web_auth_n, idp_intent, totp, otp_sms, challenge] = unbuilt;
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
    };
    let header = |header: BTreeMap<String, Vec<String>>| {
        let header = header.into_iter();
        header
            .map(|(name, values)| (name, v2::user_agent::HeaderValues { values }))
            .collect()
    };
    Create {
        checks: Some(checks),
        metadata,
        challenges: challenge.then(|| v2::RequestChallenges {
            otp_sms: Some(v2::RequestOtp {}),
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

proptest! {
    /// As another implementation writes it.
    #[test]
    fn json_and_protobuf_are_the_same_call(parts in any_parts(), at in 0..3_usize) {
        let route = Route { rpc: Rpc::CreateSession, version: Version::ALL[at] };
        let message = assemble(parts).encode_to_vec();
        let body = json_of("CreateSessionRequest", &message).to_string();

        let by_json = json::decode(route, body.as_bytes(), Bound::default()).map_err(|error| error.to_string());
        let by_proto = message::decode(route, &message).map_err(|error| error.to_string());

        prop_assert_eq!(by_json, by_proto);
    }

    #[test]
    fn no_bytes_are_an_error_of_ours(
        bytes in prop::collection::vec(any::<u8>(), 0..64),
        at in 0..Wire::ALL.len(),
    ) {
        let wire = Wire::ALL[at];
        let route = Route { rpc: Rpc::CreateSession, version: Version::V2 };
        let request = wire.send(Version::V2, "CreateSession", bytes.into());
        let limits = WireLimits { body: 64, message: 64 };
        let protocol = match wire {
            Wire::Json => Protocol::Json,
            Wire::ConnectJson => Protocol::Connect(Codec::Json),
            Wire::ConnectProto => Protocol::Connect(Codec::Proto),
            Wire::GrpcWeb => Protocol::GrpcWeb(Coding::Binary),
            Wire::GrpcWebText => Protocol::GrpcWeb(Coding::Text),
            Wire::Grpc => Protocol::Grpc,
        };
        if let Err(error) = protocol.decode(route, &request, limits) {
            prop_assert!([3, 8, 12].contains(&row(&error).code), "{}", error);
        }
    }
}
