use crate::api::call::{Call, Envelope};
use crate::api::parts::details;
use crate::api::proto::zitadel::user::v2;
use crate::domain::{FactorKind, FactorKinds, Invalid, RecoveryCode, TotpCode, UserId};
use crate::error::{CountFault, Error, FactorError};
use crate::service::{
    Details, FactorStates, GenerateRecoveryCodes, ListAuthenticationFactors, ListedFactor,
    MadeRecoveryCodes, RegisterTOTP, RegisteredTotp, VerifyTOTPRegistration,
};

impl Call for RegisterTOTP {
    type Request = v2::RegisterTotpRequest;
    type Reply = v2::RegisterTotpResponse;

    fn read(message: Self::Request, _: Envelope) -> Result<Self, Error> {
        let v2::RegisterTotpRequest { user_id } = message;
        Ok(Self {
            user_id: UserId::parse(user_id)?,
        })
    }

    fn reply(registered: RegisteredTotp) -> Self::Reply {
        v2::RegisterTotpResponse {
            details: Some(details(&registered.details)),
            uri: registered.uri.to_string(),
            secret: registered.secret.base32(),
        }
    }
}

impl Call for VerifyTOTPRegistration {
    type Request = v2::VerifyTotpRegistrationRequest;
    type Reply = v2::VerifyTotpRegistrationResponse;

    fn read(message: Self::Request, _: Envelope) -> Result<Self, Error> {
        let v2::VerifyTotpRegistrationRequest { user_id, code } = message;
        Ok(Self {
            user_id: UserId::parse(user_id)?,
            code: TotpCode::parse_registration(code)?,
        })
    }

    fn reply(changed: Details) -> Self::Reply {
        v2::VerifyTotpRegistrationResponse {
            details: Some(details(&changed)),
        }
    }
}

impl Call for GenerateRecoveryCodes {
    type Request = v2::GenerateRecoveryCodesRequest;
    type Reply = v2::GenerateRecoveryCodesResponse;

    fn read(message: Self::Request, _: Envelope) -> Result<Self, Error> {
        let v2::GenerateRecoveryCodesRequest { user_id, count } = message;
        Ok(Self {
            user_id: UserId::parse(user_id)?,
            count: code_count(count)?,
        })
    }

    fn reply(made: MadeRecoveryCodes) -> Self::Reply {
        let codes = made.codes.iter().map(RecoveryCode::as_str);
        v2::GenerateRecoveryCodesResponse {
            details: Some(details(&made.details)),
            recovery_codes: codes.map(str::to_owned).collect(),
        }
    }
}

/// How many recovery codes a request asks for: 1 to 10. Beyond 50 it breaks a limit of the message,
/// as it does in ZITADEL.
fn code_count(count: i32) -> Result<usize, Error> {
    match count {
        ..=0 => Err(FactorError::WrongCount(CountFault::TooFew).into()),
        1..=10 => Ok(count.unsigned_abs() as usize),
        11..=50 => Err(FactorError::WrongCount(CountFault::TooMany).into()),
        51.. => Err(Invalid::new("count", "must be 1 to 10").into()),
    }
}

impl Call for ListAuthenticationFactors {
    type Request = v2::ListAuthenticationFactorsRequest;
    type Reply = v2::ListAuthenticationFactorsResponse;

    fn read(message: Self::Request, _: Envelope) -> Result<Self, Error> {
        let v2::ListAuthenticationFactorsRequest {
            user_id,
            auth_factors,
            states: listed,
        } = message;
        Ok(Self {
            user_id: UserId::parse(user_id)?,
            kinds: kinds(&auth_factors)?,
            states: states(&listed)?,
        })
    }

    fn reply(listed: Vec<ListedFactor>) -> Self::Reply {
        v2::ListAuthenticationFactorsResponse {
            result: listed.into_iter().filter_map(factor).collect(),
        }
    }
}

/// The kinds of factors to list: without any, those that can be.
fn kinds(listed: &[i32]) -> Result<FactorKinds, Invalid> {
    if listed.is_empty() {
        return Ok([
            FactorKind::Totp,
            FactorKind::OtpEmail,
            FactorKind::OtpSms,
            FactorKind::U2f,
        ]
        .into_iter()
        .collect());
    }
    let kinds = listed
        .iter()
        .map(|number| match v2::AuthFactors::try_from(*number) {
            Ok(v2::AuthFactors::Otp) => Ok(FactorKind::Totp),
            Ok(v2::AuthFactors::OtpSms) => Ok(FactorKind::OtpSms),
            Ok(v2::AuthFactors::OtpEmail) => Ok(FactorKind::OtpEmail),
            Ok(v2::AuthFactors::U2f) => Ok(FactorKind::U2f),
            Err(_) => Err(Invalid::new("auth_factors", "has an unknown kind")),
        });
    kinds.collect()
}

/// The states of the factors to list: without any, those that are ready.
fn states(listed: &[i32]) -> Result<FactorStates, Invalid> {
    let states = listed.iter().map(|number| {
        v2::AuthFactorState::try_from(*number)
            .map_err(|_| Invalid::new("states", "has an unknown state"))
    });
    let states = states.collect::<Result<Vec<_>, _>>()?;
    Ok(FactorStates {
        ready: states.is_empty() || states.contains(&v2::AuthFactorState::Ready),
        pending: states.contains(&v2::AuthFactorState::NotReady),
    })
}

fn factor(listed: ListedFactor) -> Option<v2::AuthFactor> {
    use v2::auth_factor::Type;

    let r#type = match listed.kind {
        FactorKind::Totp => Type::Otp(v2::AuthFactorOtp {}),
        FactorKind::OtpSms => Type::OtpSms(v2::AuthFactorOtpsms {}),
        FactorKind::OtpEmail => Type::OtpEmail(v2::AuthFactorOtpEmail {}),
        FactorKind::U2f => {
            let (id, name) = listed.key?;
            let id = id.to_string();
            Type::U2f(v2::AuthFactorU2f { id, name })
        }
        FactorKind::Passkey | FactorKind::RecoveryCodes => return None,
    };
    let state = if listed.is_ready {
        v2::AuthFactorState::Ready
    } else {
        v2::AuthFactorState::NotReady
    };
    Some(v2::AuthFactor {
        state: state.into(),
        r#type: Some(r#type),
    })
}

#[test]
fn recovery_codes_are_one_to_ten() {
    for (count, want) in [
        (i32::MIN, Err((3, Some("COMMAND-7c0nx")))),
        (0, Err((3, Some("COMMAND-7c0nx")))),
        (1, Ok(1)),
        (10, Ok(10)),
        (11, Err((9, Some("COMMAND-8f2k9")))),
        (50, Err((9, Some("COMMAND-8f2k9")))),
        (51, Err((3, None))),
        (i32::MAX, Err((3, None))),
    ] {
        let got = code_count(count).map_err(|error| {
            let row = error.row();
            (row.code.number, row.id)
        });
        assert_eq!(got, want, "{count}");
    }
}
