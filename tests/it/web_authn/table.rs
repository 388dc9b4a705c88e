//! Every answer of an authenticator: in each state of its challenge, its credential and its user.

mod arrange;
mod case;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use sesame::api::Version;
use sesame::domain::{
    Challenge, Credential, CredentialId, CredentialKind, Factor, FactorSet, Operation, Permission,
    Session, SessionState, SignCount,
};

use self::arrange::{Entry, arrange};
use self::case::{Case, Flow};
use super::sessions::{Opened, answering, keys};
use crate::support::app::{App, PASSWORD};
use crate::support::client::{Client, Wire};
use crate::support::keys::ORIGIN;

/// What an answer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    /// The session gets the factor; and whether it is a security key that has verified the user.
    Proves(Factor, bool),
    /// The challenge is consumed, and all else is as before.
    Consumes,
    /// Nothing is written.
    Nothing,
}
use Effect::{Consumes, Nothing, Proves};

type Cell = (i32, &'static str, Effect);

const PASSKEY: Cell = (0, "", Proves(Factor::Passkey, false));
const KEY: Cell = (0, "", Proves(Factor::U2f, true));
const KEY_ALONE: Cell = (0, "", Proves(Factor::U2f, false));
const WRONG: Cell = (3, "WEBAU-3M9si", Consumes);
const NAMES_NONE: Cell = (3, "WEBAU-3M9si", Nothing);
const UNREADABLE: Cell = (3, "WEBAU-ADgv4", Nothing);
const NO_CHALLENGE: Cell = (9, "COMMAND-Ioqu5", Nothing);
const NOT_HIS: Cell = (9, "COMMAND-Aej7i", Consumes);
const NOT_ACTIVE: Cell = (9, "COMMAND-Df4b3", Consumes);
const COPIED: Cell = (9, "WEBAU-4M90s", Consumes);
const ENDED: Cell = (9, "COMMAND-Hewfq", Nothing);

const WRONG_ALL: [Cell; 4] = [WRONG; 4];
const RIGHT_ALL: [Cell; 4] = [PASSKEY, PASSKEY, KEY, KEY];

/// The answers to a passkey, to one that finds the user, to a security key alone and after a password.
#[rustfmt::skip]
const TABLE: [(Case, [Cell; 4]); 43] = [
    (Case::Right, RIGHT_ALL),
    (Case::OtherChallenge, [NAMES_NONE; 4]),
    (Case::OtherSessions, [NAMES_NONE; 4]),
    (Case::NoChallenge, [NO_CHALLENGE; 4]),
    (Case::Origin("https://login.other.example"), WRONG_ALL),
    (Case::Origin("https://login.acme.example.evil.example"), WRONG_ALL),
    (Case::Origin("https://login.acme.example:8443"), WRONG_ALL),
    (Case::Origin("http://login.acme.example"), WRONG_ALL),
    (Case::Origin("https://acme.example"), WRONG_ALL),
    (Case::TopOrigin, WRONG_ALL),
    (Case::CrossOrigin, WRONG_ALL),
    (Case::OtherRpId, WRONG_ALL),
    (Case::NotPresent, WRONG_ALL),
    (Case::NotVerified, [WRONG, WRONG, KEY_ALONE, KEY_ALONE]),
    (Case::OtherType, WRONG_ALL),
    (Case::BadSignature, WRONG_ALL),
    (Case::OtherUsersHandle, WRONG_ALL),
    (Case::UnknownHandle, WRONG_ALL),
    (Case::NoHandle, [PASSKEY, WRONG, KEY, KEY]),
    (Case::UnknownCredential, [NOT_HIS, WRONG, NOT_HIS, NOT_HIS]),
    (Case::NamesOtherUsers, [NOT_HIS, WRONG, NOT_HIS, NOT_HIS]),
    (Case::OtherUsers, [NOT_HIS, PASSKEY, NOT_HIS, NOT_HIS]),
    (Case::OtherKind, [NOT_HIS, WRONG, PASSKEY, PASSKEY]),
    (Case::OtherDomains, [NOT_HIS, WRONG, NOT_HIS, NOT_HIS]),
    (Case::JustInTime, RIGHT_ALL),
    (Case::Expired, WRONG_ALL),
    (Case::Used, [NO_CHALLENGE; 4]),
    (Case::UsedBesideAnother, [NAMES_NONE; 4]),
    (Case::CountSmaller, [COPIED; 4]),
    (Case::CountEqual, [COPIED; 4]),
    (Case::CountZero, RIGHT_ALL),
    (Case::NowEligible, WRONG_ALL),
    (Case::NoLongerEligible, WRONG_ALL),
    (Case::StateWithoutEligibility, WRONG_ALL),
    (Case::Removed, [NOT_HIS, WRONG, NOT_HIS, ENDED]),
    (Case::Moved, [NOT_HIS, WRONG, NOT_HIS, ENDED]),
    (Case::Malformed, [UNREADABLE; 4]),
    (Case::Renamed, RIGHT_ALL),
    // A session in which nothing was proved outlives the end of the user's sessions.
    (Case::LoggedOut, [PASSKEY, PASSKEY, KEY, ENDED]),
    (Case::UserLocked, [NOT_ACTIVE, WRONG, NOT_ACTIVE, ENDED]),
    (Case::UserDeactivated, [NOT_ACTIVE, WRONG, NOT_ACTIVE, ENDED]),
    (Case::UserDeleted, [ENDED, WRONG, ENDED, ENDED]),
    (Case::SessionEnded, [ENDED; 4]),
];

/// All that an answer may change.
#[derive(Debug, PartialEq)]
struct Seen {
    session: Session,
    other_session: Option<Session>,
    /// The credentials that exist, the one that has answered first.
    credentials: Vec<Option<Credential>>,
}

impl Entry {
    async fn look(&self, app: &App) -> Seen {
        let mut credentials = Vec::new();
        for key in [&self.key].into_iter().chain(&self.other_keys) {
            let id = CredentialId::new(key.id.clone()).unwrap();
            credentials.push(app.store.get_credential(id.hash()).await.unwrap());
        }
        let other_session = match &self.other_session {
            Some(other) => Some(other.stored(app).await),
            None => None,
        };
        Seen {
            session: self.session.stored(app).await,
            other_session,
            credentials,
        }
    }
}

/// Makes the check, and holds the answer and what is stored against the table.
async fn judge(entry: &mut Entry, cell: Cell, client: Client<'_>, about: &str) {
    let (code, id, effect) = cell;
    let app = client.app;
    let before = entry.look(app).await;
    let message = entry.session.set(answering(&entry.answer));

    let answer = client.try_json(Operation::SetSession, message).await;

    let error = answer.as_ref().err().cloned().unwrap_or_default();
    let got = (error.code, error.id.unwrap_or_default());
    assert_eq!(got, (code, id.to_owned()), "{about} {}", error.message);
    assert_eq!((error.failed_attempts, error.retry_seconds), (None, None));
    let after = entry.look(app).await;
    match effect {
        Nothing => assert_eq!(after, before, "{about}"),
        Consumes => {
            let mut want = before;
            let session = &mut want.session;
            session.sequence.0 += 1;
            session.changed_at = client.now;
            session.challenges = session.challenges.clone().answered(&entry.challenge);
            session.writes = after.session.writes.clone();
            assert_eq!(after, want, "{about}");
            assert_eq!(after.session.challenges.web_authn, [], "{about}");
        }
        Proves(factor, verified) => {
            entry.session.token = answer.unwrap()["sessionToken"].as_str().unwrap().into();
            let factors = &after.session.factors;
            assert_eq!(factors.u2f_verified_user, verified, "{about}");
            assert_proved(entry, factor, before, &after, client, about);
            let got = entry.session.factors(client).await;
            let is_verified = verified || factor == Factor::Passkey;
            let told = got["webAuthN"].get("userVerified") == Some(&json!(true));
            assert_eq!(told, is_verified, "{about}");
        }
    }
}

/// Checks that a right answer has done all that it does, and nothing else.
fn assert_proved(
    entry: &Entry,
    factor: Factor,
    mut before: Seen,
    after: &Seen,
    client: Client<'_>,
    about: &str,
) {
    let (old, new) = (&before.session, &after.session);
    // The user if there was none, the factor, and the token.
    let had_user = old.factors.user.is_some();
    let steps = if had_user { 2 } else { 3 };
    assert_eq!(new.sequence.0, old.sequence.0 + steps, "{about}");
    assert_ne!(new.token_hash, old.token_hash, "{about}");
    assert_eq!(new.changed_at, client.now, "{about}");
    assert_eq!(new.proved_sequence, Some(new.sequence), "{about}");
    assert_eq!(new.challenges.web_authn, [], "{about}");
    let user = new.factors.user.as_ref().unwrap();
    assert_eq!(user.user_id, entry.user.user_id, "{about}");
    let state = new.state(Some(user.generation), client.now);
    assert_eq!(state, SessionState::Live, "{about}");
    assert_eq!(new.factors.verified_at[&factor], client.now, "{about}");
    let mut want: FactorSet = old.factors.verified_at.keys().copied().collect();
    want.extend([Factor::User, factor]);
    let got: FactorSet = new.factors.verified_at.keys().copied().collect();
    assert_eq!(got, want, "{about}");
    let credential = before.credentials[0].as_mut().unwrap();
    credential.sign_count = SignCount(entry.key.sign_count);
    credential.used_at = Some(client.now);
    assert_eq!(after.credentials, before.credentials, "{about}");
    assert_eq!(after.other_session, before.other_session, "{about}");
}

/// Each row in JSON and gRPC and one protocol more, in both versions, by whoever the page is.
async fn hold(flow: Flow) {
    let app = keys().await;
    let page = app
        .service(&[Permission::SessionWrite, Permission::UserWrite])
        .await;
    let column = Flow::ALL.iter().position(|one| *one == flow).unwrap();
    let others = [
        Wire::ConnectJson,
        Wire::ConnectProto,
        Wire::GrpcWeb,
        Wire::GrpcWebText,
    ];
    for (m, (case, cells)) in TABLE.into_iter().enumerate() {
        let wires = [Wire::Json, Wire::Grpc, others[(m + column) % 4]];
        for (n, wire) in wires.into_iter().enumerate() {
            let version = [Version::V2, Version::V2beta][(n + m) % 2];
            let is_public = (n + m / 2) % 2 == 0;
            let about = format!("{flow:?} {case:?} {wire:?} {version:?} {is_public}");
            let mut entry = arrange(case, flow, page, &format!("{m}-{n}")).await;
            let client = if is_public { app.client() } else { page };
            let client = client.over(wire, version).later(entry.after);
            judge(&mut entry, cells[column], client, &about).await;
        }
    }
    assert_eq!(app.store.scan_users().await.unwrap().faults(), []);
}

#[tokio::test]
async fn passkeys() {
    hold(Flow::Passkey).await;
}

#[tokio::test]
async fn passkeys_that_find_the_user() {
    hold(Flow::Discoverable).await;
}

#[tokio::test]
async fn security_keys() {
    hold(Flow::SecurityKey).await;
}

#[tokio::test]
async fn security_keys_after_a_password() {
    hold(Flow::SecondFactor).await;
}

/// Whoever logs in by password proves himself alone, whoever's passkey is beside it.
#[tokio::test]
async fn an_answer_beside_another_users_login_is_wrong() {
    let app = keys().await;
    let page = app.service(&[Permission::SessionWrite]).await;
    let (mini, other) = (app.user("mini").await, app.user("other").await);
    let mut key = app.key(&other, CredentialKind::Passkey).await;
    for has_password in [true, false] {
        let opened = Opened::of_nobody(page).await;
        let before = opened.stored(&app).await;
        let mut message = answering(&key.assert(&opened.options, ORIGIN));
        message["checks"]["user"] = json!({ "userId": mini.user_id.as_str() });
        if has_password {
            message["checks"]["password"] = json!({ "password": PASSWORD });
        }

        let got = page.ask(Operation::SetSession, opened.set(message)).await;

        assert_eq!(got, Err("WEBAU-3M9si".to_owned()), "{has_password}");
        let after = opened.stored(&app).await;
        assert_eq!(after.factors, before.factors, "{has_password}");
        assert_eq!(after.challenges.web_authn, [], "{has_password}");
        let stored = app.credential(&key).await;
        assert_eq!(stored.used_at, None, "{has_password}");
    }
}

impl Opened {
    /// The newest challenge.
    pub fn challenge(&self) -> Challenge {
        let text = self.options["publicKey"]["challenge"].as_str().unwrap();
        let bytes = URL_SAFE_NO_PAD.decode(text).unwrap();
        Challenge(bytes.try_into().unwrap())
    }
}
