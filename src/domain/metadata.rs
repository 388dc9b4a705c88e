use std::collections::BTreeMap;

use super::text::Invalid;

/// The metadata that clients store with a session: at most 64 keys of 1 to 200 characters, and
/// 64 KiB of keys and values together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata(BTreeMap<String, Vec<u8>>);

impl Metadata {
    const MAX_KEYS: usize = 64;
    const KEY_LENGTH: std::ops::RangeInclusive<usize> = 1..=200;
    /// The maximum size of all keys and values together, in bytes.
    const MAX_SIZE: usize = 64 * 1024;

    /// Checks the limits, and leaves out keys with an empty value.
    pub fn parse(entries: BTreeMap<String, Vec<u8>>) -> Result<Self, Invalid> {
        let invalid = |reason| Invalid::new("metadata", reason);
        if entries.len() > Self::MAX_KEYS {
            return Err(invalid("has more than 64 keys"));
        }
        check_keys(&entries)?;
        let mut metadata = Self(entries);
        if metadata.size() > Self::MAX_SIZE {
            return Err(invalid("is larger than 64 KiB"));
        }
        metadata.0.retain(|_, value| !value.is_empty());
        Ok(metadata)
    }

    /// Stored metadata. It is not checked, because it may have been stored under other limits.
    pub fn from_stored(entries: BTreeMap<String, Vec<u8>>) -> Self {
        Self(entries)
    }

    /// The metadata after `changes`.
    ///
    /// # Errors
    ///
    /// They would exceed a limit.
    pub fn changed(&self, changes: &MetadataChanges) -> Result<Self, Invalid> {
        if changes.0.is_empty() {
            return Ok(self.clone());
        }
        let mut entries = self.0.clone();
        for (key, value) in &changes.0 {
            if value.is_empty() {
                entries.remove(key);
            } else {
                entries.insert(key.clone(), value.clone());
            }
        }
        Self::parse(entries)
    }

    /// The size of all keys and values together, in bytes.
    pub fn size(&self) -> usize {
        self.iter()
            .map(|(key, value)| key.len() + value.len())
            .sum()
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

/// Changes to a session's metadata: a value sets its key, an empty value removes it, other keys
/// stay. The result must keep to the limits of [`Metadata`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MetadataChanges(BTreeMap<String, Vec<u8>>);

impl MetadataChanges {
    pub fn parse(changes: BTreeMap<String, Vec<u8>>) -> Result<Self, Invalid> {
        check_keys(&changes)?;
        Ok(Self(changes))
    }
}

fn check_keys(entries: &BTreeMap<String, Vec<u8>>) -> Result<(), Invalid> {
    let fits = |key: &String| Metadata::KEY_LENGTH.contains(&key.chars().count());
    if entries.keys().all(fits) {
        return Ok(());
    }
    Err(Invalid::new(
        "metadata",
        "has a key that is not 1 to 200 characters long",
    ))
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
    fn metadata_up_to_its_limits_is_accepted() {
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
    fn a_key_with_an_empty_value_is_not_stored() {
        let metadata = Metadata::parse(one("key".into(), 0)).unwrap();

        assert!(metadata.is_empty());
    }

    #[test]
    fn changes_set_and_remove_keys_and_leave_the_others() {
        let entries = |list: &[(&str, &str)]| -> BTreeMap<String, Vec<u8>> {
            let entry = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).into());
            list.iter().map(entry).collect()
        };
        let before = [("a", "1"), ("b", "2")];
        for (changes, want) in [
            (&[][..], Some(&before[..])),
            (&[("a", "1")], Some(&before)),
            (&[("a", "3")], Some(&[("a", "3"), ("b", "2")])),
            (&[("a", "")], Some(&[("b", "2")])),
            (&[("a", ""), ("b", "")], Some(&[])),
            (&[("c", "")], Some(&before)),
            (&[("c", "3")], Some(&[("a", "1"), ("b", "2"), ("c", "3")])),
            (&[("", "1")], None),
        ] {
            let stored = Metadata::parse(entries(&before)).unwrap();
            let changed = MetadataChanges::parse(entries(changes))
                .and_then(|changes| stored.changed(&changes));
            let want = want.map(|want| Metadata::parse(entries(want)).unwrap());
            assert_eq!(changed.ok(), want, "{changes:?}");
        }
    }

    #[test]
    fn metadata_keeps_its_limits_after_changes() {
        let full = Metadata::parse(keys(64)).unwrap();
        let change = |entries| full.changed(&MetadataChanges::parse(entries).unwrap());
        let mut exchange = one("new".into(), 1);
        exchange.insert("key0".into(), Vec::new());

        assert!(change(one("new".into(), 1)).is_err());
        assert!(change(exchange).is_ok());
        assert!(change(one("key0".into(), 64 * 1024)).is_err());
    }
}
