use super::ServerKey;
use crate::domain::{Invalid, KeyName};

/// The deployment's server keys: one, or up to four while one takes the place of another.
///
/// From `k1` to `k2` it takes four steps, each when all processes have read the one before: `k1`;
/// `k1,next:k2`; `k2,k1`; `k2`. So no process meets what a key has made that it can't read.
#[derive(Clone, Debug)]
pub struct ServerKeys {
    first: ServerKey,
    /// The newest first.
    former: Vec<ServerKey>,
    announced: Option<ServerKey>,
}

impl ServerKeys {
    const MAX_KEYS: usize = 4;
    const MIN_CHARACTERS: usize = 32;
    /// What stands before the key that is announced.
    const NEXT: &str = "next:";

    /// Reads keys with commas between. White space around them is none of theirs.
    ///
    /// # Errors
    ///
    /// [`Invalid`] says what is wrong, and shows no key.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let invalid = |reason| Invalid::new("key", reason);
        if text.split(',').count() > Self::MAX_KEYS {
            return Err(invalid(TOO_MANY));
        }
        let mut keys: Vec<ServerKey> = Vec::new();
        let mut next = None;
        for (at, entry) in text.split(',').map(str::trim).enumerate() {
            let announced = entry.strip_prefix(Self::NEXT).map(str::trim);
            let key = announced.unwrap_or(entry);
            if announced.is_some() && at == 0 {
                return Err(invalid(NEXT_FIRST));
            }
            if announced.is_some() && next.replace(at).is_some() {
                return Err(invalid(SECOND_NEXT));
            }
            if key.is_empty() {
                return Err(invalid(EMPTY));
            }
            if key.chars().count() < Self::MIN_CHARACTERS {
                return Err(invalid(SHORT));
            }
            let key = ServerKey::parse(key.as_bytes().to_vec())?;
            if keys.contains(&key) {
                return Err(invalid(TWICE));
            }
            keys.push(key);
        }
        let announced = next.map(|at| keys.remove(at));
        let mut keys = keys.into_iter();
        Ok(Self {
            first: keys.next().ok_or_else(|| invalid(EMPTY))?,
            former: keys.collect(),
            announced,
        })
    }

    /// The key that makes what is new.
    pub fn first(&self) -> &ServerKey {
        &self.first
    }

    /// The key of creates with an idempotency key: the oldest that has ever made anything. So one key
    /// decides in all steps of a rotation but the last, in which the former one is dropped.
    pub fn oldest(&self) -> &ServerKey {
        self.former.last().unwrap_or(&self.first)
    }

    /// The key of this name, whichever place it has.
    pub fn with_name(&self, name: KeyName) -> Option<&ServerKey> {
        self.iter().find(|key| key.name() == name)
    }

    /// All keys, the announced one last.
    pub fn iter(&self) -> impl Iterator<Item = &ServerKey> {
        let first = std::iter::once(&self.first);
        first.chain(&self.former).chain(&self.announced)
    }
}

const TOO_MANY: &str = "must not have more than four keys";
const NEXT_FIRST: &str = "must not begin with next:, because the first key makes what is new";
const SECOND_NEXT: &str = "must not have next: before two keys";
const EMPTY: &str = "must not have an empty key";
const SHORT: &str = "must be keys of at least 32 characters each, with commas between";
const TWICE: &str = "must not have the same key twice";

/// A list of one key.
impl From<ServerKey> for ServerKeys {
    fn from(first: ServerKey) -> Self {
        Self {
            first,
            former: Vec::new(),
            announced: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `a` stands for a key of 32 of it, and so do other letters.
    fn long(short: &str) -> String {
        let keys = short.split(',').map(|entry| {
            let (before, name) = entry.split_at(entry.len() - 1);
            format!("{before}{}", name.repeat(32))
        });
        keys.collect::<Vec<_>>().join(",")
    }

    fn name(short: &str) -> KeyName {
        let key = ServerKey::parse(long(short).into_bytes()).unwrap();
        key.name()
    }

    #[test]
    fn the_first_key_makes_what_is_new_and_the_oldest_decides_on_creates() {
        for (list, first, oldest, all) in [
            ("a", "a", "a", "a"),
            ("a,next:b", "a", "a", "a,b"),
            ("b,a", "b", "a", "b,a"),
            ("c,b,a", "c", "a", "c,b,a"),
            ("d,c,b,a", "d", "a", "d,c,b,a"),
            ("c,b,a,next:d", "c", "a", "c,b,a,d"),
            ("c,next:d,b,a", "c", "a", "c,b,a,d"),
        ] {
            let keys = ServerKeys::parse(&long(list)).unwrap();

            assert_eq!(keys.first().name(), name(first), "{list}");
            assert_eq!(keys.oldest().name(), name(oldest), "{list}");
            let all: Vec<_> = all.split(',').map(name).collect();
            let got: Vec<_> = keys.iter().map(ServerKey::name).collect();
            assert_eq!(got, all, "{list}");
            for one in all {
                assert_eq!(keys.with_name(one).unwrap().name(), one, "{list}");
            }
            assert!(keys.with_name(name("x")).is_none(), "{list}");
        }
    }

    #[test]
    fn white_space_around_a_key_is_none_of_its_own() {
        let (a, b) = ("a".repeat(32), "b".repeat(32));
        for text in [
            format!("{a},next:{b}"),
            format!(" {a} ,\tnext: {b}\n"),
            format!("{a}\r\n,\r\nnext:{b}\r\n"),
        ] {
            let keys = ServerKeys::parse(&text).unwrap();
            let names: Vec<_> = keys.iter().map(ServerKey::name).collect();
            assert_eq!(names, [name("a"), name("b")], "{text:?}");
        }
        let inner = format!("{a} {b}");
        let keys = ServerKeys::parse(&inner).unwrap();
        let whole = ServerKey::parse(inner.into_bytes()).unwrap();
        assert_eq!(keys.first().name(), whole.name());
    }

    #[test]
    fn a_list_that_is_refused_says_why_and_shows_no_key() {
        let (a, b) = ("a".repeat(32), "b".repeat(32));
        for (text, want) in [
            (String::new(), Some(EMPTY)),
            (" ".to_owned(), Some(EMPTY)),
            (format!("{a},"), Some(EMPTY)),
            (format!(",{a}"), Some(EMPTY)),
            (format!("{a}, ,{b}"), Some(EMPTY)),
            (format!("{a},next:"), Some(EMPTY)),
            (format!("{a},next: "), Some(EMPTY)),
            ("a".repeat(31), Some(SHORT)),
            (format!("{a},{}", "b".repeat(31)), Some(SHORT)),
            (format!("{a},next:{}", "b".repeat(31)), Some(SHORT)),
            (format!(" {} ", "a".repeat(31)), Some(SHORT)),
            // 62 bytes.
            ("ä".repeat(31), Some(SHORT)),
            ("ä".repeat(32), None),
            (format!("next:{a}"), Some(NEXT_FIRST)),
            (format!(" next:{a},{b}"), Some(NEXT_FIRST)),
            (long("a,next:b,next:c"), Some(SECOND_NEXT)),
            (long("a,a"), Some(TWICE)),
            (long("a,b,a"), Some(TWICE)),
            (long("a,next:a"), Some(TWICE)),
            (format!("{a}, {a} "), Some(TWICE)),
            (long("a,b,c,d"), None),
            (long("a,b,c,d,e"), Some(TOO_MANY)),
            (long("a,b,c,d,next:e"), Some(TOO_MANY)),
        ] {
            let got = ServerKeys::parse(&text).err();
            assert_eq!(got.as_ref().map(|got| got.reason), want, "{text:?}");
            let shown = got.map(|got| got.to_string()).unwrap_or_default();
            assert!(!shown.contains("aaa") && !shown.contains("bbb"), "{shown}");
        }
        let keys = ServerKeys::parse(&long("a,b,next:c")).unwrap();
        assert_eq!(
            format!("{keys:?}"),
            "ServerKeys { first: ServerKey(…), former: [ServerKey(…)], \
             announced: Some(ServerKey(…)) }"
        );
    }

    /// Which keys the processes before and after a step have, what each makes and what it reads.
    #[test]
    fn in_a_rotation_each_process_reads_what_those_of_the_next_step_make() {
        let steps =
            ["a", "a,next:b", "b,a", "b"].map(|list| ServerKeys::parse(&long(list)).unwrap());

        for (step, both) in steps.windows(2).enumerate() {
            let [before, after] = both else {
                unreachable!()
            };
            for (makes, reads) in [(before, after), (after, before)] {
                let made = makes.first().name();
                assert!(reads.with_name(made).is_some(), "step {step}");
            }
        }
        let oldest = steps.each_ref().map(|keys| keys.oldest().name());
        assert_eq!(oldest, ["a", "a", "a", "b"].map(name));
    }
}
