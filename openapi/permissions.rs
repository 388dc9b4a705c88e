//! Who may make a call.

use sesame::domain::{Access, OpenToWeak, Operation, Rule};

/// Whether a call on a user is open to the user by the token of any session in which he was proved.
/// Those on sessions are open to it on its own session alone.
pub fn is_open_to_weak(rpc: &str) -> bool {
    let all = Operation::ALL.iter();
    let mut found = all.filter(|operation| operation.as_str() == rpc);
    let is_always = |operation: &Operation| operation.open_to_weak() == OpenToWeak::Always;
    found.any(|operation| is_always(operation) && !rpc.ends_with("Session"))
}

/// The reasons for which a call is permitted, in a sentence. `needs_token`: no reason but the
/// session's token is enough. `is_on_users`: the call is on a user, and not on a session.
pub fn who_may(rpc: &str, needs_token: bool, is_on_users: bool) -> Option<String> {
    let operation = Operation::ALL
        .iter()
        .find(|operation| operation.as_str() == rpc)?;
    let words = |access: Access| -> String {
        let rules = operation.rules(access).iter();
        let rules = rules.filter(|rule| !needs_token || **rule == Rule::Token);
        rules
            .map(|rule| word(*rule, is_on_users))
            .collect::<Vec<_>>()
            .join(", or ")
    };
    let modes = [Access::Token, Access::Authenticated, Access::Public];
    let [token, others @ ..] = modes.map(words);
    if others.iter().all(|other| *other == token) {
        return Some(format!("Permitted to {token}."));
    }
    let [authenticated, public] = others;
    Some(format!(
        "Permitted by `ACCESS`: under `token`, to {token}; under `authenticated`, to {authenticated}; \
         under `public`, to {public}."
    ))
}

fn word(rule: Rule, is_on_users: bool) -> String {
    match rule {
        Rule::Anyone => "anyone".to_owned(),
        Rule::Authenticated => "any authenticated principal".to_owned(),
        Rule::Token => "whoever has the session's token".to_owned(),
        Rule::Creator => "the creator".to_owned(),
        Rule::User if is_on_users => "the user".to_owned(),
        Rule::User => "the session's own user".to_owned(),
        Rule::Permission(permission) => {
            format!("principals with the permission `{}`", permission.as_str())
        }
    }
}
