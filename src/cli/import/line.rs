mod fields;

use self::fields::Fields;
use super::firebase::FirebaseConfig;
use crate::domain::{
    AddressFault, DisplayName, Gender, HashString, Invalid, Language, LoginName, TotpSecret,
    UserId, printable,
};
use crate::password::{PasswordHash, Unsupported};
use crate::service::{Change, GivenFactors, ImportedUser, UserFields};

/// Why a line is refused. The error shows no value of the line, because one of them may be a
/// password.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    #[error("the line is longer than {0} bytes")]
    TooLong(usize),
    #[error("the line is not JSON (column {0})")]
    NotJson(usize),
    #[error("the line is not a JSON object")]
    NotAnObject,
    #[error("{} is no field of a user", printable(.0))]
    UnknownField(String),
    #[error("plaintext passwords are not accepted: passwordHash takes a hash")]
    Plaintext,
    #[error("{0} is there twice")]
    Twice(&'static str),
    #[error("{0} is missing")]
    Missing(&'static str),
    #[error("{0} is not a string")]
    NotAString(&'static str),
    #[error("{0} is not a list of strings")]
    NotAList(&'static str),
    #[error("{0} is neither true nor false")]
    NotABoolean(&'static str),
    #[error("{0} is not {1}")]
    NoSuchValue(&'static str, &'static str),
    #[error("{0} is not a time such as 2026-01-31T23:59:59Z")]
    NotATime(&'static str),
    #[error("{0} can't be used: {1}")]
    Address(&'static str, AddressFault),
    #[error(transparent)]
    Invalid(#[from] Invalid),
    #[error("passwordHash can't be used: {0}")]
    Hash(#[from] Unsupported),
    #[error("totpSecret needs SERVER_KEY or SERVER_KEY_SECRET, as the service has it")]
    NoServerKey,
    #[error("the login name is taken by the user {}", printable(.0.as_str()))]
    NameTaken(UserId),
    #[error("the user id is taken by a user with another login name")]
    IdTaken,
    #[error("the login name or e-mail address is another user's e-mail address")]
    AddressTaken,
    #[error("as many users as may have the e-mail address or the phone number")]
    AddressFull,
}

const USER_ID: &str = "userId";
const LOGIN_NAME: &str = "loginName";
const DISPLAY_NAME: &str = "displayName";
const GIVEN_NAME: &str = "givenName";
const FAMILY_NAME: &str = "familyName";
const NICK_NAME: &str = "nickName";
const LANGUAGE: &str = "preferredLanguage";
const GENDER: &str = "gender";
const EMAIL: &str = "email";
const EMAIL_VERIFIED: &str = "emailVerified";
const PHONE: &str = "phone";
const PHONE_VERIFIED: &str = "phoneVerified";
const STATE: &str = "state";
const CREATED_AT: &str = "createdAt";
const PASSWORD_HASH: &str = "passwordHash";
const TOTP_SECRET: &str = "totpSecret";
const RECOVERY_CODES: &str = "recoveryCodeHashes";
const OTP_EMAIL: &str = "otpEmail";
const OTP_SMS: &str = "otpSms";
const SALT: &str = "salt";

/// All fields but the salt.
const FIELDS: [&str; 19] = [
    USER_ID,
    LOGIN_NAME,
    DISPLAY_NAME,
    GIVEN_NAME,
    FAMILY_NAME,
    NICK_NAME,
    LANGUAGE,
    GENDER,
    EMAIL,
    EMAIL_VERIFIED,
    PHONE,
    PHONE_VERIFIED,
    STATE,
    CREATED_AT,
    PASSWORD_HASH,
    TOTP_SECRET,
    RECOVERY_CODES,
    OTP_EMAIL,
    OTP_SMS,
];

/// A user that was read from a line.
#[derive(Debug)]
pub struct ParsedLine {
    pub user: ImportedUser,
    /// The name of the weak scheme, if the hash costs an attacker less than OWASP asks for.
    pub weakness: Option<&'static str>,
}

/// Reads a user from a line. With `firebase`, the hash is that of a Firebase project, and its salt
/// is a field of its own.
pub fn parse(line: &[u8], firebase: Option<&FirebaseConfig>) -> Result<ParsedLine, LineError> {
    let mut fields = Fields::read(line, firebase.is_some())?;
    let login_name = fields.required(LOGIN_NAME)?;
    let hash = match (fields.text(PASSWORD_HASH), firebase) {
        (None, _) => None,
        (Some(text), None) => Some(PasswordHash::parse(&text)?),
        (Some(text), Some(firebase)) => Some(firebase.hash(&text, &fields.required(SALT)?)?),
    };
    let weakness = hash.as_ref().and_then(PasswordHash::weakness);
    let display_name = fields.text(DISPLAY_NAME);
    let display_name = display_name.map(|name| DisplayName::parse_new(&name));
    let (email, email_verified) = fields.contact(EMAIL, EMAIL_VERIFIED)?;
    let (phone, phone_verified) = fields.contact(PHONE, PHONE_VERIFIED)?;
    let user = ImportedUser {
        login_name: LoginName::parse_new(&login_name)?,
        user_id: UserId::parse_new(fields.required(USER_ID)?)?,
        fields: UserFields {
            display_name: display_name.transpose()?.flatten().map(Change::To),
            given_name: fields.name(GIVEN_NAME)?,
            family_name: fields.name(FAMILY_NAME)?,
            nick_name: fields.name(NICK_NAME)?,
            language: fields.parse(LANGUAGE, |tag| Ok(Language::parse(tag)?))?,
            gender: fields.parse(GENDER, |name| {
                Gender::named(name).ok_or(LineError::NoSuchValue(GENDER, "female, male or diverse"))
            })?,
            email,
            email_verified,
            phone,
            phone_verified,
            state: fields.state()?,
            created_at: fields.time(CREATED_AT)?,
            password_hash: hash.map(HashString::from),
        },
        factors: GivenFactors {
            totp: fields
                .text(TOTP_SECRET)
                .map(TotpSecret::from_base32)
                .transpose()?,
            recovery_codes: fields.recovery_codes()?,
            otp_email: fields.flag(OTP_EMAIL),
            otp_sms: fields.flag(OTP_SMS),
        },
        keys: None,
    };
    Ok(ParsedLine { user, weakness })
}

#[cfg(test)]
mod tests;
