//! Bearer tokens. One that is accepted has one spelling.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sesame::token::Bearer;

fuzz_target!(|text: &str| {
    if Bearer::parse(text).is_some() {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        assert!(text.len() <= 200 && text.bytes().all(plain));
        for other in [format!("{text}="), format!("{text} "), format!(" {text}")] {
            assert!(Bearer::parse(&other).is_none(), "a second spelling");
        }
    }
});
