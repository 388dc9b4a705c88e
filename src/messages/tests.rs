mod factors;
mod placeholders;

use proptest::prelude::*;

use super::*;
use crate::domain::{Address as _, FactorKind};

const LINK: &str = "https://login.example/v?code=ZYXWVUTS23456789ABCD&user=1";

fn values<'a>() -> MessageValues<'a> {
    MessageValues {
        code: Some("ABCDEFGH"),
        hours: 1,
        ..MessageValues::new("Acme", Asker::Application("login"))
    }
}

fn written(kind: MessageKind, language: &str, values: &MessageValues<'_>) -> EmailMessage {
    let to = EmailAddress::parse("mini@mouse.com").unwrap();
    email(kind, Some(language), to, values)
}

fn texted(kind: MessageKind, language: &str, values: &MessageValues<'_>) -> String {
    let to = PhoneNumber::parse("+41790000001").unwrap();
    sms(kind, Some(language), to, values).text
}

/// No call has a template for an SMS that checks a second factor.
fn has_link(kind: MessageKind) -> bool {
    !kind.is_notice() && kind != MessageKind::OtpSms
}

/// The link of a passkey has an id beside the code, so that there is nothing to type.
fn has_code(kind: MessageKind) -> bool {
    !kind.is_notice() && kind != MessageKind::RegisterPasskey
}

/// Whoever used a recovery code is told so, however it came.
fn has_asker(kind: MessageKind) -> bool {
    kind != MessageKind::RecoveryCodeUsed
}

/// The values of a kind, all of them.
fn all_values<'a>(kind: MessageKind) -> MessageValues<'a> {
    use MessageKind as Kind;

    let (hours, minutes) = match kind {
        Kind::Invite => (72, 0),
        Kind::OtpEmail | Kind::OtpSms => (0, 5),
        _ => (1, 0),
    };
    let has_factor = matches!(kind, Kind::FactorAdded | Kind::FactorRemoved);
    MessageValues {
        name: Some("Mini Mouse"),
        code: has_code(kind).then_some("ABCDEFGH"),
        link: has_link(kind).then_some(LINK),
        application: (kind == Kind::Invite).then_some("Acme Shop"),
        new_address: (kind == Kind::EmailChanged).then_some("new@mouse.com"),
        factor: has_factor.then_some(FactorKind::OtpSms),
        left: (kind == Kind::RecoveryCodeUsed).then_some(7),
        hours,
        minutes,
        ..values()
    }
}

#[test]
fn a_language_is_german_or_else_english() {
    for (tag, want) in [
        (Some("de"), "de"),
        (Some("de-CH"), "de"),
        (Some("DE_at"), "de"),
        (Some("den"), "en"),
        (Some("en"), "en"),
        (Some("fr"), "en"),
        (Some(""), "en"),
        (None, "en"),
    ] {
        assert_eq!(MessageLanguage::preferred(tag).tag(), want, "{tag:?}");
    }
}

#[test]
fn an_address_that_nobody_has_verified_gets_a_code() {
    let message = written(MessageKind::VerifyEmail, "en", &values());

    assert_eq!(message.to.as_str(), "mini@mouse.com");
    assert_eq!(message.subject, "Confirm your e-mail address for Acme");
    let text = "This e-mail address was entered for an account at Acme. \
        Somebody asked for this message by way of login.\n\n\
        Where you are asked for a code, enter this one:\n\n\
        ABCDEFGH\n\n\
        It is valid for 1 hour. Give it to nobody, not even to people who say that they are from \
        Acme.\n\n\
        If you don't know of any of this, do nothing: without the code, the address is not \
        confirmed.\n";
    assert_eq!(message.text, text);
    assert!(message.html.contains("<p class=\"code\">ABCDEFGH</p>"));
    assert!(!message.html.contains("<a "));
}

#[test]
fn an_invitation_has_all_that_there_is() {
    let values = MessageValues {
        asker: Asker::Operator,
        ..all_values(MessageKind::Invite)
    };
    let message = written(MessageKind::Invite, "de-CH", &values);

    assert_eq!(message.subject, "Ihre Einladung zu Acme");
    let text = format!(
        "Guten Tag Mini Mouse!\n\n\
        Sie sind eingeladen: Bei Acme gibt es ein Konto für Sie. \
        Die Einladung gilt für Acme Shop. \
        Diese Nachricht wurde von der Verwaltung von Acme angefordert.\n\n\
        Um sie anzunehmen und zu wählen, wie Sie sich anmelden, öffnen Sie diesen Link: {LINK}\n\n\
        Wo Sie nach einem Code gefragt werden, geben Sie diesen ein:\n\n\
        ABCDEFGH\n\n\
        Er ist 72 Stunden lang gültig. Geben Sie ihn niemandem, auch nicht Leuten, die sich als \
        Mitarbeiter von Acme ausgeben.\n\n\
        Wenn Sie keine Einladung erwarten, müssen Sie nichts tun: Ohne den Code kann niemand das \
        Konto benutzen.\n"
    );
    assert_eq!(message.text, text);
    let link = LINK.replace('&', "&amp;");
    for part in [
        "<html lang=\"de\">",
        "<title>Ihre Einladung zu Acme</title>",
        &format!("öffnen Sie diesen Link: <a href=\"{link}\">{link}</a></p>"),
        &format!("<p><a class=\"button\" href=\"{link}\">Einladung annehmen</a></p>"),
    ] {
        assert!(message.html.contains(part), "{part}: {}", message.html);
    }
}

#[test]
fn each_message_has_its_values_and_a_notice_has_no_code_and_no_link() {
    for language in ["en", "de"] {
        for kind in MessageKind::ALL {
            let values = all_values(kind);
            // Even if a notice were given a code.
            let given = MessageValues {
                code: Some("ABCDEFGH"),
                link: Some(LINK),
                ..values
            };
            let message = written(kind, language, &given);
            let texted = texted(kind, language, &given);
            for text in [&message.text, &message.html, &texted] {
                assert!(!text.contains("{{") && !text.contains("}}"), "{text}");
                assert_eq!(text.contains("ABCDEFGH"), has_code(kind), "{text}");
            }
            assert_eq!(message.text.contains(LINK), has_link(kind));
            assert_eq!(message.html.contains("<a "), has_link(kind));
            let needed = [
                values.application,
                values.new_address,
                values.factor.map(|_| "SMS"),
                values.left.map(|_| "7"),
                Some("Mini Mouse"),
                has_asker(kind).then_some("login"),
            ];
            for value in needed.into_iter().flatten() {
                assert!(message.text.contains(value), "{kind:?} lacks {value}");
                assert!(message.html.contains(value), "{kind:?} lacks {value}");
            }
        }
    }
}

#[test]
fn who_asked_is_said_in_his_own_words() {
    for (kind, asker, want) in [
        (
            MessageKind::VerifyEmail,
            Asker::User,
            "It was asked for in a session that is signed in",
        ),
        (
            MessageKind::ResetPassword,
            Asker::Operator,
            "An administrator of Acme asked",
        ),
        (
            MessageKind::PasswordChanged,
            Asker::User,
            "in a session that is signed in",
        ),
        (
            MessageKind::EmailChanged,
            Asker::Application("crm"),
            "by way of crm.",
        ),
        (
            MessageKind::PhoneChanged,
            Asker::Operator,
            "by an administrator of Acme.",
        ),
    ] {
        let values = MessageValues {
            asker,
            ..all_values(kind)
        };
        let message = written(kind, "en", &values);
        assert!(message.text.contains(want), "{}", message.text);
    }
}

/// <https://en.wikipedia.org/wiki/GSM_03.38>: 160 of these characters are one SMS.
#[test]
fn an_sms_is_one_line_of_one_message() {
    const GSM: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
        ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
    for language in ["en", "de"] {
        for kind in MessageKind::ALL {
            let values = MessageValues {
                organization: "Acme Widgets Inc.",
                link: None,
                ..all_values(kind)
            };
            let text = texted(kind, language, &values);
            assert!(text.chars().count() <= 160, "{text}");
            assert!(text.chars().all(|c| GSM.contains(c)), "{text}");
            assert!(!text.contains(['\r', '\n']), "{text}");
        }
    }
    let reset = texted(
        MessageKind::ResetPassword,
        "en",
        &all_values(MessageKind::ResetPassword),
    );
    let want = "ABCDEFGH sets a new password at Acme. Valid for 1 hour. Not you? Ignore it. ";
    assert_eq!(reset, want.to_owned() + LINK);
}

fn hostile() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "\r\n",
        "\n",
        "\0",
        "\u{85}",
        "\u{2028}",
        "\u{202e}",
        "\u{200b}",
        " ",
        "\t",
        "<b>",
        "&",
        "\"",
        "'",
        "</p><script>",
        "{{code}}",
        "{{",
        "}}",
        "Bcc: x@y.example",
        "ä",
        "x",
    ]);
    prop::collection::vec(pieces, 0..8).prop_map(|pieces| pieces.concat())
}

fn kind_and_language() -> impl Strategy<Value = (MessageKind, &'static str)> {
    let kinds = prop::sample::select(MessageKind::ALL.to_vec());
    (kinds, prop::sample::select(vec!["en", "de"]))
}

proptest! {
    /// What a message of harmless values has in lines, paragraphs and elements, it has with any.
    #[test]
    fn no_value_adds_a_line_or_an_element(
        (kind, language) in kind_and_language(),
        values in prop::array::uniform6(hostile()),
    ) {
        // A value of nothing but white space would leave its line out.
        let [organization, asker, name, link, application, address] =
            values.map(|value| value + "x");
        let harmless = all_values(kind);
        let with = |given: Option<&str>, value: &'_ str| given.map(|_| value.to_owned());
        let (link, application, address) = (
            with(harmless.link, &link),
            with(harmless.application, &application),
            with(harmless.new_address, &address),
        );
        let given = MessageValues {
            organization: &organization,
            asker: Asker::Application(&asker),
            name: Some(&name),
            link: link.as_deref(),
            application: application.as_deref(),
            new_address: address.as_deref(),
            ..harmless
        };
        let (want, got) = (written(kind, language, &harmless), written(kind, language, &given));
        let lines = |text: &str| text.matches('\n').count();
        prop_assert_eq!(lines(&got.text), lines(&want.text));
        prop_assert_eq!(lines(&got.html), lines(&want.html));
        prop_assert_eq!(got.html.matches('<').count(), want.html.matches('<').count());
        prop_assert_eq!(got.html.matches('"').count(), want.html.matches('"').count());
        // A placeholder in a value is text: the code stands where it stood.
        let code = |text: &str| text.matches("ABCDEFGH").count();
        prop_assert_eq!(code(&got.text), code(&want.text));
        let texted = texted(kind, language, &given);
        for line in [&*got.subject, &*texted].into_iter().chain(got.text.split('\n')) {
            let odd = |c: char| c.is_control() || "\u{2028}\u{202e}\u{200b}".contains(c);
            prop_assert!(!line.contains(odd), "{line:?}");
        }
    }
}
