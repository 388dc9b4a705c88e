mod longest;
mod relying_party;
mod second_factors;

use std::collections::HashMap;
use std::time::Duration;

use http::StatusCode;

use super::*;
use crate::aws::ServerKeySetting;
use crate::domain::{Access, AttemptPolicy, CounterPolicy, MfaPolicy};

fn read(variables: &[(&str, &str)]) -> Result<Settings, Faults> {
    let variables: HashMap<_, _> = variables.iter().copied().collect();
    Settings::read(|name| variables.get(name).map(|&text| text.to_owned()))
}

const REQUIRED: [(&str, &str); 3] = [
    ("USERS_TABLE", "u"),
    ("SESSIONS_TABLE", "s"),
    ("RESOURCE_OWNER", "o"),
];

#[test]
fn all_other_settings_have_defaults() {
    let settings = read(&REQUIRED).unwrap();

    assert_eq!(settings.policy.access, Access::Token);
    assert_eq!(settings.policy.lifetime, Duration::from_hours(24));
    assert_eq!(settings.policy.attempts, AttemptPolicy::default());
    assert_eq!(settings.policy.fresh, Duration::from_mins(10));
    assert!(settings.policy.user_api && !settings.policy.unique_emails);
    assert_eq!(settings.policy.new_passwords.rules.min_length, 8);
    assert_eq!(settings.policy.new_passwords.breached, None);
    assert_eq!(settings.policy.mfa, MfaPolicy::Optional);
    let second_factors: Vec<_> = settings.policy.second_factors.iter().collect();
    let names: Vec<_> = second_factors.iter().map(|kind| kind.as_str()).collect();
    assert_eq!(names.join(","), "totp,otp_email,otp_sms,u2f");
    assert_eq!(settings.policy.factor_attempts.max(), 5);
    assert_eq!(settings.policy.relying_parties, None);
    assert_eq!(settings.policy.counter, CounterPolicy::Refuse);
    assert_eq!(settings.created_status, StatusCode::OK);
    assert_eq!(settings.hash_kernel.name(), Kernel::detect().name());
}

#[test]
fn the_portable_code_is_taken_on_request() {
    for (text, want) in [("1", "portable"), ("0", Kernel::detect().name())] {
        let mut variables = REQUIRED.to_vec();
        variables.push(("SESAME_PORTABLE_HASH", text));
        assert_eq!(read(&variables).unwrap().hash_kernel.name(), want);

        let (_, kernel) =
            hash_settings(|name| (name == "SESAME_PORTABLE_HASH").then(|| text.to_owned()))
                .unwrap();
        assert_eq!(kernel.name(), want);
    }
}

#[test]
fn all_invalid_settings_are_reported_together() {
    let Faults(faults) = read(&[("ACCESS", "everyone"), ("ARGON2_PASSES", "0")]).unwrap_err();

    let names: Vec<_> = faults.iter().map(|fault| fault.name).collect();
    let want = [
        "USERS_TABLE",
        "SESSIONS_TABLE",
        "RESOURCE_OWNER",
        "ACCESS",
        "ARGON2_PASSES",
    ];
    assert_eq!(names, want);
}

/// Whoever sets either knows what his private addresses are.
#[test]
fn a_private_address_is_one_client_if_a_setting_says_so() {
    for (set, private_is_one) in [
        (None, false),
        (Some(("TRUSTED_PROXIES", "0")), true),
        (Some(("TRUSTED_PROXIES", "")), false),
        (Some(("MAX_FAILURES_PER_ADDRESS", "100")), true),
        (Some(("UNLIMITED_ADDRESSES", "10.0.0.0/8")), false),
    ] {
        let variables: Vec<_> = REQUIRED.into_iter().chain(set).collect();
        let settings = read(&variables).unwrap();
        assert_eq!(settings.clients.private_is_one, private_is_one, "{set:?}");
        assert_eq!(settings.policy.addresses.max_failures, Some(100));
    }
    let off = [&REQUIRED[..], &[("MAX_FAILURES_PER_ADDRESS", "none")]].concat();
    assert_eq!(read(&off).unwrap().policy.addresses.max_failures, None);
}

#[test]
fn a_server_key_is_set_in_one_way_and_never_shown() {
    let mut variables = REQUIRED.to_vec();
    variables.push(("SERVER_KEY", "0123456789abcdef0123456789abcdef"));
    let settings = read(&variables).unwrap();
    assert!(matches!(settings.server_key, ServerKeySetting::Keys(_)));
    assert!(!format!("{settings:?}").contains("0123456789"));

    variables.push(("SERVER_KEY_SECRET", "sesame-key"));
    let Faults(faults) = read(&variables).unwrap_err();
    assert_eq!(faults[0].name, "SERVER_KEY_SECRET");
}

#[test]
fn a_list_of_server_keys_is_refused_for_its_reason() {
    let (one, other) = ("a".repeat(32), "b".repeat(32));
    for (text, want) in [
        (format!("{one}, {other}"), None),
        (format!("{one},next:{other}"), None),
        (
            "a".repeat(31),
            Some("must be keys of at least 32 characters each, with commas between"),
        ),
        (format!("{one},"), Some("must not have an empty key")),
        (
            format!("{one},{one}"),
            Some("must not have the same key twice"),
        ),
        (
            format!("next:{one}"),
            Some("must not begin with next:, because the first key makes what is new"),
        ),
    ] {
        let variables = [&REQUIRED[..], &[("SERVER_KEY", &*text)]].concat();
        let faults = read(&variables)
            .err()
            .map_or_else(Vec::new, |faults| faults.0);
        let reasons: Vec<_> = faults
            .iter()
            .map(|fault| (fault.name, &*fault.reason))
            .collect();
        let want: Vec<_> = want
            .map(|reason| ("SERVER_KEY", reason))
            .into_iter()
            .collect();
        assert_eq!(reasons, want, "{text}");
    }
}

/// The faults of the settings, of which one is set besides those that must be.
fn faults(name: &str, text: &str) -> Vec<Fault> {
    let mut variables: HashMap<_, _> = REQUIRED.into();
    variables.insert(name, text);
    // Neither of these two is set alone.
    match name {
        "RP_IDS" => variables.insert("RP_ORIGINS", relying_party::APP),
        "RP_ORIGINS" => variables.insert("RP_IDS", "acme.example,localhost"),
        _ => None,
    };
    let variable = |name: &str| variables.get(name).map(|&text| text.to_owned());
    let setting = SETTINGS.iter().find(|setting| setting.name == name);
    let read = match setting.unwrap().read_by {
        [Program::Authorizer] => AuthorizerSettings::read(variable).map(drop),
        _ => Settings::read(variable).map(drop),
    };
    read.err().map_or_else(Vec::new, |Faults(faults)| faults)
}

#[test]
fn each_setting_has_its_values_and_no_others() {
    for setting in SETTINGS {
        let long = |length| "a".repeat(length);
        let (good, bad) = match setting.values {
            Values::Text => (vec![long(1), long(200)], vec![long(201)]),
            Values::Number(min, max) => {
                let (below, above) = (i64::from(min) - 1, i64::from(max) + 1);
                let bad = [below, above].map(|number| number.to_string());
                let good = [min, max].map(|number| number.to_string());
                (good.to_vec(), [&bad[..], &["1h".to_owned()]].concat())
            }
            Values::Words(words) => {
                let words = words.iter().map(|&word| word.to_owned());
                (words.collect(), vec!["-".to_owned(), "True".to_owned()])
            }
            Values::Form(_) => {
                // Each form refuses a short text or a long one.
                let texts = [" ".to_owned(), " ".repeat(3000)].into_iter();
                let bad = texts.filter(|text| !faults(setting.name, text).is_empty());
                (vec![setting.default.to_owned()], bad.collect())
            }
        };
        assert!(!bad.is_empty(), "{} is not read", setting.name);
        let fault = [Fault {
            name: setting.name,
            reason: format!("must be {}", setting.values),
        }];
        for text in good {
            let faults = faults(setting.name, &text);
            assert!(!faults.contains(&fault[0]), "{}={text}", setting.name);
        }
        for text in bad {
            let faults = faults(setting.name, &text);
            assert_eq!(faults, fault, "{}={text}", setting.name);
        }
    }
}

fn are_limited(name: &str, good: &[&str], bad: &[&str]) {
    for text in good {
        assert_eq!(faults(name, text), [], "{name}={text}");
    }
    for text in bad {
        let names: Vec<_> = faults(name, text).iter().map(|fault| fault.name).collect();
        assert_eq!(names, [name], "{name}={text}");
    }
}

#[test]
fn settings_of_a_form_and_those_that_depend_on_others_are_limited() {
    for (name, good, bad) in [
        (
            "SCOPE_PREFIX",
            &[
                "none",
                "https://api.example",
                "https://api.example/",
                "sesame",
                "sesame:",
                &"a".repeat(256),
            ][..],
            &[
                "a b",
                "a,\n",
                "ä",
                "\"a\"",
                "session.write",
                "https://api.example/session.read",
                &"a".repeat(257),
            ][..],
        ),
        (
            "MAX_SESSION_LIFETIME_SECONDS",
            &["86400", "31536000"],
            &["86399"],
        ),
        ("ARGON2_MEMORY_KIB", &["19456", "131072"], &["19455"]),
        (
            "SERVER_KEY",
            &["none", "0123456789abcdef0123456789abcdef"],
            &["0123456789abcdef0123456789abcde"],
        ),
        (
            "SERVER_KEY_SECRET",
            &["none", "sesame-key", &"a".repeat(2048)],
            &[&"a".repeat(2049)],
        ),
        (
            "ALLOWED_ORIGINS",
            &[
                "none",
                "*",
                "https://app.example.com",
                "http://localhost:8080, https://[::1]:1",
            ],
            &[
                "app.example.com",
                "https://app.example.com/",
                "https://App.example.com",
                "https://a.example,",
                "https://",
                "https://a.example:443",
                "https://a.example:0444",
                "https://user@a.example",
                "https://a.example/path",
                "*,https://a.example",
            ],
        ),
        ("BASE_PATH", &["none", "/a/b.c"], &["auth", "/auth/"]),
    ] {
        are_limited(name, good, bad);
    }
}

#[test]
fn login_pages_are_told_links_and_an_address_that_they_can_show() {
    let links = [
        "LOGIN_REDIRECT_URI",
        "TOS_LINK",
        "PRIVACY_POLICY_LINK",
        "HELP_LINK",
    ];
    let of_link = |name| {
        let good = &["none", "https://acme.example/a", "http://localhost:1/"][..];
        let bad = &["None", "acme.example", "http://acme.example/a", "https://"][..];
        (name, good, bad)
    };
    let mut table = links.map(of_link).to_vec();
    table.push((
        "SUPPORT_EMAIL",
        &["none", "help@acme.example"],
        &[
            "help",
            "Help <help@acme.example>",
            "a@b.example,c@d.example",
        ],
    ));
    for (name, good, bad) in table {
        for text in good {
            assert_eq!(faults(name, text), [], "{name}={text}");
        }
        for text in bad {
            let names: Vec<_> = faults(name, text).iter().map(|fault| fault.name).collect();
            assert_eq!(names, [name], "{name}={text}");
        }
    }
}

#[test]
fn hashes_run_at_once_on_each_processor_and_at_most_one_for_each_call() {
    let number = |number| NonZeroUsize::new(number).unwrap();
    for (processors, calls, want) in [
        (4, None, 4),
        (4, Some(1), 1),
        (4, Some(3), 3),
        (4, Some(4), 4),
        (1, Some(8), 1),
        (2, Some(16), 2),
    ] {
        let checks = checks_on(number(processors), calls.map(number));
        assert_eq!(checks.get(), want, "{processors} {calls:?}");
    }
}

#[test]
fn the_queue_has_room_for_all_calls_that_lambda_admits() {
    for (queue, concurrency, api, calls, want) in [
        ("0", None, None, None, 0),
        ("16", None, None, None, 16),
        ("0", None, Some("127.0.0.1:9001"), Some(1), 1),
        ("16", None, Some("127.0.0.1:9001"), Some(1), 16),
        ("0", Some("64"), Some("127.0.0.1:9001"), Some(64), 64),
        ("16", Some("64"), Some("127.0.0.1:9001"), Some(64), 64),
        ("1000", Some("64"), Some("127.0.0.1:9001"), Some(64), 1000),
        ("0", Some("0"), Some("127.0.0.1:9001"), Some(1), 1),
    ] {
        let variable = |name: &str| match name {
            "PASSWORD_QUEUE" => Some(queue.to_owned()),
            "AWS_LAMBDA_MAX_CONCURRENCY" => concurrency.map(str::to_owned),
            "AWS_LAMBDA_RUNTIME_API" => api.map(str::to_owned),
            "USERS_TABLE" | "SESSIONS_TABLE" | "RESOURCE_OWNER" => Some("acme".to_owned()),
            _ => None,
        };

        let admitted = lambda_calls(variable).map(NonZeroUsize::get);
        assert_eq!(admitted, calls, "{queue} {concurrency:?} {api:?}");
        let settings = Settings::read(variable).unwrap();
        assert_eq!(settings.password_queue, want, "{queue} {concurrency:?}");
    }
}
