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

/// A login name as its user writes it: 1 to 200 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginName(String);

impl LoginName {
    /// A name that somebody is looked up by. It may have any characters: one that no user can
    /// have is that of an unknown user.
    pub fn parse(text: String) -> Result<Self, Invalid> {
        bounded("login_name", text).map(Self)
    }

    /// A name that is stored, whatever names may be today.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form in which login names are compared: Unicode's full case folding, in NFC on both
    /// sides of it, so that neither case nor the way in which an accent is written matters.
    pub fn folded(&self) -> FoldedName {
        let nfc = ComposingNormalizer::new_nfc();
        let composed = nfc.normalize(&self.0);
        let folded = UniCase::unicode(composed).to_folded_case();
        FoldedName::new(nfc.normalize(&folded).into_owned())
    }

    /// Whether a user may have the name: it isn't longer than a key of the table, in any form.
    pub fn is_storable(&self) -> bool {
        let is_nobody = |key: &FoldedName| key.0.starts_with(NOBODY);
        !self
            .keys()
            .iter()
            .chain(&self.former_spellings())
            .any(is_nobody)
    }

    /// The form that names had before they were composed, if it is another one: users who were
    /// stored then are found under it.
    pub fn former_key(&self) -> Option<FoldedName> {
        let former = FoldedName::new(UniCase::unicode(&self.0).to_folded_case());
        (former != self.folded()).then_some(former)
    }

    /// The keys under which a user with this name may be stored, in the order in which they are
    /// looked up.
    pub fn keys(&self) -> Vec<FoldedName> {
        self.former_key()
            .into_iter()
            .chain([self.folded()])
            .collect()
    }

    /// Keys under which a user may be stored who had this name in another form: nobody else may
    /// get the name beside that user.
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

/// A login name with its case folded away: one per user, and the table's key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FoldedName(String);

/// A beginning that no folded name has, because folding leaves no capitals.
const NOBODY: &str = "NOBODY#";

impl FoldedName {
    /// In bytes: DynamoDB's keys have 2048, and this one stands behind a prefix. Composing 200
    /// characters may make 2400 of them.
    const MAX_LENGTH: usize = 2040;

    /// A name that is too long for a key is nobody's.
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

    /// A name that nobody can have: what is looked up for a user who doesn't exist costs what
    /// every look-up costs. One for each text, so that not all of them meet at one item.
    pub fn for_unknown_user(text: &str) -> Self {
        Self(format!("{NOBODY}{text}"))
    }
}

/// What a user is called in a session: 0 to 200 characters.
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

/// How a caller names a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserSearch {
    Id(UserId),
    LoginName(LoginName),
    /// Both, which must name one user.
    Both(UserId, LoginName),
}

/// Whether an administrator lets a user in. Too many wrong passwords are another
/// matter: [`Attempts`].
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
        match text {
            "active" => Ok(Self::Active),
            "inactive" => Ok(Self::Inactive),
            "locked" => Ok(Self::Locked),
            _ => Err(Invalid::new("state", "is not active, inactive or locked")),
        }
    }
}

/// All that a login reads of a user.
#[derive(Clone, Debug)]
pub struct User {
    pub login_name: LoginName,
    pub user_id: UserId,
    pub display_name: DisplayName,
    pub state: UserState,
    /// None: this user can't log in by password.
    pub password_hash: Option<HashString>,
    pub attempts: Attempts,
    /// The one that sessions count in.
    pub generation: SessionGeneration,
    /// It is stored under its name's former key, and stays there until it is renamed.
    pub under_former_key: bool,
}

impl User {
    /// The key under which it is stored, or is to be stored.
    pub fn key(&self) -> FoldedName {
        let former = self.login_name.former_key();
        match former.filter(|_| self.under_former_key) {
            Some(former) => former,
            None => self.login_name.folded(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn login_names_compare_without_case() {
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
    fn a_name_has_a_former_key_where_it_was_not_composed() {
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
    fn a_name_longer_than_a_key_is_nobodys() {
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
    fn nobody_has_the_name_of_nobody() {
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
