use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;

use crate::domain::{
    DisplayName, IdempotentCreate, LoginName, Metadata, PassedChecks, PasswordFactor,
    ReplacedToken, Sequence, Session, TokenHash, UserAgent, UserFactor, UserId, Write, WriteId,
    Writes,
};
use crate::store::item::{Attributes, Corrupt, Item, bytes, millis, number, text};

/// How long after its end a session may stay in the table: who holds an ended session
/// learns that it has ended, not that it never was.
const KEPT_AFTER_END: Duration = Duration::from_hours(24);

/// | attribute | type | |
/// |---|---|---|
/// | `session_id` | S | key |
/// | `sequence` | N | |
/// | `created_at`, `changed_at`, `expires_at` | N | milliseconds |
/// | `ttl` | N | seconds; when DynamoDB may delete the item |
/// | `user_id` | S | of the user, if more than the user was checked: the index `by_user` has it |
/// | `named_user_id` | S | of the user, if nothing more was checked: the index has no entry |
/// | `login_name`, `display_name` | S | if a user was checked; the name is that of the check |
/// | `user_verified_at`, `password_verified_at` | N | milliseconds; if checked |
/// | `metadata` | M of B | if any |
/// | `user_agent` | M | if any: `fingerprint_id`, `ip`, `description` (S), `header` (M of L of S) |
/// | `token_hash` | B | SHA-256 |
/// | `replaced_hash`, `replaced_until` | B, N | of the token just replaced, and when its grace ends, in milliseconds; if it has one |
/// | `replaced_proof` | S | what the change that replaced it proved: `user` or `added`, `password`, with a comma between; if anything |
/// | `proved_sequence` | N | after the newest change that proved something; if any did |
/// | `epoch` | S | the session generation of the user; if a user was checked |
/// | `creator` | S | who created it |
/// | `ended_at` | N | milliseconds; if it was ended |
/// | `writes` | B | the last writes, newest first, 24 bytes each: sequence seen, write id |
/// | `fingerprint` | B | of the request, if the create may be repeated |
/// | `created_by` | S | then, the write that created it |
pub(super) fn item_of(session: &Session) -> Item {
    let ttl = session.expires_at.plus(KEPT_AFTER_END).as_seconds_up();
    let mut item: Item = HashMap::with_capacity(16);
    let mut set = |name: &str, value| item.insert(name.to_owned(), value);

    set("session_id", text(session.id.to_string()));
    set("sequence", number(session.sequence.0));
    set("created_at", millis(session.created_at));
    set("changed_at", millis(session.changed_at));
    set("expires_at", millis(session.expires_at));
    set("ttl", number(ttl));
    set("token_hash", bytes(session.token_hash.as_bytes()));
    set("creator", text(&session.creator));
    if let Some(user) = &session.user {
        // Anybody who may name users could fill the index of any of them; what proves
        // nothing costs no entry and hides none.
        let user_id = match session.password {
            Some(_) => "user_id",
            None => "named_user_id",
        };
        set(user_id, text(user.user_id.as_str()));
        set("login_name", text(user.login_name.as_str()));
        set("display_name", text(user.display_name.as_str()));
        set("user_verified_at", millis(user.verified_at));
        set("epoch", text(user.generation.to_string()));
    }
    set("writes", bytes(&encode_writes(&session.writes)));
    if let Some(ended_at) = session.ended_at {
        set("ended_at", millis(ended_at));
    }
    if let Some(replaced) = &session.replaced {
        set("replaced_hash", bytes(replaced.hash.as_bytes()));
        set("replaced_until", millis(replaced.until));
        if !replaced.checks.is_empty() {
            set("replaced_proof", text(encode_proof(replaced.checks)));
        }
    }
    if let Some(Sequence(sequence)) = session.proved_sequence {
        set("proved_sequence", number(sequence));
    }
    if let Some(request) = &session.request {
        set("fingerprint", bytes(&request.fingerprint));
        set("created_by", text(request.write.to_string()));
    }
    if let Some(password) = &session.password {
        set("password_verified_at", millis(password.verified_at));
    }
    if !session.metadata.is_empty() {
        let entries = session.metadata.iter();
        let entries = entries.map(|(key, value)| (key.to_owned(), bytes(value)));
        set("metadata", AttributeValue::M(entries.collect()));
    }
    if let Some(user_agent) = &session.user_agent {
        set("user_agent", AttributeValue::M(user_agent_item(user_agent)));
    }
    item
}

fn user_agent_item(user_agent: &UserAgent) -> Item {
    let mut item = Item::new();
    for (name, value) in [
        ("fingerprint_id", user_agent.fingerprint_id()),
        ("ip", user_agent.ip()),
        ("description", user_agent.description()),
    ] {
        if let Some(value) = value {
            item.insert(name.to_owned(), text(value));
        }
    }
    let values = |values: &Vec<String>| AttributeValue::L(values.iter().map(text).collect());
    let header = user_agent.header().iter();
    let header = header.map(|(name, list)| (name.clone(), values(list)));
    item.insert("header".to_owned(), AttributeValue::M(header.collect()));
    item
}

/// A sequence in 8 bytes, the highest first, and a write id in 16.
const WRITE: usize = 24;

fn encode_writes(writes: &Writes) -> Vec<u8> {
    let encode = |write: Write| {
        let mut bytes = [0; WRITE];
        let (seen, id) = bytes.split_at_mut(8);
        seen.copy_from_slice(&write.seen.0.to_be_bytes());
        id.copy_from_slice(write.id.as_bytes());
        bytes
    };
    writes.iter().flat_map(encode).collect()
}

fn parse_writes(item: Attributes<'_>) -> Result<Writes, Corrupt> {
    let (writes, rest) = item.bytes("writes")?.as_chunks::<WRITE>();
    if !rest.is_empty() {
        return Err(Corrupt::Attribute("writes"));
    }
    let parse = |bytes: &[u8; WRITE]| {
        let (seen, id) = bytes.split_first_chunk::<8>()?;
        Some(Write {
            seen: Sequence(u64::from_be_bytes(*seen)),
            id: WriteId::from_uuid(uuid::Uuid::from_slice(id).ok()?),
        })
    };
    let writes = writes.iter().map(parse).collect::<Option<_>>();
    writes.map(Writes::new).ok_or(Corrupt::Attribute("writes"))
}

fn encode_proof(checks: PassedChecks) -> String {
    let user = match checks {
        PassedChecks { added: true, .. } => Some("added"),
        PassedChecks { user: true, .. } => Some("user"),
        _ => None,
    };
    let facts = [user, checks.password.then_some("password")];
    facts.into_iter().flatten().collect::<Vec<_>>().join(",")
}

fn parse_replaced(item: Attributes<'_>) -> Result<ReplacedToken, Corrupt> {
    let mut checks = PassedChecks::default();
    let facts = item.text_if_any("replaced_proof")?;
    for fact in facts.into_iter().flat_map(|facts| facts.split(',')) {
        match fact {
            "added" => (checks.user, checks.added) = (true, true),
            "user" => checks.user = true,
            "password" => checks.password = true,
            _ => return Err(Corrupt::Attribute("replaced_proof")),
        }
    }
    Ok(ReplacedToken {
        hash: TokenHash::new(item.array("replaced_hash")?),
        until: item.millis("replaced_until")?,
        checks,
    })
}

pub(in crate::store) fn parse(item: &Item) -> Result<Session, Corrupt> {
    let item = Attributes(item);
    Ok(Session {
        id: item.text("session_id")?.parse()?,
        sequence: Sequence(item.number("sequence")?),
        created_at: item.millis("created_at")?,
        changed_at: item.millis("changed_at")?,
        expires_at: item.millis("expires_at")?,
        user: parse_user(item)?,
        password: item
            .millis_if_any("password_verified_at")?
            .map(|verified_at| PasswordFactor { verified_at }),
        metadata: parse_metadata(item)?,
        user_agent: item.map("user_agent")?.map(parse_user_agent).transpose()?,
        token_hash: TokenHash::new(item.array("token_hash")?),
        replaced: item
            .has("replaced_hash")
            .then(|| parse_replaced(item))
            .transpose()?,
        proved_sequence: item.number_if_any("proved_sequence")?.map(Sequence),
        creator: item.text("creator")?.to_owned(),
        ended_at: item.millis_if_any("ended_at")?,
        writes: parse_writes(item)?,
        request: item
            .has("fingerprint")
            .then(|| parse_request(item))
            .transpose()?,
    })
}

fn parse_request(item: Attributes<'_>) -> Result<IdempotentCreate, Corrupt> {
    let write = uuid::Uuid::try_parse(item.text("created_by")?);
    let write = write.map_err(|_| Corrupt::Attribute("created_by"))?;
    Ok(IdempotentCreate {
        fingerprint: item.array("fingerprint")?,
        write: WriteId::from_uuid(write),
    })
}

fn parse_user(item: Attributes<'_>) -> Result<Option<UserFactor>, Corrupt> {
    let user_id = match item.text_if_any("user_id")? {
        None => item.text_if_any("named_user_id")?,
        proved => proved,
    };
    let Some(user_id) = user_id else {
        return Ok(None);
    };
    Ok(Some(UserFactor {
        user_id: UserId::parse(user_id.to_owned())?,
        login_name: LoginName::stored(item.text("login_name")?.to_owned()),
        display_name: DisplayName::parse(item.text("display_name")?.to_owned())?,
        verified_at: item.millis("user_verified_at")?,
        generation: item.text("epoch")?.parse()?,
    }))
}

fn parse_metadata(item: Attributes<'_>) -> Result<Metadata, Corrupt> {
    let Some(stored) = item.map("metadata")? else {
        return Ok(Metadata::default());
    };
    let mut entries = BTreeMap::new();
    for (key, value) in stored {
        let AttributeValue::B(value) = value else {
            return Err(Corrupt::Attribute("metadata"));
        };
        entries.insert(key.clone(), value.as_ref().to_vec());
    }
    Ok(Metadata::parse(entries)?)
}

fn parse_user_agent(item: &Item) -> Result<UserAgent, Corrupt> {
    let item = Attributes(item);
    let field = |name| item.text_if_any(name).map(|text| text.map(str::to_owned));
    let mut header = BTreeMap::new();
    for (name, list) in item.map("header")?.into_iter().flatten() {
        let list = list.as_l().map_err(|_| Corrupt::Attribute("header"))?;
        let list = list.iter().map(|value| match value {
            AttributeValue::S(value) => Ok(value.clone()),
            _ => Err(Corrupt::Attribute("header")),
        });
        header.insert(name.clone(), list.collect::<Result<_, _>>()?);
    }
    let (fingerprint_id, ip) = (field("fingerprint_id")?, field("ip")?);
    let agent = UserAgent::parse(fingerprint_id, ip, field("description")?, header)?;
    Ok(agent)
}
