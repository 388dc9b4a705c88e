//! Decodes events of all kinds, and the calls of all protocols in them.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sesame::api::{MatchedRoute, WireLimits, check};
use sesame::transport::lambda::event::Event;

const LIMITS: WireLimits = WireLimits {
    body: 4096,
    message: 4096,
};

fuzz_target!(|text: &[u8]| {
    if let Ok(request) = Event::read(text).request()
        && let (_, Ok(route)) = MatchedRoute::find(&request.path, &request, None)
    {
        let _ = check(&route, &request, LIMITS);
    }
});
