use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;

use super::challenges::{parse_challenges, set_challenges};
use crate::domain::{
    Factor, Factors, IdempotentCreate, Metadata, PassedChecks, ReplacedToken, Sequence, Session,
    SessionGeneration, SessionId, TokenHash, UserAgent, UserFactor, UserId, Write, WriteId, Writes,
};
use crate::store::item::{
    Attributes, CorruptItem, Item, NewItem, bytes, millis, number, text, texts,
};

/// How long a session's item is kept after it expires, so that calls on it get "expired" or
/// "ended" and not "not found".
const KEPT_AFTER_EXPIRY: Duration = Duration::from_hours(24);

/// The item of a session. Times are in milliseconds since 1970, except `ttl`.
///
/// | attribute | type | |
/// |---|---|---|
/// | `session_id` | S | the key: a UUID with hyphens |
/// | `sequence` | N | |
/// | `created_at`, `changed_at`, `expires_at` | N | |
/// | `ttl` | N | seconds; when DynamoDB may delete the item: a day after `expires_at` |
/// | `user_id` | S | the user, if more than the name was checked: the index `by_user` has an entry |
/// | `named_user_id` | S | the user, if the user alone was checked: the index has no entry |
/// | `display_name` | S | the user's, as it was when the user was checked; if there was one |
/// | `user_verified_at`, `password_verified_at`, `totp_verified_at`, `otp_sms_verified_at`, `otp_email_verified_at`, `recovery_code_verified_at`, `passkey_verified_at`, `u2f_verified_at` | N | when each was checked; if it was |
/// | `u2f_verified_user` | BOOL | whether the credential of `u2f_verified_at` verified the user; if it did |
/// | `otp_sms_challenge`, `otp_email_challenge` | M | the code that was sent last: `id` (S), from which it is derived, `key` and `address` (B, 8 bytes each), the ids of the server key and of the address, `expires_at` (N), `sent_at` (N, if it wasn't returned), `used` (BOOL, if it was right once); if there was one |
/// | `web_authn_challenges` | L of M | what authenticators are to sign, the oldest first: `challenge` (B, 32 bytes), `user` (B, 16 bytes, the half of a hash as in a pointer's key; if it is for a user), `rp_id` (S), `verification` (S), `expires_at` (N); if there is one |
/// | `epoch` | S | the user's session generation at the first proof, or at the last check without one; if a user was checked |
/// | `metadata` | M of B | if any |
/// | `user_agent` | M | `fingerprint_id`, `ip`, `description` (S, if any), `header` (M of L of S); if given |
/// | `token_hash` | B | SHA-256 of the session's token |
/// | `replaced_hash` | B | SHA-256 of the token that the newest change replaced; if it has a grace |
/// | `replaced_until` | N | when the grace of that token ends; with `replaced_hash` |
/// | `replaced_proof` | S | the checks that this change passed: `user` or `added`, `password`, `totp`, `otpSms`, `otpEmail`, `recoveryCode`, `passkey`, `u2f`, separated by commas; if any |
/// | `proved_sequence` | N | the sequence after the newest write that passed a check; if any did |
/// | `creator` | S | the principal that created the session, as text |
/// | `ended_at` | N | if the session was ended |
/// | `writes` | B | the last writes, newest first, 24 bytes each: sequence seen, write id |
/// | `fingerprint` | B | fingerprint of the create request; if it had an idempotency key |
/// | `created_by` | S | the id of the write that created the session; with `fingerprint` |
///
/// A session that is ended loses the attributes [`super::attributes_removed_at_end`].
pub(super) fn session_item(session: &Session) -> Item {
    let ttl = session.expires_at.plus(KEPT_AFTER_EXPIRY).as_seconds_up();
    let mut item = NewItem::default();

    item.set("session_id", text(session.id.to_string()));
    item.set("sequence", number(session.sequence.0));
    item.set("created_at", millis(session.created_at));
    item.set("changed_at", millis(session.changed_at));
    item.set("expires_at", millis(session.expires_at));
    item.set("ttl", number(ttl));
    item.set("token_hash", bytes(session.token_hash.as_bytes()));
    item.set("creator", text(&session.creator));
    // A principal that may name users could fill a user's index with sessions without a password.
    // Such sessions have no entry, so they cost nothing and displace no others.
    let user_id = if session.factors.is_proved() {
        "user_id"
    } else {
        "named_user_id"
    };
    let user = session.factors.user();
    item.set(user_id, user.map(|user| text(user.user_id.as_str())));
    let display_name = user.and_then(|user| user.display_name.as_ref());
    item.set("display_name", display_name.map(|name| text(name.as_str())));
    item.set("epoch", user.map(|user| text(user.generation.to_string())));
    item.set("writes", bytes(&encode_writes(&session.writes)));
    item.set("ended_at", session.ended_at.map(millis));
    if let Some(replaced) = &session.replaced {
        item.set("replaced_hash", bytes(replaced.hash.as_bytes()));
        item.set("replaced_until", millis(replaced.until));
        let checks = (!replaced.checks.is_empty()).then(|| encode_checks(&replaced.checks));
        item.set("replaced_proof", checks.map(text));
    }
    let proved_sequence = session.proved_sequence.map(|sequence| sequence.0);
    item.set("proved_sequence", proved_sequence.map(number));
    if let Some(request) = &session.request {
        item.set("fingerprint", bytes(&request.fingerprint));
        item.set("created_by", text(request.write.to_string()));
    }
    for (factor, at) in session.factors.iter() {
        item.set(factor.verified_at_attribute(), millis(at));
    }
    let verified_user = session.factors.u2f_verified_user;
    let verified_user = verified_user.then_some(AttributeValue::Bool(true));
    item.set("u2f_verified_user", verified_user);
    set_challenges(&mut item, &session.challenges);
    if !session.metadata.is_empty() {
        let entries = session.metadata.iter();
        let entries = entries.map(|(key, value)| (key.to_owned(), bytes(value)));
        item.set("metadata", AttributeValue::M(entries.collect()));
    }
    let user_agent = session.user_agent.as_ref();
    item.set("user_agent", user_agent.map(user_agent_map));
    item.0
}

fn user_agent_map(user_agent: &UserAgent) -> AttributeValue {
    let mut map = NewItem::default();
    let fingerprint_id = user_agent.fingerprint_id.as_ref();
    map.set("fingerprint_id", fingerprint_id.map(text));
    map.set("ip", user_agent.ip.as_ref().map(text));
    map.set("description", user_agent.description.as_ref().map(text));
    let values = |values: &Vec<String>| AttributeValue::L(values.iter().map(text).collect());
    let header = user_agent.header.iter();
    let header = header.map(|(name, list)| (name.clone(), values(list)));
    map.set("header", AttributeValue::M(header.collect()));
    AttributeValue::M(map.0)
}

/// The length of an encoded write: its sequence in 8 bytes, big-endian, and its id in 16.
const WRITE_LENGTH: usize = 24;

fn encode_writes(writes: &Writes) -> Vec<u8> {
    let encode = |write: Write| [&write.seen.0.to_be_bytes()[..], write.id.0.as_bytes()].concat();
    writes.iter().flat_map(encode).collect()
}

fn parse_writes(item: Attributes<'_>) -> Result<Writes, CorruptItem> {
    let (writes, rest) = item.bytes("writes")?.as_chunks::<WRITE_LENGTH>();
    if !rest.is_empty() {
        return Err(CorruptItem::Attribute("writes"));
    }
    let parse = |bytes: &[u8; WRITE_LENGTH]| {
        let (seen, id) = bytes.split_first_chunk::<8>()?;
        Some(Write {
            seen: Sequence(u64::from_be_bytes(*seen)),
            id: WriteId(uuid::Uuid::from_slice(id).ok()?),
        })
    };
    let writes = writes.iter().map(parse).collect::<Option<_>>();
    writes
        .map(Writes::new)
        .ok_or(CorruptItem::Attribute("writes"))
}

/// What `replaced_proof` has in place of the user, if the session had none before.
const ADDED_USER: &str = "added";
/// What stands for checks whose names aren't known. It is no factor's name itself.
const UNKNOWN_CHECK: &str = "unknown";

fn encode_checks(checks: &PassedChecks) -> String {
    let names = checks.factors.iter().map(|factor| match factor {
        Factor::User if checks.added_user => ADDED_USER,
        factor => factor.as_str(),
    });
    let unknown = checks.unknown.then_some(UNKNOWN_CHECK);
    names.chain(unknown).collect::<Vec<_>>().join(",")
}

fn parse_replaced(item: Attributes<'_>) -> Result<ReplacedToken, CorruptItem> {
    let mut checks = PassedChecks::default();
    let facts = item.optional_text("replaced_proof")?;
    for fact in facts.into_iter().flat_map(|facts| facts.split(',')) {
        checks.added_user |= fact == ADDED_USER;
        let factor = match fact {
            ADDED_USER => Some(Factor::User),
            name => Factor::named(name),
        };
        checks.unknown |= factor.is_none();
        checks.factors.extend(factor);
    }
    Ok(ReplacedToken {
        hash: TokenHash::new(item.array("replaced_hash")?),
        until: item.millis("replaced_until")?,
        checks,
    })
}

pub(in crate::store) fn parse_session(item: &Item) -> Result<Session, CorruptItem> {
    let item = Attributes(item);
    Ok(Session {
        id: SessionId(item.uuid("session_id")?),
        sequence: Sequence(item.number("sequence")?),
        created_at: item.millis("created_at")?,
        changed_at: item.millis("changed_at")?,
        expires_at: item.millis("expires_at")?,
        factors: parse_factors(item)?,
        challenges: parse_challenges(item)?,
        metadata: parse_metadata(item)?,
        user_agent: item
            .optional_map("user_agent")?
            .map(parse_user_agent)
            .transpose()?,
        token_hash: TokenHash::new(item.array("token_hash")?),
        replaced: item
            .has("replaced_hash")
            .then(|| parse_replaced(item))
            .transpose()?,
        proved_sequence: item.optional_number("proved_sequence")?.map(Sequence),
        creator: item.text("creator")?.to_owned(),
        ended_at: item.optional_millis("ended_at")?,
        writes: parse_writes(item)?,
        request: item
            .has("fingerprint")
            .then(|| parse_create(item))
            .transpose()?,
    })
}

fn parse_create(item: Attributes<'_>) -> Result<IdempotentCreate, CorruptItem> {
    let write = uuid::Uuid::try_parse(item.text("created_by")?)
        .map_err(|_| CorruptItem::Attribute("created_by"))?;
    Ok(IdempotentCreate {
        fingerprint: item.array("fingerprint")?,
        write: WriteId(write),
    })
}

fn parse_factors(item: Attributes<'_>) -> Result<Factors, CorruptItem> {
    let Some(user) = parse_user(item)? else {
        return Ok(Factors::default());
    };
    let mut verified_at = BTreeMap::new();
    for factor in Factor::ALL {
        if let Some(at) = item.optional_millis(factor.verified_at_attribute())? {
            verified_at.insert(factor, at);
        }
    }
    if !verified_at.contains_key(&Factor::User) {
        return Err(CorruptItem::Attribute(Factor::User.verified_at_attribute()));
    }
    let mut factors = Factors {
        user: Some(user),
        verified_at,
        u2f_verified_user: item.flag("u2f_verified_user")?,
        unknown_proof: false,
    };
    // The attribute says that more than the name was checked.
    factors.unknown_proof = item.has("user_id") && !factors.is_proved();
    Ok(factors)
}

fn parse_user(item: Attributes<'_>) -> Result<Option<UserFactor>, CorruptItem> {
    let user_id = match item.optional_text("user_id")? {
        None => item.optional_text("named_user_id")?,
        proved => proved,
    };
    let Some(user_id) = user_id else {
        return Ok(None);
    };
    Ok(Some(UserFactor {
        user_id: UserId::from_stored(user_id.to_owned()),
        display_name: item.display_name()?,
        generation: SessionGeneration(item.uuid("epoch")?),
    }))
}

fn parse_metadata(item: Attributes<'_>) -> Result<Metadata, CorruptItem> {
    let mut entries = BTreeMap::new();
    for (key, value) in item.optional_map("metadata")?.into_iter().flatten() {
        let value = value.as_b();
        let value = value.map_err(|_| CorruptItem::Attribute("metadata"))?;
        entries.insert(key.clone(), value.as_ref().to_vec());
    }
    Ok(Metadata::from_stored(entries))
}

fn parse_user_agent(item: &Item) -> Result<UserAgent, CorruptItem> {
    let item = Attributes(item);
    let field = |name| item.optional_text(name).map(|text| text.map(str::to_owned));
    let mut header = BTreeMap::new();
    for (name, list) in item.optional_map("header")?.into_iter().flatten() {
        let values = texts("header", list)?.into_iter().map(str::to_owned);
        header.insert(name.clone(), values.collect());
    }
    Ok(UserAgent {
        fingerprint_id: field("fingerprint_id")?,
        ip: field("ip")?,
        description: field("description")?,
        header,
    })
}
