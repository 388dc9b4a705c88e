use super::*;

/// The SHA-256 of a certificate.
const HASH: &str = "pNiP5iKyQ8JwgGOaKA1zGPUPJIS-0H1xKCQcfIoGLck";

fn parties(ids: &str, origins: &str) -> RelyingParties {
    RelyingParties::parse(ids, origins).unwrap().unwrap()
}

#[test]
fn an_rp_id_is_a_host_name_as_browsers_compare_it() {
    let labels = ["a", "b", "c", "d"].map(|letter| letter.repeat(63));
    let longest = labels.join(".")[..253].to_owned();
    for (text, good) in [
        ("example.com", true),
        ("login.example.com", true),
        ("localhost", true),
        ("app.localhost", true),
        ("intranet", true),
        ("xn--mnchen-3ya.example", true),
        ("3com.example", true),
        ("a--b.example", true),
        ("0x.example", true),
        ("1.2.3.4.example", true),
        (&labels[0], true),
        (&longest, true),
        ("", false),
        (&"a".repeat(64), false),
        (&format!("{longest}e"), false),
        ("Example.com", false),
        ("m\u{fc}nchen.example", false),
        ("example.com.", false),
        (".example.com", false),
        ("example..com", false),
        ("-a.example", false),
        ("a-.example", false),
        ("a_b.example", false),
        ("*.example.com", false),
        ("example.com:443", false),
        ("https://example.com", false),
        ("example.com/", false),
        ("user@example.com", false),
        ("exa mple.com", false),
        ("127.0.0.1", false),
        ("127.1", false),
        ("2130706433", false),
        ("0x7f000001", false),
        ("127.0.0.0x1", false),
        ("127.0x", false),
        ("example.1", false),
        ("[::1]", false),
        ("::1", false),
    ] {
        assert_eq!(RpId::parse(text).is_some(), good, "{text:?}");
    }
}

#[test]
fn an_origin_is_of_https_or_of_this_machine_or_of_an_app() {
    let android = |hash: &str| format!("android:apk-key-hash:{hash}");
    for (text, good) in [
        ("https://example.com", true),
        ("https://login.example.com:8443", true),
        ("https://example.com:80", true),
        ("https://localhost", true),
        ("http://localhost", true),
        ("http://localhost:3000", true),
        ("http://localhost:443", true),
        ("http://app.localhost:65535", true),
        (&android(HASH), true),
        ("", false),
        ("none", false),
        ("*", false),
        ("null", false),
        ("example.com", false),
        ("https://", false),
        ("https://example.com/", false),
        ("https://example.com/login", false),
        ("https://example.com?a", false),
        ("https://example.com#a", false),
        ("https://user@example.com", false),
        ("https://Example.com", false),
        ("HTTPS://example.com", false),
        ("https://m\u{fc}nchen.example", false),
        ("https://example.com.", false),
        ("https://*.example.com", false),
        ("https://127.0.0.1", false),
        ("https://[::1]:3000", false),
        ("https://example.com:", false),
        ("https://example.com:443", false),
        ("https://example.com:0", false),
        ("https://example.com:08443", false),
        ("https://example.com:+8443", false),
        ("https://example.com:65536", false),
        ("https://example.com:80:80", false),
        ("http://example.com", false),
        ("http://notlocalhost", false),
        ("http://localhost.example.com", false),
        ("http://localhost:80", false),
        ("http://127.0.0.1:3000", false),
        ("ftp://localhost", false),
        ("wss://example.com", false),
        ("app://example.com", false),
        (&android(""), false),
        (&android(&HASH[..42]), false),
        (&android(&format!("{HASH}=")), false),
        (&android(&format!("{HASH}AA")), false),
        (&android(&HASH.replace('-', "+")), false),
        (&android(&HASH.replace("Lck", "Lcl")), false),
        (&android(HASH).to_uppercase(), false),
        (&format!("ios:bundle-id:{HASH}"), false),
    ] {
        assert_eq!(Origin::parse(text).is_some(), good, "{text:?}");
    }
}

#[test]
fn both_settings_are_set_and_fit_or_neither_is() {
    use RelyingPartyFault::{ForeignOrigin, Ids, NoIds, NoOrigins, Origins};
    let android = format!("android:apk-key-hash:{HASH}");
    let foreign = |origin: &str| Err(ForeignOrigin(origin.to_owned()));
    let many = |entry: &str, count| vec![entry; count].join(",");
    for (ids, origins, want) in [
        ("none", "none", Ok(false)),
        ("example.com", "https://example.com", Ok(true)),
        ("example.com", "https://a.b.example.com", Ok(true)),
        (
            " example.com , localhost",
            "http://localhost:1 ,https://example.com",
            Ok(true),
        ),
        ("example.com", &android, Ok(true)),
        // No page can use the second, which apps may.
        ("example.com,a.example", "https://example.com", Ok(true)),
        ("example.com", "none", Err(NoOrigins)),
        ("none", "https://example.com", Err(NoIds)),
        ("none", &android, Err(NoIds)),
        ("", "https://example.com", Err(Ids)),
        ("example.com,", "https://example.com", Err(Ids)),
        ("example.com,none", "https://example.com", Err(Ids)),
        (
            "a.example,b.example,a.example",
            "https://a.example",
            Err(Ids),
        ),
        (&many("a.example", 26), "https://a.example", Err(Ids)),
        ("example.com", "", Err(Origins)),
        ("example.com", "https://example.com,", Err(Origins)),
        ("example.com", "none,https://example.com", Err(Origins)),
        (
            "example.com",
            "https://example.com, https://example.com",
            Err(Origins),
        ),
        (
            "example.com",
            &(1..=27)
                .map(|port| format!("https://{port}.example.com"))
                .collect::<Vec<_>>()
                .join(","),
            Err(Origins),
        ),
        (
            "example.com",
            "https://example.com,https://evilexample.com",
            foreign("https://evilexample.com"),
        ),
        (
            "example.com",
            "https://example.com.evil.example",
            foreign("https://example.com.evil.example"),
        ),
        (
            "login.example.com",
            "https://example.com",
            foreign("https://example.com"),
        ),
        (
            "example.com",
            "http://localhost:3000",
            foreign("http://localhost:3000"),
        ),
    ] {
        let got = RelyingParties::parse(ids, origins).map(|parties| parties.is_some());
        assert_eq!(got, want, "{ids:?} {origins:?}");
    }
}

#[test]
fn a_fault_names_its_setting_and_the_origin() {
    for (ids, origins, setting, text) in [
        (
            "A",
            "none",
            "RP_IDS",
            "must be none or host names in lower case",
        ),
        (
            "none",
            "A",
            "RP_ORIGINS",
            "must be none or origins as browsers",
        ),
        (
            "none",
            "https://a.b",
            "RP_IDS",
            "must be set where RP_ORIGINS is",
        ),
        ("a.b", "none", "RP_ORIGINS", "must be set where RP_IDS is"),
        (
            "a.b",
            "https://c.d:1",
            "RP_ORIGINS",
            "has https://c.d:1, whose",
        ),
    ] {
        let fault = RelyingParties::parse(ids, origins).unwrap_err();
        assert_eq!(fault.setting(), setting, "{ids} {origins}");
        assert!(fault.to_string().starts_with(text), "{fault}");
    }
}

#[test]
fn a_domain_is_found_by_its_whole_name_and_the_first_is_whose_none_is_named() {
    let parties = parties("example.com,a.example", "https://example.com");
    assert_eq!(parties.first().as_str(), "example.com");
    for (domain, found) in [
        ("example.com", true),
        ("a.example", true),
        ("www.example.com", false),
        ("com", false),
        ("Example.com", false),
        ("example.com.", false),
        ("", false),
    ] {
        let id = parties.find(domain).map(RpId::as_str);
        assert_eq!(id, found.then_some(domain), "{domain}");
    }
}

#[test]
fn an_origin_is_compared_whole_and_counts_for_its_own_domains() {
    let android = format!("android:apk-key-hash:{HASH}");
    let origins = [
        "https://example.com",
        "https://login.example.com:8443",
        "https://a.example",
        "http://localhost:3000",
        &android,
    ];
    let parties = parties(
        "example.com,login.example.com,a.example,localhost",
        &origins.join(","),
    );
    for (origin, ids) in [
        ("https://example.com", &["example.com"][..]),
        (
            "https://login.example.com:8443",
            &["example.com", "login.example.com"],
        ),
        ("https://a.example", &["a.example"]),
        ("http://localhost:3000", &["localhost"]),
        (
            &android,
            &["example.com", "login.example.com", "a.example", "localhost"],
        ),
        // Not listed, each but a little other than one that is.
        ("https://login.example.com", &[]),
        ("https://www.example.com", &[]),
        ("https://example.com:443", &[]),
        ("https://example.com/", &[]),
        ("https://example.com.evil.example", &[]),
        ("https://example.co", &[]),
        ("https://EXAMPLE.com", &[]),
        ("http://example.com", &[]),
        ("http://localhost:3001", &[]),
        ("http://localhost", &[]),
        ("", &[]),
        ("null", &[]),
        (&android.replace('-', "+"), &[]),
    ] {
        // The last two are domains of no settings, such as one that was taken out of them.
        for id in [
            "example.com",
            "login.example.com",
            "a.example",
            "localhost",
            "com",
            "www.example.com",
        ] {
            let allowed = parties.allows(origin, &RpId::stored(id.to_owned()));
            assert_eq!(allowed, ids.contains(&id), "{origin} {id}");
        }
    }
}

#[test]
fn a_domain_that_was_taken_out_of_the_settings_is_allowed_to_no_page() {
    let parties = parties("login.example.com", "https://login.example.com");
    for (id, allowed) in [("login.example.com", true), ("example.com", false)] {
        let id = RpId::stored(id.to_owned());
        let got = parties.allows("https://login.example.com", &id);
        assert_eq!(got, allowed, "{id:?}");
    }
}
