//! The challenges in a session's item.

use aws_sdk_dynamodb::types::AttributeValue;

use crate::domain::{
    Challenge, Challenges, CodeId, KeyName, OtpChallenge, OtpMethod, RpId, UserRef,
    UserVerification, WebAuthnChallenge,
};
use crate::store::item::{Attributes, CorruptItem, NewItem, bytes, millis, text};

/// The attribute of those of WebAuthn.
pub(super) const WEB_AUTHN: &str = "web_authn_challenges";

pub(super) fn set_challenges(item: &mut NewItem, challenges: &Challenges) {
    for (method, challenge) in challenges.iter() {
        item.set(challenge_attribute(method), challenge_map(challenge));
    }
    if !challenges.web_authn.is_empty() {
        let all = challenges.web_authn.iter().map(web_authn_map).collect();
        item.set(WEB_AUTHN, AttributeValue::L(all));
    }
}

const fn challenge_attribute(method: OtpMethod) -> &'static str {
    match method {
        OtpMethod::Sms => "otp_sms_challenge",
        OtpMethod::Email => "otp_email_challenge",
    }
}

fn challenge_map(challenge: &OtpChallenge) -> AttributeValue {
    let mut map = NewItem::default();
    map.set("id", text(challenge.id.to_string()));
    map.set("key", bytes(&challenge.key.0));
    map.set("address", bytes(&challenge.address));
    map.set("expires_at", millis(challenge.expires_at));
    map.set("sent_at", challenge.sent_at.map(millis));
    let used = challenge.is_used.then_some(AttributeValue::Bool(true));
    map.set("used", used);
    AttributeValue::M(map.0)
}

pub(super) fn parse_challenges(item: Attributes<'_>) -> Result<Challenges, CorruptItem> {
    let mut challenges = Challenges::default();
    for method in OtpMethod::ALL {
        if let Some(map) = item.optional_map(challenge_attribute(method))? {
            challenges.set(method, parse_challenge(Attributes(map))?);
        }
    }
    challenges.web_authn = parse_web_authn(item)?;
    Ok(challenges)
}

fn parse_challenge(map: Attributes<'_>) -> Result<OtpChallenge, CorruptItem> {
    Ok(OtpChallenge {
        id: CodeId(map.uuid("id")?),
        key: KeyName(map.array("key")?),
        address: map.array("address")?,
        expires_at: map.millis("expires_at")?,
        sent_at: map.optional_millis("sent_at")?,
        is_used: map.flag("used")?,
    })
}

fn web_authn_map(challenge: &WebAuthnChallenge) -> AttributeValue {
    let mut map = NewItem::default();
    map.set("challenge", bytes(&challenge.challenge.0));
    map.set("user", challenge.user.map(|user| bytes(&user.0)));
    map.set("rp_id", text(challenge.rp_id.as_str()));
    map.set("verification", text(challenge.verification.as_str()));
    map.set("expires_at", millis(challenge.expires_at));
    AttributeValue::M(map.0)
}

fn parse_web_authn(item: Attributes<'_>) -> Result<Vec<WebAuthnChallenge>, CorruptItem> {
    let Some(list) = item.0.get(WEB_AUTHN) else {
        return Ok(Vec::new());
    };
    let list = list.as_l().map_err(|_| CorruptItem::Attribute(WEB_AUTHN))?;
    let parse = |one: &AttributeValue| {
        let map = one.as_m().map_err(|_| CorruptItem::Attribute(WEB_AUTHN))?;
        let map = Attributes(map);
        let user = map.has("user").then(|| map.array("user").map(UserRef));
        let verification = UserVerification::named(map.text("verification")?);
        Ok(WebAuthnChallenge {
            challenge: Challenge(map.array("challenge")?),
            user: user.transpose()?,
            rp_id: RpId::stored(map.text("rp_id")?.to_owned()),
            verification: verification.ok_or(CorruptItem::Attribute("verification"))?,
            expires_at: map.millis("expires_at")?,
        })
    };
    list.iter().map(parse).collect()
}
