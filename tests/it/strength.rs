//! Which sessions are strong enough for whom, at the authorizer and at the layer.

mod bearers;
mod calls;
mod special;
mod told;

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{Request, Response};
use serde_json::{Value, json};
use sesame::domain::{MfaPolicy, MinAcr, RequiredStrength, Timestamp, User};
use sesame::log::Log;
use sesame::transport::lambda::authorizer::{Authorizer, AuthorizerAnswer};
use sesame::transport::tower::SessionLayer;
use tower::{Layer as _, ServiceExt as _, service_fn};

use crate::support::answer::Answer;
use crate::support::app::{App, NOW, PASSWORD, event};
use crate::support::faults::Faults;
use crate::support::strength::sets;

fn now() -> Timestamp {
    NOW
}

/// An authorizer and a layer that require the same.
struct Gates {
    authorizer: Authorizer,
    log: Arc<Mutex<Vec<String>>>,
    layer: SessionLayer,
    faults: Faults,
}

impl Gates {
    fn new(app: &App, mfa: MfaPolicy, min_acr: MinAcr) -> Self {
        let (store, faults) = app.another_store();
        let (log, lines) = Log::memory(Some("sesame-authorizer".to_owned()));
        let required = RequiredStrength { mfa, min_acr };
        let layer = SessionLayer::new(store.clone(), now);
        Self {
            authorizer: Authorizer::new(store, AuthorizerAnswer::Simple, required, log),
            log: lines,
            layer: layer.mfa(mfa).min_acr(min_acr),
            faults,
        }
    }

    /// The outcome of a decision in the authorizer's log, and the context that it passed on.
    async fn decide(&self, token: &str) -> (String, Value) {
        let text = event("authorizer/request-2.0.json").replace("SESSION_TOKEN", token);
        self.faults.clear();
        let answer = self
            .authorizer
            .authorize(text.as_bytes(), "request-1", None, NOW);
        let answer = answer.await.unwrap();

        // However many factors the user has.
        assert_eq!(self.faults.actions(), ["BatchGetItem"]);
        let line = self.log.lock().unwrap().pop().unwrap();
        let line: Value = serde_json::from_str(&line).unwrap();
        let outcome = line["outcome"].as_str().unwrap().to_owned();
        assert_eq!(answer["isAuthorized"], json!(outcome == "allow"));
        assert_eq!(line["level"], "info");
        (outcome, answer["context"].clone())
    }

    /// The status and the text of the layer's answer.
    async fn ask(&self, token: &str) -> (u16, String) {
        let inner = service_fn(async |_: Request<()>| {
            Ok::<_, Infallible>(Response::new(Bytes::from_static(b"{}")))
        });
        let request = Request::builder().header(AUTHORIZATION, format!("Bearer {token}"));
        self.faults.clear();
        let response = self.layer.layer(inner).oneshot(request.body(()).unwrap());
        let response = response.await.unwrap();
        assert_eq!(self.faults.actions(), ["BatchGetItem"]);
        let body: Value = serde_json::from_slice(response.body()).unwrap();
        let message = body["message"].as_str().unwrap_or_default();
        (response.status().as_u16(), message.to_owned())
    }
}

/// A user with a session.
async fn mini(app: &App) -> (User, Answer) {
    let mini = app.user("mini").await;
    let session = app.client().log_in(&mini, PASSWORD).await;
    (mini, session)
}

/// What a user has, as far as a decision depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Has {
    Password,
    Passkey,
    SecondFactor,
}

/// What was proved in a session, as far as a decision depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Proved {
    Nothing,
    Password,
    SecondFactors,
    /// The password and a second factor, or a passkey, whatever else.
    Full,
}

/// What becomes of a request with the session's token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Allow,
    Weak,
    Unproven,
}

impl Verdict {
    /// The outcome in the authorizer's log, and the status of the layer's answer.
    fn shown(self) -> (&'static str, u16) {
        match self {
            Self::Allow => ("allow", 200),
            Self::Weak => ("too_weak", 403),
            Self::Unproven => ("no_proof_of_user", 401),
        }
    }
}

const OPTIONAL: MfaPolicy = MfaPolicy::Optional;
const REQUIRED: MfaPolicy = MfaPolicy::Required;

/// Which sessions stand for their users, if a second factor is optional and if it is required.
const TABLE: [(Has, Proved, Verdict, Verdict); 12] = {
    use Has::{Passkey, SecondFactor};
    use Proved::{Full, Nothing, Password, SecondFactors};
    use Verdict::{Allow, Unproven, Weak};
    [
        (Has::Password, Nothing, Unproven, Unproven),
        (Has::Password, Password, Allow, Weak),
        (Has::Password, SecondFactors, Weak, Weak),
        (Has::Password, Full, Allow, Allow),
        (Passkey, Nothing, Unproven, Unproven),
        (Passkey, Password, Allow, Weak),
        (Passkey, SecondFactors, Weak, Weak),
        (Passkey, Full, Allow, Allow),
        (SecondFactor, Nothing, Unproven, Unproven),
        (SecondFactor, Password, Weak, Weak),
        (SecondFactor, SecondFactors, Weak, Weak),
        (SecondFactor, Full, Allow, Allow),
    ]
};

/// The kinds of factors that users have, and what they come to. Recovery codes demand nothing, and
/// what a newer release has registered may demand something.
const USERS: [(&[&str], Has); 26] = [
    (&[], Has::Password),
    (&["recovery_codes"], Has::Password),
    (&["totp"], Has::SecondFactor),
    (&["otp_email"], Has::SecondFactor),
    (&["otp_sms"], Has::SecondFactor),
    (&["totp", "otp_email"], Has::SecondFactor),
    (&["totp", "otp_sms"], Has::SecondFactor),
    (&["otp_email", "otp_sms"], Has::SecondFactor),
    (&["totp", "otp_email", "otp_sms"], Has::SecondFactor),
    (&["totp", "recovery_codes"], Has::SecondFactor),
    (&["otp_email", "recovery_codes"], Has::SecondFactor),
    (&["otp_sms", "recovery_codes"], Has::SecondFactor),
    (&["totp", "otp_email", "recovery_codes"], Has::SecondFactor),
    (&["totp", "otp_sms", "recovery_codes"], Has::SecondFactor),
    (
        &["otp_email", "otp_sms", "recovery_codes"],
        Has::SecondFactor,
    ),
    (
        &["totp", "otp_email", "otp_sms", "recovery_codes"],
        Has::SecondFactor,
    ),
    (&["u2f"], Has::SecondFactor),
    (&["recovery_codes", "u2f"], Has::SecondFactor),
    (&["passkey"], Has::Passkey),
    (&["passkey", "recovery_codes"], Has::Passkey),
    (&["passkey", "totp"], Has::SecondFactor),
    (&["otp_email", "passkey"], Has::SecondFactor),
    (&["otp_sms", "passkey", "recovery_codes"], Has::SecondFactor),
    (&["passkey", "u2f"], Has::SecondFactor),
    (&["of_a_newer_release"], Has::SecondFactor),
    (&["of_a_newer_release", "passkey"], Has::SecondFactor),
];

#[tokio::test]
async fn a_session_stands_for_its_user_as_the_factors_of_both_say() {
    let app = App::emulated(&[]).await;
    let (mini, session) = mini(&app).await;
    let token = session.token();
    let optional = Gates::new(&app, OPTIONAL, MinAcr::None);
    let required = Gates::new(&app, REQUIRED, MinAcr::None);
    let second = sets(&["totp", "otpSms", "otpEmail", "recoveryCode", "u2f"]);

    for (kinds, has) in USERS {
        app.set_kinds(&mini, kinds).await;
        let firsts = [
            &[][..],
            &["password"],
            &["passkey"],
            &["passkey", "password"],
        ];
        let all = second
            .iter()
            .flat_map(|set| firsts.map(|first| (set, first)));
        for (second, first) in all {
            let proved = match (first, second.is_empty()) {
                (["passkey", ..], _) | (["password"], false) => Proved::Full,
                ([], true) => Proved::Nothing,
                ([], false) => Proved::SecondFactors,
                (_, true) => Proved::Password,
                (other, _) => panic!("{other:?}"),
            };
            let proofs = [&second[..], first].concat();
            app.set_proofs(&session, &proofs).await;
            let mut rows = TABLE.iter();
            let row = rows.find(|row| (row.0, row.1) == (has, proved)).unwrap();
            for (mfa, gates, verdict) in
                [(OPTIONAL, &optional, row.2), (REQUIRED, &required, row.3)]
            {
                let (outcome, status) = verdict.shown();
                let (logged, context) = gates.decide(&token).await;
                let (answered, message) = gates.ask(&token).await;

                let what = format!("{kinds:?} {proofs:?} {mfa:?}");
                assert_eq!((&*logged, answered), (outcome, status), "{what}");
                assert_eq!(context.is_object(), verdict == Verdict::Allow, "{what}");
                let has_id = message.ends_with(" (AUTHZ-Kl3p0)");
                assert_eq!(has_id, verdict == Verdict::Weak, "{what}: {message}");
            }
        }
    }
}
