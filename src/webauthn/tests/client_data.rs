use super::level_3::Vector;
use super::{Answer, base64};
use crate::domain::Challenge;
use crate::webauthn::{ClientData, Fault};

const MALFORMED: &str = "the client data is malformed";
const TYPE: &str = "the client data is of another type";
const CHALLENGE: &str = "the challenge is another";
const ORIGIN: &str = "the origin is none of the domain's";
const FRAMED: &str = "the page is in a frame of another origin";

/// What is found of a registration without attestation, which signs no client data.
fn found(client_data: &[u8]) -> &'static str {
    let mut registration = Vector::named("none-es256").registration;
    registration.challenge = Challenge([0; 32]);
    registration.json["response"]["clientDataJSON"] = base64(client_data).into();
    let registered = Answer::register(&registration);
    registered.map_or_else(|Fault(fault)| fault, |_| "")
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn client_data_is_read_exactly_and_compared_whole() {
    let zeros = "A".repeat(43);
    // In each row, C stands for the challenge that is expected.
    let honest = r#"{"type":"webauthn.create","challenge":"C","origin":"https://example.org","crossOrigin":false}"#;
    let cases = [
        (honest.to_owned(), ""),
        (format!("\u{feff}{honest}"), ""),
        (format!(" {honest}\n"), ""),
        (honest.replace(r#","crossOrigin":false"#, ""), ""),
        (honest.replace("false", "null"), ""),
        (honest.replace("false", r#"false,"new":{"a":[1]}"#), ""),
        (honest.replace("webauthn", r"\u0077ebauthn"), ""),
        (honest.replace("webauthn.create", "webauthn.get"), TYPE),
        (honest.replace("webauthn.create", "webauthn.Create"), TYPE),
        (honest.replace("webauthn.create", "payment.create"), TYPE),
        (honest.replace("webauthn.create", ""), TYPE),
        (honest.replace('C', &"A".repeat(42)), CHALLENGE),
        (honest.replace('C', &"A".repeat(44)), CHALLENGE),
        (honest.replace('C', "C="), CHALLENGE),
        (
            honest.replace('C', &format!("{}B", "A".repeat(42))),
            CHALLENGE,
        ),
        (
            honest.replace('C', &format!("{}E", "A".repeat(42))),
            CHALLENGE,
        ),
        (honest.replace('C', &"/".repeat(43)), CHALLENGE),
        (honest.replace('C', ""), CHALLENGE),
        (
            honest.replace("https://example.org", "https://example.org/"),
            ORIGIN,
        ),
        (
            honest.replace("https://example.org", "https://example.org.evil.com"),
            ORIGIN,
        ),
        (
            honest.replace("https://example.org", "https://sub.example.org"),
            ORIGIN,
        ),
        (
            honest.replace("https://example.org", "https://EXAMPLE.org"),
            ORIGIN,
        ),
        (honest.replace("https", "http"), ORIGIN),
        (honest.replace("https://example.org", ""), ORIGIN),
        (honest.replace("false", "true"), FRAMED),
        (
            honest.replace("false", r#"true,"topOrigin":"https://example.com""#),
            FRAMED,
        ),
        (
            honest.replace("false", r#"false,"topOrigin":"https://example.org""#),
            FRAMED,
        ),
        (honest.replace("false", r#"false,"topOrigin":1"#), FRAMED),
        (honest.replace("false", r#""true""#), MALFORMED),
        (
            honest.replace("false", r#"false,"crossOrigin":false"#),
            MALFORMED,
        ),
        (
            honest.replace("false", r#"false,"origin":"https://example.org""#),
            MALFORMED,
        ),
        (
            honest.replace("false", r#"false,"type":"webauthn.create""#),
            MALFORMED,
        ),
        (
            honest.replace("false", &format!("false,\"challenge\":\"{zeros}\"")),
            MALFORMED,
        ),
        (
            honest.replace(r#""type":"webauthn.create","#, ""),
            MALFORMED,
        ),
        (honest.replace(r#""challenge":"C","#, ""), MALFORMED),
        (
            honest.replace(r#""origin":"https://example.org","#, ""),
            MALFORMED,
        ),
        (honest.replace(r#""webauthn.create""#, "1"), MALFORMED),
        (honest.replace(r#""C""#, "null"), MALFORMED),
        (format!("{honest}{honest}"), MALFORMED),
        (format!("{honest},"), MALFORMED),
        (format!("\u{feff}\u{feff}{honest}"), MALFORMED),
        (
            r#"["webauthn.create","C","https://example.org",false,null]"#.to_owned(),
            MALFORMED,
        ),
        (
            honest.replace("false", &format!("false,\"new\":{}", "[".repeat(200))),
            MALFORMED,
        ),
        (" ".to_owned(), MALFORMED),
        ("null".to_owned(), MALFORMED),
    ];
    for (text, want) in cases {
        let text = text.replace("\"C", &format!("\"{zeros}"));
        assert_eq!(found(text.as_bytes()), want, "{text}");
    }
    // What isn't UTF-8 makes a difference only where it is read.
    for (member, want) in [
        ("new", ""),
        ("topOrigin", FRAMED),
        ("crossOrigin", MALFORMED),
    ] {
        let text = format!(r#"{{"type":"webauthn.create","challenge":"{zeros}","#);
        let text = format!(r#"{text}"origin":"https://example.org","{member}":""#);
        let text = [text.as_bytes(), b"\xff\"}"].concat();
        assert_eq!(found(&text), want, "{member}");
    }
    let origin = format!(r#"{{"type":"webauthn.create","challenge":"{zeros}","origin":""#);
    let text = [origin.as_bytes(), b"https://example.org\xff\"}"].concat();
    assert_eq!(found(&text), MALFORMED);
}

#[test]
fn the_challenge_is_what_the_client_data_names() {
    for (challenge, want) in [
        ("_".repeat(42) + "8", Some(Challenge([0xff; 32]))),
        ("_".repeat(43), None),
        ("/".repeat(42) + "8", None),
        ("_".repeat(42), None),
        (String::new(), None),
    ] {
        let text = format!(r#"{{"type":"","challenge":"{challenge}","origin":""}}"#);
        assert_eq!(
            ClientData::parse(text.as_bytes()).unwrap().challenge(),
            want
        );
    }
}
