//! The parts of messages that several calls of the User service share.

use crate::api::parts::{details, timestamp, url_template};
use crate::api::proto::zitadel::user::v2;
use crate::domain::{
    Address, AddressFault, Contact, DisplayName, EmailAddress, Gender, Invalid, Language,
    PhoneNumber, Profile, User,
};
use crate::error::{Error, UserError};
use crate::service::{
    Delivery, GivenContact, GivenEmail, GivenPhone, ShownState, ShownUser, Verification,
};

pub(super) fn email_address(text: &str) -> Result<EmailAddress, UserError> {
    EmailAddress::parse(text).map_err(|fault| match fault {
        AddressFault::Empty => UserError::EmailEmpty,
        AddressFault::Malformed => UserError::EmailInvalid,
    })
}

pub(super) fn phone_number(text: &str) -> Result<PhoneNumber, UserError> {
    PhoneNumber::parse(text).map_err(|fault| match fault {
        AddressFault::Empty => UserError::PhoneEmpty,
        AddressFault::Malformed => UserError::PhoneInvalid,
    })
}

/// The verification where a principal may only vouch for an address, or have a code sent.
pub(super) fn vouched(is_verified: bool) -> Result<Verification, Invalid> {
    if is_verified {
        Ok(Verification::Verified)
    } else {
        Err(Invalid::new("is_verified", "must be true if it is there"))
    }
}

/// A code for an e-mail address that is sent in a message.
pub(super) fn sent_by_email(
    message: v2::SendEmailVerificationCode,
) -> Result<Verification, Invalid> {
    url_template(message.url_template)
        .map(|template| Verification::ByCode(Delivery::Send(template)))
}

pub(super) fn given_email(email: v2::SetHumanEmail) -> Result<GivenEmail, Error> {
    use v2::set_human_email::Verification as Said;

    Ok(GivenContact {
        address: email_address(&email.email)?,
        verification: match email.verification {
            Some(Said::IsVerified(true)) => Verification::Verified,
            Some(Said::IsVerified(false)) => Verification::Unverified,
            Some(Said::SendCode(message)) => sent_by_email(message)?,
            Some(Said::ReturnCode(_)) => Verification::ByCode(Delivery::Return),
            None => Verification::ByCode(Delivery::Send(None)),
        },
    })
}

pub(super) fn given_phone(phone: &v2::SetHumanPhone) -> Result<GivenPhone, Error> {
    use v2::set_human_phone::Verification as Said;

    Ok(GivenContact {
        address: phone_number(&phone.phone)?,
        verification: match phone.verification {
            Some(Said::IsVerified(is_verified)) => vouched(is_verified)?,
            Some(Said::ReturnCode(_)) => Verification::ByCode(Delivery::Return),
            Some(Said::SendCode(_)) | None => Verification::ByCode(Delivery::Send(None)),
        },
    })
}

/// The gender in a request; `None`: it says that there is none.
pub(super) fn gender(number: i32) -> Result<Option<Gender>, Invalid> {
    match v2::Gender::try_from(number) {
        Ok(v2::Gender::Unspecified) => Ok(None),
        Ok(v2::Gender::Female) => Ok(Some(Gender::Female)),
        Ok(v2::Gender::Male) => Ok(Some(Gender::Male)),
        Ok(v2::Gender::Diverse) => Ok(Some(Gender::Diverse)),
        Err(_) => Err(Invalid::new("profile.gender", "is unknown")),
    }
}

/// The display name in a request; `None`: it is empty.
pub(super) fn display_name(text: &str) -> Result<Option<DisplayName>, Invalid> {
    DisplayName::parse_new(text)
}

/// The language in a request; `None`: it is empty.
pub(super) fn language(tag: &str) -> Result<Option<Language>, Invalid> {
    (!tag.is_empty()).then(|| Language::parse(tag)).transpose()
}

pub(super) fn user(shown: &ShownUser) -> v2::User {
    let user = &shown.account.user;
    let state = state(shown.state).into();
    let (user_id, username) = (user.user_id.to_string(), user.login_name.to_string());
    v2::User {
        details: Some(details(&shown.details)),
        state,
        r#type: Some(v2::user::Type::Human(human(shown, state))),
        login_names: vec![username.clone()],
        preferred_login_name: username.clone(),
        username,
        user_id,
    }
}

fn state(state: ShownState) -> v2::UserState {
    match state {
        ShownState::Active => v2::UserState::Active,
        ShownState::Inactive => v2::UserState::Inactive,
        ShownState::Locked => v2::UserState::Locked,
        ShownState::Unknown => v2::UserState::Unspecified,
    }
}

fn human(shown: &ShownUser, state: i32) -> v2::HumanUser {
    let account = &shown.account;
    let (user, stored) = (&account.user, &account.profile);
    let username = user.login_name.to_string();
    v2::HumanUser {
        user_id: user.user_id.to_string(),
        state,
        login_names: vec![username.clone()],
        preferred_login_name: username.clone(),
        username,
        profile: Some(profile(stored, user)),
        email: stored.shown_email().map(|email| v2::HumanEmail {
            email: email.address.to_string(),
            is_verified: email.is_verified(),
        }),
        phone: stored
            .phone
            .as_ref()
            .map(|phone: &Contact<PhoneNumber>| v2::HumanPhone {
                phone: phone.address.to_string(),
                is_verified: phone.is_verified(),
            }),
        password_change_required: user.change_required,
        password_changed: user.password_changed_at.map(timestamp),
        mfa_init_skipped: stored.mfa_skipped_at.map(timestamp),
    }
}

fn profile(profile: &Profile, user: &User) -> v2::HumanProfile {
    let shown = DisplayName::or_login_name(user.display_name.as_ref(), &user.login_name);
    let text = |name: &Option<crate::domain::PersonName>| name.as_ref().map(ToString::to_string);
    v2::HumanProfile {
        given_name: text(&profile.given_name).unwrap_or_default(),
        family_name: text(&profile.family_name).unwrap_or_default(),
        nick_name: text(&profile.nick_name),
        display_name: Some(shown.to_owned()),
        preferred_language: profile.language.as_ref().map(ToString::to_string),
        gender: profile.gender.map(|gender| match gender {
            Gender::Female => v2::Gender::Female.into(),
            Gender::Male => v2::Gender::Male.into(),
            Gender::Diverse => v2::Gender::Diverse.into(),
        }),
    }
}
