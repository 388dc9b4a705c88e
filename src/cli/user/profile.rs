use crate::cli::failure::Failure;
use crate::domain::{
    Account, Address, AddressFault, DisplayName, EmailAddress, Gender, Invalid, Language,
    PersonName, PhoneNumber, Timestamp,
};
use crate::service::{Change, UserFields};

/// The options for what is known of a user beside the login.
#[derive(Debug, clap::Args)]
pub struct ProfileOptions {
    /// The name to show for the user; without one, the given and family name, or today's login name
    #[arg(long, value_name = "NAME", value_parser = display_name)]
    display_name: Option<Change<DisplayName>>,
    /// The given name
    #[arg(long, value_name = "NAME", value_parser = |text: &str| name("given_name", text))]
    given_name: Option<Change<PersonName>>,
    /// The family name
    #[arg(long, value_name = "NAME", value_parser = |text: &str| name("family_name", text))]
    family_name: Option<Change<PersonName>>,
    /// The nick name
    #[arg(long, value_name = "NAME", value_parser = |text: &str| name("nick_name", text))]
    nick_name: Option<Change<PersonName>>,
    /// The preferred language, a tag such as de or pt-BR
    #[arg(long, value_name = "TAG", value_parser = language)]
    language: Option<Change<Language>>,
    /// female, male or diverse
    #[arg(long, value_name = "GENDER", value_parser = gender)]
    gender: Option<Change<Gender>>,
    /// The e-mail address; another one than before is not verified unless --email-verified says so
    #[arg(long, value_name = "ADDRESS", value_parser = address::<EmailAddress>)]
    email: Option<Change<EmailAddress>>,
    /// Whether the user is known to be reached at the e-mail address
    #[arg(long, value_name = "true|false")]
    email_verified: Option<bool>,
    /// The phone number: + and 7 to 15 digits
    #[arg(long, value_name = "NUMBER", value_parser = address::<PhoneNumber>)]
    phone: Option<Change<PhoneNumber>>,
    /// Whether the user is known to be reached at the phone number
    #[arg(long, value_name = "true|false")]
    phone_verified: Option<bool>,
}

fn change<T>(value: Option<T>) -> Change<T> {
    value.map_or(Change::Remove, Change::To)
}

fn display_name(text: &str) -> Result<Change<DisplayName>, Invalid> {
    DisplayName::parse_new(text).map(change)
}

fn name(field: &'static str, text: &str) -> Result<Change<PersonName>, Invalid> {
    PersonName::parse(field, text).map(change)
}

fn language(text: &str) -> Result<Change<Language>, Invalid> {
    let language = (!text.is_empty()).then(|| Language::parse(text));
    language.transpose().map(change)
}

fn gender(text: &str) -> Result<Change<Gender>, &'static str> {
    let gender = (!text.is_empty()).then(|| Gender::named(text).ok_or("is not one of these"));
    gender.transpose().map(change)
}

fn address<A: Address>(text: &str) -> Result<Change<A>, AddressFault> {
    let address = (!text.is_empty()).then(|| A::parse(text));
    address.transpose().map(change)
}

impl ProfileOptions {
    pub const NAMES: [&str; 10] = [
        "display_name",
        "given_name",
        "family_name",
        "nick_name",
        "language",
        "gender",
        "email",
        "email_verified",
        "phone",
        "phone_verified",
    ];

    fn fields(&self) -> UserFields {
        UserFields {
            display_name: self.display_name.clone(),
            given_name: self.given_name.clone(),
            family_name: self.family_name.clone(),
            nick_name: self.nick_name.clone(),
            language: self.language.clone(),
            gender: self.gender,
            email: self.email.clone(),
            email_verified: self.email_verified,
            phone: self.phone.clone(),
            phone_verified: self.phone_verified,
            ..UserFields::default()
        }
    }

    /// The account with what the options say.
    ///
    /// # Errors
    ///
    /// They say whether an address is verified that the user doesn't have.
    pub fn apply(&self, account: &Account, now: Timestamp) -> Result<Account, Failure> {
        let after = self.fields().apply(account, now);
        for (verified, is_there, what) in [
            (
                self.email_verified,
                after.profile.email.is_some(),
                "e-mail address",
            ),
            (
                self.phone_verified,
                after.profile.phone.is_some(),
                "phone number",
            ),
        ] {
            if verified.is_some() && !is_there {
                return Err(Failure::NoContact(what));
            }
        }
        Ok(after)
    }
}
