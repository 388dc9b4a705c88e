use super::codes::typed;
use super::create::{login_name, required_name};
use super::parts::{display_name, gender, given_email, given_phone, language};
use super::password::change;
use crate::api::call::{Call, Envelope};
use crate::api::parts::{details, timestamp};
use crate::api::proto::zitadel::user::v2;
use crate::domain::{DisplayName, Invalid, Language, PersonName, UserId};
use crate::error::{Error, UserError};
use crate::service::{
    Change, ChangedUser, PhoneChange, ProfileChanges, UpdateHumanUser, UpdateUser, UserChanges,
};

impl Call for UpdateUser {
    type Request = v2::UpdateUserRequest;
    type Reply = v2::UpdateUserResponse;

    fn read(message: Self::Request, _: Envelope) -> Result<Self, Error> {
        use v2::update_user_request::UserType;

        let v2::UpdateUserRequest {
            user_id,
            username,
            user_type,
        } = message;
        let human = match user_type {
            Some(UserType::Human(human)) => human,
            // What isn't carried out is refused before it is read.
            Some(UserType::Machine(_)) | None => v2::update_user_request::Human::default(),
        };
        Ok(Self {
            user_id: UserId::parse(user_id)?,
            changes: UserChanges {
                login_name: login_name(username)?,
                profile: human
                    .profile
                    .map(non_empty)
                    .transpose()?
                    .unwrap_or_default(),
                email: human.email.map(given_email).transpose()?,
                phone: human.phone.as_ref().map(phone_change).transpose()?,
                password: human.password.map(change).transpose()?,
            },
        })
    }

    fn reply(changed: ChangedUser) -> Self::Reply {
        v2::UpdateUserResponse {
            change_date: changed.details.change_date.map(timestamp),
            email_code: typed(changed.codes.email.as_ref()),
            phone_code: typed(changed.codes.phone.as_ref()),
        }
    }
}

impl Call for UpdateHumanUser {
    type Request = v2::UpdateHumanUserRequest;
    type Reply = v2::UpdateHumanUserResponse;

    fn read(message: Self::Request, _: Envelope) -> Result<Self, Error> {
        let v2::UpdateHumanUserRequest {
            user_id,
            username,
            profile,
            email,
            phone,
            password,
        } = message;
        Ok(Self {
            user_id: UserId::parse(user_id)?,
            changes: UserChanges {
                login_name: login_name(username)?,
                profile: profile.map(replaced).transpose()?.unwrap_or_default(),
                email: email.map(given_email).transpose()?,
                phone: phone.as_ref().map(phone_change).transpose()?,
                password: password.map(change).transpose()?,
            },
        })
    }

    fn reply(changed: ChangedUser) -> Self::Reply {
        v2::UpdateHumanUserResponse {
            details: Some(details(&changed.details)),
            email_code: typed(changed.codes.email.as_ref()),
            phone_code: typed(changed.codes.phone.as_ref()),
        }
    }
}

/// An empty number removes the one that there is.
fn phone_change(phone: &v2::SetHumanPhone) -> Result<PhoneChange, Error> {
    if phone.phone.is_empty() {
        return Ok(Change::Remove);
    }
    given_phone(phone).map(Change::To)
}

fn changed<T>(value: Option<T>) -> Change<T> {
    value.map_or(Change::Remove, Change::To)
}

fn nick_change(text: &str) -> Result<Change<PersonName>, Invalid> {
    PersonName::parse("nick_name", text).map(changed)
}

fn shown_change(text: &str) -> Result<Change<DisplayName>, Invalid> {
    display_name(text).map(changed)
}

fn language_change(tag: &str) -> Result<Change<Language>, Invalid> {
    language(tag).map(changed)
}

/// The changes of `UpdateHumanUser`, in which an empty text removes what there is. Both names must
/// be there.
fn replaced(profile: v2::SetHumanProfile) -> Result<ProfileChanges, Error> {
    let v2::SetHumanProfile {
        given_name,
        family_name,
        nick_name,
        display_name,
        preferred_language,
        gender: number,
    } = profile;
    let given = required_name("given_name", &given_name, UserError::GivenNameEmpty)?;
    let family = required_name("family_name", &family_name, UserError::FamilyNameEmpty)?;
    Ok(ProfileChanges {
        given_name: Some(given),
        family_name: Some(family),
        nick_name: nick_name.as_deref().map(nick_change).transpose()?,
        display_name: display_name.as_deref().map(shown_change).transpose()?,
        language: preferred_language
            .as_deref()
            .map(language_change)
            .transpose()?,
        gender: number
            .map(|number| gender(number).map(changed))
            .transpose()?,
    })
}

/// The changes of `UpdateUser`, in which no text may be empty.
fn non_empty(profile: v2::update_user_request::human::Profile) -> Result<ProfileChanges, Error> {
    let v2::update_user_request::human::Profile {
        given_name,
        family_name,
        nick_name,
        display_name,
        preferred_language,
        gender: number,
    } = profile;
    for (field, text) in [
        ("nick_name", &nick_name),
        ("display_name", &display_name),
        ("preferred_language", &preferred_language),
    ] {
        if text.as_ref().is_some_and(|text| text.trim().is_empty()) {
            return Err(Invalid::new(field, "must not be empty").into());
        }
    }
    let given =
        given_name.map(|name| required_name("given_name", &name, UserError::GivenNameEmpty));
    let family =
        family_name.map(|name| required_name("family_name", &name, UserError::FamilyNameEmpty));
    Ok(ProfileChanges {
        given_name: given.transpose()?,
        family_name: family.transpose()?,
        nick_name: nick_name.as_deref().map(nick_change).transpose()?,
        display_name: display_name.as_deref().map(shown_change).transpose()?,
        language: preferred_language
            .as_deref()
            .map(language_change)
            .transpose()?,
        // It can't be emptied: what says that there is none says nothing.
        gender: number.map(gender).transpose()?.flatten().map(Change::To),
    })
}
