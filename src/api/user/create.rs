use super::codes::typed;
use super::parts::{display_name, gender, given_email, given_phone, language};
use super::password::{hashed, plain};
use crate::api::call::{Call, Envelope};
use crate::api::parts::{details, timestamp};
use crate::api::proto::zitadel::object::v2::{Organization, organization};
use crate::api::proto::zitadel::user::v2;
use crate::domain::{DisplayName, Invalid, LoginName, PersonName, Profile, TotpSecret, UserId};
use crate::error::{Error, UserError};
use crate::service::{AddHumanUser, CreateUser, CreatedUser, OrganizationName, Registration};

impl Call for CreateUser {
    type Request = v2::CreateUserRequest;
    type Reply = v2::CreateUserResponse;

    fn read(message: Self::Request, _: Envelope) -> Result<Self, Error> {
        use v2::create_user_request::UserType;
        use v2::create_user_request::human::PasswordType;

        let v2::CreateUserRequest {
            organization_id,
            user_id,
            username,
            user_type,
            metadata: _,
        } = message;
        if !(1..=200).contains(&organization_id.chars().count()) {
            let reason = "must be 1 to 200 characters long";
            return Err(Invalid::new("organization_id", reason).into());
        }
        let Some(UserType::Human(human)) = user_type else {
            return Err(Invalid::new("human", "must be there").into());
        };
        let (profile, display_name) = profile(human.profile)?;
        Ok(Self(Registration {
            organization: Some(OrganizationName::Id(organization_id)),
            user_id: user_id.map(UserId::parse_new).transpose()?,
            login_name: login_name(username)?,
            display_name,
            profile,
            email: given_email(human.email.unwrap_or_default())?,
            phone: human.phone.as_ref().map(given_phone).transpose()?,
            password: match human.password_type {
                Some(PasswordType::Password(given)) => Some(plain(given)?),
                Some(PasswordType::HashedPassword(given)) => Some(hashed(given)?),
                None => None,
            },
            totp_secret: human.totp_secret.map(TotpSecret::from_base32).transpose()?,
        }))
    }

    fn reply(created: CreatedUser) -> Self::Reply {
        v2::CreateUserResponse {
            id: created.user_id.to_string(),
            creation_date: Some(timestamp(created.created_at)),
            email_code: typed(created.codes.email.as_ref()),
            phone_code: typed(created.codes.phone.as_ref()),
        }
    }
}

impl Call for AddHumanUser {
    type Request = v2::AddHumanUserRequest;
    type Reply = v2::AddHumanUserResponse;

    fn read(message: Self::Request, _: Envelope) -> Result<Self, Error> {
        use v2::add_human_user_request::PasswordType;

        let v2::AddHumanUserRequest {
            user_id,
            username,
            organization,
            profile: names,
            email,
            phone,
            password_type,
            metadata: _,
            idp_links: _,
            totp_secret,
        } = message;
        let (profile, display_name) = profile(names)?;
        Ok(Self(Registration {
            organization: organization.and_then(organization_name),
            user_id: user_id.map(UserId::parse_new).transpose()?,
            login_name: login_name(username)?,
            display_name,
            profile,
            email: given_email(email.unwrap_or_default())?,
            phone: phone.as_ref().map(given_phone).transpose()?,
            password: match password_type {
                Some(PasswordType::Password(given)) => Some(plain(given)?),
                Some(PasswordType::HashedPassword(given)) => Some(hashed(given)?),
                None => None,
            },
            totp_secret: totp_secret.map(TotpSecret::from_base32).transpose()?,
        }))
    }

    fn reply(created: CreatedUser) -> Self::Reply {
        v2::AddHumanUserResponse {
            user_id: created.user_id.to_string(),
            details: Some(details(&created.details)),
            email_code: typed(created.codes.email.as_ref()),
            phone_code: typed(created.codes.phone.as_ref()),
        }
    }
}

fn organization_name(named: Organization) -> Option<OrganizationName> {
    Some(match named.org? {
        organization::Org::OrgId(id) => OrganizationName::Id(id),
        organization::Org::OrgDomain(_) => OrganizationName::Domain,
    })
}

/// The login name that a user is given, if it is there.
pub(super) fn login_name(text: Option<String>) -> Result<Option<LoginName>, UserError> {
    let name = text.map(|text| LoginName::parse_new(&text));
    name.transpose().map_err(UserError::LoginNameInvalid)
}

/// A name that must be there.
pub(super) fn required_name(
    field: &'static str,
    text: &str,
    missing: UserError,
) -> Result<PersonName, Error> {
    PersonName::parse(field, text)?.ok_or_else(|| missing.into())
}

/// A profile without contacts, and the display name.
fn profile(given: Option<v2::SetHumanProfile>) -> Result<(Profile, Option<DisplayName>), Error> {
    let v2::SetHumanProfile {
        given_name,
        family_name,
        nick_name,
        display_name: shown,
        preferred_language,
        gender: number,
    } = given.unwrap_or_default();
    let given = required_name("given_name", &given_name, UserError::GivenNameEmpty)?;
    let family = required_name("family_name", &family_name, UserError::FamilyNameEmpty)?;
    let nick_name = nick_name.map(|name| PersonName::parse("nick_name", &name));
    let tag = preferred_language.as_deref().map(language).transpose()?;
    let shown = shown.as_deref().map(display_name).transpose()?;
    let profile = Profile {
        given_name: Some(given),
        family_name: Some(family),
        nick_name: nick_name.transpose()?.flatten(),
        language: tag.flatten(),
        gender: number.map(gender).transpose()?.flatten(),
        ..Profile::default()
    };
    Ok((profile, shown.flatten()))
}
