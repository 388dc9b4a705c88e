use serde_json::{Value, json};

use super::event::AuthorizerEvent;
use crate::domain::{Factor, SessionUser, Strength};

/// The form of responses to events with payload 2.0. The event does not say which form the API
/// expects, so this is a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthorizerAnswer {
    Simple,
    Iam,
}

impl AuthorizerEvent {
    /// The answer that allows the request of `user`, or denies it.
    pub(super) fn policy(&self, form: AuthorizerAnswer, user: Option<&SessionUser>) -> Value {
        let mut answer = match form {
            AuthorizerAnswer::Simple if self.is_2_0 => json!({ "isAuthorized": user.is_some() }),
            AuthorizerAnswer::Simple | AuthorizerAnswer::Iam => json!({
                "principalId": user.map_or("anonymous", |of| of.user.user_id.as_str()),
                "policyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [{
                        "Action": "execute-api:Invoke",
                        "Effect": if user.is_some() { "Allow" } else { "Deny" },
                        "Resource": self.whole_stage,
                    }],
                },
            }),
        };
        if let Some(user) = user {
            answer["context"] = context(user);
        }
        answer
    }
}

/// The context that the API receives: `$context.authorizer`, or `requestContext.authorizer` of its
/// own function's events. REST APIs take strings, numbers and booleans alone.
fn context(of: &SessionUser) -> Value {
    let mut names: Vec<_> = of.factors.set().into_iter().map(api_name).collect();
    names.dedup();
    let acr = of.factors.strength().unwrap_or(Strength::Half);
    let mut context = json!({
        "sessionId": of.session.to_string(),
        "userId": of.user.user_id.as_str(),
        "loginName": of.login_name.as_str(),
        "displayName": of.display_name(),
        "factors": names.join(","),
        "amr": of.factors.methods().join(" "),
        "acr": acr.as_str(),
        "createdAt": of.created_at.to_rfc3339(),
        "expiresAt": of.expires_at.to_rfc3339(),
    });
    for (factor, at) in of.factors.iter() {
        let newest = match factor {
            Factor::Passkey | Factor::U2f => of.factors.web_authn().map_or(at, |(at, _)| at),
            _ => at,
        };
        context[format!("{}VerifiedAt", api_name(factor))] = newest.to_rfc3339().into();
    }
    context
}

/// The name of a factor in the API, where passkeys and security keys are one. `amr` tells them apart.
fn api_name(factor: Factor) -> &'static str {
    match factor {
        Factor::Passkey | Factor::U2f => "webAuthN",
        factor => factor.as_str(),
    }
}
