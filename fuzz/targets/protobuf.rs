//! Messages in protobuf. What v2 accepts, v2alpha does too, which knows less of it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sesame::api::{Route, Version, message};
use sesame::service::{Call, Rpc};

fuzz_target!(|bytes: &[u8]| {
    let decode = |version| {
        let rpc = Rpc::CreateSession;
        message::decode(Route { rpc, version }, bytes)
    };
    if let Ok(Call::CreateSession(later)) = decode(Version::V2) {
        let Ok(Call::CreateSession(first)) = decode(Version::V2alpha) else {
            panic!("v2alpha refuses what v2 accepts");
        };
        assert_eq!((first.user, first.password), (later.user, later.password));
        assert_eq!(first.metadata, later.metadata);
        assert_eq!((first.lifetime, first.user_agent), (None, None));
    }
});
