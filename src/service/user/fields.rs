//! What operators say of a user, by a command or in a line of an import.

use super::update::Change;
use crate::domain::{
    Account, Address, Contact, DisplayName, EmailAddress, FactorKind, Gender, HashString, Language,
    PersonName, PhoneNumber, Profile, SealedSecret, SecondFactors, Timestamp, UserState,
};

/// What a user is to have. What is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserFields {
    pub display_name: Option<Change<DisplayName>>,
    pub given_name: Option<Change<PersonName>>,
    pub family_name: Option<Change<PersonName>>,
    pub nick_name: Option<Change<PersonName>>,
    pub language: Option<Change<Language>>,
    pub gender: Option<Change<Gender>>,
    pub email: Option<Change<EmailAddress>>,
    /// Whether the e-mail address is verified, if the user has one then.
    pub email_verified: Option<bool>,
    pub phone: Option<Change<PhoneNumber>>,
    pub phone_verified: Option<bool>,
    pub state: Option<UserState>,
    pub created_at: Option<Timestamp>,
    pub password_hash: Option<HashString>,
}

impl UserFields {
    /// The account with these fields, at `now`. Sessions in which something was proved end with
    /// another password hash, with a state that isn't active, and with the codes by SMS that go with
    /// a number.
    pub fn apply(&self, account: &Account, now: Timestamp) -> Account {
        let mut account = account.clone();
        let profile = self.profile(&account.profile, now);
        if profile != account.profile {
            account = account.with_profile(profile);
        }
        if let Some(name) = &self.display_name {
            account = account.with_display_name(name.clone().into_option());
        }
        if account.profile.phone.is_none() {
            account = account.without_factor(FactorKind::OtpSms);
        }
        let user = &mut account.user;
        user.display_name = DisplayName::unless_copied(user.display_name.take(), &user.login_name);
        if let Some(state) = self.state
            && state != account.user.state
        {
            account.user = account.user.with_state(state);
        }
        if let Some(hash) = &self.password_hash
            && account.user.password_hash.as_ref() != Some(hash)
        {
            account.user = account.user.with_password(hash.clone(), false, now);
        }
        account
    }

    fn profile(&self, before: &Profile, now: Timestamp) -> Profile {
        let mut profile = before.clone();
        set(&mut profile.given_name, self.given_name.as_ref());
        set(&mut profile.family_name, self.family_name.as_ref());
        set(&mut profile.nick_name, self.nick_name.as_ref());
        set(&mut profile.language, self.language.as_ref());
        set(&mut profile.gender, self.gender.as_ref());
        let email = (self.email.as_ref(), self.email_verified);
        set_contact(&mut profile.email, email, now);
        if self.email.is_some() {
            // What an operator says is the address: no other one waits beside it.
            profile.new_email = None;
        }
        let phone = (self.phone.as_ref(), self.phone_verified);
        set_contact(&mut profile.phone, phone, now);
        profile.created_at = self.created_at.or(profile.created_at);
        profile
    }
}

fn set<T: Clone>(own: &mut Option<T>, change: Option<&Change<T>>) {
    if let Some(change) = change {
        *own = change.clone().into_option();
    }
}

/// Gives a contact another address, which is unverified unless it is said to be verified; the state
/// of an address that stays is kept, and so is the time at which it was verified.
fn set_contact<A: Address + Clone>(
    own: &mut Option<Contact<A>>,
    (address, verified): (Option<&Change<A>>, Option<bool>),
    now: Timestamp,
) {
    let before = own.take();
    let address = match address {
        Some(change) => change.clone().into_option(),
        None => before.as_ref().map(|before| before.address.clone()),
    };
    *own = address.map(|address| {
        let same = before.filter(|before| before.address.folded() == address.folded());
        let since = same.and_then(|same| same.verified_at);
        let verified_at = match verified {
            Some(true) => since.or(Some(now)),
            Some(false) => None,
            None => since,
        };
        Contact {
            address,
            verified_at,
        }
    });
}

/// The names of the fields in which an account differs from what it was, as an import names them.
pub fn differences(before: &Account, after: &Account) -> Vec<&'static str> {
    let ((user, profile), (new_user, new_profile)) = (
        (&before.user, &before.profile),
        (&after.user, &after.profile),
    );
    let (email, new_email) = (profile.email.as_ref(), new_profile.email.as_ref());
    let (phone, new_phone) = (profile.phone.as_ref(), new_profile.phone.as_ref());
    let fields = [
        ("loginName", user.login_name != new_user.login_name),
        ("displayName", user.display_name != new_user.display_name),
        ("givenName", profile.given_name != new_profile.given_name),
        ("familyName", profile.family_name != new_profile.family_name),
        ("nickName", profile.nick_name != new_profile.nick_name),
        (
            "preferredLanguage",
            profile.language != new_profile.language,
        ),
        ("gender", profile.gender != new_profile.gender),
        ("email", address(email) != address(new_email)),
        ("emailVerified", verified(email) != verified(new_email)),
        ("newEmail", profile.new_email != new_profile.new_email),
        ("phone", address(phone) != address(new_phone)),
        ("phoneVerified", verified(phone) != verified(new_phone)),
        ("state", user.state != new_user.state),
        ("createdAt", profile.created_at != new_profile.created_at),
        ("passwordHash", user.password_hash != new_user.password_hash),
        (
            "totpSecret",
            secret(&before.factors) != secret(&after.factors),
        ),
        (
            "recoveryCodeHashes",
            before.factors.recovery_codes != after.factors.recovery_codes,
        ),
        (
            "otpEmail",
            before.factors.otp_email.is_some() != after.factors.otp_email.is_some(),
        ),
        (
            "credentials",
            before.credentials.listed != after.credentials.listed,
        ),
        (
            "otpSms",
            before.factors.otp_sms.is_some() != after.factors.otp_sms.is_some(),
        ),
    ];
    let differing = fields.into_iter().filter(|(_, differs)| *differs);
    differing.map(|(name, _)| name).collect()
}

fn secret(factors: &SecondFactors) -> Option<&SealedSecret> {
    factors.totp.as_ref().map(|totp| &totp.secret)
}

fn address<A>(contact: Option<&Contact<A>>) -> Option<&A> {
    contact.map(|contact| &contact.address)
}

fn verified<A>(contact: Option<&Contact<A>>) -> bool {
    contact.is_some_and(Contact::is_verified)
}
