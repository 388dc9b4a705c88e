use super::{REQUIRED, are_limited, read};

#[test]
fn settings_of_second_factors_are_limited() {
    for (name, good, bad) in [
        (
            "MFA",
            &["optional", "required"][..],
            &["Required", "none"][..],
        ),
        (
            "SECOND_FACTORS",
            &[
                "none",
                "totp",
                "otp_sms,totp",
                // Without RP_IDS it is good, and not offered.
                "u2f",
                "totp,otp_email,otp_sms,u2f",
            ],
            &[
                "totp,totp",
                "totp,",
                "totp, otp_sms",
                "none,totp",
                "passkey",
                "webauthn",
                "recovery_codes",
            ],
        ),
        (
            "TOTP_ISSUER",
            &["none", "Acme & Söhne", &"ä".repeat(64)],
            &[" ", "Acme: Login", "Acme\nLogin", &"ä".repeat(65)],
        ),
    ] {
        are_limited(name, good, bad);
    }
}

#[test]
fn authenticator_apps_show_the_host_of_the_first_link_unless_a_name_is_set() {
    const HOST: &str = "https://Login.Acme.example:8443/a/";
    let long = format!("https://{}.example/", "a".repeat(60));
    for (issuer, links, want) in [
        ("", "", "Sesame"),
        ("none", "none", "Sesame"),
        ("none", HOST, "login.acme.example"),
        (
            "",
            "http://localhost:3000/,https://acme.example/",
            "localhost",
        ),
        // It has colons, and this one is too long.
        ("", "http://[::1]:3000/", "Sesame"),
        ("", &long, "Sesame"),
        ("Acme", HOST, "Acme"),
        (" Acme Login ", "none", "Acme Login"),
    ] {
        let set = [("TOTP_ISSUER", issuer), ("LINK_BASE_URLS", links)];
        let variables: Vec<_> = REQUIRED.into_iter().chain(set).collect();
        let settings = read(&variables).unwrap();
        assert_eq!(settings.policy.totp_issuer, want, "{issuer:?} {links:?}");
    }
}
