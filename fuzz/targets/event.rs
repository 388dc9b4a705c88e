//! Events of all kinds, and whatever protocol is in them.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sesame::api;
use sesame::config::WireLimits;
use sesame::transport::lambda::event::Event;

const LIMITS: WireLimits = WireLimits {
    body: 4096,
    message: 4096,
};

fuzz_target!(|text: &[u8]| {
    let Ok(event) = serde_json::from_slice::<Event>(text) else {
        // Only what is no JSON at all: Lambda sends none such.
        assert!(serde_json::from_slice::<&serde_json::value::RawValue>(text).is_err());
        return;
    };
    if let Ok(request) = event.request() {
        let _ = api::decode(&request, LIMITS);
    }
});
