use std::collections::HashMap;
use std::mem;

use serde_json::error::Category;

use super::firebase::FirebaseConfig;
use crate::api::codec::json::{Tree, parse_timestamp};
use crate::domain::{
    Address, AddressFault, DisplayName, Gender, HashString, Invalid, Language, LoginName,
    PersonName, Timestamp, UserId, UserState, printable,
};
use crate::password::{PasswordHash, Unsupported};
use crate::service::{Change, ImportedUser, UserFields};

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
const SALT: &str = "salt";

/// All fields but the salt.
const FIELDS: [&str; 15] = [
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
    };
    Ok(ParsedLine { user, weakness })
}

/// The members of a line's object that have a value. An empty text is none.
struct Fields {
    texts: HashMap<&'static str, String>,
    flags: HashMap<&'static str, bool>,
}

impl Fields {
    fn read(line: &[u8], has_salt: bool) -> Result<Self, LineError> {
        // Without the line end: an error after it would have no column.
        let line = line.trim_ascii_end();
        let tree = serde_json::from_slice(line).map_err(|error| match error.classify() {
            Category::Data => LineError::Twice("a field"),
            Category::Syntax | Category::Eof | Category::Io => LineError::NotJson(error.column()),
        })?;
        let Tree::Object(members) = tree else {
            return Err(LineError::NotAnObject);
        };
        let (mut texts, mut flags) = (HashMap::new(), HashMap::new());
        for (name, value) in members {
            let name = field(&name, has_salt)?;
            let is_flag = [EMAIL_VERIFIED, PHONE_VERIFIED].contains(&name);
            let is_twice = match value {
                Tree::Null => false,
                Tree::Bool(flag) if is_flag => flags.insert(name, flag).is_some(),
                _ if is_flag => return Err(LineError::NotABoolean(name)),
                Tree::String(mut text) => texts.insert(name, mem::take(&mut *text)).is_some(),
                _ => return Err(LineError::NotAString(name)),
            };
            if is_twice {
                return Err(LineError::Twice(name));
            }
        }
        Ok(Self { texts, flags })
    }

    fn required(&mut self, name: &'static str) -> Result<String, LineError> {
        self.texts.remove(name).ok_or(LineError::Missing(name))
    }

    fn text(&mut self, name: &'static str) -> Option<String> {
        self.texts.remove(name).filter(|text| !text.is_empty())
    }

    fn parse<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, LineError>,
    ) -> Result<Option<Change<T>>, LineError> {
        let value = self.text(name).map(|text| parse(&text)).transpose()?;
        Ok(value.map(Change::To))
    }

    fn name(&mut self, field: &'static str) -> Result<Option<Change<PersonName>>, LineError> {
        let name = self.text(field).map(|text| PersonName::parse(field, &text));
        Ok(name.transpose()?.flatten().map(Change::To))
    }

    /// An address, and whether it is verified, which says nothing without one.
    fn contact<A: Address>(
        &mut self,
        address: &'static str,
        verified: &'static str,
    ) -> Result<(Option<Change<A>>, Option<bool>), LineError> {
        let parse = |text: &str| A::parse(text).map_err(|fault| LineError::Address(address, fault));
        let contact = self.parse(address, parse)?;
        let verified = self.flags.remove(verified);
        if contact.is_none() && verified == Some(true) {
            return Err(LineError::Missing(address));
        }
        let verified = verified.filter(|_| contact.is_some());
        Ok((contact, verified))
    }

    fn state(&mut self) -> Result<Option<UserState>, LineError> {
        let wrong = LineError::NoSuchValue(STATE, "active, inactive or locked");
        let Some(name) = self.text(STATE) else {
            return Ok(None);
        };
        let state = UserState::named(&name).filter(|state| *state != UserState::Unknown);
        state.map(Some).ok_or(wrong)
    }

    fn time(&mut self, name: &'static str) -> Result<Option<Timestamp>, LineError> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        let at = parse_timestamp(&text).ok_or(LineError::NotATime(name))?;
        let millis = at.seconds * 1000 + i64::from(at.nanos / 1_000_000);
        Ok(Some(Timestamp::from_millis(millis)))
    }
}

/// The field of this name, in camel case or snake case.
fn field(name: &str, has_salt: bool) -> Result<&'static str, LineError> {
    let is_named = |field: &str| {
        let mut snake_case = String::new();
        for c in field.chars() {
            if c.is_ascii_uppercase() {
                snake_case.push('_');
            }
            snake_case.push(c.to_ascii_lowercase());
        }
        name == field || name == snake_case
    };
    let found = FIELDS.into_iter().find(|field| is_named(field));
    match (found, name) {
        (Some(field), _) => Ok(field),
        (None, SALT) if has_salt => Ok(SALT),
        (None, "password") => Err(LineError::Plaintext),
        _ => Err(LineError::UnknownField(name.chars().take(40).collect())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e";

    #[test]
    fn field_names_may_be_in_camel_case_or_snake_case() {
        for line in [
            format!(
                r#"{{"userId":"1","loginName":"a","displayName":"A","passwordHash":"{HASH}","givenName":"Ada","familyName":"King","nickName":"a","preferredLanguage":"en","gender":"female","email":"a@x.org","emailVerified":true,"phone":"+49 30 12345","phoneVerified":false,"state":"locked","createdAt":"2024-02-29T01:00:00.0019+01:00"}}"#
            ),
            format!(
                r#" {{"password_hash":"{HASH}","display_name":"A","login_name":"a","user_id":"1","given_name":"Ada","family_name":"King","nick_name":"a","preferred_language":"en","gender":"female","email":"a@x.org","email_verified":true,"phone":"+493012345","phone_verified":false,"state":"locked","created_at":"2024-02-29T00:00:00.001Z"}} "#
            ),
        ] {
            let user = parse(line.as_bytes(), None).unwrap().user;

            assert_eq!(user.user_id.as_str(), "1", "{line}");
            assert_eq!(user.login_name.as_str(), "a", "{line}");
            let person = |name: &str| PersonName::parse("", name).unwrap().map(Change::To);
            let fields = user.fields;
            assert_eq!(
                fields.display_name,
                Some(Change::To(DisplayName::from_stored("A".into())))
            );
            assert_eq!(fields.given_name, person("Ada"));
            assert_eq!(fields.family_name, person("King"));
            assert_eq!(fields.nick_name, person("a"));
            assert_eq!(
                fields.language,
                Some(Change::To(Language::parse("en").unwrap()))
            );
            assert_eq!(fields.gender, Some(Change::To(Gender::Female)));
            assert_eq!(
                fields.email,
                Some(Change::To(Address::parse("a@x.org").unwrap()))
            );
            assert_eq!(
                fields.phone,
                Some(Change::To(Address::parse("+493012345").unwrap()))
            );
            assert_eq!(
                [fields.email_verified, fields.phone_verified],
                [Some(true), Some(false)]
            );
            assert_eq!(fields.state, Some(UserState::Locked));
            assert_eq!(
                fields.created_at,
                Some(Timestamp::from_millis(1_709_164_800_001))
            );
            assert_eq!(fields.password_hash.unwrap().as_str(), HASH, "{line}");
        }
    }

    #[test]
    fn what_a_line_leaves_out_is_none() {
        let required = r#""userId":"1","loginName":"a","emailVerified":false"#;
        let optional = FIELDS.iter().filter(|name| !required.contains(*name));
        let with = |value: &str| {
            let members = optional.clone().map(|name| format!(r#","{name}":{value}"#));
            members.collect::<Vec<_>>().concat()
        };
        for rest in [
            "",
            &with("null"),
            &with(r#""""#).replace(r#""phoneVerified":"""#, r#""phoneVerified":null"#),
        ] {
            let line = format!("{{{required}{rest}}}");

            let fields = parse(line.as_bytes(), None).unwrap().user.fields;

            assert_eq!(fields, UserFields::default(), "{line}");
        }
    }

    #[test]
    fn an_invalid_line_is_refused_with_its_reason_and_without_its_values() {
        const TABLE: &str = r#"
            {"userId":"1","loginName": => the line is not JSON (column 26)
            V3ryS3cure! => the line is not JSON (column 1)
            {} {} => the line is not JSON (column 4)
            "V3ryS3cure!" => the line is not a JSON object
            [] => the line is not a JSON object
            null => the line is not a JSON object
            {} => loginName is missing
            {"loginName":"a"} => userId is missing
            {"userId":"1","loginName":null} => loginName is missing
            {"userId":1,"loginName":"a"} => userId is not a string
            {"userId":"1","user_id":"1","loginName":"a"} => userId is there twice
            {"userId":"1","userId":"V3ryS3cure!","loginName":"a"} => a field is there twice
            {"userId":"1","loginName":"a","password":"V3ryS3cure!"} => plaintext passwords are not accepted: passwordHash takes a hash
            {"userId":"1","loginName":"a","e\u001bmail":"V3ryS3cure!"} => e\u{1b}mail is no field of a user
            {"userId":"1","loginName":"a","passwordHash":"V3ryS3cure!"} => passwordHash can't be used: the string is not a PHC or modular crypt string
            {"userId":"1","loginName":"a","passwordHash":"$7$V3ryS3cure!$x"} => passwordHash can't be used: it looks like crypt's own scrypt, which is not supported
            {"userId":"","loginName":"a"} => invalid user_id: must be 1 to 200 characters long
            {"userId":"1","loginName":"a","email":"V3ryS3cure!"} => email can't be used: it is malformed
            {"userId":"1","loginName":"a","phone":"V3ryS3cure!"} => phone can't be used: it is malformed
            {"userId":"1","loginName":"a","emailVerified":true} => email is missing
            {"userId":"1","loginName":"a","phone_verified":true} => phone is missing
            {"userId":"1","loginName":"a","emailVerified":"true"} => emailVerified is neither true nor false
            {"userId":"1","loginName":"a","email":true} => email is not a string
            {"userId":"1","loginName":"a","state":"V3ryS3cure!"} => state is not active, inactive or locked
            {"userId":"1","loginName":"a","state":"unknown"} => state is not active, inactive or locked
            {"userId":"1","loginName":"a","gender":"V3ryS3cure!"} => gender is not female, male or diverse
            {"userId":"1","loginName":"a","createdAt":"V3ryS3cure!"} => createdAt is not a time such as 2026-01-31T23:59:59Z
            {"userId":"1","loginName":"a","createdAt":7} => createdAt is not a string
            {"userId":"1","loginName":"a","nickName":"a\nb"} => invalid nickName: must not have control characters or line ends
            {"userId":"1","loginName":"a","preferredLanguage":"V3ryS3cure!"} => invalid preferred_language: is not a language tag of at most 10 characters, such as de or pt-BR
            {"userId":"1","loginName":"LONG"} => invalid login_name: must be 1 to 200 characters long
        "#;
        for row in TABLE.trim().lines() {
            let (line, want) = row.trim().split_once(" => ").unwrap();
            let line = line.replace("LONG", &"a".repeat(201));
            let reason = parse(line.as_bytes(), None).unwrap_err().to_string();

            assert_eq!(reason, want, "{line}");
            assert!(!reason.contains("V3ryS3cure!"), "{line}");
        }
    }
}
