//! Brings a session, a credential and an answer into a state.

use std::time::Duration;

use serde_json::{Value, json};
use sesame::domain::{
    Challenge, CredentialId, CredentialKind, Operation, SignatureAlgorithm, User, UserState,
};

use super::case::{Case, Flow};
use crate::support::administration::Administration as _;
use crate::support::app::App;
use crate::support::authenticator::{
    Authenticator, BACKED_UP, BACKUP_ELIGIBLE, USER_PRESENT, USER_VERIFIED,
};
use crate::support::client::Client;
use crate::support::keys::{DOMAIN, ORIGIN, OTHER_DOMAIN, asking};
use crate::support::second::login;
use crate::web_authn::sessions::{Opened, answering, opening};

/// An answer that is about to be given.
pub struct Entry {
    /// Whom a right answer proves.
    pub user: User,
    pub session: Opened,
    pub other_session: Option<Opened>,
    /// The one that the session waits for, if it does.
    pub challenge: Challenge,
    pub answer: Value,
    /// The authenticator that has answered, as it is since then.
    pub key: Authenticator,
    pub other_keys: Vec<Authenticator>,
    pub after: Duration,
}

impl Flow {
    fn kind(self) -> CredentialKind {
        match self {
            Self::Passkey | Self::Discoverable => CredentialKind::Passkey,
            Self::SecurityKey | Self::SecondFactor => CredentialKind::U2f,
        }
    }

    fn level(self) -> &'static str {
        match self {
            Self::Passkey | Self::Discoverable => "REQUIRED",
            Self::SecurityKey => "PREFERRED",
            Self::SecondFactor => "DISCOURAGED",
        }
    }

    async fn user(self, app: &App, name: &str) -> User {
        match self {
            Self::SecondFactor => app.user_with(name, &[]).await,
            _ => app.user_with_hash(name, None).await,
        }
    }

    /// The message that opens a session with a challenge.
    fn opening(self, user: &User) -> Value {
        match self {
            Self::Discoverable => json!({ "challenges": asking(self.level()) }),
            Self::Passkey | Self::SecurityKey => opening(user, self.level()),
            Self::SecondFactor => {
                let mut message = login(user, json!({}));
                message["challenges"] = asking(self.level());
                message
            }
        }
    }
}

/// The count of each credential when it is registered.
const COUNT: u32 = 7;

/// Registers a credential of a user.
async fn register(app: &App, user: &User, kind: CredentialKind, case: Case) -> Authenticator {
    let mut key = Authenticator::new(SignatureAlgorithm::Es256);
    if case != Case::CountZero {
        key.sign_count = COUNT;
    }
    if case == Case::NoLongerEligible {
        key.flags |= BACKUP_ELIGIBLE;
    }
    let domain = match case {
        Case::OtherDomains => OTHER_DOMAIN,
        _ => DOMAIN,
    };
    app.register(user, kind, key, domain).await
}

/// Has an authenticator answer as the case says.
fn alter(case: Case, key: &mut Authenticator, other: &Authenticator) {
    match case {
        Case::OtherChallenge => key.challenge = Some(vec![7; 32]),
        Case::TopOrigin => key.top_origin = Some(ORIGIN.to_owned()),
        Case::CrossOrigin => key.cross_origin = Some(true),
        Case::OtherRpId => key.rp_id = Some(OTHER_DOMAIN),
        Case::NotPresent => key.flags = USER_VERIFIED,
        Case::NotVerified => key.flags = USER_PRESENT,
        Case::OtherType => key.kind = Some("webauthn.create"),
        Case::BadSignature => key.bad_signature = true,
        Case::OtherUsersHandle => key.handle.clone_from(&other.handle),
        Case::UnknownHandle => key.handle = Some(vec![7; 16]),
        Case::NoHandle => key.handle = None,
        Case::UnknownCredential => key.id = vec![7; 32],
        Case::NamesOtherUsers => {
            key.id.clone_from(&other.id);
            key.handle.clone_from(&other.handle);
        }
        Case::CountSmaller => key.sign_count = COUNT - 2,
        Case::CountEqual | Case::CountZero => key.step = 0,
        Case::NowEligible => key.flags |= BACKUP_ELIGIBLE,
        Case::NoLongerEligible => key.flags &= !BACKUP_ELIGIBLE,
        Case::StateWithoutEligibility => key.flags |= BACKED_UP,
        _ => {}
    }
}

pub async fn arrange(case: Case, flow: Flow, page: Client<'_>, name: &str) -> Entry {
    let app = page.app;
    let user = flow.user(app, name).await;
    let other = flow.user(app, &format!("{name}-other")).await;
    let own = register(app, &user, flow.kind(), Case::Right).await;
    let others = register(app, &other, flow.kind(), Case::Right).await;
    let (answering_key, proved) = match case {
        Case::OtherUsers => (others.clone(), &other),
        Case::OtherKind => {
            let kind = match flow.kind() {
                CredentialKind::Passkey => CredentialKind::U2f,
                CredentialKind::U2f => CredentialKind::Passkey,
            };
            (register(app, &user, kind, case).await, &user)
        }
        Case::OtherDomains | Case::CountZero | Case::NoLongerEligible => {
            (register(app, &user, flow.kind(), case).await, &user)
        }
        _ => (own.clone(), &user),
    };
    let mut key = answering_key;
    let session = Opened::create(page, flow.opening(&user)).await;
    let challenge = session.challenge();
    let other_session = match case {
        Case::OtherSessions | Case::NoChallenge => {
            Some(Opened::create(page, flow.opening(&user)).await)
        }
        _ => None,
    };
    alter(case, &mut key, &others);
    let origin = match case {
        Case::Origin(origin) => origin,
        _ => ORIGIN,
    };
    let asked = other_session.as_ref().unwrap_or(&session);
    let mut answer = key.assert(&asked.options, origin);
    if case == Case::Malformed {
        answer["type"] = json!("password");
    }
    let other_keys = [own, others].into_iter().filter(|one| one.id != key.id);
    let mut entry = Entry {
        user: proved.clone(),
        session,
        other_session,
        challenge,
        answer,
        other_keys: other_keys.collect(),
        key,
        after: Duration::ZERO,
    };
    if case == Case::NoChallenge {
        let mut message = flow.opening(&user);
        message.as_object_mut().unwrap().remove("challenges");
        entry.session = Opened::create(page, message).await;
    }
    happen(case, flow, page, &mut entry, &other).await;
    entry
}

/// What happens between the answer and its check.
async fn happen(case: Case, flow: Flow, page: Client<'_>, entry: &mut Entry, other: &User) {
    let app = page.app;
    let user = entry.user.clone();
    match case {
        Case::JustInTime => entry.after = Duration::from_millis(299_999),
        Case::Expired => entry.after = Duration::from_mins(5),
        Case::Used => {
            let answer = answering(&entry.answer);
            entry.session.change(page, answer).await.unwrap();
        }
        Case::UsedBesideAnother => {
            let more = json!({ "challenges": asking(flow.level()) });
            entry.session.change(page, more).await.unwrap();
            let answer = answering(&entry.answer);
            entry.session.change(page, answer).await.unwrap();
        }
        Case::Removed => remove(page, &user, flow, &entry.key).await,
        Case::Moved => {
            remove(page, &user, flow, &entry.key).await;
            let mut moved = entry.key.clone();
            moved.sign_count = COUNT;
            app.register(other, flow.kind(), moved, DOMAIN).await;
        }
        Case::Renamed => {
            let name = app.login_name(&format!("renamed-{}", user.user_id));
            assert!(app.store.rename_user(&user, name).await.unwrap());
        }
        Case::LoggedOut => assert!(app.store.end_sessions(&user).await.unwrap()),
        Case::UserLocked => set_state(app, &user, UserState::Locked).await,
        Case::UserDeactivated => set_state(app, &user, UserState::Inactive).await,
        Case::UserDeleted => assert!(app.store.delete_user(&user).await.unwrap()),
        Case::SessionEnded => {
            let message = entry.session.set(json!({}));
            page.ask(Operation::DeleteSession, message).await.unwrap();
        }
        _ => {}
    }
}

async fn set_state(app: &App, user: &User, state: UserState) {
    assert!(app.store.set_user_state(user, state).await.unwrap());
}

/// Removes a credential, as an administrator does.
async fn remove(page: Client<'_>, user: &User, flow: Flow, key: &Authenticator) {
    let listed = page.app.store.get_credentials(&user.user_id).await.unwrap();
    let id = CredentialId::new(key.id.clone()).unwrap();
    let one = listed.listed.iter().find(|one| one.id == id).unwrap();
    let (operation, name) = match flow.kind() {
        CredentialKind::Passkey => (Operation::RemovePasskey, "passkeyId"),
        CredentialKind::U2f => (Operation::RemoveU2F, "u2fId"),
    };
    let id: String = one.registration.to_string();
    let message = json!({ "userId": user.user_id.as_str(), name: id });
    page.ask(operation, message).await.unwrap();
}
