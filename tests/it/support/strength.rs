//! Users with any factors, and sessions in which any were proved, written into the tables as they
//! are read there: which sessions are strong enough for whom is no matter of how these came about.

use aws_sdk_dynamodb::types::AttributeValue;
use sesame::domain::{Timestamp, User, UserRef};

use super::answer::Answer;
use super::app::{App, NOW};

/// The factors beside the user that can be proved in a session: the name in its item, and that of the
/// API.
pub const PROOFS: [(&str, &str); 7] = [
    ("password_verified_at", "password"),
    ("totp_verified_at", "totp"),
    ("otp_sms_verified_at", "otpSms"),
    ("otp_email_verified_at", "otpEmail"),
    ("recovery_code_verified_at", "recoveryCode"),
    ("passkey_verified_at", "passkey"),
    ("u2f_verified_at", "u2f"),
];

impl App {
    /// Makes a user one who has second factors of these kinds and no others.
    pub async fn set_kinds(&self, user: &User, kinds: &[&str]) {
        let key = format!("USER#{}", UserRef::from(&user.user_id));
        let update = self.dynamodb().update_item();
        let update = update.table_name(&self.store.tables().users);
        let update = update.key("pk", AttributeValue::S(key));
        let update = if kinds.is_empty() {
            update.update_expression("REMOVE factors")
        } else {
            let kinds = kinds.iter().map(|&kind| kind.to_owned()).collect();
            update
                .update_expression("SET factors = :kinds")
                .expression_attribute_values(":kinds", AttributeValue::Ss(kinds))
        };
        update.send().await.unwrap();
    }

    /// Makes a session one in which these factors were proved just now, by their names in the API, and
    /// no others.
    pub async fn set_proofs(&self, session: &Answer, proofs: &[&str]) {
        let proofs: Vec<_> = proofs.iter().map(|&name| (name, NOW)).collect();
        self.set_proofs_at(session, &proofs).await;
    }

    /// The same, each at its time.
    pub async fn set_proofs_at(&self, session: &Answer, proofs: &[(&str, Timestamp)]) {
        let (mut set, mut unset) = (Vec::new(), Vec::new());
        let update = self.dynamodb().update_item();
        let mut update = update
            .table_name(&self.store.tables().sessions)
            .key("session_id", AttributeValue::S(session.id()));
        for (attribute, name) in PROOFS {
            let Some((_, at)) = proofs.iter().find(|(proof, _)| *proof == name) else {
                unset.push(attribute);
                continue;
            };
            set.push(format!("{attribute} = :{attribute}"));
            let at = AttributeValue::N(at.as_millis().to_string());
            update = update.expression_attribute_values(format!(":{attribute}"), at);
        }
        let clauses = [("SET", set.join(", ")), ("REMOVE", unset.join(", "))];
        let clauses = clauses.iter().filter(|(_, names)| !names.is_empty());
        let clauses: Vec<_> = clauses
            .map(|(word, names)| format!("{word} {names}"))
            .collect();
        let update = update.update_expression(clauses.join(" "));
        update.send().await.unwrap();
    }
}

/// All sets of some names, the empty one first.
pub fn sets<'a>(names: &[&'a str]) -> Vec<Vec<&'a str>> {
    let mut sets = vec![Vec::new()];
    for &name in names {
        let with = sets.iter().map(|set| [&set[..], &[name]].concat());
        sets = sets
            .iter()
            .cloned()
            .chain(with.collect::<Vec<_>>())
            .collect();
    }
    sets
}
