use std::collections::BTreeMap;

use super::text::Invalid;

/// What callers note on a session: at most 64 keys of 1 to 200 characters, and 64 KiB
/// of keys and values together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata(BTreeMap<String, Vec<u8>>);

impl Metadata {
    const KEYS: usize = 64;
    const KEY_LENGTH: std::ops::RangeInclusive<usize> = 1..=200;
    /// In bytes.
    const SIZE: usize = 64 * 1024;

    /// An empty value means no such key, as it does when a session is changed.
    pub fn parse(entries: BTreeMap<String, Vec<u8>>) -> Result<Self, Invalid> {
        let invalid = |reason| Invalid::new("metadata", reason);
        let size: usize = entries
            .iter()
            .map(|(key, value)| key.len() + value.len())
            .sum();

        if entries.len() > Self::KEYS {
            return Err(invalid("has more than 64 keys"));
        }
        if !entries
            .keys()
            .all(|key| Self::KEY_LENGTH.contains(&key.chars().count()))
        {
            return Err(invalid("has a key that is not 1 to 200 characters long"));
        }
        if size > Self::SIZE {
            return Err(invalid("is larger than 64 KiB"));
        }
        let kept = entries.into_iter().filter(|(_, value)| !value.is_empty());
        Ok(Self(kept.collect()))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_slice()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(count: usize) -> BTreeMap<String, Vec<u8>> {
        (0..count).map(|n| (format!("key{n}"), vec![1])).collect()
    }

    fn one(key: String, size: usize) -> BTreeMap<String, Vec<u8>> {
        BTreeMap::from([(key, vec![1; size])])
    }

    #[test]
    fn metadata_has_limits() {
        for (name, entries, good) in [
            ("none", keys(0), true),
            ("64 keys", keys(64), true),
            ("65 keys", keys(65), false),
            ("a key of 200 characters", one("ä".repeat(200), 1), true),
            ("a key of 201 characters", one("a".repeat(201), 1), false),
            ("no key", one(String::new(), 1), false),
            ("64 KiB", one("key".into(), 64 * 1024 - 3), true),
            ("a byte more", one("key".into(), 64 * 1024 - 2), false),
        ] {
            assert_eq!(Metadata::parse(entries).is_ok(), good, "{name}");
        }
    }

    #[test]
    fn an_empty_value_is_no_entry() {
        let metadata = Metadata::parse(one("key".into(), 0)).unwrap();

        assert!(metadata.is_empty());
    }
}
