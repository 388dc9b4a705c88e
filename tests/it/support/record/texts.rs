//! Many texts, for each of which a long text is searched at once: to search it for one after the other
//! takes longer with each test that has run before.

use std::collections::{HashMap, HashSet};

/// The bytes that each text is found by.
const START: usize = 8;

/// How many starts there are of which a few bits are told apart.
const MARKS: usize = 1 << 16;

/// Texts by their first bytes.
pub struct Texts {
    by_start: HashMap<[u8; START], HashSet<String>>,
    /// Whether any start has these bits: most of a text is passed over by it.
    marks: Vec<bool>,
    /// Those that are shorter than a start.
    short: HashSet<String>,
}

impl Default for Texts {
    fn default() -> Self {
        Self {
            by_start: HashMap::new(),
            marks: vec![false; MARKS],
            short: HashSet::new(),
        }
    }
}

impl Texts {
    /// Adds a text, and returns whether it is a new one.
    pub fn insert(&mut self, text: String) -> bool {
        let Some(start) = text.as_bytes().first_chunk().copied() else {
            return self.short.insert(text);
        };
        self.marks[mark(start)] = true;
        self.by_start.entry(start).or_default().insert(text)
    }

    /// The first of the texts that `text` has.
    pub fn first_in(&self, text: &str) -> Option<&str> {
        let short = self.short.iter().find(|&short| text.contains(&**short));
        let long = || self.long_in(text.as_bytes());
        short.map(String::as_str).or_else(long)
    }

    fn long_in(&self, text: &[u8]) -> Option<&str> {
        let mut rest = text;
        while let Some(&start) = rest.first_chunk() {
            if self.marks[mark(start)]
                && let Some(alike) = self.by_start.get(&start)
                && let Some(found) = alike.iter().find(|text| rest.starts_with(text.as_bytes()))
            {
                return Some(found);
            }
            rest = &rest[1..];
        }
        None
    }
}

impl Extend<String> for Texts {
    fn extend<I: IntoIterator<Item = String>>(&mut self, texts: I) {
        for text in texts {
            self.insert(text);
        }
    }
}

impl FromIterator<String> for Texts {
    fn from_iter<I: IntoIterator<Item = String>>(texts: I) -> Self {
        let mut all = Self::default();
        all.extend(texts);
        all
    }
}

/// A few bits of a start, to which each of its bytes adds.
fn mark(start: [u8; START]) -> usize {
    let bits = u64::from_ne_bytes(start).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    usize::try_from(bits >> 48).unwrap()
}

#[test]
fn each_text_is_found_wherever_it_is() {
    let all = ["12345678", "123456789", "1234abcd", "12345678é", "ab", "é€"];
    let texts: Texts = all.map(str::to_owned).into_iter().collect();
    for (text, found) in [
        ("", None),
        ("a", None),
        ("1234567", None),
        ("b a 2345678", None),
        ("1234567 8", None),
        ("12345678", Some("12345678")),
        ("123123456781", Some("12345678")),
        // The short ones are looked for first.
        ("1234abc1234abcd1", Some("ab")),
        ("a-ab", Some("ab")),
        ("€é", None),
        ("€é€", Some("é€")),
    ] {
        assert_eq!(texts.first_in(text), found, "{text:?}");
    }
    let texts: Texts = ["123456789", "12345678é"]
        .map(str::to_owned)
        .into_iter()
        .collect();
    for (text, found) in [
        ("12345678", None),
        ("12345678\u{ea}", None),
        ("0123456781234567890", Some("123456789")),
        ("112345678é9", Some("12345678é")),
    ] {
        assert_eq!(texts.first_in(text), found, "{text:?}");
    }
}
