//! Decodes events of all kinds, and the calls of all protocols in them.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sesame::api::{MatchedRoute, codec};
use sesame::config::WireLimits;
use sesame::transport::lambda::event::Event;

const LIMITS: WireLimits = WireLimits {
    body: 4096,
    message: 4096,
};

fuzz_target!(|text: &[u8]| {
    let Ok(event) = serde_json::from_slice::<Event>(text) else {
        // Only a text that is not JSON is refused, and Lambda sends none.
        assert!(serde_json::from_slice::<&serde_json::value::RawValue>(text).is_err());
        return;
    };
    if let Ok(request) = event.request()
        && let Ok(route) = MatchedRoute::find(&request)
    {
        let _ = codec::decode(&route, &request, LIMITS);
    }
});
