//! Stored sessions and answers as the model has them.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sesame::api::Version;
use sesame::domain::{self, Factor};
use sesame::token::SessionToken;

use super::reference::{Grace, Model, Proof, Session, UserFactor};
use crate::support::answer::{millis, number};

/// Converts a stored session to the model's form. It gets `like`'s tokens, if its own is the last
/// of them, and `like`'s other fields that aren't stored.
pub fn read(stored: &domain::Session, like: &Session, model: &Model) -> Session {
    let text = |value: &[u8]| String::from_utf8(value.to_vec()).unwrap();
    let metadata = stored.metadata.iter();
    let metadata = metadata.map(|(key, value)| (key.to_owned(), text(value)));
    let generation = like.user.as_ref().map_or(0, |factor| factor.generation);
    let verified_at = &stored.factors.verified_at;
    let verified_at = |factor| verified_at.get(&factor).map(|at| at.as_millis());
    let user = stored.factors.user().map(|user| UserFactor {
        user: user_of(user.user_id.as_str(), model),
        verified_at: verified_at(Factor::User).unwrap(),
        generation,
    });
    let mut tokens = like.tokens.clone();
    if let Some(Some(token)) = tokens.last()
        && SessionToken::parse(token.clone()).unwrap().hash() != stored.token_hash
    {
        tokens.push(None);
    }
    Session {
        id: stored.id.to_string(),
        sequence: stored.sequence.0,
        created_at: stored.created_at.as_millis(),
        changed_at: stored.changed_at.as_millis(),
        expires_at: stored.expires_at.as_millis(),
        is_deleted: stored.ended_at.is_some(),
        user,
        password: verified_at(Factor::Password),
        metadata: metadata.collect(),
        creator: stored.creator.clone(),
        tokens,
        grace: stored.replaced.as_ref().map(|replaced| Grace {
            until: replaced.until.as_millis(),
            proof: Proof {
                user: replaced.checks.factors.contains(&Factor::User),
                added: replaced.checks.added_user,
                password: replaced.checks.factors.contains(&Factor::Password),
            },
        }),
        keyed: like.keyed.clone(),
    }
}

fn user_of(id: &str, model: &Model) -> usize {
    model.users.iter().position(|user| user.id == id).unwrap()
}

/// Compares a session of an answer with the model's `session`.
pub fn assert_shows(answer: &Value, session: &Session, model: &Model, version: Version) {
    let later = version > Version::V2alpha;
    let date = |value: &Value| json!(millis(value));
    let mut shown = answer.clone();
    for name in ["creationDate", "changeDate"] {
        shown[name] = date(&answer[name]);
    }
    if later {
        shown["expirationDate"] = date(&answer["expirationDate"]);
    }
    for factor in ["user", "password"] {
        let factors = shown.get_mut("factors");
        if let Some(factor) = factors.and_then(|factors| factors.get_mut(factor)) {
            factor["verifiedAt"] = date(&factor["verifiedAt"]);
        }
    }
    shown["sequence"] = json!(number(&answer["sequence"]));

    let mut want = json!({
        "id": session.id,
        "creationDate": session.created_at,
        "changeDate": session.changed_at,
        "sequence": session.sequence,
        "factors": {},
    });
    if later {
        want["expirationDate"] = json!(session.expires_at);
    }
    if let Some(factor) = &session.user {
        let user = &model.users[factor.user];
        want["factors"]["user"] = json!({
            "verifiedAt": factor.verified_at,
            "id": user.id,
            "loginName": user.name,
            "displayName": user.display_name.as_ref().unwrap_or(&user.name),
        });
        if later {
            want["factors"]["user"]["organizationId"] = json!("69629023906488334");
        }
    }
    if let Some(verified_at) = session.password {
        want["factors"]["password"] = json!({ "verifiedAt": verified_at });
    }
    if shown.get("factors").is_none() {
        shown["factors"] = json!({});
    }
    if !session.metadata.is_empty() {
        want["metadata"] = encoded(&session.metadata);
    }
    assert_eq!(shown, want);
}

pub fn encoded(metadata: &BTreeMap<String, String>) -> Value {
    let entries = metadata.iter();
    let entries = entries.map(|(key, value)| (key.clone(), json!(STANDARD.encode(value))));
    Value::Object(entries.collect())
}
