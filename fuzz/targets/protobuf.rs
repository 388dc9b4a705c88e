//! Decodes messages in protobuf. v2alpha accepts each message that v2 accepts, and reads fewer fields.

#![no_main]

use http::HeaderMap;
use libfuzzer_sys::fuzz_target;
use sesame::api::{RequestHeaders, Version, messages};
use sesame::domain::{Filter, Operation};
use sesame::service::Call;

fuzz_target!(|bytes: &[u8]| {
    for operation in Operation::ALL {
        let headers = || RequestHeaders::read(&HeaderMap::new());
        let decode = |version| messages::decode(operation, version, headers(), bytes);
        let Ok(later) = decode(Version::V2) else {
            continue;
        };
        let first = decode(Version::V2alpha);
        match (later, first) {
            (Call::CreateSession(later), Ok(Call::CreateSession(first))) => {
                assert_eq!((first.user, first.password), (later.user, later.password));
                assert_eq!(first.metadata, later.metadata);
                assert_eq!((first.lifetime, first.user_agent), (None, None));
            }
            (Call::SetSession(later), Ok(Call::SetSession(first))) => {
                assert_eq!((first.user, first.password), (later.user, later.password));
                assert_eq!(first.metadata, later.metadata);
                assert_eq!(first.lifetime, None);
            }
            // Before v2, a session token is required.
            (Call::SetSession(later), Err(_)) => assert_eq!(later.session_token, None),
            (Call::ListSessions(later), Ok(Call::ListSessions(first))) => {
                assert_eq!(first.page, later.page);
                assert_eq!(first.filters.len(), later.filters.len());
                // v2alpha ignores the members of the oneof that only v2 has, and uses an earlier one.
                let known = |one: &Filter| matches!(one, Filter::Ids(_) | Filter::Nothing);
                assert!(first.filters.iter().all(known));
            }
            (later, first) => assert_eq!(first.expect("accepted"), later),
        }
    }
});
