use std::collections::BTreeMap;

use super::text::Invalid;

/// The device that a session was created with, in its caller's words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserAgent {
    pub fingerprint_id: Option<String>,
    pub ip: Option<String>,
    pub description: Option<String>,
    /// Headers of the user's request, by name.
    pub header: BTreeMap<String, Vec<String>>,
}

impl UserAgent {
    /// Of all names and values together, in bytes. What a browser sends fits several
    /// times; a session's item is paid for by the kilobyte.
    const SIZE: usize = 16 * 1024;

    /// Holds it to 16 KiB together.
    pub fn parse(self) -> Result<Self, Invalid> {
        let texts = [&self.fingerprint_id, &self.ip, &self.description];
        let texts = texts.into_iter().flatten().map(String::len);
        let headers = self
            .header
            .iter()
            .map(|(name, values)| name.len() + values.iter().map(String::len).sum::<usize>());
        // Each value and name takes some room of its own, however short it is.
        let entries = self.header.values().map(|values| 1 + values.len());
        let size: usize = texts.chain(headers).chain(entries).sum();
        if size > Self::SIZE {
            return Err(Invalid::new("user_agent", "is larger than 16 KiB"));
        }
        Ok(self)
    }
}

#[test]
fn a_user_agent_has_a_limit() {
    let header = |name: &str, value: usize, values: usize| UserAgent {
        header: BTreeMap::from([(name.to_owned(), vec!["x".repeat(value); values])]),
        ..UserAgent::default()
    };
    let text = |length| UserAgent {
        description: Some("x".repeat(length)),
        ..UserAgent::default()
    };
    for (name, user_agent, good) in [
        ("nothing", UserAgent::default(), true),
        ("16 KiB of description", text(16 * 1024), true),
        ("a byte more", text(16 * 1024 + 1), false),
        ("16 KiB of header", header("n", 16 * 1024 - 3, 1), true),
        (
            "a byte more of header",
            header("n", 16 * 1024 - 2, 1),
            false,
        ),
        ("many empty values", header("n", 0, 16 * 1024), false),
    ] {
        assert_eq!(user_agent.parse().is_ok(), good, "{name}");
    }
}
