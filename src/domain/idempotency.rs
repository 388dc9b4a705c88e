use super::text::Invalid;

/// A principal's key for a request, which makes sure that the request is carried out once even
/// if it is sent again: 1 to 255 printable ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    pub fn parse(text: String) -> Result<Self, Invalid> {
        let printable = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        if printable && (1..=255).contains(&text.len()) {
            Ok(Self(text))
        } else {
            Err(Invalid::new(
                "idempotency-key",
                "must be 1 to 255 printable characters",
            ))
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[test]
fn an_idempotency_key_is_up_to_255_printable_characters() {
    for (text, good) in [
        ("8e03978e-40d5-43e8-bc93-6894a57f9324", true),
        ("\"quoted ~\"", true),
        (&*"k".repeat(255), true),
        (&*"k".repeat(256), false),
        ("", false),
        ("a\tb", false),
        ("ä", false),
        ("\u{7f}", false),
    ] {
        assert_eq!(
            IdempotencyKey::parse(text.to_owned()).is_ok(),
            good,
            "{text:?}"
        );
    }
}
