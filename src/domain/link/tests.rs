use percent_encoding::percent_decode_str;
use proptest::prelude::*;

use super::*;

const BASES: &str = "https://login.example/, https://a.example:8443/app%C3%A9/,\
                     http://localhost:3000/ui/,http://[::1]/";

fn parse(text: &str) -> Result<UrlTemplate, LinkFault> {
    UrlTemplate::parse(text, &LinkBases::parse(BASES).unwrap())
}

#[test]
fn bases_are_none_or_urls_that_end_in_a_slash() {
    let twenty = ["https://a.example/"; 20].join(",");
    let long = |length: usize| format!("https://a.example/{}/", "a".repeat(length - 19));
    for (text, good) in [
        ("none", true),
        ("https://a.example/", true),
        ("HTTPS://A.example:443/x/", true),
        ("https://a.example/, https://b.example/", true),
        ("https://[2001:db8::1]:8443/", true),
        ("http://localhost/", true),
        ("http://127.0.0.1:3000/", true),
        ("http://[::1]:3000/ui/", true),
        (&*twenty, true),
        (&*long(1024), true),
        (&*long(1025), false),
        (&*format!("{twenty},https://b.example/"), false),
        ("", false),
        ("https://a.example/,", false),
        ("none,https://a.example/", false),
        ("https://a.example", false),
        ("https://a.example/x", false),
        ("https://a.example/?x=/", false),
        ("https://a.example/#/", false),
        ("https://a.example/../", false),
        ("https://a.example/{{.Code}}/", false),
        ("https://a.example/{/", false),
        ("https://user@a.example/", false),
        ("https://a.example:/", false),
        ("https://a.example:0/", false),
        ("https://a.example:99999/", false),
        ("https://a..example/", false),
        ("https://a.example./", false),
        ("https:///", false),
        ("https://ä.example/", false),
        ("https://a.example/ä/", false),
        ("http://a.example/", false),
        ("http://127.0.0.2/", false),
        ("http://localhost.evil.example/", false),
        ("ftp://a.example/", false),
        ("//a.example/", false),
        ("a.example/", false),
    ] {
        assert_eq!(LinkBases::parse(text).is_some(), good, "{text}");
    }
}

const REFUSED: &[&str] = &[
    // Another scheme, host, port or path.
    "http://login.example/",
    "javascript://login.example/%0aalert(1)",
    "//login.example/",
    "/verify",
    "https:/login.example/",
    "https:login.example/",
    " https://login.example/",
    "https://login.example",
    "https://login.example?c=/",
    "https://login.example.evil.example/",
    "https://login.example-evil.example/",
    "https://evil.example/https://login.example/",
    "https://evil.example/?https://login.example/",
    "https://evil.example#https://login.example/",
    "https://evillogin.example/",
    "https://login.example./",
    "https://login.example:8443/",
    "https://login.example:0443/",
    "https://login.example:+443/",
    "https://login.example:/",
    "https://login.example:443:443/",
    "https://a.example/app%C3%A9/",
    "https://a.example:8443/app",
    "https://a.example:8443/app%25C3%25A9/",
    "https://a.example:8443/{{.Code}}/",
    "http://localhost/ui/",
    "http://localhost:3000/ui",
    "http://localhost:3000/UI/",
    "http://0.0.0.0:3000/ui/",
    // User information, and what is read as a host in one place alone.
    "https://login.example@evil.example/",
    "https://user@login.example/",
    "https://user:password@login.example/",
    "https://@login.example/",
    "https://evil.example\\@login.example/",
    "https://login.example\\.evil.example/",
    "https://login.example%2eevil.example/",
    "https://login.example%00.evil.example/",
    "https://login.example;.evil.example/",
    "https://login.example{{.Code}}/",
    "https://{{.OrgID}}.example/",
    "https://{{.Code}}/",
    "{{.Code}}://login.example/",
    "https://login.ex\u{430}mple/",
    "https://login.example\u{ff0f}x/",
    "https://[::1/",
    // Segments that lead upwards, however they are written.
    "https://a.example:8443/app%C3%A9/../admin",
    "https://login.example/.",
    "https://login.example/./x",
    "https://login.example/x/..",
    "https://login.example/..?x",
    "https://login.example/..#x",
    "https://login.example/%2e%2e/x",
    "https://login.example/%2E./x",
    "https://login.example/.%2e/x",
    "https://login.example/%2e",
    "https://login.example/%252e%252e/x",
    "https://login.example/%25252e./x",
    "https://login.example/..%2fx",
    "https://login.example/x%2f..%2fy",
    "https://login.example/x%252f..%252fy",
    "https://login.example/..%5cx",
    "https://login.example/x%5c..%5cy",
    "https://login.example/..;/x",
    "https://login.example/..;a=b/x",
    "https://login.example/%2e%2e%3bx/y",
    "https://login.example/%c0%ae%c0%ae/x",
    "https://login.example/%25c0%25ae/x",
    "https://login.example/%e0%80%ae/x",
    "https://login.example/%u002e%u002e/x",
    "https://login.example/..\\x",
    "https://login.example/x\\y",
    "https://login.example/?x=\\y",
    // Control characters, white space and what is no part of a URL.
    "https://login.example/x y",
    "https://login.example/x\ty",
    "https://login.example/\r\nx",
    "https://login.example/?x=\n",
    "https://login.example/%0d%0ax",
    "https://login.example/%250ax",
    "https://login.example/%20x",
    "https://login.example/\u{a0}",
    "https://login.example/\u{7f}",
    "https://login.example/?x=ä",
    "https://login.example/<x>",
    "https://login.example/?x=\"",
    "https://login.example/?x={y}",
    "https://login.example/?x=%",
    "https://login.example/?x=%2",
    "https://login.example/?x=%zz",
    "https://login.example/?x=%{{.Code}}",
    "https://login.example/%2{{.Code}}",
    "https://login.example/#x#y",
    "",
    "none",
];

#[test]
fn a_template_begins_with_a_base() {
    for good in [
        "https://login.example/",
        "https://login.example/verify?code={{.Code}}&user={{.UserID}}#{{.OrgID}}",
        "HTTPS://Login.EXAMPLE:443/verify/{{.Code}}",
        "https://login.example/a.b/..c/...?next=/../",
        "https://login.example//x",
        "https://login.example/caf%C3%A9?q=%26%2520",
        "https://a.example:8443/app%C3%A9/verify",
        "http://localhost:3000/ui/verify?c={{ .Code }}",
        "http://[0:0:0:0:0:0:0:1]:80/verify",
    ] {
        assert_eq!(parse(good).unwrap().as_str(), good);
    }
    for bad in REFUSED {
        assert_eq!(parse(bad), Err(LinkFault::Refused), "{bad}");
    }
    let none = LinkBases::parse("none").unwrap();
    let refused = UrlTemplate::parse("https://login.example/", &none);
    assert_eq!(refused, Err(LinkFault::Refused));
}

#[test]
fn a_template_has_known_placeholders_and_the_code_alone_in_its_path() {
    for (rest, good) in [
        ("{{.Code}}", true),
        ("{{ .Code }}/x{{.Code}}.{{.Code}}", true),
        ("?c={{.Code}}&c={{  .Code}}", true),
        ("?{{.UserID}}{{.OrgID}}{{.LoginName}}{{.DisplayName}}", true),
        ("#{{.PreferredLanguage}}{{.CodeID}}{{.SessionID}}", true),
        ("{{.UserID}}", false),
        ("{{.OrgID}}?c={{.Code}}", false),
        ("x/{{.CodeID}}/y", false),
        ("{{.DisplayName}}#x", false),
        ("?c={{.code}}", false),
        ("?c={{.Password}}", false),
        ("?c={{.}}", false),
        ("?c={{}}", false),
        ("?c={{Code}}", false),
        ("?c={{. Code}}", false),
        ("?c={{..Code}}", false),
        ("?c={{.Code.Code}}", false),
        ("?c={{.Code", false),
        ("?c={{.Code}", false),
        ("?c={{.Code}}}}", false),
        ("?c=}}", false),
        ("?c={{", false),
        ("?c={{{{.Code}}}}", false),
        ("?c={{{.Code}}", false),
        ("?c={{if .Code}}x{{end}}", false),
        ("?c={{.Code|html}}", false),
        ("?c={{.Code\t}}", false),
        ("?c={{\n.Code}}", false),
        ("{{template \"x\"}}", false),
    ] {
        let text = format!("https://login.example/{rest}");
        let want = if good {
            Ok(text.clone())
        } else {
            Err(LinkFault::Malformed)
        };
        let got = parse(&text).map(|template| template.as_str().to_owned());
        assert_eq!(got, want, "{rest}");
    }
}

#[test]
fn each_value_is_encoded_into_its_place() {
    let values = LinkValues {
        code: "ABC234",
        code_id: "e7c1",
        user_id: "a/b?c#d",
        session_id: "67e55044",
        organization: "Acme & Söhne",
        login_name: "mini@mouse.com",
        display_name: "../x\r\n",
        language: "pt-BR",
    };
    for (rest, want) in [
        ("x", "x"),
        ("v/{{.Code}}?c={{ .Code }}", "v/ABC234?c=ABC234"),
        ("?u={{.UserID}}", "?u=a%2Fb%3Fc%23d"),
        ("?o={{.OrgID}}", "?o=Acme%20%26%20S%C3%B6hne"),
        ("?n={{.LoginName}}", "?n=mini%40mouse.com"),
        ("#{{.DisplayName}}", "#..%2Fx%0D%0A"),
        ("?l={{.PreferredLanguage}}", "?l=pt-BR"),
        ("?a={{.CodeID}}&s={{.SessionID}}", "?a=e7c1&s=67e55044"),
    ] {
        let template = parse(&format!("https://login.example/{rest}")).unwrap();
        let want = format!("https://login.example/{want}");
        assert_eq!(template.render(&values), want, "{rest}");
    }
}

/// A newer release may have stored a placeholder that this one does not know.
#[test]
fn a_stored_template_is_read_whatever_it_has() {
    let stored = "https://login.example/{{.New}}?c={{.Code}}{{";
    let template = UrlTemplate::from_stored(stored.to_owned());
    let values = LinkValues {
        code: "ABC234",
        ..LinkValues::default()
    };
    assert_eq!(template.render(&values), "https://login.example/?c=ABC234");
}

/// Pieces of templates, good and bad, so that many that are made of them are accepted.
fn template() -> impl Strategy<Value = String> {
    let starts = prop::sample::select(vec![
        "https://login.example/",
        "https://LOGIN.example:443/",
        "https://a.example:8443/app%C3%A9/",
        "http://localhost:3000/ui/",
        "https://login.example",
        "https://evil.example/",
    ]);
    let pieces = prop::sample::select(vec![
        "{{.Code}}",
        "{{ .Code }}",
        "{{.UserID}}",
        "{{.OrgID}}",
        "{{.LoginName}}",
        "{{.DisplayName}}",
        "{{.PreferredLanguage}}",
        "{{.CodeID}}",
        "{{.SessionID}}",
        "x",
        "/",
        ".",
        "..",
        "%2e",
        "%2F",
        "%25",
        "%",
        "2e",
        "\\",
        "?",
        "?",
        "#",
        "&",
        "=",
        ";",
        ":",
        "@",
        "{",
        "}",
        "{{",
        "}}",
        " ",
        "\n",
        "ä",
    ]);
    (starts, prop::collection::vec(pieces, 0..8))
        .prop_map(|(start, pieces)| start.to_owned() + &pieces.concat())
}

fn hostile() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "..",
        ".",
        "/",
        "\\",
        "?",
        "#",
        "@",
        ":",
        "%",
        "%2e",
        "{{.Code}}",
        "ä",
        "\u{202e}",
        "\r\n",
        "\0",
        " ",
        "&",
        "=",
        "x",
        "https://evil.example/",
    ]);
    prop::collection::vec(pieces, 0..6).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn an_accepted_template_stays_under_its_base_whatever_the_values_are(
        template in template(),
        code in "[2-9A-HJ-NP-Z]{20}",
        values in prop::array::uniform7(hostile()),
    ) {
        let Ok(parsed) = parse(&template) else {
            return Ok(());
        };
        let [
            code_id,
            user_id,
            session_id,
            organization,
            login_name,
            display_name,
            language,
        ] = &values;
        let link = parsed.render(&LinkValues {
            code: &code,
            code_id,
            user_id,
            session_id,
            organization,
            login_name,
            display_name,
            language,
        });
        // The reader of the HTTP client is another one than ours.
        prop_assert!(link.bytes().all(|byte| byte.is_ascii_graphic()), "{link}");
        let uri: http::Uri = link.parse().unwrap();
        let host = uri.host().unwrap().to_ascii_lowercase();
        let (port, base) = match &*host {
            "login.example" => (443, "/"),
            "a.example" => (8443, "/app%C3%A9/"),
            "localhost" => (3000, "/ui/"),
            host => panic!("{link} is at {host}"),
        };
        let scheme = if port == 3000 { "http" } else { "https" };
        prop_assert_eq!(uri.scheme_str(), Some(scheme));
        prop_assert_eq!(uri.port_u16().unwrap_or(443), port);
        prop_assert_eq!(uri.authority().unwrap().as_str().find('@'), None);
        prop_assert!(uri.path().starts_with(base), "{link}");
        let path = percent_decode_str(uri.path()).decode_utf8().unwrap();
        prop_assert!(path.split('/').all(|part| part != "." && part != ".."), "{link}");
        let has_code = template.contains("{{.Code}}") || template.contains("{{ .Code }}");
        prop_assert_eq!(link.contains(&code), has_code);
        for value in &values {
            let breaks = value.contains(['\r', '\\']) && link.contains(&**value);
            prop_assert!(!breaks, "{link}");
        }
    }
}
