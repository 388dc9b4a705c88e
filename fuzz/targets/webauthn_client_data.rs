//! Reads client data. Another reader of JSON finds the same in it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sesame::webauthn::ClientData;

fuzz_target!(|text: &str| {
    let Ok(data) = ClientData::parse(text.as_bytes()) else {
        return;
    };
    let json = text.strip_prefix('\u{feff}').unwrap_or(text);
    // It keeps the last of members with one name, and nests 127 values.
    let Ok(value) = serde_json::from_str::<serde_json::Value>(json) else {
        return;
    };
    assert_eq!(value["type"], *data.r#type);
    assert_eq!(value["origin"], *data.origin);
    assert_eq!(value["crossOrigin"].as_bool(), data.cross_origin);
    assert_eq!(!value["topOrigin"].is_null(), data.top_origin.is_some());
    if data.challenge().is_some() {
        // 32 bytes have one spelling.
        assert_eq!(value["challenge"].as_str().map(str::len), Some(43));
    }
});
