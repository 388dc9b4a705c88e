use super::parts::user;
use crate::api::call::{Call, Envelope};
use crate::api::parts::{bounded, details, page, timestamp};
use crate::api::proto::zitadel::object::v2::ListDetails;
use crate::api::proto::zitadel::user::v2;
use crate::domain::{FactorKind, Timestamp, UserId};
use crate::error::Error;
use crate::service::{
    GetUserByID, ListAuthenticationMethodTypes, ListIDPLinks, ListedMethods, ShownUser,
};

impl Call for GetUserByID {
    type Request = v2::GetUserByIdRequest;
    type Reply = v2::GetUserByIdResponse;

    fn read(message: Self::Request, _: Envelope) -> Result<Self, Error> {
        let v2::GetUserByIdRequest { user_id } = message;
        Ok(Self {
            user_id: UserId::parse(user_id)?,
        })
    }

    fn reply(shown: Box<ShownUser>) -> Self::Reply {
        v2::GetUserByIdResponse {
            details: Some(details(&shown.details)),
            user: Some(user(&shown)),
        }
    }
}

impl Call for ListAuthenticationMethodTypes {
    type Request = v2::ListAuthenticationMethodTypesRequest;
    type Reply = v2::ListAuthenticationMethodTypesResponse;

    /// Each passkey has a domain, so whether those without one are listed makes no difference.
    fn read(message: Self::Request, _: Envelope) -> Result<Self, Error> {
        let v2::ListAuthenticationMethodTypesRequest {
            user_id,
            domain_query,
        } = message;
        let domain = domain_query.map(|query| query.domain);
        Ok(Self {
            user_id: UserId::parse(user_id)?,
            domain: bounded("domain_query.domain", domain)?,
        })
    }

    fn reply(listed: ListedMethods) -> Self::Reply {
        let password = listed
            .has_password
            .then_some(v2::AuthenticationMethodType::Password);
        let seconds = listed.kinds.iter().map(|kind| match kind {
            FactorKind::Totp => v2::AuthenticationMethodType::Totp,
            FactorKind::OtpEmail => v2::AuthenticationMethodType::OtpEmail,
            FactorKind::OtpSms => v2::AuthenticationMethodType::OtpSms,
            FactorKind::RecoveryCodes => v2::AuthenticationMethodType::RecoveryCode,
            FactorKind::Passkey => v2::AuthenticationMethodType::Passkey,
            FactorKind::U2f => v2::AuthenticationMethodType::U2f,
        });
        let types = password.into_iter().chain(seconds).map(i32::from);
        let types: Vec<_> = types.collect();
        v2::ListAuthenticationMethodTypesResponse {
            details: Some(ListDetails {
                total_result: types.len() as u64,
                processed_sequence: listed.sequence,
                timestamp: Some(timestamp(listed.timestamp)),
            }),
            auth_method_types: types,
        }
    }
}

impl Call for ListIDPLinks {
    type Request = v2::ListIdpLinksRequest;
    type Reply = v2::ListIdpLinksResponse;

    fn read(message: Self::Request, _: Envelope) -> Result<Self, Error> {
        let v2::ListIdpLinksRequest { user_id, query } = message;
        Ok(Self {
            user_id: UserId::parse(user_id)?,
            page: page(query)?,
        })
    }

    fn reply(read_at: Timestamp) -> Self::Reply {
        v2::ListIdpLinksResponse {
            details: Some(ListDetails {
                total_result: 0,
                processed_sequence: 0,
                timestamp: Some(timestamp(read_at)),
            }),
            result: Vec::new(),
        }
    }
}
