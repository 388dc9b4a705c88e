//! Password hashes as users bring them. What is accepted keeps to the bounds: none is
//! computed here, so that a slow one would be a finding.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sesame::password::PasswordHash;

fuzz_target!(|text: &str| {
    if let Ok(hash) = PasswordHash::parse(text) {
        assert!(!format!("{hash:?}").contains(text), "a hash shows");
    }
});
