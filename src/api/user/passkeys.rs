use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use uuid::Uuid;

use super::codes::presented;
use crate::api::call::{Call, Envelope};
use crate::api::parts::{bounded, details, timestamp, url_template};
use crate::api::proto::zitadel::object::v2::ListDetails;
use crate::api::proto::zitadel::user::v2;
use crate::api::structs;
use crate::domain::{
    CodeId, CredentialKind, Invalid, ListedCredential, RegistrationId, SignatureAlgorithm, UserId,
};
use crate::error::{Error, WebAuthnError};
use crate::service::{
    Attachment, BegunRegistration, CreatePasskeyRegistrationLink, CreatedLink, CreationOptions,
    Delivery, Details, LinkCode, ListPasskeys, ListedPasskeys, RegisterPasskey, RegisterU2F,
    RegistrationAnswer, RemovePasskey, RemoveU2F, VerifyPasskeyRegistration, VerifyU2FRegistration,
};
use crate::webauthn::RegistrationResponse;

impl Call for CreatePasskeyRegistrationLink {
    type Request = v2::CreatePasskeyRegistrationLinkRequest;
    type Reply = v2::CreatePasskeyRegistrationLinkResponse;

    /// Without a template, the message would have no link, and so nothing that is of use.
    fn read(message: Self::Request, _: Envelope) -> Result<Self, Error> {
        use v2::create_passkey_registration_link_request::Medium;

        let v2::CreatePasskeyRegistrationLinkRequest { user_id, medium } = message;
        let missing = |field| Invalid::new(field, "is missing");
        let delivery = match medium {
            Some(Medium::ReturnCode(_)) => Delivery::Return,
            Some(Medium::SendLink(link)) => {
                let template = url_template(link.url_template)?;
                Delivery::Send(Some(template.ok_or_else(|| missing("url_template"))?))
            }
            None => return Err(missing("medium").into()),
        };
        Ok(Self {
            user_id: UserId::parse(user_id)?,
            delivery,
        })
    }

    fn reply(created: CreatedLink) -> Self::Reply {
        v2::CreatePasskeyRegistrationLinkResponse {
            details: Some(details(&created.details)),
            code: created.code.map(|returned| v2::PasskeyRegistrationCode {
                id: returned.id.to_string(),
                // Nobody types it, and tries at all of it are not counted.
                code: returned.code.long().to_owned(),
            }),
        }
    }
}

impl Call for RegisterPasskey {
    type Request = v2::RegisterPasskeyRequest;
    type Reply = v2::RegisterPasskeyResponse;

    fn read(message: Self::Request, _: Envelope) -> Result<Self, Error> {
        let v2::RegisterPasskeyRequest {
            user_id,
            code,
            authenticator,
            domain,
        } = message;
        Ok(Self {
            user_id: UserId::parse(user_id)?,
            code: code.map(link_code).transpose()?,
            attachment: attachment(authenticator)?,
            domain: Some(domain).filter(|domain| !domain.is_empty()),
        })
    }

    fn reply(begun: BegunRegistration) -> Self::Reply {
        v2::RegisterPasskeyResponse {
            details: Some(details(&begun.details)),
            passkey_id: begun.id.to_string(),
            public_key_credential_creation_options: Some(creation_options(&begun.options)),
        }
    }
}

impl Call for RegisterU2F {
    type Request = v2::RegisterU2fRequest;
    type Reply = v2::RegisterU2fResponse;

    fn read(message: Self::Request, _: Envelope) -> Result<Self, Error> {
        let v2::RegisterU2fRequest { user_id, domain } = message;
        Ok(Self {
            user_id: UserId::parse(user_id)?,
            domain: Some(domain).filter(|domain| !domain.is_empty()),
        })
    }

    fn reply(begun: BegunRegistration) -> Self::Reply {
        v2::RegisterU2fResponse {
            details: Some(details(&begun.details)),
            u2f_id: begun.id.to_string(),
            public_key_credential_creation_options: Some(creation_options(&begun.options)),
        }
    }
}

/// Defines the calls that complete a registration, and those that remove what was registered.
macro_rules! named_registrations {
    ($(
        $verify:ident: $verify_request:ident, $verify_reply:ident, $name:ident;
        $remove:ident: $remove_request:ident, $remove_reply:ident, $id:ident;
    )*) => {
        $(
            impl Call for $verify {
                type Request = v2::$verify_request;
                type Reply = v2::$verify_reply;

                fn read(message: Self::Request, _: Envelope) -> Result<Self, Error> {
                    let v2::$verify_request {
                        user_id,
                        $id,
                        public_key_credential,
                        $name,
                    } = message;
                    Ok(Self {
                        user_id: UserId::parse(user_id)?,
                        answer: RegistrationAnswer {
                            id: RegistrationId::parse(&required(stringify!($id), $id)?),
                            response: response(public_key_credential)?,
                            name: required(stringify!($name), $name)?,
                        },
                    })
                }

                fn reply(verified: Details) -> Self::Reply {
                    v2::$verify_reply {
                        details: Some(details(&verified)),
                    }
                }
            }

            impl Call for $remove {
                type Request = v2::$remove_request;
                type Reply = v2::$remove_reply;

                fn read(message: Self::Request, _: Envelope) -> Result<Self, Error> {
                    let v2::$remove_request { user_id, $id } = message;
                    let user_id = UserId::parse(user_id)?;
                    if $id.is_empty() {
                        return Err(WebAuthnError::IdMissing.into());
                    }
                    Ok(Self {
                        user_id,
                        id: RegistrationId::parse(&required(stringify!($id), $id)?),
                    })
                }

                fn reply(removed: Details) -> Self::Reply {
                    v2::$remove_reply {
                        details: Some(details(&removed)),
                    }
                }
            }
        )*
    };
}

named_registrations! {
    VerifyPasskeyRegistration:
        VerifyPasskeyRegistrationRequest, VerifyPasskeyRegistrationResponse, passkey_name;
    RemovePasskey: RemovePasskeyRequest, RemovePasskeyResponse, passkey_id;
    VerifyU2FRegistration:
        VerifyU2fRegistrationRequest, VerifyU2fRegistrationResponse, token_name;
    RemoveU2F: RemoveU2fRequest, RemoveU2fResponse, u2f_id;
}

impl Call for ListPasskeys {
    type Request = v2::ListPasskeysRequest;
    type Reply = v2::ListPasskeysResponse;

    fn read(message: Self::Request, _: Envelope) -> Result<Self, Error> {
        let v2::ListPasskeysRequest { user_id } = message;
        Ok(Self {
            user_id: UserId::parse(user_id)?,
        })
    }

    fn reply(listed: ListedPasskeys) -> Self::Reply {
        let passkeys = listed.passkeys.into_iter().map(|passkey| v2::Passkey {
            id: passkey.id.to_string(),
            state: v2::AuthFactorState::Ready.into(),
            name: passkey.name,
        });
        let result: Vec<_> = passkeys.collect();
        v2::ListPasskeysResponse {
            details: Some(ListDetails {
                total_result: result.len() as u64,
                processed_sequence: listed.sequence,
                timestamp: Some(timestamp(listed.timestamp)),
            }),
            result,
        }
    }
}

fn link_code(message: v2::PasskeyRegistrationCode) -> Result<LinkCode, Error> {
    let v2::PasskeyRegistrationCode { id, code } = message;
    let (id, code) = (required("code.id", id)?, required("code.code", code)?);
    Ok(LinkCode {
        id: Uuid::try_parse(&id).ok().map(CodeId),
        code: presented(code)?,
    })
}

fn attachment(number: i32) -> Result<Option<Attachment>, Invalid> {
    use v2::PasskeyAuthenticator as Asked;

    Ok(match Asked::try_from(number) {
        Ok(Asked::Unspecified) => None,
        Ok(Asked::Platform) => Some(Attachment::Platform),
        Ok(Asked::CrossPlatform) => Some(Attachment::CrossPlatform),
        Err(_) => return Err(Invalid::new("authenticator", "is unknown")),
    })
}

/// A text of 1 to 200 characters.
fn required(field: &'static str, text: String) -> Result<String, Invalid> {
    bounded(field, Some(text)).map(Option::unwrap_or_default)
}

/// What the browser has answered. Whether that can be read is for the call to judge, which uses the
/// registration up.
fn response(
    given: Option<prost_types::Struct>,
) -> Result<Result<RegistrationResponse, crate::webauthn::Malformed>, Invalid> {
    let field = "public_key_credential";
    let given = given.ok_or_else(|| Invalid::new(field, "is missing"))?;
    let json = structs::to_json(&given).map_err(|invalid| Invalid {
        field: field.into(),
        ..invalid
    })?;
    Ok(RegistrationResponse::parse(&json))
}

/// The options of a registration, with `publicKey` around them.
/// <https://www.w3.org/TR/webauthn-3/#dictdef-publickeycredentialcreationoptionsjson>
fn creation_options(options: &CreationOptions) -> prost_types::Struct {
    /// In milliseconds: five minutes.
    const TIMEOUT: u32 = 300_000;

    let parameters = SignatureAlgorithm::ALL
        .into_iter()
        .map(|algorithm| json!({ "type": "public-key", "alg": algorithm.cose() }));
    let excluded = options.excluded.iter().map(descriptor);
    let mut selection = match options.kind {
        CredentialKind::Passkey => json!({
            "residentKey": "preferred",
            "userVerification": "required",
        }),
        CredentialKind::U2f => json!({
            "residentKey": "discouraged",
            "userVerification": "discouraged",
        }),
    };
    if let Some(attachment) = options.attachment {
        selection["authenticatorAttachment"] = json!(match attachment {
            Attachment::Platform => "platform",
            Attachment::CrossPlatform => "cross-platform",
        });
    }
    structs::from_json(json!({
        "publicKey": {
            "challenge": URL_SAFE_NO_PAD.encode(options.challenge.0),
            "rp": { "id": options.rp_id.as_str(), "name": options.rp_name },
            "user": {
                "id": URL_SAFE_NO_PAD.encode(options.handle.0),
                "name": options.user_name,
                "displayName": options.display_name,
            },
            "pubKeyCredParams": parameters.collect::<Vec<_>>(),
            "timeout": TIMEOUT,
            "attestation": "none",
            "excludeCredentials": excluded.collect::<Vec<_>>(),
            "authenticatorSelection": selection,
        }
    }))
}

/// What names a credential to a browser. Without transports, it tries all.
fn descriptor(credential: &ListedCredential) -> Value {
    let id = URL_SAFE_NO_PAD.encode(credential.id.as_bytes());
    let mut descriptor = json!({ "type": "public-key", "id": id });
    if !credential.transports.is_empty() {
        descriptor["transports"] = json!(credential.transports);
    }
    descriptor
}
