//! What several calls of the Session service have in their messages.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use crate::api::parts::{timestamp, url_template};
use crate::api::proto::zitadel::session::v2;
use crate::api::structs::{from_json, to_json};
use crate::domain::{
    Factor, FactorKind, Invalid, LoginName, NamedSession, OneTimeCode, Password, PresentedOtp,
    PresentedRecoveryCode, TotpCode, UserAgent, UserId, UserSearch, UserVerification,
};
use crate::error::{Error, FactorError};
use crate::service::{
    AskedChallenges, AskedKey, Checks, Delivery, KeyRequest, PresentedAnswer,
    PresentedSessionToken, ReturnedChallenges, SecondChecks,
};
use crate::token::SessionToken;
use crate::webauthn::{AssertionResponse, Fault};

/// How long a browser waits for an authenticator: as long as the challenge is good.
const TIMEOUT_MILLIS: u64 = 300_000;

/// An empty text presents no token.
pub(super) fn presented(token: Option<String>) -> Option<PresentedSessionToken> {
    token
        .filter(|token| !token.is_empty())
        .map(SessionToken::parse)
}

pub(super) fn checks(checks: Option<v2::Checks>, second: Option<String>) -> Result<Checks, Error> {
    let checks = checks.unwrap_or_default();
    let web_authn = checks.web_auth_n.map(|check| Box::new(answer(check)));
    let password = checks.password.map(|check| Password::parse(check.password));
    let totp = checks.totp.map(|check| TotpCode::parse(check.code));
    let recovery_code = checks.recovery_code.map(|check| {
        let code = PresentedRecoveryCode::parse(check.code)?;
        code.ok_or_else(|| FactorError::CodeEmpty(FactorKind::RecoveryCodes).into())
    });
    Ok(Checks {
        user: checks.user.map(|named| user(named, second)).transpose()?,
        password: password.transpose()?,
        web_authn,
        second: SecondChecks {
            totp: totp.transpose()?,
            otp_sms: otp(FactorKind::OtpSms, checks.otp_sms)?,
            otp_email: otp(FactorKind::OtpEmail, checks.otp_email)?,
            recovery_code: recovery_code.transpose().map_err(|error: Error| error)?,
        },
    })
}

/// An answer that can't be read is for the call to refuse: one in a create has no challenge anyway.
fn answer(check: v2::CheckWebAuthN) -> PresentedAnswer {
    let data = check.credential_assertion_data.unwrap_or_default();
    let json = to_json(&data).map_err(|invalid| Fault(invalid.reason))?;
    AssertionResponse::parse(&json)
}

fn otp(kind: FactorKind, check: Option<v2::CheckOtp>) -> Result<Option<PresentedOtp>, Error> {
    let Some(check) = check else {
        return Ok(None);
    };
    let code = PresentedOtp::parse(kind, check.code)?;
    Ok(Some(code.ok_or(FactorError::CodeEmpty(kind))?))
}

pub(super) fn challenges(asked: Option<v2::RequestChallenges>) -> Result<AskedChallenges, Error> {
    use v2::request_otp_email::DeliveryType;

    let asked = asked.unwrap_or_default();
    let otp_sms = asked.otp_sms.map(|sms| {
        if sms.return_code {
            Delivery::Return
        } else {
            Delivery::Send(None)
        }
    });
    let otp_email = asked.otp_email.map(|email| match email.delivery_type {
        Some(DeliveryType::ReturnCode(_)) => Ok(Delivery::Return),
        Some(DeliveryType::SendCode(send)) => url_template(send.url_template).map(Delivery::Send),
        None => Ok(Delivery::Send(None)),
    });
    let web_authn = asked.web_auth_n.map(|key| Box::new(asked_key(key)));
    Ok(AskedChallenges {
        web_authn,
        otp_sms,
        otp_email: otp_email.transpose()?,
    })
}

fn asked_key(asked: v2::RequestWebAuthN) -> AskedKey {
    use v2::UserVerificationRequirement as Requirement;

    let level = Requirement::try_from(asked.user_verification_requirement);
    AskedKey {
        domain: asked.domain,
        verification: match level {
            Ok(Requirement::Required) => Some(UserVerification::Required),
            Ok(Requirement::Preferred) => Some(UserVerification::Preferred),
            Ok(Requirement::Discouraged) => Some(UserVerification::Discouraged),
            Ok(Requirement::Unspecified) | Err(_) => None,
        },
    }
}

/// What `navigator.credentials.get` takes. The list is there also when it is empty: pages map over it.
/// <https://www.w3.org/TR/webauthn-3/#dictdef-publickeycredentialrequestoptionsjson>
fn request_options(request: &KeyRequest) -> serde_json::Value {
    let allowed = request.credentials.iter().map(|one| {
        let mut listed = json!({
            "type": "public-key",
            "id": URL_SAFE_NO_PAD.encode(one.id.as_bytes()),
        });
        if !one.transports.is_empty() {
            listed["transports"] = one.transports.clone().into();
        }
        listed
    });
    json!({
        "publicKey": {
            "challenge": URL_SAFE_NO_PAD.encode(request.challenge.0),
            "timeout": TIMEOUT_MILLIS,
            "rpId": request.rp_id.as_str(),
            "allowCredentials": allowed.collect::<Vec<_>>(),
            "userVerification": request.verification.as_str(),
        },
    })
}

/// The codes that are returned, and what an authenticator is to sign; `None`: there is neither.
pub(super) fn returned(codes: &ReturnedChallenges) -> Option<v2::Challenges> {
    let text = |code: &Option<OneTimeCode>| Some(code.as_ref()?.as_str().to_owned());
    let key = codes.web_authn.as_deref();
    let challenges = v2::Challenges {
        web_auth_n: key.map(|request| v2::WebAuthNChallenge {
            public_key_credential_request_options: Some(from_json(request_options(request))),
        }),
        otp_sms: text(&codes.otp_sms),
        otp_email: text(&codes.otp_email),
    };
    (challenges != v2::Challenges::default()).then_some(challenges)
}

/// `second` is the id of a user who is named by login name as well.
fn user(user: v2::CheckUser, second: Option<String>) -> Result<UserSearch, Error> {
    use v2::check_user::Search;

    match user.search {
        Some(Search::UserId(id)) => Ok(UserSearch::Id(UserId::parse(id)?)),
        Some(Search::LoginName(name)) => {
            let name = LoginName::parse(name)?;
            Ok(match second {
                Some(id) => UserSearch::Both(UserId::parse(id)?, name),
                None => UserSearch::LoginName(name),
            })
        }
        None => Err(Invalid::new("checks.user", "must have a user_id or a login_name").into()),
    }
}

pub(super) fn user_agent(agent: v2::UserAgent) -> Result<UserAgent, Invalid> {
    let header = agent.header.into_iter();
    let header = header.map(|(name, list)| (name, list.values)).collect();
    let agent = UserAgent {
        fingerprint_id: agent.fingerprint_id,
        ip: agent.ip,
        description: agent.description,
        header,
    };
    agent.checked()
}

pub(super) fn lifetime(lifetime: prost_types::Duration) -> Result<Duration, Invalid> {
    let positive = u64::try_from(lifetime.seconds).ok();
    let nanos = u32::try_from(lifetime.nanos).ok();
    let nanos = nanos.filter(|&nanos| nanos < 1_000_000_000);
    match (positive, nanos) {
        (Some(seconds), Some(nanos)) => Ok(Duration::new(seconds, nanos)),
        _ => Err(Invalid::new("lifetime", "must be a positive duration")),
    }
}

pub(super) fn session(named: &NamedSession, resource_owner: &str) -> v2::Session {
    let session = &named.session;
    let mut factors = v2::Factors::default();
    for (factor, at) in session.factors.iter() {
        let verified_at = Some(timestamp(at));
        match factor {
            Factor::User => {
                factors.user = named.user().map(|(user, login_name)| v2::UserFactor {
                    verified_at,
                    id: user.user_id.to_string(),
                    login_name: login_name.to_string(),
                    display_name: user.shown_name(login_name).to_owned(),
                    organization_id: resource_owner.to_owned(),
                });
            }
            Factor::Password => factors.password = Some(v2::PasswordFactor { verified_at }),
            Factor::Totp => factors.totp = Some(v2::TotpFactor { verified_at }),
            Factor::OtpSms => factors.otp_sms = Some(v2::OtpFactor { verified_at }),
            Factor::OtpEmail => factors.otp_email = Some(v2::OtpFactor { verified_at }),
            Factor::RecoveryCode => {
                factors.recovery_code = Some(v2::RecoveryCodeFactor { verified_at });
            }
            // They are one in the message.
            Factor::Passkey | Factor::U2f => {}
        }
    }
    let web_authn = session.factors.web_authn();
    factors.web_auth_n = web_authn.map(|(at, user_verified)| v2::WebAuthNFactor {
        verified_at: Some(timestamp(at)),
        user_verified,
    });
    let metadata = session.metadata.iter();
    v2::Session {
        id: session.id.to_string(),
        creation_date: Some(timestamp(session.created_at)),
        change_date: Some(timestamp(session.changed_at)),
        sequence: session.sequence.0,
        factors: (factors != v2::Factors::default()).then_some(factors),
        metadata: metadata
            .map(|(key, value)| (key.to_owned(), value.to_vec()))
            .collect(),
        user_agent: session.user_agent.as_ref().map(user_agent_message),
        expiration_date: Some(timestamp(session.expires_at)),
    }
}

fn user_agent_message(agent: &UserAgent) -> v2::UserAgent {
    let header = agent.header.iter().map(|(name, values)| {
        let values = values.clone();
        (name.clone(), v2::user_agent::HeaderValues { values })
    });
    v2::UserAgent {
        fingerprint_id: agent.fingerprint_id.clone(),
        ip: agent.ip.clone(),
        description: agent.description.clone(),
        header: header.collect(),
    }
}

#[test]
fn a_lifetime_is_a_positive_duration() {
    for (seconds, nanos, want) in [
        (60, 0, Some(Duration::from_mins(1))),
        (0, 500_000_000, Some(Duration::from_millis(500))),
        (
            i64::MAX,
            999_999_999,
            Some(Duration::new(i64::MAX as u64, 999_999_999)),
        ),
        (-1, 0, None),
        (0, -1, None),
        (1, -1, None),
        (0, 1_000_000_000, None),
    ] {
        let got = lifetime(prost_types::Duration { seconds, nanos });
        assert_eq!(got.ok(), want, "{seconds} {nanos}");
    }
}
