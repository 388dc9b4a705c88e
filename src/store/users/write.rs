//! The writes of users. Each is one transaction on all of a user's items that it changes, so that
//! no name, address or profile is left without its user.

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};

use super::accounts::StoredUser;
use super::addresses::{Sharing, address_key, check_alone, join, leave};
use super::factors::factors_key;
use super::item::{parse_user, pointer_item, pointer_key, user_item, user_key};
use super::parts::{AddressConflict, Part, delete_if};
use super::profile::{profile_item, profile_key};
use crate::domain::{Account, Address, Contact, SessionId, User, UserRef};
use crate::error::Error;
use crate::store::Store;
use crate::store::changes::Expression;
use crate::store::codes::CodeWrite;
use crate::store::item::text;
use crate::store::transactions::{delete_item, is_condition_failure};

/// The outcome of adding a user.
#[derive(Debug)]
pub enum InsertOutcome {
    Inserted,
    /// Another user has the login name, the user id or both.
    Taken {
        /// The user who has the login name, if it is taken.
        login_name: Option<Box<User>>,
        /// Whether the user id is taken.
        user_id: bool,
    },
    Refused(AddressConflict),
    /// Another user has a credential with the same id.
    CredentialTaken,
}

/// The outcome of changing a user.
#[derive(Debug, PartialEq, Eq)]
pub enum ChangeOutcome {
    Done,
    /// The user was changed, renamed or deleted since it was read.
    Changed,
    /// Another user has the login name.
    NameTaken,
    Refused(AddressConflict),
    /// A credential with the same id is stored, of this user or another.
    CredentialTaken,
    /// The session that was to be kept has ended.
    SessionEnded,
    /// The code was used, replaced or asked for again since it was read.
    CodeChanged,
}

/// What is written in one transaction with the change of a user.
#[derive(Clone, Debug, Default)]
pub struct Alongside {
    /// A session of the user that stays valid, if the change ends the others.
    pub kept: Option<SessionId>,
    pub codes: Vec<CodeWrite>,
}

/// How often a change is sent that was wrong about others who have a user's former address.
const TRIES: usize = 4;

impl Store {
    /// Adds a user. With `unique_emails`, no other user may have the e-mail address.
    pub async fn insert_account(
        &self,
        account: &Account,
        unique_emails: bool,
    ) -> Result<InsertOutcome, Error> {
        let user = &account.user;
        let mut parts = vec![
            (Part::User, self.put_new(user_item(user))?),
            (
                Part::Pointer,
                self.put_new(pointer_item(user, account.kinds()))?,
            ),
            // The pointer is new, so a profile under this key would be left over from a user whom
            // a release without profiles has deleted.
            (
                Part::Profile,
                self.put(profile_item(&user.user_id, &account.profile))?,
            ),
            (Part::Factors, self.first_factors_part(account)?),
        ];
        parts.extend(self.first_credentials_parts(account)?);
        parts.extend(self.addresses(None, Some(account), unique_emails, &[])?);
        let (parts, items): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
        let Some(reasons) = self.try_transact(items).await? else {
            return Ok(InsertOutcome::Inserted);
        };
        let failed: Vec<_> = parts
            .into_iter()
            .zip(&reasons)
            .filter(|(_, reason)| is_condition_failure(reason))
            .collect();
        let holder = failed.iter().find(|(part, _)| *part == Part::User);
        let holder = holder.and_then(|(_, reason)| reason.item());
        let login_name = holder.map(parse_user).transpose()?.map(Box::new);
        let user_id = failed.iter().any(|(part, _)| *part == Part::Pointer);
        if login_name.is_some() || user_id {
            return Ok(InsertOutcome::Taken {
                login_name,
                user_id,
            });
        }
        if failed.iter().any(|(part, _)| *part == Part::NewCredential) {
            return Ok(InsertOutcome::CredentialTaken);
        }
        let conflict = failed.iter().find_map(|(part, _)| part.conflict());
        conflict.map(InsertOutcome::Refused).ok_or_else(unexplained)
    }

    /// Makes a user who was read as `seen` into `after`.
    pub async fn change_account(
        &self,
        seen: &StoredUser,
        after: &Account,
        unique_emails: bool,
        alongside: &Alongside,
    ) -> Result<ChangeOutcome, Error> {
        // The former addresses that others have as well.
        let mut shared = Vec::new();
        for _ in 0..TRIES {
            let mut parts = self.login_parts(seen, after)?;
            parts.push((Part::Profile, self.profile_part(seen, after)?));
            if let Some(factors) = self.factors_part(seen, after)? {
                parts.push((Part::Factors, factors));
            }
            parts.extend(self.credentials_parts(seen, after)?);
            let addresses = self.addresses(Some(seen), Some(after), unique_emails, &shared)?;
            parts.extend(addresses);
            for code in &alongside.codes {
                parts.push((Part::Code, self.code_part(code)?));
            }
            if let Some(session) = alongside.kept
                && after.user.generation != seen.account.user.generation
            {
                let session = self.keep_session(session, seen, after)?;
                parts.push((Part::Session, session));
            }
            let failed = self.transact_parts(parts).await?;
            let Some(first) = failed.iter().min_by_key(|part| part.rank()) else {
                return Ok(ChangeOutcome::Done);
            };
            match first {
                Part::LeftEmail(Sharing::Others) | Part::LeftPhone => {
                    toggle(&mut shared, &failed);
                }
                Part::NewCredential => return Ok(ChangeOutcome::CredentialTaken),
                Part::NewName => return Ok(ChangeOutcome::NameTaken),
                Part::Session => return Ok(ChangeOutcome::SessionEnded),
                Part::Code => return Ok(ChangeOutcome::CodeChanged),
                part => {
                    let conflict = part.conflict().map(ChangeOutcome::Refused);
                    return Ok(conflict.unwrap_or(ChangeOutcome::Changed));
                }
            }
        }
        Ok(ChangeOutcome::Changed)
    }

    /// Deletes a user with all items. False: the user was changed since it was read.
    pub async fn delete_account(&self, seen: &StoredUser) -> Result<bool, Error> {
        let user = &seen.account.user;
        let mut shared = Vec::new();
        for _ in 0..TRIES {
            let pointer = self
                .delete(pointer_key(seen.user_ref()))
                .condition_expression("login_name = :name")
                .expression_attribute_values(":name", text(user.login_name.as_str()));
            let unchanged = Expression::unchanged(&seen.user_item, ["user_id", "login_name"]);
            let key = user_key(&user.login_name.folded());
            let profile = self.delete(profile_key(seen.user_ref()));
            let mut parts = vec![
                (Part::User, delete_if(self.delete(key), unchanged)?),
                (Part::Pointer, delete_item(pointer)?),
                (Part::Profile, delete_if(profile, seen.profile_unchanged())?),
                (
                    Part::Factors,
                    delete_item(self.delete(factors_key(seen.user_ref())))?,
                ),
            ];
            parts.extend(self.no_credentials_parts(seen)?);
            parts.extend(self.addresses(Some(seen), None, false, &shared)?);
            let failed = self.transact_parts(parts).await?;
            let is_left = |part: &Part| matches!(part, Part::LeftEmail(_) | Part::LeftPhone);
            if failed.is_empty() {
                return Ok(true);
            }
            if !failed.iter().all(is_left) {
                return Ok(false);
            }
            toggle(&mut shared, &failed);
        }
        Ok(false)
    }

    /// Carries out a transaction, and returns the parts whose conditions did not hold.
    async fn transact_parts(
        &self,
        parts: Vec<(Part, TransactWriteItem)>,
    ) -> Result<Vec<Part>, Error> {
        let (parts, items): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
        let reasons = self.try_transact(items).await?.unwrap_or_default();
        let failed = parts.into_iter().zip(&reasons);
        let failed = failed.filter(|(_, reason)| is_condition_failure(reason));
        Ok(failed.map(|(part, _)| part).collect())
    }

    /// The writes to the items of addresses that a change from `seen` to `after` makes, either of
    /// which is absent for a user who is added or deleted.
    ///
    /// A login name that is another user's e-mail address is refused: a page that looks for login
    /// names first would send that user's mail to a stranger.
    fn addresses(
        &self,
        seen: Option<&StoredUser>,
        after: Option<&Account>,
        unique_emails: bool,
        shared: &[Part],
    ) -> Result<Vec<(Part, TransactWriteItem)>, Error> {
        let before = seen.map(|seen| &seen.account);
        let Some(user) = after.or(before).map(|one| UserRef::from(&one.user.user_id)) else {
            return Ok(Vec::new());
        };
        let table = &self.tables.users;
        let name = |one: Option<&Account>| one.map(|one| one.user.login_name.clone());
        let new_name = name(after).filter(|new| name(before).as_ref() != Some(new));
        let name_key = new_name.and_then(|name| name.as_email());
        let name_key = name_key.map(|address| address_key(&address));
        let email = |one: Option<&Account>| contact_key(one?.profile.email.as_ref());
        let phone = |one: Option<&Account>| contact_key(one?.profile.phone.as_ref());

        let mut parts = Vec::new();
        let (old_email, new_email) = (email(before), email(after));
        // An item may be in a transaction once. So where the address is left or joined in it, that
        // has the condition of the name.
        let becomes_name = |address: &Option<AttributeValue>| {
            name_key.is_some() && name_key == *address && old_email != new_email
        };
        let left = Part::LeftEmail(Sharing::alone_if(becomes_name(&old_email)));
        let sharing = Sharing::alone_if(unique_emails || becomes_name(&new_email));
        if let Some(key) = &name_key
            && !becomes_name(&old_email)
            && !becomes_name(&new_email)
        {
            let check = check_alone(table, key.clone(), user)?;
            parts.push((Part::NameAddress, check));
        }
        let joined = Part::Email(sharing);
        for (old, new, left, joined, sharing) in [
            (old_email.clone(), new_email.clone(), left, joined, sharing),
            (
                phone(before),
                phone(after),
                Part::LeftPhone,
                Part::Phone,
                Sharing::Others,
            ),
        ] {
            if old == new {
                continue;
            }
            if let Some(old) = old {
                parts.push((left, leave(table, old, user, shared.contains(&left))?));
            }
            if let Some(new) = new {
                parts.push((joined, join(table, new, user, sharing)?));
            }
        }
        Ok(parts)
    }
}

/// Takes others to have the former addresses whose items said so, or no longer.
fn toggle(shared: &mut Vec<Part>, failed: &[Part]) {
    for part in failed {
        if shared.contains(part) {
            shared.retain(|other| other != part);
        } else {
            shared.push(*part);
        }
    }
}

fn contact_key<A: Address>(contact: Option<&Contact<A>>) -> Option<AttributeValue> {
    contact.map(|contact| address_key(&contact.address))
}

fn unexplained() -> Error {
    Error::Internal("a transaction was cancelled for a condition that it doesn't have".into())
}
