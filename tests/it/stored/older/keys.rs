//! A process of a release that knows no passkeys.

use serde_json::{Value, json};
use sesame::domain::{CredentialId, SignatureAlgorithm, UserId, UserRef};

use super::{FORMER, PASSWORD, SERVER_KEY, call, key, read, sessions, users};
use crate::stored::string;
use crate::support::authenticator::Authenticator;
use crate::support::cli::process::{Dev, dev, post_to, test_variable};
use crate::support::cli::service::Service;

const ORIGIN: &str = "http://localhost:3000";
const USER: &str = "keyed";
const SOUND: &str = "both tables are as they should be\n";

/// A user of the new process with a credential of each kind.
struct Keyed<'a> {
    dev: &'a Dev,
    keys: [Authenticator; 2],
}

fn of_user(mut message: Value) -> Value {
    message["userId"] = USER.into();
    message
}

fn asking(level: &str) -> Value {
    let level = format!("USER_VERIFICATION_REQUIREMENT_{level}");
    json!({ "webAuthN": { "domain": "localhost", "userVerificationRequirement": level } })
}

impl<'a> Keyed<'a> {
    fn new(dev: &'a Dev) -> Self {
        let new = |method: &str, message: Value| call(&dev.url, &dev.token, method, &message);
        let human = json!({
            "username": "keyed@mouse.com",
            "profile": { "givenName": "Minnie", "familyName": "Mouse" },
            "email": { "email": "keyed@mouse.example", "isVerified": true },
            "password": { "password": FORMER },
        });
        new(&users("AddHumanUser"), of_user(human));
        let keys = [SignatureAlgorithm::Es256, SignatureAlgorithm::EdDsa];
        let mut keys = keys.map(Authenticator::new);
        let [passkey, u2f] = &mut keys;
        for (key, rpc, verify, id, name) in [
            (
                passkey,
                "RegisterPasskey",
                "VerifyPasskeyRegistration",
                "passkeyId",
                "passkeyName",
            ),
            (
                u2f,
                "RegisterU2F",
                "VerifyU2FRegistration",
                "u2fId",
                "tokenName",
            ),
        ] {
            let begun = new(&users(rpc), of_user(json!({})));
            let answer = key.register(&begun["publicKeyCredentialCreationOptions"], ORIGIN);
            let body = json!({ id: begun[id], "publicKeyCredential": answer, name: "a key" });
            new(&users(verify), of_user(body));
        }
        Self { dev, keys }
    }

    /// The items of the user that the older process doesn't know, and the kinds in the pointer.
    fn items(&self) -> Vec<Value> {
        let user = UserRef::from(&UserId::parse(USER.to_owned()).unwrap());
        let item = |pk: &str| read(self.dev, "users", &key("pk", pk));
        let mut kinds = item(&format!("USER#{user}"))["factors"]["SS"].clone();
        if let Some(kinds) = kinds.as_array_mut() {
            kinds.sort_by_key(|kind| string(kind).to_owned());
        }
        let credentials = self.keys.iter().map(|key| {
            let hash = CredentialId::new(key.id.clone()).unwrap().hash();
            item(&format!("CREDENTIAL#{hash}"))
        });
        let list = item(&format!("KEYS#{user}"));
        credentials.chain([list, kinds]).collect()
    }

    fn of_session(&self, session: &Value) -> Vec<Value> {
        let id = key("session_id", string(&session["sessionId"]));
        let item = read(self.dev, "sessions", &id);
        let names = [
            "web_authn_challenges",
            "passkey_verified_at",
            "u2f_verified_at",
            "u2f_verified_user",
            "user_id",
        ];
        names.map(|name| item[name].clone()).to_vec()
    }
}

/// The answer to the challenge of a session that was just created.
fn answer(key: &mut Authenticator, created: &Value) -> Value {
    let options = &created["challenges"]["webAuthN"]["publicKeyCredentialRequestOptions"];
    json!({ "webAuthN": { "credentialAssertionData": key.assert(options, ORIGIN) } })
}

fn set(created: &Value, token: &Value, more: Value) -> Value {
    let mut message = more;
    message["sessionId"] = created["sessionId"].clone();
    message["sessionToken"] = token.clone();
    message
}

/// `docs/contributing.md` says how it is run.
#[test]
#[ignore = "needs the tool of an older release, which SESAME_OLDER_BINARY names"]
fn an_older_process_drops_nothing_of_credentials() {
    let older = test_variable("SESAME_OLDER_BINARY").expect("SESAME_OLDER_BINARY");
    let mut command = dev(&[]);
    command
        .env("SERVER_KEY", SERVER_KEY)
        .env("RP_IDS", "localhost");
    command.env("RP_ORIGINS", ORIGIN).arg("--ready-json");
    let dev = Dev::over(&mut command);
    let older = Service::of_binary(&older, &dev.database, &[("SERVER_KEY", SERVER_KEY)]);
    let new = |method: &str, message: Value| call(&dev.url, &dev.token, method, &message);
    let old = |method: &str, message: Value| call(&older.url, &dev.token, method, &message);
    let mut keyed = Keyed::new(&dev);
    let begun = new(&users("RegisterPasskey"), of_user(json!({})));
    let create = |level: &str| {
        let checks = json!({ "user": { "userId": USER } });
        let message = json!({ "checks": checks, "challenges": asking(level) });
        new(&sessions("CreateSession"), message)
    };
    let set_session = sessions("SetSession");
    let waiting = create("REQUIRED");
    let proved = create("PREFERRED");
    let checks = json!({ "checks": answer(&mut keyed.keys[1], &proved) });
    let first = &new(&set_session, set(&proved, &proved["sessionToken"], checks))["sessionToken"];
    let before = (
        keyed.items(),
        [&waiting, &proved].map(|one| keyed.of_session(one)),
    );
    assert_eq!(before.0[3], json!(["passkey", "u2f"]));
    assert!(before.1[0][0].is_object() && before.1[1][3].is_object());

    let note = json!({ "metadata": { "a": "MQ==" } });
    old(&set_session, set(&proved, first, note.clone()));
    let noted = old(&set_session, set(&waiting, &waiting["sessionToken"], note));
    let renamed = json!({ "username": "renamed@mouse.com" });
    old(&users("UpdateHumanUser"), of_user(renamed));

    let after = (
        keyed.items(),
        [&waiting, &proved].map(|one| keyed.of_session(one)),
    );
    assert_eq!(after, before);
    let checks = json!({ "checks": answer(&mut keyed.keys[0], &waiting) });
    new(&set_session, set(&waiting, &noted["sessionToken"], checks));
    let before = keyed.items();
    let password = json!({ "newPassword": { "password": PASSWORD } });
    old(&users("SetPassword"), of_user(password));
    assert_eq!(keyed.items(), before);
    let mut third = Authenticator::new(SignatureAlgorithm::Es256);
    let response = third.register(&begun["publicKeyCredentialCreationOptions"], ORIGIN);
    let body = json!({
        "passkeyId": begun["passkeyId"], "publicKeyCredential": response, "passkeyName": "third",
    });
    new(&users("VerifyPasskeyRegistration"), of_user(body));

    old(&users("DeleteUser"), of_user(json!({})));
    leaves_nothing_that_logs_in(&dev, &mut keyed);
}

/// The credentials of a user whom the older process has deleted.
fn leaves_nothing_that_logs_in(dev: &Dev, keyed: &mut Keyed<'_>) {
    let headers = format!("Authorization: Bearer {}\r\n", dev.token);
    let created = json!({ "challenges": asking("REQUIRED") });
    let created = call(&dev.url, &dev.token, &sessions("CreateSession"), &created);
    let checks = json!({ "checks": answer(&mut keyed.keys[0], &created) });
    let message = set(&created, &created["sessionToken"], checks).to_string();
    let path = format!("/{}", sessions("SetSession"));
    let (status, refused) = post_to(&dev.url, &path, &headers, message.as_bytes());
    assert_eq!(status, 400, "{refused}");

    let found = dev.tell("tables check").expect(1).stdout;
    assert_eq!(found.matches("CREDENTIAL#").count(), 3, "{found}");
    assert_eq!(found.matches("KEYS#").count(), 1, "{found}");
    dev.tell("tables check --repair").expect(0);
    assert_eq!(dev.tell("tables check").expect(0).stdout, SOUND);
    assert!(keyed.items().iter().all(Value::is_null));
}
