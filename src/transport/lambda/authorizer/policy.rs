use serde_json::{Value, json};

use super::event::Question;
use crate::api::rfc_3339;
use crate::config::AuthorizerAnswer;
use crate::domain::SessionUser;

impl Question {
    /// Allows what was asked for to `user`, or denies it.
    pub(super) fn answer(&self, form: AuthorizerAnswer, user: Option<&SessionUser>) -> Value {
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

/// What the API gets to know: `$context.authorizer`, or `requestContext.authorizer` of its
/// own function's events. REST APIs take strings, numbers and booleans alone.
fn context(of: &SessionUser) -> Value {
    json!({
        "sessionId": of.session.to_string(),
        "userId": of.user.user_id.as_str(),
        "loginName": of.user.login_name.as_str(),
        "displayName": of.user.display_name.as_str(),
        "factors": "user,password",
        "userVerifiedAt": rfc_3339(of.user.verified_at),
        "passwordVerifiedAt": rfc_3339(of.password.verified_at),
        "createdAt": rfc_3339(of.created_at),
        "expiresAt": rfc_3339(of.expires_at),
    })
}
