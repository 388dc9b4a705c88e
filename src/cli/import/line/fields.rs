//! The members of a line.

use std::collections::{BTreeSet, HashMap};
use std::mem;

use serde_json::Value;
use serde_json::error::Category;

use super::error::LineError;
use crate::api::codec::json::{Tree, parse_timestamp};
use crate::base64::decode;
use crate::cli::credential_json::CredentialJson;
use crate::domain::{
    Address, Credentials, PersonName, RecoveryCodeHash, Timestamp, UserId, UserState,
};
use crate::service::{Change, GivenCredential};

pub(super) const USER_ID: &str = "userId";
pub(super) const LOGIN_NAME: &str = "loginName";
pub(super) const DISPLAY_NAME: &str = "displayName";
pub(super) const GIVEN_NAME: &str = "givenName";
pub(super) const FAMILY_NAME: &str = "familyName";
pub(super) const NICK_NAME: &str = "nickName";
pub(super) const LANGUAGE: &str = "preferredLanguage";
pub(super) const GENDER: &str = "gender";
pub(super) const EMAIL: &str = "email";
pub(super) const EMAIL_VERIFIED: &str = "emailVerified";
pub(super) const PHONE: &str = "phone";
pub(super) const PHONE_VERIFIED: &str = "phoneVerified";
pub(super) const STATE: &str = "state";
pub(super) const CREATED_AT: &str = "createdAt";
pub(super) const PASSWORD_HASH: &str = "passwordHash";
pub(super) const TOTP_SECRET: &str = "totpSecret";
pub(super) const RECOVERY_CODES: &str = "recoveryCodeHashes";
pub(super) const OTP_EMAIL: &str = "otpEmail";
pub(super) const OTP_SMS: &str = "otpSms";
pub(super) const CREDENTIALS: &str = "credentials";
pub(super) const SALT: &str = "salt";

/// All fields but the salt.
pub(super) const FIELDS: [&str; 20] = [
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
    CREDENTIALS,
];

/// The members of a line's object that have a value. An empty text is none.
pub(super) struct Fields {
    texts: HashMap<&'static str, String>,
    flags: HashMap<&'static str, bool>,
    lists: HashMap<&'static str, Vec<Tree>>,
}

/// Those that are true or false.
const FLAGS: [&str; 4] = [EMAIL_VERIFIED, PHONE_VERIFIED, OTP_EMAIL, OTP_SMS];
const CREDENTIALS_FORM: &str = "a list of up to 20 different passkeys and security keys";
/// As many as a user has at most.
const MAX_RECOVERY_CODES: usize = 10;

impl Fields {
    pub(super) fn read(line: &[u8], has_salt: bool) -> Result<Self, LineError> {
        // Without the line end: an error after it would have no column.
        let line = line.trim_ascii_end();
        let tree = serde_json::from_slice(line).map_err(|error| match error.classify() {
            Category::Data => LineError::Twice("a field"),
            Category::Syntax | Category::Eof | Category::Io => LineError::NotJson(error.column()),
        })?;
        let Tree::Object(members) = tree else {
            return Err(LineError::NotAnObject);
        };
        let (mut texts, mut flags, mut lists) = (HashMap::new(), HashMap::new(), HashMap::new());
        for (name, value) in members {
            let name = field(&name, has_salt)?;
            let is_flag = FLAGS.contains(&name);
            let is_list = [RECOVERY_CODES, CREDENTIALS].contains(&name);
            let is_twice = match value {
                Tree::Null => false,
                Tree::Bool(flag) if is_flag => flags.insert(name, flag).is_some(),
                _ if is_flag => return Err(LineError::NotABoolean(name)),
                Tree::Array(list) if is_list => lists.insert(name, list).is_some(),
                _ if name == RECOVERY_CODES => return Err(LineError::NotAList(name)),
                _ if is_list => return Err(LineError::NoSuchValue(name, CREDENTIALS_FORM)),
                Tree::String(mut text) => texts.insert(name, mem::take(&mut *text)).is_some(),
                _ => return Err(LineError::NotAString(name)),
            };
            if is_twice {
                return Err(LineError::Twice(name));
            }
        }
        Ok(Self {
            texts,
            flags,
            lists,
        })
    }

    pub(super) fn required(&mut self, name: &'static str) -> Result<String, LineError> {
        self.texts.remove(name).ok_or(LineError::Missing(name))
    }

    pub(super) fn text(&mut self, name: &'static str) -> Option<String> {
        self.texts.remove(name).filter(|text| !text.is_empty())
    }

    pub(super) fn parse<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, LineError>,
    ) -> Result<Option<Change<T>>, LineError> {
        let value = self.text(name).map(|text| parse(&text)).transpose()?;
        Ok(value.map(Change::To))
    }

    pub(super) fn name(
        &mut self,
        field: &'static str,
    ) -> Result<Option<Change<PersonName>>, LineError> {
        let name = self.text(field).map(|text| PersonName::parse(field, &text));
        Ok(name.transpose()?.flatten().map(Change::To))
    }

    /// An address, and whether it is verified, which says nothing without one.
    pub(super) fn contact<A: Address>(
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

    pub(super) fn flag(&mut self, name: &'static str) -> Option<bool> {
        self.flags.remove(name)
    }

    /// The hashes of recovery codes. An empty list is none.
    pub(super) fn recovery_codes(
        &mut self,
    ) -> Result<Option<BTreeSet<RecoveryCodeHash>>, LineError> {
        let form = "a list of up to 10 hashes of 32 bytes in base64";
        let wrong = || LineError::NoSuchValue(RECOVERY_CODES, form);
        let list = self.lists.remove(RECOVERY_CODES).unwrap_or_default();
        let hashes = list.iter().map(|item| match item {
            Tree::String(text) => {
                let hash = decode(text.as_str()).and_then(|bytes| bytes.try_into().ok());
                let hash = hash.map(RecoveryCodeHash::new);
                hash.ok_or(wrong())
            }
            _ => Err(LineError::NotAList(RECOVERY_CODES)),
        });
        let hashes = hashes.collect::<Result<BTreeSet<_>, _>>()?;
        if hashes.len() > MAX_RECOVERY_CODES {
            return Err(wrong());
        }
        Ok((!hashes.is_empty()).then_some(hashes))
    }

    /// The passkeys and security keys of a user. An empty list is none.
    pub(super) fn credentials(
        &mut self,
        user: &UserId,
    ) -> Result<Option<Vec<GivenCredential>>, LineError> {
        let Some(list) = self
            .lists
            .remove(CREDENTIALS)
            .filter(|list| !list.is_empty())
        else {
            return Ok(None);
        };
        let wrong = || LineError::NoSuchValue(CREDENTIALS, CREDENTIALS_FORM);
        if list.len() > Credentials::MAX {
            return Err(wrong());
        }
        let given = list.into_iter().map(|tree| {
            let json: CredentialJson = serde_json::from_value(value(tree))
                .map_err(|_| LineError::Credential("an object"))?;
            json.given(user).map_err(LineError::Credential)
        });
        let given = given.collect::<Result<Vec<_>, _>>()?;
        let ids: BTreeSet<_> = given.iter().map(|one| &one.credential.id).collect();
        let names: BTreeSet<_> = given.iter().map(|one| one.registration.0).collect();
        if ids.len() < given.len() || names.len() < given.len() {
            return Err(wrong());
        }
        Ok(Some(given))
    }

    pub(super) fn state(&mut self) -> Result<Option<UserState>, LineError> {
        let wrong = LineError::NoSuchValue(STATE, "active, inactive or locked");
        let Some(name) = self.text(STATE) else {
            return Ok(None);
        };
        let state = UserState::named(&name).filter(|state| *state != UserState::Unknown);
        state.map(Some).ok_or(wrong)
    }

    pub(super) fn time(&mut self, name: &'static str) -> Result<Option<Timestamp>, LineError> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        let at = parse_timestamp(&text).ok_or(LineError::NotATime(name))?;
        let millis = at.seconds * 1000 + i64::from(at.nanos / 1_000_000);
        Ok(Some(Timestamp::from_millis(millis)))
    }
}

fn value(tree: Tree) -> Value {
    match tree {
        Tree::Null => Value::Null,
        Tree::Bool(flag) => flag.into(),
        Tree::Number(number) => number
            .to_string()
            .parse()
            .map_or(Value::Null, Value::Number),
        Tree::String(text) => text.as_str().into(),
        Tree::Array(list) => list.into_iter().map(value).collect(),
        Tree::Object(members) => {
            let members = members.into_iter();
            members.map(|(name, tree)| (name, value(tree))).collect()
        }
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
