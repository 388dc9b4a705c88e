use std::collections::HashMap;

use super::*;
use crate::aws::ServerKeySetting;
use crate::domain::Access;

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

#[test]
fn a_server_key_is_set_in_one_way_and_never_shown() {
    let mut variables = REQUIRED.to_vec();
    variables.push(("SERVER_KEY", "0123456789abcdef0123456789abcdef"));
    let settings = read(&variables).unwrap();
    assert!(matches!(settings.server_key, ServerKeySetting::Key(_)));
    assert!(!format!("{settings:?}").contains("0123456789"));

    variables.push(("SERVER_KEY_SECRET", "sesame-key"));
    let Faults(faults) = read(&variables).unwrap_err();
    assert_eq!(faults[0].name, "SERVER_KEY_SECRET");
}

#[test]
fn an_invalid_base_path_is_a_fault() {
    for (text, is_valid) in [
        ("none", true),
        ("/a/b.c", true),
        ("auth", false),
        ("/auth/", false),
    ] {
        let mut variables = REQUIRED.to_vec();
        variables.push(("BASE_PATH", text));
        let faults = read(&variables)
            .err()
            .map_or_else(Vec::new, |faults| faults.0);
        let names: Vec<_> = faults.iter().map(|fault| fault.name).collect();
        assert_eq!(names.is_empty(), is_valid, "{text}");
        assert!(is_valid || names == ["BASE_PATH"], "{text}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn each_setting_is_limited() {
    for (name, good, bad) in [
        (
            "ACCESS",
            &["token", "authenticated", "public"][..],
            &["Public", "none"][..],
        ),
        (
            "SCOPE_PREFIX",
            &["none", "https://api.example/", "sesame", &"a".repeat(256)],
            &[
                "a b",
                "a,\n",
                "\"a\"",
                "session.write",
                "https://api.example/session.read",
                &"a".repeat(257),
            ],
        ),
        ("CREATED_STATUS", &["200", "201"], &["202", "204", "x"]),
        ("MAX_PASSWORD_ATTEMPTS", &["1", "100"], &["0", "101", "-1"]),
        (
            "SESSION_LIFETIME_SECONDS",
            &["60", "2592000"],
            &["59", "1h"],
        ),
        (
            "ARGON2_MEMORY_KIB",
            &["19456", "131072"],
            &["7167", "19455", "131073"],
        ),
        ("ARGON2_PASSES", &["2", "4"], &["0", "17"]),
        ("ARGON2_LANES", &["1", "4"], &["0", "5"]),
        ("SESAME_PORTABLE_HASH", &["0", "1"], &["2", "true", "-"]),
        ("PASSWORD_QUEUE", &["0", "1000"], &["1001", "-1"]),
        (
            "MAX_SESSION_LIFETIME_SECONDS",
            &["86400", "31536000"],
            &["86399", "31536001"],
        ),
        ("MAX_BODY_BYTES", &["1024", "4194304"], &["1023", "4194305"]),
        (
            "MAX_MESSAGE_BYTES",
            &["1024", "4194304"],
            &["1023", "4194305"],
        ),
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
        ("TOKEN_GRACE_SECONDS", &["0", "60"], &["61", "-1"]),
        (
            "SCOPE_PREFIX",
            &["none", "https://api.example", "sesame:"],
            &["a b", "ä"],
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
    ] {
        let with = |text| {
            let mut variables = REQUIRED.to_vec();
            variables.push((name, text));
            read(&variables)
        };
        for text in good {
            assert!(with(text).is_ok(), "{name}={text}");
        }
        for text in bad {
            let Faults(faults) = with(text).unwrap_err();
            assert_eq!(faults.len(), 1, "{name}={text}");
            assert_eq!(faults[0].name, name, "{name}={text}");
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
