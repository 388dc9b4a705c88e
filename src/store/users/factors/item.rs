use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;

use crate::domain::{
    Attempts, CodeId, KeyName, PendingTotp, RecoveryCodeHash, SealedSecret, SecondFactors,
    SentCodes, SentOnDay, Totp, UserRef,
};
use crate::store::item::{Attributes, CorruptItem, Item, NewItem, bytes, millis, number, text};

/// The start of the key of a user's second factors; the user's [`UserRef`] follows.
pub(in crate::store::users) const FACTORS_PREFIX: &str = "FACTORS#";

pub(in crate::store) fn factors_key(user: UserRef) -> AttributeValue {
    text(format!("{FACTORS_PREFIX}{user}"))
}

/// The attributes that checks and messages write. No change of a user's factors takes its value of
/// them.
pub(in crate::store::users) const OF_CHECKS: [&str; 9] = [
    "attempts",
    "cleared",
    "failures",
    "attempted_at",
    "write_id",
    "email_day",
    "email_sent",
    "sms_day",
    "sms_sent",
];

/// The item of a user's second factors, which a user who never set one up hasn't. It has no attribute
/// `user_id`, because the index of users would list it.
///
/// | attribute | type | |
/// |---|---|---|
/// | `pk` | S | `FACTORS#` and the first half of the user id's SHA-256 in hexadecimal |
/// | `totp_secret` | B | the sealed secret of the authenticator app; this and the following, if there is one |
/// | `totp_key` | B | 8 bytes: the id of the server key that opens it |
/// | `totp_step` | N | the last accepted time step of 30 seconds since 1970; 0 if there is none |
/// | `totp_added_at` | N | |
/// | `pending_id` | S | the id of a registration that isn't verified yet; this and the following, if there is one |
/// | `pending_secret`, `pending_key` | B | as those of an app |
/// | `pending_until` | N | when the registration ends |
/// | `pending_tries` | N | how often it was tried to verify it |
/// | `pending_try` | S | the last try; empty before the first one |
/// | `otp_email_at`, `otp_sms_at` | N | when codes by e-mail and by SMS were set up; if they were |
/// | `recovery_codes` | B | the hashes of the recovery codes that weren't used, 32 bytes each; if there are any |
/// | `attempts`, `cleared`, `failures`, `attempted_at`, `write_id` | | of all codes together, as those of the password in the user's item |
/// | `email_day`, `email_sent`, `sms_day`, `sms_sent` | N | the codes that were sent on the last day on which there was one, in days since 1970 in UTC; if any was |
///
/// Times are in milliseconds since 1970.
pub(in crate::store::users) fn factors_item(user: UserRef, factors: &SecondFactors) -> Item {
    let mut item = NewItem::default();
    item.set("pk", factors_key(user));
    if let Some(totp) = &factors.totp {
        item.set("totp_secret", bytes(&totp.secret.sealed));
        item.set("totp_key", bytes(&totp.secret.key.0));
        item.set("totp_step", number(totp.last_step));
        item.set("totp_added_at", millis(totp.added_at));
    }
    if let Some(pending) = &factors.pending_totp {
        item.set("pending_id", text(pending.id.to_string()));
        item.set("pending_secret", bytes(&pending.secret.sealed));
        item.set("pending_key", bytes(&pending.secret.key.0));
        item.set("pending_until", millis(pending.expires_at));
        item.set("pending_tries", number(pending.tries));
        item.set("pending_try", text(&pending.try_id));
    }
    item.set("otp_email_at", factors.otp_email.map(millis));
    item.set("otp_sms_at", factors.otp_sms.map(millis));
    item.set("recovery_codes", hashes(&factors.recovery_codes));
    item.set("attempts", number(factors.attempts.made));
    item.set("cleared", number(factors.attempts.cleared()));
    item.set("failures", number(factors.attempts.failures));
    item.set("attempted_at", factors.attempts.last_at.map(millis));
    item.set("write_id", text("none"));
    item.0
}

pub(super) fn hashes(codes: &BTreeSet<RecoveryCodeHash>) -> Option<AttributeValue> {
    let all: Vec<u8> = codes.iter().flat_map(|code| *code.as_bytes()).collect();
    (!all.is_empty()).then(|| bytes(&all))
}

/// A user without the item has no second factors.
pub(in crate::store::users) fn parse_factors(item: &Item) -> Result<SecondFactors, CorruptItem> {
    let item = Attributes(item);
    let sent = |day, count| -> Result<SentOnDay, CorruptItem> {
        Ok(SentOnDay {
            day: item.optional_number(day)?.unwrap_or_default(),
            count: item.optional_number(count)?.unwrap_or_default(),
        })
    };
    Ok(SecondFactors {
        totp: item
            .has("totp_secret")
            .then(|| parse_totp(item))
            .transpose()?,
        pending_totp: item
            .has("pending_secret")
            .then(|| parse_pending(item))
            .transpose()?,
        otp_email: item.optional_millis("otp_email_at")?,
        otp_sms: item.optional_millis("otp_sms_at")?,
        recovery_codes: parse_hashes(item)?,
        attempts: Attempts {
            made: item.number("attempts")?,
            failures: item.number("failures")?,
            last_at: item.optional_millis("attempted_at")?,
        },
        sent: SentCodes {
            email: sent("email_day", "email_sent")?,
            sms: sent("sms_day", "sms_sent")?,
        },
    })
}

fn parse_totp(item: Attributes<'_>) -> Result<Totp, CorruptItem> {
    Ok(Totp {
        secret: SealedSecret {
            key: KeyName(item.array("totp_key")?),
            sealed: item.bytes("totp_secret")?.to_vec(),
        },
        last_step: item.number("totp_step")?,
        added_at: item.millis("totp_added_at")?,
    })
}

fn parse_pending(item: Attributes<'_>) -> Result<PendingTotp, CorruptItem> {
    Ok(PendingTotp {
        id: CodeId(item.uuid("pending_id")?),
        secret: SealedSecret {
            key: KeyName(item.array("pending_key")?),
            sealed: item.bytes("pending_secret")?.to_vec(),
        },
        tries: item.number("pending_tries")?,
        try_id: item.text("pending_try")?.to_owned(),
        expires_at: item.millis("pending_until")?,
    })
}

fn parse_hashes(item: Attributes<'_>) -> Result<BTreeSet<RecoveryCodeHash>, CorruptItem> {
    let all = item.optional_bytes("recovery_codes")?.unwrap_or_default();
    let (codes, rest) = all.as_chunks::<32>();
    if !rest.is_empty() {
        return Err(CorruptItem::Attribute("recovery_codes"));
    }
    Ok(codes.iter().copied().map(RecoveryCodeHash::new).collect())
}
