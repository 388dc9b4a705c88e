use std::collections::BTreeMap;
use std::fmt;

/// The results of the lines that are done.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    pub added: u64,
    /// How many users had other values, and have those of their lines.
    pub updated: u64,
    pub unchanged: u64,
    /// How many users have other values than their lines, and were left alone.
    pub differing: u64,
    pub refused: u64,
    /// How many users got a hash that costs an attacker less than OWASP asks for, by what
    /// the hash is.
    pub weak: BTreeMap<&'static str, u64>,
    /// The number of the last line up to which all lines are done.
    pub last_line: u64,
}

impl Counts {
    /// The numbers of lines, in one line.
    pub fn lines(&self) -> String {
        let kinds = [
            (self.added, "added", true),
            (self.updated, "updated", false),
            (self.unchanged, "unchanged", true),
            (self.differing, "differing", false),
            (self.refused, "refused", true),
        ];
        let shown = kinds.iter().filter(|(n, _, always)| *always || *n > 0);
        let shown: Vec<_> = shown.map(|(n, what, _)| format!("{n} {what}")).collect();
        shown.join(", ")
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines())?;
        if self.weak.is_empty() {
            return Ok(());
        }
        let all: u64 = self.weak.values().sum();
        let kinds: Vec<_> = self
            .weak
            .iter()
            .map(|(name, n)| format!("{name} ({n})"))
            .collect();
        let what = if all == 1 {
            "weak hash, until its user logs in"
        } else {
            "weak hashes, until their users log in"
        };
        write!(f, "\n{all} {what}: {}", kinds.join(", "))
    }
}
