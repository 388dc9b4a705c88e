//! Second factors by the command line.

mod checked;
mod keys;
mod moved;
mod restored;

mod told;

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::time::SystemTime;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use sesame::aws::{Endpoint, Roots, http_client, with_http_client};
use sesame::domain::{TotpSecret, UserId, UserRef};

use crate::support::cli::process::{Dev, Done, closed, dev, post_to, run, words};
use crate::support::second::SERVER_KEY;

const PASSWORD: &str = "an entirely good passphrase";
/// The seconds that a code is shown for.
const STEP: u64 = 30;

fn with_key() -> Dev {
    Dev::over(dev(&[]).env("SERVER_KEY", SERVER_KEY).arg("--ready-json"))
}

/// Runs a command with settings in its environment.
fn tell_with(dev: &Dev, command: &str, settings: &[(&str, &str)], input: &str) -> Done {
    let mut command = dev.command(&words(command));
    run(command.envs(settings.iter().copied()), input)
}

/// The same with the server key of the service.
fn tell(dev: &Dev, command: &str) -> Done {
    tell_with(dev, command, &[("SERVER_KEY", SERVER_KEY)], "")
}

/// Makes a call of the service account that may do everything.
fn call(dev: &Dev, path: &str, body: &Value) -> (u16, Value) {
    let headers = format!("Authorization: Bearer {}\r\n", dev.token);
    post_to(&dev.url, path, &headers, body.to_string().as_bytes())
}

fn add(dev: &Dev, name: &str, id: &str) {
    let add = format!(
        "user add --password-stdin --user-id {id} --login-name {name} --email {name}@x.org \
         --email-verified true --phone +49301234{id} --phone-verified true"
    );
    dev.tell_with(&add, PASSWORD).expect(0);
}

/// Gives a user an authenticator app, and returns its secret in base32.
fn add_app(dev: &Dev, name: &str) -> String {
    let done = tell(dev, &format!("user factors add-totp {name} --yes --json"));
    let shown = done.expect(0).json().remove(0);
    shown["secret"].as_str().unwrap().to_owned()
}

/// Gives a user what a line of an import has.
fn update(dev: &Dev, line: &Value) -> Done {
    let import = "user import --update -";
    let settings = [("SERVER_KEY", SERVER_KEY)];
    tell_with(dev, import, &settings, &line.to_string()).expect(0)
}

#[allow(
    clippy::disallowed_methods,
    reason = "the service of a process goes by the clock of this machine"
)]
fn step() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.unwrap().as_secs() / STEP
}

/// The code of an app of a step from now on.
fn code(secret: &str, steps: u64) -> String {
    let secret = TotpSecret::from_base32(secret.to_owned()).unwrap();
    let app = totp_rs::Builder::new()
        .with_algorithm(totp_rs::Algorithm::SHA1)
        .with_digits(6)
        .with_step_duration(STEP)
        .with_skew(1)
        .with_secret(secret.as_bytes().to_vec())
        .build()
        .unwrap();
    app.generate((step() + steps) * STEP).to_string()
}

/// Tries to log in with a password and more checks.
fn log_in(dev: &Dev, name: &str, more: Value) -> (u16, Value) {
    let mut checks = json!({
        "user": { "loginName": name },
        "password": { "password": PASSWORD },
    });
    let Value::Object(more) = more else {
        panic!("the checks are no object: {more}");
    };
    for (name, check) in more {
        checks[name] = check;
    }
    call(dev, "/v2/sessions", &json!({ "checks": checks }))
}

fn by_app(secret: &str, steps: u64) -> Value {
    json!({ "totp": { "code": code(secret, steps) } })
}

/// Whether a session in which something was proved has not ended.
fn is_listed(dev: &Dev, session: &Value) -> bool {
    let list = json!({ "queries": [{ "idsQuery": { "ids": [session["sessionId"]] } }] });
    let found = call(dev, "/v2/sessions/search", &list).1;
    found["sessions"]
        .as_array()
        .is_some_and(|found| !found.is_empty())
}

fn client(dev: &Dev) -> Client {
    let url = Some(dev.database.clone());
    let endpoint = Endpoint::with_keys("local".to_owned(), url, "local", "local", None);
    with_http_client(endpoint, http_client(Roots::System))
}

fn user_ref(id: &str) -> UserRef {
    UserRef::from(&UserId::parse(id.to_owned()).unwrap())
}

fn key(pk: &str) -> HashMap<String, AttributeValue> {
    [("pk".to_owned(), AttributeValue::S(pk.to_owned()))].into()
}

async fn item(client: &Client, pk: &str) -> Option<HashMap<String, AttributeValue>> {
    let get = client.get_item().table_name("users");
    get.set_key(Some(key(pk))).send().await.unwrap().item
}

/// Listed second factors without the times.
fn listed(dev: &Dev, name: &str) -> Value {
    let done = dev.tell(&format!("user factors list {name} --json"));
    let shown = done.expect(0).json().remove(0);
    let has = |kind: &str| json!(!shown[kind].is_null());
    json!([
        has("totp"),
        has("otpEmail"),
        has("otpSms"),
        shown["recoveryCodes"],
        shown["demanded"]
    ])
}

#[test]
fn an_app_that_is_given_is_demanded_and_proves() {
    let dev = with_key();
    add(&dev, "ada", "7");
    assert_eq!(listed(&dev, "ada"), json!([false, false, false, 0, []]));

    let issuer = [("SERVER_KEY", SERVER_KEY), ("TOTP_ISSUER", "Acme")];
    let given = "user factors add-totp ada --yes --json";
    let shown = tell_with(&dev, given, &issuer, "")
        .expect(0)
        .json()
        .remove(0);

    assert_eq!([&shown["userId"], &shown["loginName"]], ["7", "ada"]);
    let secret = shown["secret"].as_str().unwrap();
    assert_eq!(secret.len(), 32);
    let uri = format!(
        "otpauth://totp/Acme:ada?algorithm=SHA1&digits=6&issuer=Acme&period=30&secret={secret}"
    );
    assert_eq!(shown["uri"], uri);
    assert_eq!(
        listed(&dev, "ada"),
        json!([true, false, false, 0, ["totp"]])
    );
    assert_eq!(dev.user("ada")["secondFactors"], json!(["totp"]));
    let proof = by_app(secret, 0);
    assert_eq!(log_in(&dev, "ada", proof.clone()).0, 200);
    assert_eq!(log_in(&dev, "ada", proof).0, 400, "a code is used once");

    let refused = tell(&dev, given).expect(1);
    let reason = "error: the user has an authenticator app already: remove it first\n";
    assert_eq!((&*refused.stdout, &*refused.stderr), ("", reason));
}

#[test]
fn an_app_is_shown_as_a_qr_code_and_as_text() {
    let dev = with_key();
    add(&dev, "ada", "7");

    let given = "user factors add-totp --id 7 --yes --issuer Initech";
    let shown = tell(&dev, given).expect(0).stdout;

    let lines: Vec<_> = shown.lines().collect();
    let [code @ .., secret, done] = &lines[..] else {
        panic!("{shown}")
    };
    assert_eq!(*done, "ada: the authenticator app is set up");
    assert_eq!(secret.strip_prefix("secret: ").unwrap().len(), 32);
    assert!(code.len() > 20, "{shown}");
    let blocks = |c: char| matches!(c, ' ' | '█' | '▀' | '▄');
    assert!(code.iter().all(|line| line.chars().all(blocks)), "{shown}");
}

#[test]
fn what_can_not_be_done_is_refused_before_anything_is_shown() {
    let dev = with_key();
    add(&dev, "ada", "7");
    let key = ("SERVER_KEY", SERVER_KEY);
    let set = "SERVER_KEY or SERVER_KEY_SECRET must be set as it is for the service";
    for (command, settings, status, reason) in [
        ("add-totp ada --yes", &[][..], 1, set),
        ("add-totp ada", &[key], 2, "use --yes"),
        (
            "add-totp bob --yes",
            &[key],
            1,
            "no user with the login name bob",
        ),
        (
            "add-totp ada --yes --issuer a:b",
            &[key],
            2,
            "without a colon",
        ),
        (
            "add-totp ada --yes",
            &[key, ("TOTP_ISSUER", "a:b")],
            1,
            "TOTP_ISSUER must be none or 1 to 64",
        ),
        (
            "add-totp ada --yes",
            &[key, ("MAIL_FROM", "nobody")],
            1,
            "MAIL_FROM must be none or an e-mail address",
        ),
        ("remove ada all", &[], 2, "use --yes"),
        ("remove ada voice --yes", &[], 2, "invalid value 'voice'"),
        ("remove totp --yes", &[], 2, "LOGIN_NAME"),
        (
            "remove bob totp --yes",
            &[],
            1,
            "no user with the login name bob",
        ),
        ("list", &[], 2, "LOGIN_NAME"),
        ("list ada --max-factor-attempts 21", &[], 2, "1 to 20"),
    ] {
        let done = tell_with(&dev, &format!("user factors {command}"), settings, "");
        let done = done.expect(status);
        assert!(done.stderr.contains(reason), "{command}: {done:?}");
        assert_eq!(done.stdout, "", "{command}");
    }
    assert_eq!(listed(&dev, "ada"), json!([false, false, false, 0, []]));
}

#[test]
fn each_kind_is_taken_and_ends_the_sessions() {
    let dev = with_key();
    add(&dev, "ada", "7");
    let secret = add_app(&dev, "ada");
    update(
        &dev,
        &json!({
            "userId": "7", "loginName": "ada", "otpEmail": true, "otpSms": true,
            "recoveryCodeHashes": ["AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="],
        }),
    );
    let all = ["totp", "otp_email", "otp_sms", "recovery_codes"];
    assert_eq!(listed(&dev, "ada"), json!([true, true, true, 1, all]));

    let (status, session) = log_in(&dev, "ada", by_app(&secret, 0));
    assert_eq!(status, 200, "{session}");
    assert!(is_listed(&dev, &session));
    let remove = "user factors remove mini@mouse.com all --yes";
    dev.tell(remove).expect(0);
    assert!(is_listed(&dev, &session));
    for (which, printed, left) in [
        (
            "otp-sms",
            "ada: removed otp-sms\n",
            json!([true, true, false, 1]),
        ),
        (
            "otp-sms",
            "ada: had no otp-sms\n",
            json!([true, true, false, 1]),
        ),
        (
            "totp",
            "ada: removed totp\n",
            json!([false, true, false, 1]),
        ),
        (
            "all",
            "ada: removed otp-email, recovery-codes\n",
            json!([false, false, false, 0]),
        ),
        (
            "all",
            "ada: had no totp or otp-email or otp-sms or recovery-codes or passkey or u2f\n",
            json!([false, false, false, 0]),
        ),
    ] {
        let remove = format!("user factors remove --id 7 {which} --yes");
        assert_eq!(dev.tell(&remove).expect(0).stdout, printed);
        assert!(!is_listed(&dev, &session), "{which}");
        let mut now = listed(&dev, "ada");
        now.as_array_mut().unwrap().truncate(4);
        assert_eq!(now, left, "{which}");
    }
    assert_eq!(listed(&dev, "ada")[4], json!([]));
    assert_eq!(log_in(&dev, "ada", json!({})).0, 200);
}

#[test]
fn too_many_wrong_codes_lock_until_unlock() {
    let dev = with_key();
    add(&dev, "ada", "7");
    let secret = add_app(&dev, "ada");
    let fields = ["factorFailures", "factorsLocked", "passwordLocked"];
    let shown = |dev: &Dev| fields.map(|name| dev.user("ada")[name].clone());
    for failures in 1..=5 {
        // A code of long ago: a right one by an accident of one in 300,000.
        let wrong = json!({ "totp": { "code": "abcdef" } });
        assert_eq!(log_in(&dev, "ada", wrong).0, 400);
        let locked = failures == 5;
        assert_eq!(shown(&dev), [json!(failures), json!(locked), json!(false)]);
    }
    assert_eq!(log_in(&dev, "ada", by_app(&secret, 0)).0, 400);
    let rows = dev.tell("user show ada").expect(0).stdout;
    assert!(rows.contains("second factors   totp\n"), "{rows}");
    assert!(rows.contains("wrong codes      5 in a row\n"), "{rows}");
    assert!(rows.contains("factors locked   until 2"), "{rows}");
    let rows = dev.tell("user factors list ada").expect(0).stdout;
    assert!(rows.contains("locked           until 2"), "{rows}");

    // The factors that are taken and given anew have the same counter.
    dev.tell("user factors remove ada all --yes").expect(0);
    let secret = add_app(&dev, "ada");
    assert_eq!(shown(&dev), [json!(5), json!(true), json!(false)]);
    dev.tell("user unlock ada").expect(0);

    assert_eq!(shown(&dev), [json!(0), json!(false), json!(false)]);
    assert_eq!(log_in(&dev, "ada", by_app(&secret, 0)).0, 200);
}

#[tokio::test]
async fn a_user_who_is_deleted_leaves_no_second_factors() {
    let dev = with_key();
    let client = client(&dev);
    add(&dev, "ada", "7");
    add_app(&dev, "ada");
    let pk = format!("FACTORS#{}", user_ref("7"));
    let stored = item(&client, &pk).await.unwrap();
    assert!(!stored.contains_key("user_id"), "the index would list it");

    dev.tell("user delete ada --yes").expect(0);

    assert!(item(&client, &pk).await.is_none());
    add(&dev, "ada", "7");
    assert_eq!(listed(&dev, "ada"), json!([false, false, false, 0, []]));
}
