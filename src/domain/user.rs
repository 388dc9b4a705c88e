#[cfg(feature = "function")]
mod contact;
#[cfg(feature = "function")]
mod names;
#[cfg(feature = "function")]
mod profile;
#[cfg(feature = "function")]
mod query;
mod state;

use super::attempts::Attempts;
use super::named::named;
use super::secret::HashString;
use super::text::{Invalid, bounded, text_type};
use super::unicode::fold;
use super::{FactorKinds, SessionGeneration, Timestamp, UserId};

#[cfg(feature = "function")]
pub use contact::{Address, AddressFault, Contact, EmailAddress, PhoneNumber};
#[cfg(feature = "function")]
pub(super) use names::is_invisible;
#[cfg(feature = "function")]
pub use names::one_line;
#[cfg(feature = "function")]
pub use profile::{Account, Gender, Language, PersonName, Profile};
#[cfg(feature = "function")]
pub use query::{TextMatch, TextMethod, UserEntry, UserField, UserKeys, UserOrder, UserQuery};
pub use state::StateChange;

text_type! {
    /// A login name in the spelling that it was given: 1 to 200 characters.
    ///
    /// A name to look up may have any characters: a name that no user can have leads to the same
    /// error as that of an unknown user.
    pub struct LoginName = "login_name";
}

impl LoginName {
    /// The form in which login names are compared: neither case nor the encoding of an accent
    /// matters.
    pub fn folded(&self) -> FoldedName {
        FoldedName::new(&fold(&self.0))
    }

    /// Whether a user may have the name: its folded form is short enough for a key of the table.
    pub fn is_storable(&self) -> bool {
        !self.folded().0.starts_with(UNASSIGNABLE)
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
    fn new(text: &str) -> Self {
        if text.len() <= Self::MAX_LENGTH {
            return Self(text.to_owned());
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

text_type! {
    /// The display name of a user: 1 to 200 characters. A user may have none.
    pub struct DisplayName;
}

impl DisplayName {
    /// Reads a display name: `None` for an empty text.
    pub fn parse(text: String) -> Result<Option<Self>, Invalid> {
        if text.is_empty() {
            return Ok(None);
        }
        bounded("display_name", text).map(|text| Some(Self(text)))
    }

    /// The name to show for a user: the display name, or the login name if there is none.
    pub fn or_login_name<'a>(name: Option<&'a Self>, login_name: &'a LoginName) -> &'a str {
        name.map_or(login_name.as_str(), Self::as_str)
    }

    /// `name`, unless it equals the login name: such a copy counts as none, because a rename would
    /// make it untrue.
    pub fn unless_copied(name: Option<Self>, login_name: &LoginName) -> Option<Self> {
        name.filter(|name| name.0 != login_name.0)
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

impl UserSearch {
    /// Whether this finds the user with the id `user` and the login name `name`: by the id, by any
    /// spelling of the login name, or by both.
    pub fn finds(&self, user: &UserId, name: &LoginName) -> bool {
        let is_named = |wanted: &LoginName| wanted.folded() == name.folded();
        match self {
            Self::Id(id) => id == user,
            Self::LoginName(wanted) => is_named(wanted),
            Self::Both(id, wanted) => id == user && is_named(wanted),
        }
    }
}

named! {
    /// The state of a user, which administrators set. The lock after too many wrong passwords is
    /// separate: see [`Attempts`].
    pub enum UserState {
        Active = "active",
        Inactive = "inactive",
        Locked = "locked",
        /// A state that a newer release has stored. Such a user is not active.
        Unknown = "unknown",
    }
}

/// A user, as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub login_name: LoginName,
    pub user_id: UserId,
    /// `None`: the user is shown by the login name.
    pub display_name: Option<DisplayName>,
    pub state: UserState,
    /// `None` for a user without a password.
    pub password_hash: Option<HashString>,
    /// When the password was set; `None` if a release without this attribute set it.
    pub password_changed_at: Option<Timestamp>,
    /// Whether the user is asked to choose another password. A login is not refused for it.
    pub change_required: bool,
    pub attempts: Attempts,
    /// Of the sessions in which the user was proved, only those with this generation are valid.
    pub generation: SessionGeneration,
}

/// The pointer from a user's id to the user: the current login name, under which the user is
/// stored, the session generation, and the kinds of second factors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserPointer {
    pub id: UserId,
    pub login_name: LoginName,
    /// Of the sessions in which the user was proved, only those with this generation are valid.
    pub generation: SessionGeneration,
    /// The kinds of the user's second factors, so that what a session is good for can be told without
    /// a further request.
    pub kinds: FactorKinds,
}

/// A user to add.
#[cfg(feature = "function")]
#[derive(Clone, Debug)]
pub struct NewUser {
    pub login_name: LoginName,
    pub user_id: UserId,
    /// `None`: the user is shown by the names in the profile or, without these, by the login name.
    pub display_name: Option<DisplayName>,
    pub state: UserState,
    pub password_hash: Option<HashString>,
    pub change_required: bool,
    pub profile: Profile,
}

#[cfg(feature = "function")]
impl User {
    /// A user who is added at `now`.
    fn new(new: NewUser, now: Timestamp) -> Self {
        Self {
            login_name: new.login_name,
            user_id: new.user_id,
            display_name: new.display_name,
            state: new.state,
            password_changed_at: new.password_hash.as_ref().map(|_| now),
            password_hash: new.password_hash,
            change_required: new.change_required,
            attempts: Attempts::default(),
            generation: SessionGeneration::generate(),
        }
    }

    /// The user with another password, at `now`. The failures at the former one are forgiven, and
    /// sessions in which something was proved end.
    #[must_use]
    pub fn with_password(self, hash: HashString, change_required: bool, now: Timestamp) -> Self {
        Self {
            password_hash: Some(hash),
            password_changed_at: Some(now),
            change_required,
            attempts: self.attempts.forgiven(),
            generation: SessionGeneration::generate(),
            ..self
        }
    }

    /// The user in a state that an administrator sets. Sessions in which something was proved end
    /// unless the user is active.
    #[must_use]
    pub fn with_state(self, state: UserState) -> Self {
        let generation = match state {
            UserState::Active => self.generation,
            _ => SessionGeneration::generate(),
        };
        Self {
            state,
            generation,
            ..self
        }
    }

    /// The user once all sessions in which something was proved have ended.
    #[must_use]
    pub fn logged_out(self) -> Self {
        Self {
            generation: SessionGeneration::generate(),
            ..self
        }
    }

    /// The user after the lock that follows too many wrong passwords.
    #[must_use]
    pub fn forgiven(self) -> Self {
        Self {
            attempts: self.attempts.forgiven(),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};

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

    /// `docs/users.md` says so.
    #[test]
    fn names_that_only_look_alike_are_different() {
        for (one, other) in [
            ("admin", "\u{430}dmin"),
            ("Admin", "\u{ff21}dmin"),
            ("paypal", "paypaI"),
            ("x\u{b2}", "x2"),
        ] {
            let folded = |name: &str| LoginName::parse(name.to_owned()).unwrap().folded();
            assert_ne!(folded(one), folded(other), "{one} {other}");
        }
    }

    #[test]
    fn a_display_name_that_equals_the_login_name_counts_as_none() {
        let login_name = LoginName::parse("ada".to_owned()).unwrap();
        for (text, kept, shown) in [
            ("", None, "ada"),
            ("ada", None, "ada"),
            ("Ada", Some("Ada"), "Ada"),
        ] {
            let name = DisplayName::parse(text.to_owned()).unwrap();
            let name = DisplayName::unless_copied(name, &login_name);
            assert_eq!(name.as_ref().map(DisplayName::as_str), kept, "{text}");
            let got = DisplayName::or_login_name(name.as_ref(), &login_name);
            assert_eq!(got, shown, "{text}");
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
            let decomposed = DecomposingNormalizerBorrowed::new_nfd().normalize(&text).into_owned();
            let composed = ComposingNormalizerBorrowed::new_nfc().normalize(&text).into_owned();
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
            assert!(name.folded().as_str().len() <= 2040, "{count}");
        }
        assert!(
            LoginName::parse("\u{1f600}".repeat(200))
                .unwrap()
                .is_storable()
        );
    }

    #[test]
    fn a_search_finds_a_user_by_id_and_by_login_name() {
        let id = |text: &str| UserId::parse(text.to_owned()).unwrap();
        let name = |text: &str| LoginName::parse(text.to_owned()).unwrap();
        for (search, want) in [
            (UserSearch::Id(id("1")), true),
            (UserSearch::LoginName(name("mini")), true),
            (UserSearch::LoginName(name("MINI")), true),
            (UserSearch::Both(id("1"), name("Mini")), true),
            (UserSearch::Id(id("2")), false),
            (UserSearch::LoginName(name("minnie")), false),
            (UserSearch::Both(id("1"), name("minnie")), false),
            (UserSearch::Both(id("2"), name("mini")), false),
        ] {
            assert_eq!(search.finds(&id("1"), &name("mini")), want, "{search:?}");
        }
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
