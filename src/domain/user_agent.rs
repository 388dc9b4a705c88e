use std::collections::BTreeMap;

use super::text::Invalid;

/// The device that a session was created with, as the client describes it: at most 16 KiB.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserAgent {
    fingerprint_id: Option<String>,
    ip: Option<String>,
    description: Option<String>,
    header: BTreeMap<String, Vec<String>>,
}

impl UserAgent {
    /// The maximum of [`Self::size`], in bytes. What a browser sends is several times smaller;
    /// the limit exists because DynamoDB bills a session's item by the kilobyte.
    const MAX_SIZE: usize = 16 * 1024;

    /// Checks the limits. `header` has the values of each header of the user's request, by name.
    pub fn parse(
        fingerprint_id: Option<String>,
        ip: Option<String>,
        description: Option<String>,
        header: BTreeMap<String, Vec<String>>,
    ) -> Result<Self, Invalid> {
        let invalid = |reason| Invalid::new("user_agent", reason);
        if header.contains_key("") {
            return Err(invalid("has a header without a name"));
        }
        let agent = Self::from_stored(fingerprint_id, ip, description, header);
        if agent.size() > Self::MAX_SIZE {
            return Err(invalid("is larger than 16 KiB"));
        }
        Ok(agent)
    }

    /// A stored user agent. It is not checked, because it may have been stored under other limits.
    pub fn from_stored(
        fingerprint_id: Option<String>,
        ip: Option<String>,
        description: Option<String>,
        header: BTreeMap<String, Vec<String>>,
    ) -> Self {
        Self {
            fingerprint_id,
            ip,
            description,
            header,
        }
    }

    /// The size of all names and values together, in bytes.
    pub fn size(&self) -> usize {
        let texts = [&self.fingerprint_id, &self.ip, &self.description];
        let texts = texts.into_iter().flatten().map(String::len);
        let headers = self.header.iter();
        let headers = headers
            .map(|(name, values)| name.len() + values.iter().map(String::len).sum::<usize>());
        // Each header and each value counts one byte more, so that empty ones are limited too.
        let entries = self.header.values().map(|values| 1 + values.len());
        texts.chain(headers).chain(entries).sum()
    }

    pub fn fingerprint_id(&self) -> Option<&str> {
        self.fingerprint_id.as_deref()
    }

    pub fn ip(&self) -> Option<&str> {
        self.ip.as_deref()
    }

    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    pub fn header(&self) -> &BTreeMap<String, Vec<String>> {
        &self.header
    }
}

#[test]
fn a_user_agent_up_to_its_limits_is_accepted() {
    let header = |name: &str, value: usize, values: usize| {
        let header = BTreeMap::from([(name.to_owned(), vec!["x".repeat(value); values])]);
        UserAgent::parse(None, None, None, header)
    };
    let text = |length| UserAgent::parse(None, None, Some("x".repeat(length)), BTreeMap::new());
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
        assert_eq!(user_agent.is_ok(), good, "{name}");
    }
}
