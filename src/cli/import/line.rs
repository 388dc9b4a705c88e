use std::collections::HashMap;
use std::mem;

use serde_json::error::Category;

use super::firebase::FirebaseConfig;
use crate::api::codec::json::Tree;
use crate::domain::{
    DisplayName, HashString, Invalid, LoginName, NewUser, Profile, UserId, UserState, printable,
};
use crate::password::{PasswordHash, Unsupported};

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
const PASSWORD_HASH: &str = "passwordHash";
const SALT: &str = "salt";

/// A user that was read from a line.
#[derive(Debug)]
pub struct ImportedUser {
    pub user: NewUser,
    /// The name of the weak scheme, if the hash costs an attacker less than OWASP asks for.
    pub weakness: Option<&'static str>,
}

/// Reads a user from a line. With `firebase`, the hash is that of a Firebase project, and its salt
/// is a field of its own.
pub fn parse(line: &[u8], firebase: Option<&FirebaseConfig>) -> Result<ImportedUser, LineError> {
    // Without the line end: an error after it would have no column.
    let line = line.trim_ascii_end();
    let tree = serde_json::from_slice(line).map_err(|error| match error.classify() {
        Category::Data => LineError::Twice("a field"),
        Category::Syntax | Category::Eof | Category::Io => LineError::NotJson(error.column()),
    })?;
    let Tree::Object(members) = tree else {
        return Err(LineError::NotAnObject);
    };
    let mut fields = HashMap::<_, String>::new();
    for (name, value) in members {
        let name = match name.as_str() {
            "userId" | "user_id" => USER_ID,
            "loginName" | "login_name" => LOGIN_NAME,
            "displayName" | "display_name" => DISPLAY_NAME,
            "passwordHash" | "password_hash" => PASSWORD_HASH,
            "salt" if firebase.is_some() => SALT,
            "password" => return Err(LineError::Plaintext),
            _ => return Err(LineError::UnknownField(name.chars().take(40).collect())),
        };
        let before = match value {
            Tree::Null => None,
            Tree::String(mut text) => fields.insert(name, mem::take(&mut text)),
            _ => return Err(LineError::NotAString(name)),
        };
        if before.is_some() {
            return Err(LineError::Twice(name));
        }
    }
    let mut optional = |name| fields.remove(name);
    let display_name = optional(DISPLAY_NAME).unwrap_or_default();
    let hash = optional(PASSWORD_HASH);
    let mut required = |name| optional(name).ok_or(LineError::Missing(name));
    let login_name = required(LOGIN_NAME)?;
    let hash = match (hash, firebase) {
        (None, _) => None,
        (Some(text), None) => Some(PasswordHash::parse(&text)?),
        (Some(text), Some(firebase)) => Some(firebase.hash(&text, &required(SALT)?)?),
    };
    let weakness = hash.as_ref().and_then(PasswordHash::weakness);
    let user = NewUser {
        login_name: LoginName::parse_new(&login_name)?,
        user_id: UserId::parse_new(required(USER_ID)?)?,
        display_name: DisplayName::parse_new(&display_name)?,
        state: UserState::Active,
        password_hash: hash.map(HashString::from),
        change_required: false,
        profile: Profile::default(),
    };
    Ok(ImportedUser { user, weakness })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e";

    #[test]
    fn field_names_may_be_in_camel_case_or_snake_case() {
        for line in [
            format!(
                r#"{{"userId":"1","loginName":"a","displayName":"A","passwordHash":"{HASH}"}}"#
            ),
            format!(
                r#" {{"password_hash":"{HASH}","display_name":"A","login_name":"a","user_id":"1"}} "#
            ),
        ] {
            let user = parse(line.as_bytes(), None).unwrap().user;

            assert_eq!(user.user_id.as_str(), "1", "{line}");
            assert_eq!(user.login_name.as_str(), "a", "{line}");
            let name = user.display_name.as_ref();
            assert_eq!(name.map(DisplayName::as_str), Some("A"), "{line}");
            assert_eq!(user.password_hash.unwrap().as_str(), HASH, "{line}");
        }
    }

    #[test]
    fn optional_fields_have_defaults() {
        let line = br#"{"userId":"1","loginName":"a","displayName":null,"passwordHash":null}"#;

        let user = parse(line, None).unwrap().user;

        assert_eq!(user.display_name, None);
        assert!(user.password_hash.is_none());
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
