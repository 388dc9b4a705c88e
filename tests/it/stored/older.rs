//! A process of an older release beside one of this one, over one database, as while a deployment
//! rolls.

mod keys;

use serde_json::{Value, json};
use sesame::domain::{UserId, UserRef};

use super::string;
use crate::second_factors::totp_codes::code_of;
use crate::support::cli::process::{Dev, dev, post_to, test_variable};
use crate::support::cli::service::Service;
use crate::support::providers::clock;
use crate::support::second::SECONDS_30;

const SERVER_KEY: &str = "a server key of at least 32 characters";
const USER: &str = "factored";
const NAME: &str = "factored@mouse.com";
const FORMER: &str = "a correct horse battery";
const PASSWORD: &str = "another correct horse";

/// Makes a call with a service account's token, and reads its answer.
fn call(url: &str, token: &str, method: &str, message: &Value) -> Value {
    let headers = format!("Authorization: Bearer {token}\r\n");
    let body = message.to_string();
    let (status, answer) = post_to(url, &format!("/{method}"), &headers, body.as_bytes());
    assert_eq!(status, 200, "{method} {answer}");
    answer
}

fn users(method: &str) -> String {
    format!("zitadel.user.v2.UserService/{method}")
}

fn sessions(method: &str) -> String {
    format!("zitadel.session.v2.SessionService/{method}")
}

/// An item as it is stored.
fn read(dev: &Dev, table: &str, key: &Value) -> Value {
    let body = json!({ "TableName": table, "Key": key, "ConsistentRead": true }).to_string();
    let headers = "x-amz-target: DynamoDB_20120810.GetItem\r\n";
    let (status, got) = post_to(&dev.database, "/", headers, body.as_bytes());
    assert_eq!(status, 200, "{got}");
    got["Item"].clone()
}

/// The items of the user and of the session that an older release knows less of.
struct Items {
    factors: Value,
    kinds: Value,
    session: Value,
}

impl Items {
    fn read(dev: &Dev, session: &Value) -> Self {
        let user = UserRef::from(&UserId::parse(USER.to_owned()).unwrap());
        let of_user = |prefix: &str| read(dev, "users", &key("pk", &format!("{prefix}{user}")));
        let mut kinds = of_user("USER#")["factors"]["SS"].clone();
        if let Some(kinds) = kinds.as_array_mut() {
            kinds.sort_by_key(|kind| string(kind).to_owned());
        }
        let session = read(dev, "sessions", &key("session_id", string(session)));
        let names = [
            "password_verified_at",
            "totp_verified_at",
            "otp_sms_verified_at",
            "otp_email_verified_at",
            "recovery_code_verified_at",
            "otp_sms_challenge",
            "otp_email_challenge",
            "user_id",
        ];
        let of_session = names.map(|name| (name.to_owned(), session[name].clone()));
        Self {
            factors: of_user("FACTORS#"),
            kinds,
            session: Value::Object(of_session.into_iter().collect()),
        }
    }
}

fn key(name: &str, value: &str) -> Value {
    json!({ name: { "S": value } })
}

/// `docs/contributing.md` says how it is run.
#[test]
#[ignore = "needs the tool of an older release, which SESAME_OLDER_BINARY names"]
fn an_older_process_drops_nothing_of_second_factors() {
    let older = test_variable("SESAME_OLDER_BINARY").expect("SESAME_OLDER_BINARY");
    let mut command = dev(&[]);
    command.env("SERVER_KEY", SERVER_KEY).arg("--ready-json");
    let dev = Dev::over(&mut command);
    let older = Service::of_binary(&older, &dev.database, &[("SERVER_KEY", SERVER_KEY)]);
    let new = |method: &str, message: Value| call(&dev.url, &dev.token, method, &message);
    let old = |method: &str, message: Value| call(&older.url, &dev.token, method, &message);
    let of_user = |mut message: Value| {
        message["userId"] = USER.into();
        message
    };

    let human = json!({
        "username": NAME,
        "profile": { "givenName": "Minnie", "familyName": "Mouse" },
        "email": { "email": "factored@mouse.example", "isVerified": true },
        "phone": { "phone": "+41711234569", "isVerified": true },
        "password": { "password": FORMER },
    });
    new(&users("AddHumanUser"), of_user(human));
    let registered = new(&users("RegisterTOTP"), of_user(json!({})));
    let secret = string(&registered["secret"]);
    // The code before the present one, so that there are others to come.
    let code = code_of(secret, clock().minus(SECONDS_30));
    let verify = json!({ "code": code });
    new(&users("VerifyTOTPRegistration"), of_user(verify));
    new(&users("AddOTPEmail"), of_user(json!({})));
    new(&users("AddOTPSMS"), of_user(json!({})));
    let count = of_user(json!({ "count": 3 }));
    let recovery = new(&users("GenerateRecoveryCodes"), count)["recoveryCodes"].clone();
    let created = new(
        &sessions("CreateSession"),
        json!({
            "checks": {
                "user": { "userId": USER },
                "password": { "password": FORMER },
                "totp": { "code": code_of(secret, clock()) },
                "recoveryCode": { "code": recovery[0] },
            },
            "challenges": { "otpSms": { "returnCode": true }, "otpEmail": { "returnCode": {} } },
        }),
    );
    let (id, codes) = (&created["sessionId"], &created["challenges"]);
    let checked = new(
        &sessions("SetSession"),
        json!({
            "sessionId": id,
            "sessionToken": created["sessionToken"],
            "checks": { "otpSms": { "code": codes["otpSms"] } },
        }),
    );
    let before = Items::read(&dev, id);
    assert_eq!(
        before.kinds,
        json!(["otp_email", "otp_sms", "recovery_codes", "totp"])
    );
    assert!(before.session["otp_email_challenge"].is_object());
    assert!(before.session["recovery_code_verified_at"].is_object());

    let note = json!({
        "sessionId": id, "sessionToken": checked["sessionToken"], "metadata": { "a": "MQ==" },
    });
    let noted = old(&sessions("SetSession"), note);
    let password = json!({ "checks": { "password": { "password": FORMER } } });
    let mut again = password;
    again["sessionId"] = id.clone();
    again["sessionToken"] = noted["sessionToken"].clone();
    let proved = old(&sessions("SetSession"), again);
    let after = Items::read(&dev, id);
    for (name, value) in before.session.as_object().unwrap() {
        if name != "password_verified_at" {
            assert_eq!(&after.session[name], value, "{name} after a Set");
        }
    }
    let renamed = json!({ "username": "renamed@mouse.com" });
    old(&users("UpdateHumanUser"), of_user(renamed));
    let checks = json!({ "otpEmail": { "code": codes["otpEmail"] } });
    new(
        &sessions("SetSession"),
        json!({ "sessionId": id, "sessionToken": proved["sessionToken"], "checks": checks }),
    );
    let before = Items::read(&dev, id);
    let password = json!({ "newPassword": { "password": PASSWORD } });
    old(&users("SetPassword"), of_user(password));

    let after = Items::read(&dev, id);
    assert_eq!(after.kinds, before.kinds);
    assert_eq!(after.factors, before.factors);
    assert_eq!(after.session, before.session);
    let checks = json!({
        "user": { "loginName": "renamed@mouse.com" },
        "password": { "password": PASSWORD },
        "recoveryCode": { "code": recovery[1] },
    });
    let both = new(
        &sessions("CreateSession"),
        json!({ "checks": checks, "challenges": {} }),
    );
    let session = json!({ "sessionId": both["sessionId"] });
    let got = new(&sessions("GetSession"), session);
    assert!(got["session"]["factors"]["recoveryCode"].is_object());
}
