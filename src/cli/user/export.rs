use std::io::{self, BufWriter, Write as _};

use serde::Serialize;

use crate::cli::failure::Failure;
use crate::cli::import::Progress;
use crate::cli::output::{note, warn};
use crate::domain::{
    Account, Contact, DisplayName, Gender, HashString, Language, PersonName, Timestamp,
};
use crate::service::Users;

/// A user as a line that an import reads. What the user has none of is left out.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    user_id: &'a str,
    login_name: &'a str,
    /// The login name, if the user has none: without any, an import would make one of the given and
    /// the family name.
    display_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    given_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    family_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nick_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    preferred_language: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gender: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email_verified: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone_verified: Option<bool>,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    password_hash: Option<&'a str>,
}

impl<'a> Line<'a> {
    fn new(account: &'a Account) -> Self {
        let Account { user, profile, .. } = account;
        let name = |name: &'a Option<PersonName>| name.as_ref().map(PersonName::as_str);
        let (email, phone) = (profile.email.as_ref(), profile.phone.as_ref());
        Self {
            user_id: user.user_id.as_str(),
            login_name: user.login_name.as_str(),
            display_name: DisplayName::or_login_name(user.display_name.as_ref(), &user.login_name),
            given_name: name(&profile.given_name),
            family_name: name(&profile.family_name),
            nick_name: name(&profile.nick_name),
            preferred_language: profile.language.as_ref().map(Language::as_str),
            gender: profile.gender.map(Gender::as_str),
            email: email.map(|email| email.address.as_str()),
            email_verified: email.map(Contact::is_verified),
            phone: phone.map(|phone| phone.address.as_str()),
            phone_verified: phone.map(Contact::is_verified),
            state: user.state.as_str(),
            created_at: profile.created_at.map(Timestamp::to_rfc3339),
            password_hash: user.password_hash.as_ref().map(HashString::as_str),
        }
    }
}

/// Writes all users to stdout, as an import reads them.
pub async fn export(users: &Users) -> Result<(), Failure> {
    warn("the output has the users' password hashes: it is as secret as the users table");
    let mut progress = Progress::new(None);
    let mut stdout = BufWriter::new(io::stdout().lock());
    let mut count = 0_u64;
    let written: Result<(), Failure> = users
        .list(|account| {
            serde_json::to_writer(&mut stdout, &Line::new(&account)).map_err(io::Error::from)?;
            stdout.write_all(b"\n")?;
            count += 1;
            progress.update(0, || format!("{count} users"));
            Ok(())
        })
        .await;
    progress.erase();
    written?;
    stdout.flush()?;
    note(format_args!("{count} users"));
    Ok(())
}
