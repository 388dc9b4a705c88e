use std::fmt;
use std::str::FromStr;

use unicase::UniCase;

use super::attempts::Attempts;
use super::secret::HashString;
use super::text::{Invalid, bounded};
use super::{Epoch, UserId};

/// A login name as its user writes it: 1 to 200 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginName(String);

impl LoginName {
    pub fn parse(text: String) -> Result<Self, Invalid> {
        bounded("login_name", text).map(Self)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form in which login names are compared: Unicode's full case folding.
    pub fn folded(&self) -> FoldedName {
        FoldedName(UniCase::unicode(&self.0).to_folded_case())
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

impl FoldedName {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A name that nobody can have, since folding leaves no capitals: what is looked up
    /// for a user who doesn't exist costs what every look-up costs. One for each text, so
    /// that not all of them meet at one item.
    pub fn of_nobody(text: &str) -> Self {
        Self(format!("NOBODY#{text}"))
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
pub struct Login {
    pub login_name: LoginName,
    pub user_id: UserId,
    pub display_name: DisplayName,
    pub state: UserState,
    /// None: this user can't log in by password.
    pub password_hash: Option<HashString>,
    pub attempts: Attempts,
    /// The one that sessions count in.
    pub epoch: Epoch,
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
        ] {
            let folded = |name: &str| LoginName::parse(name.to_owned()).unwrap().folded();
            assert_eq!(folded(one) == folded(other), same, "{one} {other}");
        }
    }

    #[test]
    fn nobody_has_the_name_of_nobody() {
        for name in ["NOBODY#1", "nobody#1", "\u{212a}NOBODY#1"] {
            let folded = LoginName::parse(name.to_owned()).unwrap().folded();
            assert_ne!(folded, FoldedName::of_nobody("1"), "{name}");
        }
        assert_ne!(FoldedName::of_nobody("1"), FoldedName::of_nobody("2"));
    }
}
