//! The second factors of users: the attempts at them and the codes that are sent, which no change of
//! a user writes.

mod item;
mod used;

use aws_sdk_dynamodb::types::AttributeValue;

use super::attempts::counting_attempt;
use super::profile::{parse_profile, profile_key};
use super::users_table_key;
use crate::domain::{
    AttemptPolicy, FactorKind, OtpMethod, PendingTotp, Profile, SecondFactors, SentOnDay,
    Timestamp, UserId, UserRef, WriteId,
};
use crate::error::Error;
use crate::store::item::{
    Attributes, CorruptItem, Item, millis, number, refused_item, text, update_and_read,
};
use crate::store::{Store, on_heap};

pub(super) use item::{FACTORS_PREFIX, OF_CHECKS, factors_item, factors_key, parse_factors};
pub use used::{FactorPutOutcome, UsedFactors, UsedProofs, UsedTotp};

/// The outcome of reserving an attempt at a code.
#[derive(Debug)]
pub enum ReservedFactors {
    /// The attempt counts as a failure until a right code forgives it.
    Reserved(SecondFactors),
    /// Nothing was counted: the user lacks one of the factors, or they are locked.
    Refused(SecondFactors),
}

/// The pending registration of an authenticator app, and whether a try of it was counted.
#[derive(Debug)]
pub struct TriedTotp {
    pub pending: Option<PendingTotp>,
    pub is_counted: bool,
}

/// The attribute that an item has while the user has a factor of the kind.
pub(super) fn attribute(kind: FactorKind) -> &'static str {
    match kind {
        FactorKind::Totp => "totp_secret",
        FactorKind::OtpEmail => "otp_email_at",
        FactorKind::OtpSms => "otp_sms_at",
        FactorKind::RecoveryCodes => "recovery_codes",
        // No check of a code is of these, which are items of their own.
        FactorKind::Passkey | FactorKind::U2f => "credentials",
    }
}

fn key(user: &UserId) -> AttributeValue {
    factors_key(UserRef::from(user))
}

/// The `write_id` of an attempt that was given back.
fn returned(write: WriteId) -> String {
    format!("{write} returned")
}

fn parsed(item: Option<&Item>) -> Result<SecondFactors, CorruptItem> {
    item.map(parse_factors)
        .transpose()
        .map(Option::unwrap_or_default)
}

impl Store {
    /// The second factors of a user: 1 request.
    pub async fn get_factors(&self, user: &UserId) -> Result<SecondFactors, Error> {
        let item = self.get_users_table_item(key(user)).await?;
        Ok(parsed(item.as_ref())?)
    }

    /// The profile of a user: 1 request.
    pub async fn get_profile(&self, user: &UserId) -> Result<Profile, Error> {
        let item = self.get_users_table_item(profile_key(UserRef::from(user)));
        let profile = item.await?.as_ref().map(parse_profile).transpose()?;
        Ok(profile.unwrap_or_default())
    }

    /// The second factors and the profile of a user: 1 request.
    pub async fn get_factors_and_profile(
        &self,
        user: &UserId,
    ) -> Result<(SecondFactors, Profile), Error> {
        let user = UserRef::from(user);
        let keys = [factors_key(user), profile_key(user)];
        let [factors, profile] = self.get_parts(keys).await?;
        let profile = profile.as_ref().map(parse_profile).transpose()?;
        Ok((parsed(factors.as_ref())?, profile.unwrap_or_default()))
    }

    /// Counts an attempt at codes of all the `kinds`, if the user has them and the policy allows one,
    /// and reads the factors. The codes of a request are judged until one is wrong, so they are one
    /// attempt.
    ///
    /// One request: the whole policy is the condition of the update, as with passwords.
    pub async fn reserve_factor_attempt(
        &self,
        user: &UserId,
        kinds: &[FactorKind],
        policy: AttemptPolicy,
        write: WriteId,
        now: Timestamp,
    ) -> Result<ReservedFactors, Error> {
        let update = self
            .client
            .update_item()
            .table_name(&self.tables.users)
            .set_key(Some(users_table_key(key(user))));
        let (update, allowed) = counting_attempt(update, policy, write, now);
        let mut conditions = vec![allowed];
        // A request that is sent again may arrive after the attempt was given back.
        conditions.push("write_id <> :returned".into());
        let there = kinds.iter().map(|kind| attribute(*kind));
        conditions.extend(there.map(|name| format!("attribute_exists({name})")));
        let update = update
            .expression_attribute_values(":returned", text(returned(write)))
            .condition_expression(conditions.join(" AND "));
        let found = update_and_read(update).await?;
        let factors = parsed(found.as_ref())?;
        let by = match &found {
            Some(item) => Attributes(item).optional_text("write_id")?,
            None => None,
        };
        Ok(if by == Some(&*write.to_string()) {
            ReservedFactors::Reserved(factors)
        } else {
            ReservedFactors::Refused(factors)
        })
    }

    /// Gives back an attempt whose code could not be judged: 1 request. If another one was reserved
    /// since, it stays counted.
    pub async fn return_factor_attempt(&self, user: &UserId, write: WriteId) -> Result<(), Error> {
        let update = self
            .client
            .update_item()
            .table_name(&self.tables.users)
            .set_key(Some(users_table_key(key(user))))
            .update_expression(
                "SET failures = failures - :one, cleared = cleared + :one, write_id = :returned",
            )
            .condition_expression("write_id = :write AND failures > :none")
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":none", number(0))
            .expression_attribute_values(":returned", text(returned(write)))
            .expression_attribute_values(":write", text(write.to_string()));
        match on_heap(update.send()).await {
            Ok(_) => Ok(()),
            Err(error) => refused_item(error).map(drop),
        }
    }

    /// Counts a try to verify the pending registration of an authenticator app, if it has not ended
    /// and has tries left, and reads it: 1 request, so of many tries at once no more are counted.
    pub async fn count_totp_try(
        &self,
        user: &UserId,
        write: WriteId,
        now: Timestamp,
    ) -> Result<TriedTotp, Error> {
        let update = self
            .client
            .update_item()
            .table_name(&self.tables.users)
            .set_key(Some(users_table_key(key(user))))
            .update_expression("SET pending_tries = pending_tries + :one, pending_try = :write")
            .condition_expression(
                "pending_tries < :max AND pending_until > :now AND pending_try <> :write",
            )
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":max", number(PendingTotp::MAX_TRIES))
            .expression_attribute_values(":now", millis(now))
            .expression_attribute_values(":write", text(write.to_string()));
        let found = update_and_read(update).await?;
        let pending = parsed(found.as_ref())?.pending_totp;
        let own = write.to_string();
        Ok(TriedTotp {
            is_counted: pending.as_ref().is_some_and(|one| one.try_id == own),
            pending,
        })
    }

    /// Counts a code that is sent to a user on a day, whose counts were read as `seen`. False: as many
    /// were sent as a day allows.
    ///
    /// One request, and more if others count at the same time. If the answer was lost, the code may be
    /// counted twice.
    pub async fn count_sent_code(
        &self,
        user: &UserId,
        method: OtpMethod,
        mut seen: SentOnDay,
        day: i64,
    ) -> Result<bool, Error> {
        const TRIES: usize = 4;
        let [day_name, count_name] = sent_names(method);
        for _ in 0..TRIES {
            // A call that began before midnight counts on the day that has begun since.
            let day = day.max(seen.day);
            let before = seen.on(day);
            if before >= SentOnDay::max(method) {
                return Ok(false);
            }
            let mut update = self
                .client
                .update_item()
                .table_name(&self.tables.users)
                .set_key(Some(users_table_key(key(user))))
                .update_expression(format!("SET {day_name} = :day, {count_name} = :count"))
                .expression_attribute_values(":day", number(day))
                .expression_attribute_values(":count", number(before + 1));
            // A user who is deleted meanwhile must not get the item back.
            update = if seen == SentOnDay::default() {
                update.condition_expression(format!(
                    "attribute_exists(pk) AND attribute_not_exists({day_name})"
                ))
            } else {
                update
                    .condition_expression(format!(
                        "{day_name} = :seen_day AND {count_name} = :seen_count"
                    ))
                    .expression_attribute_values(":seen_day", number(seen.day))
                    .expression_attribute_values(":seen_count", number(seen.count))
            };
            let update = update.return_values_on_condition_check_failure(
                aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure::AllOld,
            );
            let found = match on_heap(update.send()).await {
                Ok(_) => return Ok(true),
                Err(error) => refused_item(error)?,
            };
            seen = parsed(found.as_ref())?.sent.get(method);
        }
        let text = "others had codes sent each time that this one was counted";
        Err(Error::Unavailable(text.into()))
    }

    /// Takes back a code that was counted and isn't sent: 1 request.
    pub async fn uncount_sent_code(
        &self,
        user: &UserId,
        method: OtpMethod,
        day: i64,
    ) -> Result<(), Error> {
        let [day_name, count_name] = sent_names(method);
        let update = self
            .client
            .update_item()
            .table_name(&self.tables.users)
            .set_key(Some(users_table_key(key(user))))
            .update_expression(format!("SET {count_name} = {count_name} - :one"))
            .condition_expression(format!("{day_name} = :day AND {count_name} > :none"))
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":none", number(0))
            .expression_attribute_values(":day", number(day));
        match on_heap(update.send()).await {
            Ok(_) => Ok(()),
            Err(error) => refused_item(error).map(drop),
        }
    }
}

fn sent_names(method: OtpMethod) -> [&'static str; 2] {
    match method {
        OtpMethod::Email => ["email_day", "email_sent"],
        OtpMethod::Sms => ["sms_day", "sms_sent"],
    }
}
