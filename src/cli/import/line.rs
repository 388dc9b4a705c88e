mod error;
mod fields;

pub use self::error::LineError;
use self::fields::{
    CREATED_AT, DISPLAY_NAME, EMAIL, EMAIL_VERIFIED, FAMILY_NAME, Fields, GENDER, GIVEN_NAME,
    LANGUAGE, LOGIN_NAME, NICK_NAME, OTP_EMAIL, OTP_SMS, PASSWORD_HASH, PHONE, PHONE_VERIFIED,
    SALT, TOTP_SECRET, USER_ID,
};
use super::firebase::FirebaseConfig;
use crate::domain::{DisplayName, Gender, HashString, Language, LoginName, TotpSecret, UserId};
use crate::password::PasswordHash;
use crate::service::{Change, GivenFactors, ImportedUser, UserFields};

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
    let login_name = LoginName::parse_new(&login_name)?;
    let user_id = UserId::parse_new(fields.required(USER_ID)?)?;
    let credentials = fields.credentials(&user_id)?;
    let user = ImportedUser {
        login_name,
        user_id,
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
            credentials,
        },
        keys: None,
    };
    Ok(ParsedLine { user, weakness })
}

#[cfg(test)]
mod tests;
