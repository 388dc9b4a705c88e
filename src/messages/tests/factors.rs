//! Messages about second factors.

use super::*;

#[test]
fn a_code_by_e_mail_says_who_asked_and_that_nobody_else_may_have_it() {
    let values = MessageValues {
        code: Some("01234567"),
        link: None,
        ..all_values(MessageKind::OtpEmail)
    };
    let message = written(MessageKind::OtpEmail, "en", &values);

    assert_eq!(message.subject, "Your code to sign in to Acme");
    let text = "Hello Mini Mouse,\n\n\
        Somebody is signing in to your account at Acme and is asked for a code. \
        Somebody asked for this message by way of login.\n\n\
        Where you are asked for a code, enter this one:\n\n\
        01234567\n\n\
        It is valid for 5 minutes and can be used once. Never tell it to anybody, not even to people \
        who say that they are from Acme.\n\n\
        If it is not you, somebody may know your password: set a new one at once where you sign in, \
        and tell Acme.\n";
    assert_eq!(message.text, text);
    assert!(message.html.contains("<p class=\"code\">01234567</p>"));
    assert!(!message.html.contains("<a "));
}

#[test]
fn a_code_by_sms_is_one_message_beside_a_name_of_64_characters() {
    let organization = "W".repeat(64);
    for (language, want) in [
        (
            "en",
            "01234567 is your code to sign in to {}. Valid for 5 minutes. Never tell it to anybody.",
        ),
        (
            "de",
            "01234567 ist Ihr Code für die Anmeldung bei {}. Gültig: 5 Minuten. Sagen Sie ihn niemandem.",
        ),
    ] {
        let values = MessageValues {
            organization: &organization,
            code: Some("01234567"),
            ..all_values(MessageKind::OtpSms)
        };
        let text = texted(MessageKind::OtpSms, language, &values);
        assert_eq!(text, want.replace("{}", &organization));
        assert!(text.chars().count() <= 160, "{text}");
    }
}

#[test]
fn a_code_is_valid_for_hours_or_for_minutes() {
    for (hours, minutes, english, german) in [
        (0, 1, "1 minute", "1 Minute"),
        (0, 2, "2 minutes", "2 Minuten"),
        (0, 5, "5 minutes", "5 Minuten"),
        (1, 0, "1 hour", "1 Stunde"),
        (72, 0, "72 hours", "72 Stunden"),
    ] {
        let values = MessageValues {
            hours,
            minutes,
            ..all_values(MessageKind::OtpEmail)
        };
        for (language, want) in [
            ("en", format!("It is valid for {english} and")),
            ("de", format!("Er ist {german} lang gültig und")),
        ] {
            let text = written(MessageKind::OtpEmail, language, &values).text;
            assert!(text.contains(&want), "{text}");
        }
    }
}

#[test]
fn each_factor_has_its_name_in_each_language() {
    for (factor, english, german) in [
        (
            FactorKind::Totp,
            "authenticator app",
            "Authentifizierungs-App",
        ),
        (FactorKind::OtpEmail, "codes by e-mail", "Codes per E-Mail"),
        (FactorKind::OtpSms, "codes by SMS", "Codes per SMS"),
        (
            FactorKind::RecoveryCodes,
            "recovery codes",
            "Wiederherstellungscodes",
        ),
        (FactorKind::U2f, "security key", "Sicherheitsschlüssel"),
    ] {
        for kind in [MessageKind::FactorAdded, MessageKind::FactorRemoved] {
            let values = MessageValues {
                factor: Some(factor),
                ..all_values(kind)
            };
            for (language, want) in [("en", english), ("de", german)] {
                let want = format!(": {want}.");
                let message = written(kind, language, &values);
                assert!(message.text.contains(&want), "{}", message.text);
                assert!(message.html.contains(&want), "{}", message.html);
            }
        }
    }
}

#[test]
fn a_used_recovery_code_is_told_with_how_many_are_left() {
    for (left, english, german) in [
        (
            0,
            "No code is left: have new ones made.",
            "Es ist keiner mehr übrig: Lassen Sie sich neue geben.",
        ),
        (
            1,
            "One code is left: have new ones made soon.",
            "Es ist noch einer übrig: Lassen Sie sich bald neue geben.",
        ),
        (2, "2 codes are left.", "Es sind noch 2 übrig."),
        (9, "9 codes are left.", "Es sind noch 9 übrig."),
    ] {
        let values = MessageValues {
            left: Some(left),
            ..all_values(MessageKind::RecoveryCodeUsed)
        };
        for (language, want) in [("en", english), ("de", german)] {
            let text = written(MessageKind::RecoveryCodeUsed, language, &values).text;
            assert!(text.contains(want), "{text}");
        }
    }
}

#[test]
fn a_reset_that_removed_all_factors_is_told_with_the_reason() {
    let kind = MessageKind::FactorsRemovedByReset;
    for (language, want) in [
        (
            "en",
            "All passkeys and second factors were removed, and recovery codes with them, because",
        ),
        (
            "de",
            "Alle Passkeys und zweiten Faktoren wurden entfernt, auch die Wiederherstellungscodes, denn",
        ),
    ] {
        let text = written(kind, language, &all_values(kind)).text;
        assert!(text.contains(want), "{text}");
    }
}
