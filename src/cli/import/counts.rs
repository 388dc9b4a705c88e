use std::collections::BTreeMap;
use std::fmt;

/// The results of the lines that are done.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    pub added: u64,
    pub unchanged: u64,
    pub refused: u64,
    /// How many added users have a hash that costs an attacker less than OWASP asks for, by what
    /// the hash is.
    pub weak: BTreeMap<&'static str, u64>,
    /// The number of the last line up to which all lines are done.
    pub last_line: u64,
}

impl Counts {
    /// The numbers of lines, in one line.
    pub fn lines(&self) -> String {
        let (added, unchanged, refused) = (self.added, self.unchanged, self.refused);
        format!("{added} added, {unchanged} unchanged, {refused} refused")
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
