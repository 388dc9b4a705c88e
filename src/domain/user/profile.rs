//! What is known of a user beside what a login needs.

use super::{Address as _, Contact, DisplayName, EmailAddress, NewUser, PhoneNumber, User};
use crate::domain::named::named;
use crate::domain::text::{bounded, text_type};
use crate::domain::{
    Credentials, FactorChanges, FactorKinds, Invalid, SecondFactors, Sequence, Timestamp,
};

text_type! {
    /// A given, family or nick name: one line of 1 to 200 characters.
    pub struct PersonName;
}

impl PersonName {
    /// Reads a name that a user is given, and drops the white space around it: `None` if nothing is
    /// left.
    pub fn parse(field: &'static str, text: &str) -> Result<Option<Self>, Invalid> {
        let text = super::names::one_line(field, text)?;
        if text.is_empty() {
            return Ok(None);
        }
        bounded(field, text.to_owned()).map(|text| Some(Self(text)))
    }
}

text_type! {
    /// A language tag such as `de` or `pt-BR`, as it was given: 2 to 10 characters.
    pub struct Language;
}

impl Language {
    /// Reads a tag of BCP 47: letters, and then more letters and digits behind hyphens or
    /// underscores. Whether there is such a language isn't checked.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let mut parts = text.split(['-', '_']);
        let is_language = parts.next().is_some_and(|language| {
            (2..=8).contains(&language.len()) && language.bytes().all(|c| c.is_ascii_alphabetic())
        });
        let is_subtag =
            |part: &str| !part.is_empty() && part.bytes().all(|c| c.is_ascii_alphanumeric());
        if is_language && text.len() <= 10 && parts.all(is_subtag) {
            Ok(Self(text.to_owned()))
        } else {
            let reason = "is not a language tag of at most 10 characters, such as de or pt-BR";
            Err(Invalid::new("preferred_language", reason))
        }
    }
}

named! {
    pub enum Gender {
        Female = "female",
        Male = "male",
        Diverse = "diverse",
    }
}

/// What is known of a user beside what a login needs. A user whom a release without profiles added
/// has none until the first change: all is absent, and the sequence is 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    pub given_name: Option<PersonName>,
    pub family_name: Option<PersonName>,
    pub nick_name: Option<PersonName>,
    pub language: Option<Language>,
    pub gender: Option<Gender>,
    /// The address at which the user is found.
    pub email: Option<Contact<EmailAddress>>,
    /// The address that takes the place of a verified one when it is verified. Until then it is the
    /// one that is shown.
    pub new_email: Option<EmailAddress>,
    pub phone: Option<Contact<PhoneNumber>>,
    /// When the user last declined to set up a second factor.
    pub mfa_skipped_at: Option<Timestamp>,
    pub created_at: Option<Timestamp>,
    pub changed_at: Option<Timestamp>,
    /// How many changes of the user there were, the creation included. Logins are none.
    pub sequence: Sequence,
}

impl Profile {
    /// The e-mail address as clients see it.
    pub fn shown_email(&self) -> Option<Contact<EmailAddress>> {
        let new = self.new_email.clone().map(|address| Contact {
            address,
            verified_at: None,
        });
        new.or_else(|| self.email.clone())
    }

    /// The e-mail address that can be verified.
    pub fn unverified_email(&self) -> Option<EmailAddress> {
        let shown = self.shown_email().filter(|email| !email.is_verified());
        shown.map(|email| email.address)
    }

    /// The address to which messages about the user go that hold for whoever reads it.
    pub fn verified_email(&self) -> Option<&EmailAddress> {
        let email = self.email.as_ref().filter(|email| email.is_verified());
        email.map(|email| &email.address)
    }

    pub fn is_verified_email(&self, address: &EmailAddress) -> bool {
        let own = self.verified_email().map(EmailAddress::folded);
        own.is_some_and(|own| own == address.folded())
    }

    /// The phone number that can be verified.
    pub fn unverified_phone(&self) -> Option<PhoneNumber> {
        let phone = self.phone.as_ref().filter(|phone| !phone.is_verified());
        phone.map(|phone| phone.address.clone())
    }

    pub fn verified_phone(&self) -> Option<&PhoneNumber> {
        let phone = self.phone.as_ref().filter(|phone| phone.is_verified());
        phone.map(|phone| &phone.address)
    }

    /// Gives the user an e-mail address. One that nobody has verified waits beside a verified one, and
    /// with `waits` beside any other.
    pub fn set_email(&mut self, new: Contact<EmailAddress>, waits: bool) {
        let stays = |own: &Contact<EmailAddress>| {
            (own.is_verified() || waits)
                && !new.is_verified()
                && own.address.folded() != new.address.folded()
        };
        if self.email.as_ref().is_some_and(stays) {
            self.new_email = Some(new.address);
            return;
        }
        self.new_email = None;
        self.email = Some(new.after(self.email.as_ref()));
    }

    /// Notes at `now` that the user reads the mail of `address`: the one that waits, which takes its
    /// place, or the one that there is.
    pub fn verify_email(&mut self, address: &EmailAddress, now: Timestamp) {
        if self.is_verified_email(address) {
            return;
        }
        let is_it = |own: &EmailAddress| own.folded() == address.folded();
        let own = self.new_email.take_if(|new| is_it(new));
        let own = own.or_else(|| self.email.as_ref().map(|email| email.address.clone()));
        self.email = Some(Contact {
            address: own.filter(is_it).unwrap_or_else(|| address.clone()),
            verified_at: Some(now),
        });
    }

    /// The given and the family name, which a user without a display name is shown by: at most 200
    /// characters of them.
    pub fn full_name(&self) -> Option<DisplayName> {
        let names = [&self.given_name, &self.family_name];
        let names: Vec<_> = names
            .into_iter()
            .flatten()
            .map(PersonName::as_str)
            .collect();
        let made: String = names.join(" ").chars().take(200).collect();
        (!made.is_empty()).then(|| DisplayName::from_stored(made))
    }
}

/// A user with the profile and the second factors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub user: User,
    pub profile: Profile,
    pub factors: SecondFactors,
    pub credentials: Credentials,
}

impl Account {
    /// A user who is added at `now`.
    pub fn new(new: NewUser, now: Timestamp) -> Self {
        let profile = Profile {
            created_at: new.profile.created_at.or(Some(now)),
            ..new.profile.clone()
        };
        let display_name = new.display_name.clone();
        let user = User::new(new, now);
        Self {
            user,
            profile,
            factors: SecondFactors::default(),
            credentials: Credentials::default(),
        }
        .with_display_name(display_name)
        .changed(now)
    }

    /// The account with another state of the user.
    #[must_use]
    pub fn with_user(&self, user: User) -> Self {
        Self {
            user,
            ..self.clone()
        }
    }

    /// The account with another profile. A display name that was made of the names follows them.
    #[must_use]
    pub fn with_profile(mut self, profile: Profile) -> Self {
        if self.has_made_display_name() {
            self.user.display_name = profile.full_name();
        }
        Self { profile, ..self }
    }

    /// The account with another display name; `None`: with one that is made of the names.
    #[must_use]
    pub fn with_display_name(mut self, name: Option<DisplayName>) -> Self {
        self.user.display_name = match name {
            Some(name) => DisplayName::unless_copied(Some(name), &self.user.login_name),
            None => self.profile.full_name(),
        };
        self
    }

    /// Whether nobody has given the user a display name.
    pub fn has_made_display_name(&self) -> bool {
        self.user.display_name == self.profile.full_name()
    }

    /// The names and the addresses that a password must not be made of.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let Self { user, profile, .. } = self;
        let names = [
            &profile.given_name,
            &profile.family_name,
            &profile.nick_name,
        ];
        let names = names.into_iter().flatten().map(PersonName::as_str);
        let email = profile.email.as_ref().map(|email| email.address.as_str());
        let new_email = profile.new_email.as_ref().map(EmailAddress::as_str);
        let shown = user.display_name.as_ref().map(DisplayName::as_str);
        let names = names.chain(email).chain(new_email).chain(shown);
        names.chain([user.login_name.as_str()])
    }

    /// The kinds of factors that the user has beside the password.
    pub fn kinds(&self) -> FactorKinds {
        let kinds = self.factors.kinds().iter();
        kinds.chain(self.credentials.kinds().iter()).collect()
    }

    /// How a change from this account to `after` alters what its user proves himself with. A passkey or
    /// security key counts also beside others of its kind.
    pub fn factor_changes_to(&self, after: &Self) -> FactorChanges {
        let changes = self.factors.changes_to(&after.factors);
        let added = after.credentials.removed_by(&self.credentials);
        let removed = self.credentials.removed_by(&after.credentials);
        FactorChanges {
            added: added.fold(changes.added, |kinds, one| kinds.with(one.kind.into())),
            removed: removed.fold(changes.removed, |kinds, one| kinds.with(one.kind.into())),
            ..changes
        }
    }

    /// The account after a change at `now`.
    #[must_use]
    pub fn changed(mut self, now: Timestamp) -> Self {
        self.profile.sequence.0 += 1;
        self.profile.changed_at = Some(now);
        self
    }
}

#[cfg(test)]
mod tests;
