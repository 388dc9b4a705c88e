use std::fmt;

use zeroize::Zeroizing;

/// A password as somebody typed it: never shown, wiped when dropped.
///
/// Limits on its length belong to the request that carries it.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Zeroizing<String>);

impl Password {
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

#[test]
fn a_password_hides_itself() {
    let shown = format!("{:?}", Password::new("V3ryS3cure!".into()));

    assert_eq!(shown, "Password(…)");
}
