//! Reads bearer tokens. An accepted token has one spelling.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sesame::token::PresentedToken;

fn is_read(token: &str) -> bool {
    let header = format!("Bearer {token}");
    matches!(
        PresentedToken::from_authorization([header.as_bytes()]),
        Ok(Some(_))
    )
}

fuzz_target!(|text: &str| {
    if !text.starts_with(' ') && !text.ends_with(' ') && is_read(text) {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        assert!(text.len() <= 200 && text.bytes().all(plain));
        for other in [format!("{text}="), format!("{text} ="), format!("={text}")] {
            assert!(!is_read(&other), "a second spelling");
        }
    }
});
