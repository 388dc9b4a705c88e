//! Passkeys and security keys by the command line: listed, renamed, removed, exported and imported.

mod checked;
mod lines;
mod told;

use sesame::domain::SignatureAlgorithm;

use super::moved::export;
use super::*;
use crate::support::authenticator::{
    Authenticator, BACKED_UP, BACKUP_ELIGIBLE, USER_PRESENT, USER_VERIFIED,
};

const ORIGIN: &str = "http://localhost:3000";
const WRONG: &str = "WEBAU-3M9si";
const COUNTED: &str = "WEBAU-4M90s";

/// A service with passkeys for the login page.
fn with_keys() -> Dev {
    Dev::over(
        dev(&[])
            .env("SERVER_KEY", SERVER_KEY)
            .env("RP_IDS", "localhost")
            .env("RP_ORIGINS", ORIGIN)
            .arg("--ready-json"),
    )
}

fn user_service(dev: &Dev, rpc: &str, id: &str, mut body: Value) -> Value {
    body["userId"] = json!(id);
    let (status, answer) = call(dev, &format!("/zitadel.user.v2.UserService/{rpc}"), &body);
    assert_eq!(status, 200, "{rpc} {answer}");
    answer
}

/// Registers a passkey or a security key of the user with this id, and returns its id.
fn register(dev: &Dev, id: &str, key: &mut Authenticator, is_passkey: bool, name: &str) -> String {
    let (rpc, verify, field, named) = if is_passkey {
        let verify = "VerifyPasskeyRegistration";
        ("RegisterPasskey", verify, "passkeyId", "passkeyName")
    } else {
        let verify = "VerifyU2FRegistration";
        ("RegisterU2F", verify, "u2fId", "tokenName")
    };
    let begun = user_service(dev, rpc, id, json!({}));
    let answer = key.register(&begun["publicKeyCredentialCreationOptions"], ORIGIN);
    let body = json!({ field: begun[field], "publicKeyCredential": answer, named: name });
    user_service(dev, verify, id, body);
    begun[field].as_str().unwrap().to_owned()
}

fn key() -> Authenticator {
    Authenticator::new(SignatureAlgorithm::Es256)
}

/// A user with a synced passkey and a security key, which reaches others by NFC.
fn add_keys(dev: &Dev) -> [(String, Authenticator); 2] {
    add(dev, "ada", "7");
    let mut passkey = key();
    passkey.flags |= BACKUP_ELIGIBLE | BACKED_UP;
    passkey.aaguid = [9; 16];
    let mut u2f = Authenticator::new(SignatureAlgorithm::EdDsa);
    u2f.transports = vec!["usb", "nfc"];
    let first = register(dev, "7", &mut passkey, true, "phone");
    let second = register(dev, "7", &mut u2f, false, "key ring");
    [(first, passkey), (second, u2f)]
}

/// Tries to log in by a key, and returns the status with the session, or with the error.
fn log_in_by(dev: &Dev, name: &str, key: &mut Authenticator) -> (u16, Value) {
    let required = key.flags & USER_VERIFIED != 0;
    let level = if required { "PREFERRED" } else { "DISCOURAGED" };
    let asking = json!({
        "checks": { "user": { "loginName": name } },
        "challenges": { "webAuthN": {
            "domain": "localhost",
            "userVerificationRequirement": format!("USER_VERIFICATION_REQUIREMENT_{level}"),
        } },
    });
    let (status, mut session) = call(dev, "/v2/sessions", &asking);
    if status != 200 {
        return (status, session);
    }
    let options = &session["challenges"]["webAuthN"]["publicKeyCredentialRequestOptions"];
    let answer = key.assert(options, ORIGIN);
    let body = json!({
        "sessionId": session["sessionId"],
        "sessionToken": session["sessionToken"],
        "checks": { "webAuthN": { "credentialAssertionData": answer } },
    });
    let path = "/zitadel.session.v2.SessionService/SetSession";
    let (status, answer) = call(dev, path, &body);
    if status != 200 {
        return (status, answer);
    }
    session["sessionToken"] = answer["sessionToken"].clone();
    (status, session)
}

/// The id of an error.
fn fault(answer: &(u16, Value)) -> &str {
    let detail = &answer.1["details"][0];
    let id = detail["id"].as_str().or(detail["debug"]["id"].as_str());
    id.unwrap_or_else(|| panic!("{answer:?}"))
}

/// The keys of a user, as `list --json` has them.
fn keys(dev: &Dev, name: &str) -> Vec<Value> {
    let done = dev.tell(&format!("user factors list {name} --json"));
    let shown = done.expect(0).json().remove(0);
    shown["keys"].as_array().unwrap().clone()
}

#[test]
fn keys_are_listed_with_their_names_and_uses() {
    let dev = with_keys();
    let [(first, mut passkey), (second, _)] = add_keys(&dev);

    let listed = keys(&dev, "ada");
    let of = |n: usize, field: &str| listed[n][field].clone();
    for (n, want) in [
        (0, json!([first, "phone", "passkey", "localhost", true])),
        (1, json!([second, "key ring", "u2f", "localhost", false])),
    ] {
        let fields = ["id", "name", "kind", "rpId", "synced"];
        let got: Value = fields.into_iter().map(|field| of(n, field)).collect();
        assert_eq!(got, want);
        assert!(of(n, "createdAt").as_str().unwrap().ends_with('Z'));
        assert_eq!(of(n, "lastUsedAt"), Value::Null);
    }
    let demanded = dev.user("ada")["secondFactors"].clone();
    assert_eq!(demanded, json!(["passkey", "u2f"]));

    passkey.flags = USER_PRESENT | USER_VERIFIED | BACKUP_ELIGIBLE;
    assert_eq!(log_in_by(&dev, "ada", &mut passkey).0, 200);

    let listed = keys(&dev, "ada");
    assert!(listed[0]["lastUsedAt"].is_string(), "{listed:?}");
    assert_eq!(listed[0]["synced"], false);
    let shown = dev.tell("user factors list ada").expect(0).stdout;
    let rows: Vec<_> = shown.lines().collect();
    let row = |n: usize, parts: &[&str]| {
        let has = |part: &&str| rows[n].contains(*part);
        assert!(parts.iter().all(has), "{shown}");
    };
    let localhost = "for localhost, on one device, since 2";
    row(
        0,
        &["passkey  ", &first, " phone, ", localhost, "last used 2"],
    );
    row(
        1,
        &["u2f  ", &second, " key ring, ", localhost, "never used"],
    );
}

#[test]
fn a_key_is_renamed_by_its_id() {
    let dev = with_keys();
    let [(first, _), (second, mut u2f)] = add_keys(&dev);
    u2f.flags = USER_PRESENT;
    let (status, session) = log_in_by(&dev, "ada", &mut u2f);
    assert_eq!(status, 200);
    let rename = |user: &[&str], id: &str, name: &str| {
        let command = [
            &["user", "factors", "rename-key"],
            user,
            &[id, "--to", name],
        ];
        dev.run(&command.concat())
    };
    let unknown = "0".repeat(32);
    let long = "ä".repeat(201);
    for (user, id, name, status, said) in [
        (&["ada"][..], &*first, "", 2, "must be 1 to 200 characters"),
        (&["ada"], &first, &*long, 2, "must be 1 to 200 characters"),
        (&["ada"], "laptop", "a", 2, "must be 32 hexadecimal digits"),
        (
            &["ada"],
            &unknown,
            "a",
            1,
            "no passkey or security key with this id",
        ),
        (&["bob"], &first, "a", 1, "no user with the login name bob"),
        (&["ada"], &first, &long[2..], 0, ""),
        (&["--id", "7"], &second, "the blue one", 0, ""),
    ] {
        let done = rename(user, id, name).expect(status);
        assert!(done.stderr.contains(said), "{id} {name}: {done:?}");
    }

    let names: Vec<_> = keys(&dev, "ada")
        .iter()
        .map(|key| key["name"].clone())
        .collect();
    assert_eq!(names, [json!("ä".repeat(200)), json!("the blue one")]);
    assert!(is_listed(&dev, &session), "a name ends no session");
    let listed = user_service(&dev, "ListPasskeys", "7", json!({}));
    assert_eq!(listed["result"][0]["name"], "ä".repeat(200));
}

#[test]
fn a_key_is_removed_by_its_id_and_ends_the_sessions() {
    let dev = with_keys();
    let [(first, mut passkey), (second, mut u2f)] = add_keys(&dev);
    let (status, session) = log_in_by(&dev, "ada", &mut passkey);
    assert_eq!(status, 200, "{session}");
    let unknown = "0".repeat(32);
    for (command, status, said) in [
        (
            format!("ada {unknown} --yes"),
            1,
            "no passkey or security key",
        ),
        (format!("mini@mouse.com {first} --yes"), 1, "no passkey or"),
        ("ada laptop --yes".to_owned(), 2, "must be 32 hexadecimal"),
        (format!("ada {first}"), 2, "use --yes"),
    ] {
        let done = dev.tell(&format!("user factors remove-key {command}"));
        let done = done.expect(status);
        assert!(done.stderr.contains(said), "{command}: {done:?}");
        assert!(is_listed(&dev, &session), "{command}");
    }

    let done = dev.tell(&format!("user factors remove-key ada {first} --yes"));
    assert_eq!(done.expect(0).stdout, "ada: removed the key phone\n");
    assert!(!is_listed(&dev, &session));
    assert_eq!(
        fault(&log_in_by(&dev, "ada", &mut passkey)),
        "COMMAND-Aej7i"
    );
    assert_eq!(log_in_by(&dev, "ada", &mut u2f).0, 200);
    let done = dev.tell(&format!("user factors remove-key --id 7 {second} --yes"));
    assert_eq!(done.expect(0).stdout, "ada: removed the key key ring\n");
    assert_eq!(keys(&dev, "ada"), Vec::<Value>::new());
    let refused = log_in_by(&dev, "ada", &mut u2f);
    assert_eq!(fault(&refused), "WEBAU-4G8sw", "{refused:?}");
    assert_eq!(dev.user("ada")["secondFactors"], json!([]));
}

#[test]
fn all_keys_of_a_kind_are_removed_at_once() {
    let dev = with_keys();
    let [(_, mut passkey), (second, mut u2f)] = add_keys(&dev);
    register(&dev, "7", &mut key(), true, "laptop");
    for (which, printed, left) in [
        ("passkey", "ada: removed passkey\n", 1),
        ("passkey", "ada: had no passkey\n", 1),
        ("u2f", "ada: removed u2f\n", 0),
        ("u2f", "ada: had no u2f\n", 0),
    ] {
        let remove = format!("user factors remove ada {which} --yes");
        assert_eq!(dev.tell(&remove).expect(0).stdout, printed);
        let listed = keys(&dev, "ada");
        assert_eq!(listed.len(), left, "{which}");
        assert!(listed.iter().all(|key| key["id"] == *second), "{which}");
    }
    for key in [&mut passkey, &mut u2f] {
        assert_ne!(log_in_by(&dev, "ada", key).0, 200);
    }
    let soundness = tell(&dev, "tables check").expect(0).stdout;
    assert!(soundness.starts_with("both tables are as they should be\n"));
}

/// The keys of all items of a user's credentials.
async fn credential_items(client: &Client) -> Vec<String> {
    let scanned = client.scan().table_name("users").send().await.unwrap();
    let keys = scanned
        .items()
        .iter()
        .map(|item| item["pk"].as_s().unwrap());
    let prefixes = [
        "KEYS#",
        "CREDENTIAL#",
        "FACTORS#",
        "EMAIL#",
        "PHONE#",
        "PROFILE#",
    ];
    let of_user = |key: &&String| prefixes.iter().any(|prefix| key.starts_with(prefix));
    let mut keys: Vec<_> = keys.filter(of_user).cloned().collect();
    keys.sort();
    keys
}

/// Twenty keys, each other factor, both addresses, and registrations that wait.
#[tokio::test]
async fn the_fullest_user_is_deleted_without_a_trace() {
    let dev = with_keys();
    let client = client(&dev);
    let before = credential_items(&client).await;
    for by_api in [true, false] {
        add(&dev, "ada", "7");
        add_app(&dev, "ada");
        let hashes: Vec<_> = (0..10_u8)
            .map(|n| {
                use base64ct::{Base64, Encoding as _};
                Base64::encode_string(&[n; 32])
            })
            .collect();
        let line = json!({
            "userId": "7", "loginName": "ada", "otpEmail": true, "otpSms": true,
            "recoveryCodeHashes": hashes,
        });
        update(&dev, &line);
        for _ in 0..5 {
            user_service(&dev, "RegisterPasskey", "7", json!({}));
            user_service(&dev, "RegisterU2F", "7", json!({}));
        }
        for n in 0..20 {
            register(&dev, "7", &mut key(), n % 2 == 0, &"ä".repeat(200));
        }
        assert_eq!(keys(&dev, "ada").len(), 20);
        let full = credential_items(&client).await;
        // The keys, their list, the other factors, the profile, both addresses.
        assert_eq!(full.len(), before.len() + 25, "{full:?}");

        if by_api {
            user_service(&dev, "DeleteUser", "7", json!({}));
        } else {
            dev.tell("user delete ada --yes").expect(0);
        }

        assert_eq!(credential_items(&client).await, before, "{by_api}");
        let checked = tell(&dev, "tables check").expect(0).stdout;
        assert!(checked.starts_with("both tables are as they should be\n"));
    }
}
