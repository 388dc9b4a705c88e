//! The conditions of a list of users, and its order.

use super::contact::{Address, EmailAddress, PhoneNumber};
use super::profile::{Account, PersonName};
use super::{DisplayName, FoldedName, LoginName, UserState};
use crate::domain::unicode::fold;
use crate::domain::{Timestamp, UserId};

/// A condition for the users of a list. One that names nothing, or what no user can have, matches
/// nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserQuery {
    Nobody,
    Everybody,
    Ids(Vec<UserId>),
    /// The login name has one of these forms.
    LoginName(Vec<FoldedName>),
    Emails(Vec<EmailAddress>),
    Phone(PhoneNumber),
    Text(UserField, TextMatch),
    State(UserState),
    Organization(String),
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
}

/// What of a user a list filters and sorts by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserEntry {
    pub user_id: UserId,
    pub login_name: LoginName,
    pub display_name: Option<DisplayName>,
    pub state: UserState,
    pub given_name: Option<PersonName>,
    pub family_name: Option<PersonName>,
    pub nick_name: Option<PersonName>,
    pub email: Option<EmailAddress>,
    pub phone: Option<PhoneNumber>,
    pub created_at: Option<Timestamp>,
}

/// The keys of items that lead to users.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserKeys {
    pub ids: Vec<UserId>,
    pub names: Vec<FoldedName>,
    pub emails: Vec<EmailAddress>,
    pub phones: Vec<PhoneNumber>,
}

impl UserKeys {
    pub fn of_user(id: UserId) -> Self {
        Self {
            ids: vec![id],
            ..Self::default()
        }
    }

    fn len(&self) -> usize {
        self.ids.len() + self.names.len() + self.emails.len() + self.phones.len()
    }

    fn extend(&mut self, other: Self) {
        self.ids.extend(other.ids);
        self.names.extend(other.names);
        self.emails.extend(other.emails);
        self.phones.extend(other.phones);
    }
}

impl UserQuery {
    /// The user with a login name, as a login finds him, or with the name without the white space
    /// around it.
    pub fn login_name(text: &str) -> Self {
        let names = [text, text.trim()].into_iter();
        let names = names.filter_map(|name| LoginName::parse(name.to_owned()).ok());
        let mut names: Vec<_> = names.map(|name| name.folded()).collect();
        names.dedup();
        Self::LoginName(names)
    }

    /// The users with one of some e-mail addresses.
    pub fn emails<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let texts = texts.into_iter();
        let emails = texts.filter_map(|text| EmailAddress::parse(text.trim()).ok());
        Self::Emails(emails.collect())
    }

    /// The users with a phone number.
    pub fn phone(text: &str) -> Self {
        PhoneNumber::parse(text.trim()).map_or(Self::Nobody, Self::Phone)
    }

    /// The keys that lead to all users who match, and maybe to others: the fewest that there are.
    /// `None`: no part that has to hold is answered by keys.
    pub fn keys(&self, organization: &str) -> Option<UserKeys> {
        let mut keys = UserKeys::default();
        match self {
            Self::Nobody => {}
            Self::Ids(ids) => keys.ids.clone_from(ids),
            Self::LoginName(names) => keys.names.clone_from(names),
            Self::Emails(emails) => keys.emails.clone_from(emails),
            Self::Phone(phone) => keys.phones.push(phone.clone()),
            Self::Organization(id) if id != organization => {}
            Self::All(queries) => {
                let keys = queries.iter().filter_map(|query| query.keys(organization));
                return keys.min_by_key(UserKeys::len);
            }
            Self::Any(queries) => {
                for query in queries {
                    keys.extend(query.keys(organization)?);
                }
            }
            Self::Everybody
            | Self::Organization(_)
            | Self::Text(..)
            | Self::State(_)
            | Self::Not(_) => return None,
        }
        Some(keys)
    }

    /// Whether a user, who is in `organization`, matches.
    pub fn matches(&self, user: &UserEntry, organization: &str) -> bool {
        let folded = |email: &EmailAddress| email.folded();
        match self {
            Self::Nobody => false,
            Self::Everybody => true,
            Self::Ids(ids) => ids.contains(&user.user_id),
            Self::LoginName(names) => names.contains(&user.login_name.folded()),
            Self::Emails(emails) => {
                let own = user.email.as_ref().map(folded);
                own.is_some_and(|own| emails.iter().map(folded).any(|email| email == own))
            }
            Self::Phone(phone) => user.phone.as_ref() == Some(phone),
            Self::Text(field, text) => user.text(*field).is_some_and(|own| text.matches(own)),
            Self::State(state) => user.state == *state,
            Self::Organization(id) => id == organization,
            Self::All(queries) => queries
                .iter()
                .all(|query| query.matches(user, organization)),
            Self::Any(queries) => queries
                .iter()
                .any(|query| query.matches(user, organization)),
            Self::Not(query) => !query.matches(user, organization),
        }
    }
}

/// A text that users have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserField {
    LoginName,
    GivenName,
    FamilyName,
    NickName,
    /// The login name, if the user has no display name.
    DisplayName,
    Email,
    Phone,
}

/// Where in a text another one is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextMethod {
    /// They are equal, but for white space at the ends.
    Equals,
    StartsWith,
    Contains,
    EndsWith,
}

/// A text that is looked for in others, such as those of users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextMatch {
    method: TextMethod,
    ignores_case: bool,
    /// Folded, if case doesn't matter.
    text: String,
}

impl TextMatch {
    /// `None`: the text is empty.
    pub fn new(method: TextMethod, ignores_case: bool, text: &str) -> Option<Self> {
        let text = match method {
            TextMethod::Equals => text.trim(),
            _ => text,
        };
        let text = if ignores_case {
            fold(text).to_string()
        } else {
            text.to_owned()
        };
        (!text.is_empty()).then_some(Self {
            method,
            ignores_case,
            text,
        })
    }

    /// Whether another text is or has this one.
    pub fn matches(&self, own: &str) -> bool {
        let folded;
        let own = if self.ignores_case {
            folded = fold(own);
            &**folded
        } else {
            own
        };
        match self.method {
            TextMethod::Equals => own.trim() == self.text,
            TextMethod::StartsWith => own.starts_with(&self.text),
            TextMethod::Contains => own.contains(&self.text),
            TextMethod::EndsWith => own.ends_with(&self.text),
        }
    }
}

/// What a list of users is sorted by. Users who are equal in it are sorted by creation, then by id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UserOrder {
    #[default]
    Unspecified,
    Creation,
    /// Without case. Users without the text come first.
    Text(UserField),
    State,
    /// All are of one.
    Type,
}

impl UserEntry {
    /// A user in a state that is shown, which may be another than the stored one.
    pub fn new(account: &Account, state: UserState) -> Self {
        let Account { user, profile, .. } = account;
        let address = |email: &super::Contact<EmailAddress>| email.address.clone();
        Self {
            user_id: user.user_id.clone(),
            login_name: user.login_name.clone(),
            display_name: user.display_name.clone(),
            state,
            given_name: profile.given_name.clone(),
            family_name: profile.family_name.clone(),
            nick_name: profile.nick_name.clone(),
            email: profile.email.as_ref().map(address),
            phone: profile.phone.as_ref().map(|phone| phone.address.clone()),
            created_at: profile.created_at,
        }
    }

    fn text(&self, field: UserField) -> Option<&str> {
        let name = match field {
            UserField::LoginName => return Some(self.login_name.as_str()),
            UserField::DisplayName => {
                let name = self.display_name.as_ref();
                return Some(DisplayName::or_login_name(name, &self.login_name));
            }
            UserField::Email => return self.email.as_ref().map(EmailAddress::as_str),
            UserField::Phone => return self.phone.as_ref().map(PhoneNumber::as_str),
            UserField::GivenName => &self.given_name,
            UserField::FamilyName => &self.family_name,
            UserField::NickName => &self.nick_name,
        };
        name.as_ref().map(PersonName::as_str)
    }

    /// What an order compares.
    pub fn sort_key(&self, order: UserOrder) -> (Option<String>, Option<Timestamp>, String) {
        let text = match order {
            UserOrder::Unspecified | UserOrder::Creation | UserOrder::Type => None,
            UserOrder::Text(field) => self.text(field).map(|text| fold(text).to_string()),
            UserOrder::State => Some(self.state.as_str().to_owned()),
        };
        (text, self.created_at, self.user_id.to_string())
    }
}

#[cfg(test)]
mod tests;
