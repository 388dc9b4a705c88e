//! The transaction in which a session is written together with the codes and the signature that were
//! right for it.

use aws_sdk_dynamodb::types::{
    CancellationReason, ConditionCheck, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
    Update,
};

use super::item::{factors_key, hashes, parse_factors};
use crate::aws::SendCount;
use crate::domain::{
    Credential, FactorKind, OtpMethod, RecoveryCodeHash, SealedSecret, SecondFactors, Session,
    Timestamp, UserId, UserRef, WriteId,
};
use crate::error::Error;
use crate::store::Store;
use crate::store::changes::Expression;
use crate::store::item::{bytes, millis, number, text};
use crate::store::sessions::{PutOutcome, put_outcome};
use crate::store::transactions::{is_condition_failure, update_if, update_item};
use crate::store::users::credentials::{UsedCredential, parse_credential};
use crate::store::users::item::pointer_key;
use crate::store::users::profile::profile_key;

/// The second factors that were right for a session.
#[derive(Clone, Debug)]
pub struct UsedFactors {
    pub user: UserId,
    /// The factors as they were read.
    pub seen: SecondFactors,
    /// The number of the attempt that was reserved.
    pub attempt: u64,
    /// The id of its reservation.
    pub write: WriteId,
    pub totp: Option<UsedTotp>,
    pub recovery_code: Option<RecoveryCodeHash>,
    /// The codes that were sent, each with the time at which its address was verified.
    pub sent: Vec<(OtpMethod, Timestamp)>,
}

/// A code of an authenticator app that was right.
#[derive(Clone, Debug)]
pub struct UsedTotp {
    pub step: u64,
    /// The secret, if it was sealed anew with another key.
    pub resealed: Option<SealedSecret>,
}

/// What was right for a session, and is used up with its write.
#[derive(Clone, Copy, Debug, Default)]
pub struct UsedProofs<'a> {
    pub factors: Option<&'a UsedFactors>,
    pub credential: Option<&'a UsedCredential>,
}

/// The outcome of writing a session with what was right for it.
#[derive(Debug)]
pub enum FactorPutOutcome {
    Done,
    /// Another write of the session came first.
    Session(PutOutcome),
    /// Another check or a change of the factors came first; these are the stored ones.
    Factors(Box<SecondFactors>),
    /// An address that a code was sent to is no longer the user's verified one.
    Address(OtpMethod),
    /// The credential was used or removed meanwhile; this is the stored one.
    Credential(Option<Box<Credential>>),
}

enum Part {
    Session,
    Factors,
    Pointer,
    Addresses,
    Credential,
}

impl Store {
    /// Writes a session over the one that was `seen` (`None`: it must not exist), and uses up what was
    /// right for it. With codes, all failures up to their attempt are forgiven.
    ///
    /// One request, and more if others write the same items at the same time. If its answer was lost,
    /// the session's write ids tell whether it was carried out.
    pub async fn put_session_with_factors(
        &self,
        seen: Option<&Session>,
        session: &Session,
        used: UsedProofs<'_>,
    ) -> Result<FactorPutOutcome, Error> {
        let mut parts = vec![(Part::Session, self.session_part(seen, session)?)];
        if let Some(credential) = used.credential {
            let part = self.used_credential_part(credential)?;
            parts.push((Part::Credential, part));
        }
        if let Some(used) = used.factors {
            parts.push((Part::Factors, self.used_part(used)?));
            if used.uses_last_recovery_code() {
                parts.push((Part::Pointer, self.no_recovery_codes_part(&used.user)?));
            }
            if let Some(check) = self.addresses_part(used)? {
                parts.push((Part::Addresses, check));
            }
        }
        let (parts, items): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
        let sends = SendCount::default();
        let Some(reasons) = self.try_transact_counted(items, &sends).await? else {
            return Ok(FactorPutOutcome::Done);
        };
        outcome(session, used, &parts, &reasons, &sends)
    }

    fn used_part(&self, used: &UsedFactors) -> Result<TransactWriteItem, Error> {
        let seen = &used.seen;
        let cleared = seen.attempts.cleared().max(used.attempt);
        let mut set = vec!["failures = attempts - :made, cleared = :made".to_owned()];
        let mut removed = "";
        let mut conditions = vec!["cleared = :cleared AND attempts >= :made".to_owned()];
        let mut changes = Expression::default();
        let values = &mut changes.values;
        values.insert(":made".to_owned(), number(cleared));
        values.insert(":cleared".to_owned(), number(seen.attempts.cleared()));
        if let (Some(used), Some(totp)) = (&used.totp, &seen.totp) {
            conditions.push("totp_secret = :secret AND totp_step < :step".to_owned());
            values.insert(":secret".to_owned(), bytes(&totp.secret.sealed));
            values.insert(":step".to_owned(), number(used.step));
            set.push("totp_step = :step".to_owned());
            if let Some(resealed) = &used.resealed {
                set.push("totp_secret = :sealed, totp_key = :key".to_owned());
                values.insert(":sealed".to_owned(), bytes(&resealed.sealed));
                values.insert(":key".to_owned(), bytes(&resealed.key.0));
            }
        }
        if let Some(code) = &used.recovery_code {
            conditions.push("recovery_codes = :codes".to_owned());
            let all = hashes(&seen.recovery_codes).unwrap_or_else(|| bytes(&[]));
            values.insert(":codes".to_owned(), all);
            let mut left = seen.recovery_codes.clone();
            left.remove(code);
            match hashes(&left) {
                Some(left) => {
                    set.push("recovery_codes = :left".to_owned());
                    values.insert(":left".to_owned(), left);
                }
                None => removed = " REMOVE recovery_codes",
            }
        }
        for (method, _) in &used.sent {
            let name = super::attribute(method.kind());
            conditions.push(format!("attribute_exists({name})"));
        }
        changes.text = format!("SET {}{removed}", set.join(", "));
        let condition = Expression {
            text: conditions.join(" AND "),
            ..Expression::default()
        };
        let update = Update::builder()
            .table_name(&self.tables.users)
            .key("pk", factors_key(UserRef::from(&used.user)))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        update_if(update, changes, condition)
    }

    /// The pointer of a user whose last recovery code is used.
    fn no_recovery_codes_part(&self, user: &UserId) -> Result<TransactWriteItem, Error> {
        let kind = FactorKind::RecoveryCodes.as_str();
        let kinds = aws_sdk_dynamodb::types::AttributeValue::Ss(vec![kind.to_owned()]);
        let update = Update::builder()
            .table_name(&self.tables.users)
            .key("pk", pointer_key(UserRef::from(user)))
            .update_expression("DELETE factors :kinds")
            .condition_expression("user_id = :user")
            .expression_attribute_values(":kinds", kinds)
            .expression_attribute_values(":user", text(user.as_str()));
        update_item(update)
    }

    /// That each address to which a code was sent is still the verified one. An item may be in a
    /// transaction once.
    fn addresses_part(&self, used: &UsedFactors) -> Result<Option<TransactWriteItem>, Error> {
        if used.sent.is_empty() {
            return Ok(None);
        }
        let conditions = used.sent.iter().map(|(method, _)| {
            let name = verified_at(*method);
            format!("{name} = :{name}")
        });
        let conditions: Vec<_> = conditions.collect();
        let mut check = ConditionCheck::builder()
            .table_name(&self.tables.users)
            .key("pk", profile_key(UserRef::from(&used.user)))
            .condition_expression(conditions.join(" AND "))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        for (method, since) in &used.sent {
            let name = format!(":{}", verified_at(*method));
            check = check.expression_attribute_values(name, millis(*since));
        }
        let check = check.build()?;
        Ok(Some(
            TransactWriteItem::builder().condition_check(check).build(),
        ))
    }
}

/// The attribute of a profile that says since when an address is verified.
fn verified_at(method: OtpMethod) -> &'static str {
    match method {
        OtpMethod::Email => "email_verified_at",
        OtpMethod::Sms => "phone_verified_at",
    }
}

impl UsedFactors {
    /// None yet, of an attempt that was reserved as the last one of `seen`.
    pub fn new(user: UserId, seen: &SecondFactors) -> Self {
        Self {
            user,
            attempt: seen.attempts.made,
            seen: seen.clone(),
            write: WriteId::generate(),
            totp: None,
            recovery_code: None,
            sent: Vec::new(),
        }
    }

    /// The recovery codes that are left after these are used.
    pub fn recovery_codes_left(&self) -> usize {
        let used = usize::from(self.recovery_code.is_some());
        self.seen.recovery_codes.len().saturating_sub(used)
    }

    /// The first method whose address is no longer the verified one.
    fn changed_address(&self, reason: &CancellationReason) -> OtpMethod {
        let changed = self.sent.iter().find(|(method, since)| {
            let stored = reason
                .item()
                .and_then(|item| item.get(verified_at(*method)));
            stored != Some(&millis(*since))
        });
        changed
            .or(self.sent.first())
            .map_or(OtpMethod::Email, |(method, _)| *method)
    }

    fn uses_last_recovery_code(&self) -> bool {
        self.recovery_code.is_some() && self.recovery_codes_left() == 0
    }
}

/// What the failed conditions of a transaction say. What the session says comes first: if it has the
/// transaction's own write, the answer was lost, and if it has another one, a repeated create has been
/// carried out, and used up its codes itself.
fn outcome(
    session: &Session,
    used: UsedProofs<'_>,
    parts: &[Part],
    reasons: &[CancellationReason],
    sends: &SendCount,
) -> Result<FactorPutOutcome, Error> {
    let failed = parts.iter().zip(reasons);
    let failed: Vec<_> = failed
        .filter(|(_, reason)| is_condition_failure(reason))
        .collect();
    let of_session = failed
        .iter()
        .find(|(part, _)| matches!(part, Part::Session));
    if let Some((_, reason)) = of_session {
        return Ok(match put_outcome(session, reason.item(), sends)? {
            PutOutcome::Done => FactorPutOutcome::Done,
            conflict => FactorPutOutcome::Session(conflict),
        });
    }
    for (part, reason) in &failed {
        match part {
            Part::Factors => {
                let item = reason.item().filter(|item| !item.is_empty());
                let stored = item.map(parse_factors).transpose()?;
                return Ok(FactorPutOutcome::Factors(stored.unwrap_or_default().into()));
            }
            Part::Addresses => {
                let changed = used.factors.map(|used| used.changed_address(reason));
                return Ok(FactorPutOutcome::Address(
                    changed.unwrap_or(OtpMethod::Email),
                ));
            }
            Part::Credential => {
                let item = reason.item().filter(|item| !item.is_empty());
                let stored = item.map(parse_credential).transpose()?;
                return Ok(FactorPutOutcome::Credential(stored.map(Box::new)));
            }
            Part::Session | Part::Pointer => {}
        }
    }
    // The user was deleted.
    Ok(FactorPutOutcome::Factors(Box::default()))
}
