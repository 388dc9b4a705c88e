use super::{REQUIRED, are_limited, read};
use crate::config::Faults;
use crate::domain::{CounterPolicy, RpId};

/// The origin of an app, which may be that of any domain.
pub const APP: &str = "android:apk-key-hash:pNiP5iKyQ8JwgGOaKA1zGPUPJIS-0H1xKCQcfIoGLck";

#[test]
fn settings_of_passkeys_are_limited() {
    for (name, good, bad) in [
        (
            "RP_IDS",
            &["acme.example", "localhost, xn--mnchen-3ya.example"][..],
            &[
                "Acme.example",
                "acme.example,",
                "127.0.0.1",
                "https://acme.example",
            ][..],
        ),
        (
            "RP_ORIGINS",
            &[
                "https://acme.example",
                "https://login.acme.example:8443, http://localhost:3000",
                APP,
            ],
            &[
                "acme.example",
                "https://acme.example/",
                "http://acme.example",
                "https://evilacme.example",
            ],
        ),
        ("WEBAUTHN_COUNTER", &["refuse", "warn"], &["none", "Warn"]),
    ] {
        are_limited(name, good, bad);
    }
}

#[test]
fn one_without_the_other_and_a_foreign_origin_are_refused_for_their_reason() {
    for (ids, origins, want) in [
        ("", "", None),
        ("none", "none", None),
        ("acme.example", "https://acme.example", None),
        (
            "acme.example",
            "",
            Some("RP_ORIGINS must be set where RP_IDS is"),
        ),
        ("none", APP, Some("RP_IDS must be set where RP_ORIGINS is")),
        (
            "acme.example",
            "https://acme.example,https://evilacme.example",
            Some(
                "RP_ORIGINS has https://evilacme.example, whose host is none of RP_IDS and below \
                 none of them",
            ),
        ),
    ] {
        let set = [("RP_IDS", ids), ("RP_ORIGINS", origins)];
        let variables: Vec<_> = REQUIRED.into_iter().chain(set).collect();
        let faults = read(&variables)
            .err()
            .map(|faults: Faults| faults.to_string());
        assert_eq!(faults.as_deref(), want, "{ids:?} {origins:?}");
    }
}

#[test]
fn the_policy_has_the_domains_and_the_counter() {
    let set = [
        ("RP_IDS", "acme.example,localhost"),
        ("RP_ORIGINS", "http://localhost:3000"),
        ("WEBAUTHN_COUNTER", "warn"),
    ];
    let variables: Vec<_> = REQUIRED.into_iter().chain(set).collect();
    let policy = read(&variables).unwrap().policy;

    assert_eq!(policy.counter, CounterPolicy::Warn);
    let parties = policy.relying_parties.unwrap();
    assert_eq!(parties.first().as_str(), "acme.example");
    for (id, allowed) in [("localhost", true), ("acme.example", false)] {
        let id = RpId::stored(id.to_owned());
        assert_eq!(parties.allows("http://localhost:3000", &id), allowed);
    }
}
