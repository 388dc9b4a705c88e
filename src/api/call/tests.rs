use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method};

use super::*;
use crate::api::schema::{Kind, PROCEDURES};
use crate::api::{Codec, Protocol, RequestContext};
use crate::domain::{Filter, UserId, UserSearch};
use crate::service::{Checks, CreateSession, ListSessions};

const LIMITS: WireLimits = WireLimits {
    body: 262_144,
    message: 262_144,
};

/// The route of a call in protobuf, and its request.
fn request(operation: Operation, version: Version, message: &[u8]) -> (MatchedRoute, Request) {
    let named = |one: &&_| {
        let one: &crate::api::schema::Procedure = one;
        one.operation == operation && one.version == version
    };
    let route = MatchedRoute {
        protocol: Protocol::Connect(Codec::Proto),
        procedure: PROCEDURES.iter().find(named).unwrap(),
        path_fields: Vec::new(),
        has_body: true,
    };
    let request = Request {
        method: Method::POST,
        path: String::new(),
        query: Vec::new(),
        headers: HeaderMap::new(),
        body: Bytes::copy_from_slice(message),
        context: RequestContext::default(),
    };
    (route, request)
}

fn decode<C: Call>(version: Version, message: &[u8]) -> Result<C, String> {
    let (route, request) = request(C::OPERATION, version, message);
    read(&route, &request, LIMITS).map_err(|error| error.to_string())
}

fn create(version: Version, message: &[u8]) -> Result<CreateSession, String> {
    decode(version, message)
}

#[test]
fn the_last_member_of_a_oneof_wins() {
    // checks { user { user_id: "a" login_name: "b" } }, and the other way round.
    let name = create(Version::V2, b"\x0a\x08\x0a\x06\x0a\x01a\x12\x01b").unwrap();
    let id = create(Version::V2, b"\x0a\x08\x0a\x06\x12\x01b\x0a\x01a").unwrap();

    assert!(matches!(name.checks.user, Some(UserSearch::LoginName(_))));
    assert!(matches!(id.checks.user, Some(UserSearch::Id(_))));
}

#[test]
fn messages_are_merged_and_unknown_fields_ignored() {
    // Two `checks`, one with a user and one with a password; field 99 of each type.
    let message = [
        &b"\x0a\x05\x0a\x03\x12\x01b"[..],
        b"\x98\x06\x07",
        b"\x0a\x05\x12\x03\x0a\x01p",
        b"\x9a\x06\x02xy",
        b"\x99\x06\0\0\0\0\0\0\0\0",
        b"\x9d\x06\0\0\0\0",
    ]
    .concat();

    let call = create(Version::V2, &message).unwrap();

    assert!(call.checks.user.is_some() && call.checks.password.is_some());
}

#[test]
fn a_field_of_a_later_version_is_unknown_to_an_earlier_one() {
    // As v2alpha knows no field 5, it may be anything there.
    for (message, in_v2alpha, in_v2) in [
        (&b"\x2a\x02\x08\x3c"[..], Ok(None), Ok(Some(60))),
        (
            b"\x28\x01",
            Ok(None),
            Err("malformed request: the message can't be read"),
        ),
    ] {
        for (version, want) in [(Version::V2alpha, in_v2alpha), (Version::V2, in_v2)] {
            let got = create(version, message);
            match want {
                Ok(seconds) => {
                    let want = seconds.map(Duration::from_secs);
                    assert_eq!(got.unwrap().lifetime, want, "{message:?}");
                }
                Err(start) => {
                    let error = got.unwrap_err();
                    assert!(error.starts_with(start), "{error}");
                }
            }
        }
    }
}

/// A check that `proto/` says is carried out, and that nobody reads, would be taken for a passed
/// one.
#[test]
fn each_check_that_is_carried_out_is_read() {
    let create = PROCEDURES.iter().find(|one| {
        let is_newest = one.version == Version::V2;
        is_newest && one.operation == Operation::CreateSession
    });
    let Kind::Message(checks) = create.unwrap().request.field(1).unwrap().kind else {
        panic!("the checks are no message");
    };
    for number in checks.built.unwrap() {
        // A check without content, which is refused or asks for something.
        let message = [0x0a, 2, u8::try_from(number << 3 | 2).unwrap(), 0];

        let call = self::create(Version::V2, &message);

        let is_ignored = call.is_ok_and(|call| call.checks == Checks::default());
        assert!(!is_ignored, "field {number} of checks is read by nobody");
    }
}

/// Why a message is refused, if it is.
fn refused(operation: Operation, version: Version, message: &[u8]) -> Option<String> {
    let (route, request) = request(operation, version, message);
    let error = check(&route, &request, LIMITS).err()?;
    Some(error.to_string())
}

#[test]
fn each_check_and_challenge_that_is_not_carried_out_is_refused_in_each_version() {
    let set = Operation::SetSession;
    let create = Operation::CreateSession;
    for (operation, message, want) in [
        (create, &b"\x0a\x02\x22\0"[..], "checks.idp_intent"),
        (create, b"\x0a\x02\x48\x01", "field 9 of checks"),
        (create, b"\x0a\x03\xa2\x06\0", "field 100 of checks"),
        // A group, and a field of four bytes.
        (create, b"\x0a\x02\x4b\x4c", "field 9 of checks"),
        (create, b"\x0a\x05\x4d\0\0\0\0", "field 9 of checks"),
        // In a second `checks`, which is merged with the first.
        (create, b"\x0a\0\x0a\x02\x48\x01", "field 9 of checks"),
        (create, b"\x1a\x02\x20\x01", "field 4 of challenges"),
        (
            set,
            b"\x0a\x01x\x12\x01y\x1a\x02\x22\0",
            "checks.idp_intent",
        ),
        (
            set,
            b"\x0a\x01x\x12\x01y\x1a\x02\x48\0",
            "field 9 of checks",
        ),
    ] {
        for version in Version::ALL {
            let got = refused(operation, version, message);
            let want = Some(format!("{want} is not supported"));
            assert_eq!(got, want, "{version:?}");
        }
    }
    for (operation, message) in [
        (create, &b"\x0a\0\x1a\0"[..]),
        // Unknown fields within a check.
        (create, b"\x0a\x07\x0a\x05\x12\x01b\x48\x01"),
        (set, b"\x0a\x01x\x12\x01y\x1a\0\x2a\0"),
    ] {
        for version in Version::ALL {
            let got = refused(operation, version, message);
            assert_eq!(got, None, "{version:?} {message:?}");
        }
    }
}

#[test]
fn challenges_that_are_no_message_are_refused() {
    let set = Operation::SetSession;
    let create = Operation::CreateSession;
    for (operation, message) in [
        // A list of numbers, as v2alpha once had it, packed and not; a group; four bytes.
        (create, &b"\x1a\x01\x01"[..]),
        (create, b"\x18\x01"),
        (create, b"\x1b\x1c"),
        (create, b"\x1d\0\0\0\0"),
        (set, b"\x0a\x01x\x12\x01y\x2a\x01\x01"),
        (set, b"\x0a\x01x\x12\x01y\x28\x01"),
    ] {
        for (version, want) in [
            (Version::V2alpha, "challenges is not supported"),
            (Version::V2beta, "malformed request: "),
            (Version::V2, "malformed request: "),
        ] {
            let got = refused(operation, version, message).unwrap();
            assert!(got.starts_with(want), "{version:?} {message:?} {got}");
        }
    }
}

#[test]
fn second_factors_are_refused_in_the_versions_that_do_not_carry_them_out() {
    let otp = &b"\x0a\x0812345678"[..];
    let recovery = b"\x0a\x1d8XK2-0D4M-TQ7R-5N1W-9HJC-3VEP";
    // A check by its number, and what is refused: by v2alpha, v2beta and v2.
    let checks = [
        (3, &b""[..], ["checks.web_auth_n", "", ""]),
        (5, b"\x0a\x06123456", ["checks.totp", "", ""]),
        (6, otp, ["checks.otp_sms", "", ""]),
        (7, otp, ["checks.otp_email", "", ""]),
        (
            8,
            recovery,
            ["checks.recovery_code", "field 8 of checks", ""],
        ),
    ];
    // The same of challenges. Without content, they ask for a message.
    let challenges = [
        (1, &b""[..], ["challenges.web_auth_n", "", ""]),
        (2, b"", ["challenges.otp_sms", "", ""]),
        (3, b"", ["challenges.otp_email", "", ""]),
    ];
    // What comes first, and the numbers of checks and challenges.
    let create = (Operation::CreateSession, &b""[..], 1, 3);
    let set = (Operation::SetSession, &b"\x0a\x01x\x12\x01y"[..], 3, 5);
    for (operation, before, of_checks, of_challenges) in [create, set] {
        let checks = checks.map(|case| (of_checks, case));
        let challenges = challenges.map(|case| (of_challenges, case));
        for (outer, (number, content, wanted)) in checks.into_iter().chain(challenges) {
            let message = [before, &field(outer, &field(number, content))].concat();
            for (version, want) in Version::ALL.into_iter().zip(wanted) {
                let got = refused(operation, version, &message);
                let want = (!want.is_empty()).then(|| format!("{want} is not supported"));
                assert_eq!(got, want, "{operation:?} {version:?} {message:?}");
            }
        }
    }
}

/// A field with a message.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).unwrap();
    [&[number << 3 | 2, length], content].concat()
}

#[test]
fn the_last_member_of_a_oneof_that_the_version_knows_wins() {
    // queries { ids_query {} user_id_query { id: "b" } }
    let message = b"\x12\x07\x0a\x00\x12\x03\x0a\x01b";
    let user = Filter::User(UserId::parse("b".to_owned()).unwrap());
    for (version, want) in [
        (Version::V2alpha, Filter::Ids(vec![])),
        (Version::V2beta, user.clone()),
        (Version::V2, user),
    ] {
        let list: ListSessions = decode(version, message).unwrap();
        assert_eq!(list.filters, [want], "{version:?}");
    }
}

#[test]
fn a_malformed_message_is_refused() {
    for message in [
        &b"\x0a"[..],
        b"\x0a\x05\x0a",
        b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x08\x01",
        // A login name that is not UTF-8.
        b"\x0a\x05\x0a\x03\x12\x01\xff",
        b"\x0b",
        b"\0",
    ] {
        let error = create(Version::V2, message).unwrap_err();
        assert!(error.starts_with("malformed"), "{message:?}: {error}");
    }
}
