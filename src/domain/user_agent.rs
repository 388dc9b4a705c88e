use std::collections::BTreeMap;

use super::text::Invalid;

/// The device that a session was created with, as the client describes it: at most 16 KiB.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserAgent {
    pub fingerprint_id: Option<String>,
    pub ip: Option<String>,
    pub description: Option<String>,
    /// The values of each header of the user's request, by name.
    pub header: BTreeMap<String, Vec<String>>,
}

impl UserAgent {
    /// The maximum of [`Self::size`], in bytes. What a browser sends is several times smaller;
    /// the limit exists because DynamoDB bills a session's item by the kilobyte.
    const MAX_SIZE: usize = 16 * 1024;

    /// The user agent of a request, if it keeps to the limits. A stored one is not checked, because
    /// it may have been stored under other limits.
    pub fn checked(self) -> Result<Self, Invalid> {
        let invalid = |reason| Err(Invalid::new("user_agent", reason));
        if self.header.contains_key("") {
            return invalid("has a header without a name");
        }
        if self.size() > Self::MAX_SIZE {
            return invalid("is larger than 16 KiB");
        }
        Ok(self)
    }

    /// The size of all names and values together, in bytes.
    pub fn size(&self) -> usize {
        let texts = [&self.fingerprint_id, &self.ip, &self.description];
        let texts = texts.into_iter().flatten().map(String::len);
        // Each header and each value counts one byte more, so that empty ones are limited too.
        let values = |values: &[String]| values.iter().map(|value| value.len() + 1).sum::<usize>();
        let headers = self.header.iter();
        let headers = headers.map(|(name, list)| name.len() + 1 + values(list));
        texts.chain(headers).sum()
    }
}

#[test]
fn a_user_agent_up_to_its_limits_is_accepted() {
    let header = |name: &str, value: usize, values: usize| {
        let header = BTreeMap::from([(name.to_owned(), vec!["x".repeat(value); values])]);
        UserAgent {
            header,
            ..UserAgent::default()
        }
    };
    let text = |length| UserAgent {
        description: Some("x".repeat(length)),
        ..UserAgent::default()
    };
    for (name, user_agent, good) in [
        ("nothing", text(0), true),
        ("16 KiB of description", text(16 * 1024), true),
        ("a byte more", text(16 * 1024 + 1), false),
        ("16 KiB of header", header("n", 16 * 1024 - 3, 1), true),
        (
            "a byte more of header",
            header("n", 16 * 1024 - 2, 1),
            false,
        ),
        ("many empty values", header("n", 0, 16 * 1024), false),
        ("a header without values", header("n", 0, 0), true),
        ("a header without a name", header("", 1, 1), false),
    ] {
        assert_eq!(user_agent.checked().is_ok(), good, "{name}");
    }
}
