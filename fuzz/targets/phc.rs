//! Parses password hashes that are imported with users. No hash is computed, so that a text that
//! takes long to parse is a finding.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sesame::password::PasswordHash;

fuzz_target!(|text: &str| {
    if let Ok(hash) = PasswordHash::parse(text) {
        assert!(!format!("{hash:?}").contains(text), "a hash shows");
    }
});
