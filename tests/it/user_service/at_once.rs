//! Random calls on a few users at once, over a database that loses answers. Afterwards each name,
//! address and profile belongs to its user, no session is valid whose password is a former one, and
//! no code was used twice.
//!
//! The calls follow from a seed, which a failure prints.

mod codes;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use sesame::domain::{Operation, Permission, UserId, UserRef};

use self::world::{Login, World, pick};
use super::{outcome, read};
use crate::support::app::App;
use crate::support::dice::Dice;
use crate::support::faults::Fault;

const CLIENTS: u64 = 5;
const CALLS: u64 = 14;
const USERS: u64 = 2;

impl World {
    async fn register(&self, dice: &mut Dice) {
        let number = self.next.fetch_add(1, Ordering::SeqCst);
        let id = self
            .app
            .user_id(&format!("{} {number}", self.seed))
            .to_string();
        let message = json!({
            "userId": id,
            "username": self.name(dice),
            "profile": { "givenName": "Mini", "familyName": "Mouse" },
            "email": { "email": self.email(dice), "isVerified": true },
            "phone": { "phone": phone(dice), "isVerified": true },
            "password": { "password": self.new_password(&id) },
        });
        let added = self.admin().ask(Operation::AddHumanUser, message).await;
        if is_possible(&added) {
            self.users.lock().unwrap().push(id);
        }
    }

    /// One of a few names, some of which are addresses too.
    fn name(&self, dice: &mut Dice) -> String {
        match dice.below(2) {
            0 => self.email(dice),
            _ => format!("mini-{}-{}", self.seed, dice.below(3)),
        }
    }

    fn email(&self, dice: &mut Dice) -> String {
        format!("mini-{}-{}@mouse.example", self.seed, dice.below(3))
    }

    fn any_user(&self, dice: &mut Dice) -> Option<String> {
        let users = self.users.lock().unwrap();
        pick(dice, &users).cloned()
    }

    fn any_session(&self, dice: &mut Dice) -> Option<Login> {
        let sessions = self.sessions.lock().unwrap();
        pick(dice, &sessions).cloned()
    }

    fn any_password(&self, dice: &mut Dice, user: &str) -> String {
        let all = self.passwords.lock().unwrap();
        pick(dice, &all[user]).unwrap().clone()
    }

    fn note(&self, id: &str, change: impl FnOnce(&mut Login)) {
        let mut sessions = self.sessions.lock().unwrap();
        change(sessions.iter_mut().find(|one| one.id == id).unwrap());
    }

    /// Makes one random call.
    async fn call(&self, dice: &mut Dice) {
        if dice.once_in(3) {
            let faults = [Fault::ApplyThenReset, Fault::Reset, Fault::Conflict];
            let fault = *pick(dice, &faults).unwrap();
            let fault = fault.once().for_action("TransactWriteItems");
            self.app.faults.inject(fault);
        }
        let Some(user) = self.any_user(dice) else {
            return self.register(dice).await;
        };
        let admin = self.admin();
        let of = |mut message: Value| {
            message["userId"] = json!(user);
            message
        };
        match dice.below(22) {
            0 => self.register(dice).await,
            16 | 17 => {
                let (call, message) = (Operation::PasswordReset, of(json!({ "returnCode": {} })));
                self.ask_for_code(&user, call, message, Operation::SetPassword)
                    .await;
            }
            18 => {
                let message = of(json!({ "email": self.email(dice), "returnCode": {} }));
                let verify = Operation::VerifyEmail;
                self.ask_for_code(&user, Operation::SetEmail, message, verify)
                    .await;
            }
            19..=21 => self.enter_code(dice).await,
            1..=3 => self.log_in(dice, &user).await,
            4 => self.name_in_a_session(&user).await,
            5..=7 => self.set(dice).await,
            8 | 9 => self.change_own_password(dice).await,
            10 => {
                let password = json!({ "password": self.new_password(&user) });
                let message = of(json!({ "newPassword": password }));
                drop(admin.ask(Operation::SetPassword, message).await);
            }
            11 => {
                let message = of(json!({ "username": self.name(dice) }));
                drop(admin.ask(Operation::UpdateUser, message).await);
            }
            12 => {
                let message = of(json!({ "email": self.email(dice), "isVerified": true }));
                drop(admin.ask(Operation::SetEmail, message).await);
            }
            13 => {
                let phone = json!({ "phone": phone(dice), "isVerified": true });
                let message = of(json!({ "human": { "phone": phone } }));
                drop(admin.ask(Operation::UpdateUser, message).await);
            }
            14 => {
                drop(admin.ask(Operation::LockUser, of(json!({}))).await);
                drop(admin.ask(Operation::UnlockUser, of(json!({}))).await);
            }
            _ => drop(admin.ask(Operation::DeleteUser, of(json!({}))).await),
        }
    }

    async fn log_in(&self, dice: &mut Dice, user: &str) {
        let password = self.any_password(dice, user);
        let checks = json!({ "user": { "userId": user }, "password": { "password": password } });
        let created = self.admin().create_json(&json!({ "checks": checks })).await;
        self.note_session(user, &created.result(), Some(password));
    }

    async fn name_in_a_session(&self, user: &str) {
        let checks = json!({ "user": { "userId": user } });
        let created = self.admin().create_json(&json!({ "checks": checks })).await;
        self.note_session(user, &created.result(), None);
    }

    fn note_session(&self, user: &str, created: &Result<Value, String>, password: Option<String>) {
        if let Ok(created) = created {
            let text = |name: &str| created[name].as_str().unwrap().to_owned();
            self.sessions.lock().unwrap().push(Login {
                user: user.to_owned(),
                id: text("sessionId"),
                token: text("sessionToken"),
                password,
                may_be_kept: false,
            });
        }
    }

    /// Checks a password, maybe a former one, in a session that there is.
    async fn set(&self, dice: &mut Dice) {
        let Some(login) = self.any_session(dice) else {
            return;
        };
        let password = self.any_password(dice, &login.user);
        let message = json!({
            "sessionId": login.id, "checks": { "password": { "password": password } },
        });
        let set = self.admin().ask(Operation::SetSession, message).await;
        if let Ok(set) = set {
            let token = set["sessionToken"].as_str().unwrap().to_owned();
            self.note(&login.id, |login| {
                login.token = token;
                login.password = Some(password);
            });
        }
    }

    async fn change_own_password(&self, dice: &mut Dice) {
        let Some(login) = self.any_session(dice) else {
            return;
        };
        let new = self.new_password(&login.user);
        let mut message = json!({ "userId": login.user, "newPassword": { "password": new } });
        if dice.once_in(2) {
            message["currentPassword"] = json!(self.any_password(dice, &login.user));
        }
        let own = self.app.client().bearing(&login.token);
        let set = own.ask(Operation::SetPassword, message).await;
        if is_possible(&set) {
            self.note(&login.id, |login| {
                login.may_be_kept = true;
            });
        }
    }

    /// Each item belongs to a user who has it, and each user has all items.
    async fn check_items(&self) {
        let scan = self
            .app
            .dynamodb()
            .scan()
            .table_name(&self.app.store.tables().users);
        let items = scan.send().await.unwrap().items.unwrap();
        let mut stored = BTreeMap::new();
        for item in &items {
            stored.insert(item["pk"].as_s().unwrap().as_str(), item);
        }
        let text = |value: &AttributeValue| value.as_s().unwrap().clone();
        let mut wanted = BTreeSet::new();
        let mut holders: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (key, item) in stored.iter().filter(|(key, _)| key.starts_with("LOGIN#")) {
            let user = UserRef::from(&UserId::from_stored(text(&item["user_id"]))).to_string();
            let pointer = stored[&*format!("USER#{user}")];
            let profile = stored[&*format!("PROFILE#{user}")];
            for name in ["user_id", "login_name", "epoch"] {
                assert_eq!(
                    pointer[name], item[name],
                    "{key} {name}, seed {}",
                    self.seed
                );
            }
            assert_eq!(profile["user_id"], item["user_id"]);
            let email = format!("EMAIL#{}", text(&profile["email"]).to_lowercase());
            let phone = format!("PHONE#{}", text(&profile["phone"]));
            for address in [email, phone] {
                holders.entry(address).or_default().insert(user.clone());
            }
            wanted.extend([
                key.to_string(),
                format!("USER#{user}"),
                format!("PROFILE#{user}"),
            ]);
        }
        for (address, users) in holders {
            let item = stored[&*address];
            let has: BTreeSet<_> = item["holders"].as_ss().unwrap().iter().cloned().collect();
            assert_eq!(has, users, "{address}, seed {}", self.seed);
            wanted.insert(address);
        }
        let keys = stored.keys().filter(|key| !key.starts_with("CALLER#"));
        let keys: BTreeSet<_> = keys.map(|key| (*key).to_owned()).collect();
        assert_eq!(keys, wanted, "seed {}", self.seed);
    }

    /// A valid session has the user's password of now, or is the one that it was changed with.
    async fn check_sessions(&self) {
        let users = self.users.lock().unwrap().clone();
        for user in &users {
            if read(self.admin(), user).await.is_err() {
                continue;
            }
            let now = self.password_of(user).await;
            let sessions = self.sessions.lock().unwrap().clone();
            for login in sessions.iter().filter(|login| login.user == *user) {
                let get = json!({ "sessionId": login.id });
                let got = self.admin().ask(Operation::GetSession, get).await;
                let is_valid = match &login.password {
                    None => got.is_ok(),
                    Some(password) => got.is_err() || login.may_be_kept || *password == now,
                };
                assert!(is_valid, "{login:?} {got:?}, seed {}", self.seed);
            }
        }
    }

    async fn password_of(&self, user: &str) -> String {
        let all = self.passwords.lock().unwrap()[user].clone();
        for password in all {
            let password_check = json!({ "password": password });
            let checks = json!({ "user": { "userId": user }, "password": password_check });
            let created = self.admin().create_json(&json!({ "checks": checks })).await;
            if created.outcome() == "ok" {
                return password;
            }
        }
        panic!("{user} has no password, seed {}", self.seed);
    }
}

fn phone(dice: &mut Dice) -> String {
    format!("+4171123456{}", dice.below(2))
}

/// Whether a call was carried out, or nobody knows.
fn is_possible(asked: &Result<Value, String>) -> bool {
    ["ok", "code 14"].contains(&&*outcome(asked))
}

async fn play(seed: u64) {
    let settings = [
        ("MAX_PASSWORD_ATTEMPTS", "100"),
        ("TOKEN_GRACE_SECONDS", "60"),
        ("SERVER_KEY", "a server key of at least 32 characters"),
    ];
    let app = App::emulated(&settings).await;
    let day = Duration::from_hours(24);
    let bearer = app
        .service_account(&Permission::ALL, day)
        .await
        .as_str()
        .to_owned();
    let world = Arc::new(World {
        app,
        bearer,
        seed,
        next: AtomicU64::new(0),
        users: Mutex::default(),
        passwords: Mutex::default(),
        sessions: Mutex::default(),
        codes: Mutex::default(),
    });
    let mut dice = Dice::new(seed);
    for _ in 0..USERS {
        world.register(&mut dice).await;
    }
    let mut clients = tokio::task::JoinSet::new();
    for client in 0..CLIENTS {
        let (world, mut dice) = (world.clone(), Dice::new(seed * CLIENTS + client));
        clients.spawn(async move {
            for _ in 0..CALLS {
                world.call(&mut dice).await;
            }
        });
    }
    clients.join_all().await;
    world.app.faults.clear();
    world.check_items().await;
    world.check_sessions().await;
    world.check_codes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_happens_at_once_nothing_is_left_without_its_user() {
    for seed in 0..crate::linearizability::runs(12) {
        play(seed).await;
    }
}
