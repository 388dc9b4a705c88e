//! The rules for a password that is set. No login and no import is held to them.

mod common;

use zeroize::Zeroizing;

use super::Password;
use super::unicode::fold;

/// The rules for a password that is set: OWASP ASVS 5.0, 6.2, and NIST SP 800-63B-4, 3.1.1.2. There
/// are none of its composition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordRules {
    /// In code points of the NFC form.
    pub min_length: usize,
    pub blocked_words: BlockedWords,
}

/// The rule that a password breaks. Nothing of the password is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Weakness {
    #[error("the password is too short: it must have at least {0} characters")]
    TooShort(usize),
    #[error("the password is a common one, which attackers try first")]
    Common,
    #[error(
        "the password has blocked words or names of the user: what it has besides these must be \
         at least {0} characters"
    )]
    BlockedWords(usize),
    /// No rule of this module: whoever looks passwords up finds it.
    #[error("the password is breached: it is in a list of passwords that others have lost")]
    Breached,
}

impl PasswordRules {
    /// Judges a password as far as that needs no user: its length, whether it is a common one, and
    /// the blocked words in it.
    pub fn judge(&self, password: &Password) -> Result<(), Weakness> {
        if password.length() < self.min_length {
            return Err(Weakness::TooShort(self.min_length));
        }
        let folded = password.folded();
        if common::is_common(&folded) {
            return Err(Weakness::Common);
        }
        self.judge_folded(&folded, &[])
    }

    /// Judges a password that the user of these names is to have: what it has besides them and the
    /// blocked words. Of a name such as an e-mail address, the part before the `@` is one too.
    pub fn judge_names<'a>(
        &self,
        password: &Password,
        names: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), Weakness> {
        let names: Vec<_> = names.into_iter().map(fold).collect();
        self.judge_folded(&password.folded(), &names)
    }

    fn judge_folded(&self, folded: &str, names: &[Zeroizing<String>]) -> Result<(), Weakness> {
        let whole = names.iter().map(|name| name.as_str());
        let local_parts = whole.clone().filter_map(|name| name.split('@').next());
        let blocked = self.blocked_words.0.iter().map(String::as_str);
        let words = whole.chain(local_parts).chain(blocked);
        let words = words.filter(|word| is_long_enough(word));
        match length_besides(folded, words) {
            Some(length) if length < self.min_length => {
                Err(Weakness::BlockedWords(self.min_length))
            }
            _ => Ok(()),
        }
    }
}

/// Words that count nothing towards the length of a password, folded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BlockedWords(Vec<String>);

impl BlockedWords {
    /// In bytes. Lambda has 4 KB for all variables of a function.
    const MAX_BYTES: usize = 512;
    const MAX_WORDS: usize = 100;

    /// Reads `none` or a list with commas between, and drops the white space around each word.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "none" {
            return Some(Self::default());
        }
        let words: Vec<_> = text.split(',').map(str::trim).collect();
        let is_good = |word: &&str| (4..=64).contains(&word.chars().count());
        let is_list = text.len() <= Self::MAX_BYTES && words.len() <= Self::MAX_WORDS;
        let folded = words.iter().map(|word| fold(word).to_string());
        (is_list && words.iter().all(is_good)).then(|| Self(folded.collect()))
    }
}

/// The fewest code points of a word that is searched for: shorter ones are in many passwords.
fn is_long_enough(word: &str) -> bool {
    word.chars().nth(3).is_some()
}

/// How many code points of a password are in no place of any of the words; `None`: there is no such
/// place. Places may overlap.
fn length_besides<'a>(password: &str, words: impl Iterator<Item = &'a str>) -> Option<usize> {
    let mut covered = vec![false; password.len()];
    for word in words {
        for (start, _) in password.char_indices() {
            if password[start..].starts_with(word) {
                covered[start..start + word.len()].fill(true);
            }
        }
    }
    let besides = password.char_indices().filter(|(at, _)| !covered[*at]);
    covered.contains(&true).then(|| besides.count())
}

#[cfg(test)]
mod tests;
