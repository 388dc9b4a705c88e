//! The items of credentials.

use aws_sdk_dynamodb::types::AttributeValue;

use crate::domain::{
    Backup, Challenge, CoseKey, Credential, CredentialHash, CredentialId, CredentialKind,
    Credentials, ListedCredential, PendingCredential, RegistrationId, RpId, SignCount,
    SignatureAlgorithm, UserHandle, UserId, UserRef,
};
use crate::store::item::{
    Attributes, CorruptItem, Item, NewItem, bytes, millis, number, text, texts,
};

/// What the keys of the items begin with.
pub(in crate::store::users) const KEYS_PREFIX: &str = "KEYS#";
pub(in crate::store::users) const CREDENTIAL_PREFIX: &str = "CREDENTIAL#";

pub(in crate::store::users) fn keys_key(user: UserRef) -> AttributeValue {
    text(format!("{KEYS_PREFIX}{user}"))
}

pub(in crate::store::users) fn credential_key(hash: CredentialHash) -> AttributeValue {
    text(format!("{CREDENTIAL_PREFIX}{hash}"))
}

/// The item that lists a user's credentials.
///
/// | attribute | type | |
/// |---|---|---|
/// | `pk` | S | `KEYS#` and the first half of the user id's SHA-256 in hexadecimal |
/// | `owner_id` | S | the user's id |
/// | `version` | N | the number of its changes |
/// | `handle` | B | the user's handle, 16 bytes |
/// | `credentials` | L of M | `id` (B), `registration` (B, 16 bytes), `kind` and `rp_id` (S), `transports` (L of S), `name` (S), `created_at` (N) |
/// | `registrations` | L of M | those that were begun: `id` (B, 16 bytes), `kind` (S), `challenge` (B, 32 bytes), `rp_id` (S), `until` (N), `by_code` (BOOL, if a code began it) |
pub(in crate::store::users) fn keys_item(
    user: &UserId,
    credentials: &Credentials,
    version: u64,
) -> Item {
    let mut item = NewItem::default();
    item.set("pk", keys_key(UserRef::from(user)));
    item.set("owner_id", text(user.as_str()));
    item.set("version", number(version));
    item.set("handle", credentials.handle.map(|handle| bytes(&handle.0)));
    let listed = credentials.listed.iter().map(listed_map).collect();
    item.set("credentials", AttributeValue::L(listed));
    let pending = credentials.pending.iter().map(pending_map).collect();
    item.set("registrations", AttributeValue::L(pending));
    item.0
}

fn listed_map(one: &ListedCredential) -> AttributeValue {
    let mut map = NewItem::default();
    map.set("id", bytes(one.id.as_bytes()));
    map.set("registration", bytes(&one.registration.0));
    map.set("kind", text(one.kind.as_str()));
    map.set("rp_id", text(one.rp_id.as_str()));
    map.set("transports", list(&one.transports));
    map.set("name", text(&one.name));
    map.set("created_at", millis(one.created_at));
    AttributeValue::M(map.0)
}

fn pending_map(one: &PendingCredential) -> AttributeValue {
    let mut map = NewItem::default();
    map.set("id", bytes(&one.id.0));
    map.set("kind", text(one.kind.as_str()));
    map.set("challenge", bytes(&one.challenge.0));
    map.set("rp_id", text(one.rp_id.as_str()));
    map.set("until", millis(one.expires_at));
    let by_code = one.by_code.then_some(AttributeValue::Bool(true));
    map.set("by_code", by_code);
    AttributeValue::M(map.0)
}

fn list(all: &[String]) -> AttributeValue {
    AttributeValue::L(all.iter().map(text).collect())
}

/// A user without the item never began a registration.
pub(in crate::store::users) fn parse_keys(item: &Item) -> Result<Credentials, CorruptItem> {
    let attributes = Attributes(item);
    let handle = attributes
        .has("handle")
        .then(|| attributes.array("handle").map(UserHandle))
        .transpose()?;
    let listed = maps(item, "credentials")?;
    let pending = maps(item, "registrations")?;
    Ok(Credentials {
        handle,
        listed: listed.map(parse_listed).collect::<Result<_, _>>()?,
        pending: pending.map(parse_pending).collect::<Result<_, _>>()?,
        new: Vec::new(),
    })
}

/// The maps of an attribute that is a list of them; none if it is absent.
fn maps<'a>(
    item: &'a Item,
    name: &'static str,
) -> Result<impl Iterator<Item = Attributes<'a>>, CorruptItem> {
    let list = match item.get(name) {
        None => &[][..],
        Some(list) => list.as_l().map_err(|_| CorruptItem::Attribute(name))?,
    };
    let all: Result<Vec<_>, _> = list.iter().map(|one| one.as_m().map(Attributes)).collect();
    Ok(all.map_err(|_| CorruptItem::Attribute(name))?.into_iter())
}

fn parse_listed(map: Attributes<'_>) -> Result<ListedCredential, CorruptItem> {
    Ok(ListedCredential {
        id: credential_id(map)?,
        registration: RegistrationId(map.array("registration")?),
        kind: kind(map)?,
        rp_id: RpId::stored(map.text("rp_id")?.to_owned()),
        transports: transports(map)?,
        name: map.text("name")?.to_owned(),
        created_at: map.millis("created_at")?,
    })
}

fn parse_pending(map: Attributes<'_>) -> Result<PendingCredential, CorruptItem> {
    Ok(PendingCredential {
        id: RegistrationId(map.array("id")?),
        kind: kind(map)?,
        challenge: Challenge(map.array("challenge")?),
        rp_id: RpId::stored(map.text("rp_id")?.to_owned()),
        expires_at: map.millis("until")?,
        by_code: map.flag("by_code")?,
    })
}

fn credential_id(map: Attributes<'_>) -> Result<CredentialId, CorruptItem> {
    Ok(CredentialId::new(map.bytes("id")?.to_vec())?)
}

fn kind(map: Attributes<'_>) -> Result<CredentialKind, CorruptItem> {
    CredentialKind::named(map.text("kind")?).ok_or(CorruptItem::Attribute("kind"))
}

fn transports(map: Attributes<'_>) -> Result<Vec<String>, CorruptItem> {
    let Some(list) = map.0.get("transports") else {
        return Ok(Vec::new());
    };
    let all = texts("transports", list)?;
    Ok(all.into_iter().map(str::to_owned).collect())
}

/// A credential.
///
/// | attribute | type | |
/// |---|---|---|
/// | `pk` | S | `CREDENTIAL#` and the SHA-256 of the credential's id in hexadecimal |
/// | `id` | B | the credential's id |
/// | `owner_id` | S | the id of the user whose it is |
/// | `handle` | B | the user's handle, 16 bytes |
/// | `kind` | S | `passkey` or `u2f` |
/// | `rp_id` | S | the domain that it is bound to |
/// | `key` | B | its public key as `COSE_Key` |
/// | `algorithm` | S | `ES256`, `EdDSA` or `RS256` |
/// | `sign_count` | N | the largest count of a signature |
/// | `eligible`, `backed_up` | BOOL | whether it may be kept on several devices, and is |
/// | `transports` | L of S | how the authenticator is reached |
/// | `aaguid` | B | the authenticator's model, as it says itself, 16 bytes |
/// | `created_at` | N | |
/// | `used_at` | N | when it was used last; if it was |
pub(in crate::store::users) fn credential_item(credential: &Credential) -> Item {
    let mut item = NewItem::default();
    item.set("pk", credential_key(credential.id.hash()));
    item.set("id", bytes(credential.id.as_bytes()));
    item.set("owner_id", text(credential.user.as_str()));
    item.set("handle", bytes(&credential.handle.0));
    item.set("kind", text(credential.kind.as_str()));
    item.set("rp_id", text(credential.rp_id.as_str()));
    item.set("key", bytes(&credential.key.0));
    item.set("algorithm", text(credential.algorithm.as_str()));
    item.set("sign_count", number(credential.sign_count.0));
    let Backup {
        is_eligible,
        is_backed_up,
    } = credential.backup;
    item.set("eligible", AttributeValue::Bool(is_eligible));
    item.set("backed_up", AttributeValue::Bool(is_backed_up));
    item.set("transports", list(&credential.transports));
    item.set("aaguid", bytes(&credential.aaguid));
    item.set("created_at", millis(credential.created_at));
    item.set("used_at", credential.used_at.map(millis));
    item.0
}

pub(in crate::store::users) fn parse_credential(item: &Item) -> Result<Credential, CorruptItem> {
    let item = Attributes(item);
    let algorithm = SignatureAlgorithm::named(item.text("algorithm")?);
    Ok(Credential {
        id: credential_id(item)?,
        user: UserId::from_stored(item.text("owner_id")?.to_owned()),
        handle: UserHandle(item.array("handle")?),
        kind: kind(item)?,
        rp_id: RpId::stored(item.text("rp_id")?.to_owned()),
        key: CoseKey(item.bytes("key")?.to_vec()),
        algorithm: algorithm.ok_or(CorruptItem::Attribute("algorithm"))?,
        sign_count: SignCount(item.number("sign_count")?),
        backup: Backup {
            is_eligible: item.flag("eligible")?,
            is_backed_up: item.flag("backed_up")?,
        },
        transports: transports(item)?,
        aaguid: item.array("aaguid")?,
        created_at: item.millis("created_at")?,
        used_at: item.optional_millis("used_at")?,
    })
}
