//! The rules for a password that is set. No login and no import is held to them.

mod common;

use super::unicode::fold;
use super::{DisplayName, LoginName, Password};

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
    /// Judges a password that the user of these names is to have.
    pub fn judge(
        &self,
        password: &Password,
        login_name: &LoginName,
        display_name: Option<&DisplayName>,
    ) -> Result<(), Weakness> {
        if password.length() < self.min_length {
            return Err(Weakness::TooShort(self.min_length));
        }
        let folded = password.folded();
        if common::is_common(&folded) {
            return Err(Weakness::Common);
        }
        let login_name = fold(login_name.as_str());
        let local_part = login_name.split('@').next();
        let display_name = display_name.map(|name| fold(name.as_str()));
        let display_name = display_name.as_ref().map(|name| name.as_str());
        let names = [Some(login_name.as_str()), local_part, display_name];
        let blocked = self.blocked_words.0.iter().map(String::as_str);
        let words = names.into_iter().flatten().chain(blocked);
        let words = words.filter(|word| is_long_enough(word));
        match length_besides(&folded, words) {
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
    const MAX_BYTES: usize = 1024;
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
