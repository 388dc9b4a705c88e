use std::fmt;
use std::str::FromStr;

use icu_normalizer::{
    ComposingNormalizerBorrowed as ComposingNormalizer,
    DecomposingNormalizerBorrowed as DecomposingNormalizer,
};
use unicase::UniCase;

use super::attempts::Attempts;
use super::secret::HashString;
use super::text::{Invalid, bounded};
use super::{SessionGeneration, UserId};

/// A login name in the spelling that it was given: 1 to 200 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginName(String);

impl LoginName {
    /// Reads a name to look up. It may have any characters: a name that no user can have leads
    /// to the same error as that of an unknown user.
    pub fn parse(text: String) -> Result<Self, Invalid> {
        bounded("login_name", text).map(Self)
    }

    /// A stored name. It is not checked, because it may have been stored under other rules.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form in which login names are compared: Unicode's full case folding, with NFC before
    /// and after it, so that neither case nor the encoding of an accent matters.
    pub fn folded(&self) -> FoldedName {
        let nfc = ComposingNormalizer::new_nfc();
        let composed = nfc.normalize(&self.0);
        let folded = UniCase::unicode(composed).to_folded_case();
        FoldedName::new(nfc.normalize(&folded).into_owned())
    }

    /// Whether a user may have the name: each form of it is short enough for a key of the table.
    pub fn is_storable(&self) -> bool {
        let is_unassignable = |key: &FoldedName| key.0.starts_with(UNASSIGNABLE);
        let (keys, former) = (self.keys(), self.former_spellings());
        !keys.iter().chain(&former).any(is_unassignable)
    }

    /// The folded name without NFC, if it differs from [`Self::folded`]. Users who were stored
    /// before folding included NFC are found under it.
    pub fn former_key(&self) -> Option<FoldedName> {
        let former = FoldedName::new(UniCase::unicode(&self.0).to_folded_case());
        (former != self.folded()).then_some(former)
    }

    /// The keys under which a user with this name may be stored, in the order of look-up.
    pub fn keys(&self) -> Vec<FoldedName> {
        self.former_key()
            .into_iter()
            .chain([self.folded()])
            .collect()
    }

    /// The keys, other than the folded name, under which a user may be stored whose name is this
    /// one in another encoding. While one is, no other user may get this name.
    pub fn former_spellings(&self) -> Vec<FoldedName> {
        let decomposed = DecomposingNormalizer::new_nfd().normalize(&self.0);
        let decomposed = FoldedName::new(UniCase::unicode(decomposed).to_folded_case());
        let mut keys: Vec<_> = self.former_key().into_iter().chain([decomposed]).collect();
        keys.dedup();
        keys.retain(|key| *key != self.folded());
        keys
    }
}

impl fmt::Display for LoginName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A folded login name, which is part of the key of the user's item. No two users have the same
/// one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FoldedName(String);

/// A prefix that the folded name of no user has, because folding leaves no capital letters.
const UNASSIGNABLE: &str = "NOBODY#";

impl FoldedName {
    /// In bytes. DynamoDB's partition keys have at most 2048, and this one includes a prefix. NFC
    /// may turn 200 characters into 2400 bytes.
    const MAX_LENGTH: usize = 2040;

    /// A text that is too long for a key becomes a name that no user can have.
    fn new(text: String) -> Self {
        if text.len() <= Self::MAX_LENGTH {
            return Self(text);
        }
        let start = text.floor_char_boundary(Self::MAX_LENGTH / 2);
        Self::for_unknown_user(&text[..start])
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A name that no user can have. Looking it up instead of the name of an unknown user takes
    /// as long as any look-up. It depends on `text`, so that these look-ups spread over many keys.
    pub fn for_unknown_user(text: &str) -> Self {
        Self(format!("{UNASSIGNABLE}{text}"))
    }
}

/// The display name of a user: 0 to 200 characters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DisplayName(String);

impl DisplayName {
    pub fn parse(text: String) -> Result<Self, Invalid> {
        if text.is_empty() {
            return Ok(Self(text));
        }
        bounded("display_name", text).map(Self)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// How a request names a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserSearch {
    Id(UserId),
    LoginName(LoginName),
    /// Both, which must name one user.
    Both(UserId, LoginName),
}

/// The state of a user, which administrators set. The lock after too many wrong passwords is
/// separate: see [`Attempts`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserState {
    Active,
    Inactive,
    Locked,
}

impl UserState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Locked => "locked",
        }
    }
}

impl FromStr for UserState {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        [Self::Active, Self::Inactive, Self::Locked]
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or(Invalid::new("state", "is not active, inactive or locked"))
    }
}

/// A user, as stored.
#[derive(Clone, Debug)]
pub struct User {
    pub login_name: LoginName,
    pub user_id: UserId,
    pub display_name: DisplayName,
    pub state: UserState,
    /// `None` for a user without a password.
    pub password_hash: Option<HashString>,
    pub attempts: Attempts,
    /// Only sessions with this generation are valid.
    pub generation: SessionGeneration,
    /// The user is stored under [`LoginName::former_key`], and stays there until a rename.
    pub under_former_key: bool,
}

impl User {
    /// The key under which the user is stored, or is to be stored.
    pub fn key(&self) -> FoldedName {
        let former = self.login_name.former_key();
        former
            .filter(|_| self.under_former_key)
            .unwrap_or_else(|| self.login_name.folded())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn login_names_are_equal_whatever_their_case_or_encoding() {
        for (one, other, same) in [
            ("mini@mouse.com", "Mini@Mouse.COM", true),
            ("straße", "STRASSE", true),
            ("ΣΊΣΥΦΟΣ", "σίσυφος", true),
            ("mini", "maxi", false),
            ("mini", "mini ", false),
            ("é", "e\u{301}", true),
            ("É", "e\u{301}", true),
            ("Å", "\u{212b}", true),
            ("ﬁ", "fi", true),
            ("ᾳ", "α\u{345}", true),
            ("가", "\u{1100}\u{1161}", true),
            ("ı", "i", false),
            ("e", "é", false),
        ] {
            let folded = |name: &str| LoginName::parse(name.to_owned()).unwrap().folded();
            assert_eq!(folded(one) == folded(other), same, "{one} {other}");
        }
    }

    #[test]
    fn a_user_stored_under_a_decomposed_name_is_still_found() {
        for (name, former, spellings) in [
            ("Mini@Mouse.com", None, &[][..]),
            ("é", None, &["e\u{301}"]),
            ("E\u{301}", Some("e\u{301}"), &["e\u{301}"]),
            ("straße", None, &[]),
        ] {
            let name = LoginName::parse(name.to_owned()).unwrap();
            let texts = |keys: Vec<FoldedName>| -> Vec<String> {
                keys.iter().map(|key| key.as_str().to_owned()).collect()
            };
            let got = name.former_key();
            assert_eq!(got.as_ref().map(FoldedName::as_str), former, "{name}");
            assert_eq!(texts(name.former_spellings()), spellings, "{name}");
            let mut keys: Vec<_> = former.into_iter().collect();
            let folded = name.folded();
            keys.push(folded.as_str());
            assert_eq!(texts(name.keys()), keys, "{name}");
        }
    }

    proptest::proptest! {
        #[test]
        fn folding_twice_is_folding_once(text in ".{1,20}") {
            let folded = LoginName(text).folded();
            let again = LoginName(folded.0.clone()).folded();
            proptest::prop_assert_eq!(again, folded);
        }

        #[test]
        fn canonically_equivalent_names_are_one(text in ".{1,20}") {
            let decomposed = DecomposingNormalizer::new_nfd().normalize(&text).into_owned();
            let composed = ComposingNormalizer::new_nfc().normalize(&text).into_owned();
            let folded = LoginName(text).folded();
            proptest::prop_assert_eq!(&LoginName(decomposed).folded(), &folded);
            proptest::prop_assert_eq!(&LoginName(composed).folded(), &folded);
        }
    }

    #[test]
    fn a_name_that_is_too_long_for_a_key_is_not_stored() {
        // Each is composed of three times four bytes.
        for (count, storable) in [(170, true), (171, false), (200, false)] {
            let name = LoginName::parse("\u{1d160}".repeat(count)).unwrap();
            assert_eq!(name.is_storable(), storable, "{count}");
            for key in name.keys().iter().chain(&name.former_spellings()) {
                assert!(key.as_str().len() <= 2040, "{count}");
            }
        }
        assert!(
            LoginName::parse("\u{1f600}".repeat(200))
                .unwrap()
                .is_storable()
        );
    }

    #[test]
    fn no_user_can_have_a_name_that_stands_for_unknown_users() {
        for name in ["NOBODY#1", "nobody#1", "\u{212a}NOBODY#1"] {
            let folded = LoginName::parse(name.to_owned()).unwrap().folded();
            assert_ne!(folded, FoldedName::for_unknown_user("1"), "{name}");
        }
        assert_ne!(
            FoldedName::for_unknown_user("1"),
            FoldedName::for_unknown_user("2")
        );
    }
}
