//! Lambda's limit on all environment variables together.

use super::faults;
use crate::config::{Program, Setting, Values, settings_of};

/// The longest text that a setting of a form may have, and one that is longer.
fn longest(name: &str) -> [String; 2] {
    let fill = |start: &str, with: char, length: usize| {
        let count = length - start.len();
        [count, count + 1].map(|count| start.to_owned() + &with.to_string().repeat(count))
    };
    let origins = vec!["https://a.example.com"; 22].join(",");
    let networks = vec!["2001:db8:1111:2222:3333:4444:5555:6666"; 19].join(",");
    let words = vec!["words"; 85].join(",");
    let links = vec!["https://login.a.example/a-page-of-some-length/"; 20].join(",");
    match name {
        "SCOPE_PREFIX" => fill("", 'a', 256),
        "MAX_FAILURES_PER_ADDRESS" => ["1000000".to_owned(), "10000000".to_owned()],
        // White space around an entry is dropped.
        "UNLIMITED_ADDRESSES" => fill(&networks, ' ', 768),
        "PASSWORD_BLOCKED_WORDS" => fill(&words, ' ', 512),
        "ALLOWED_ORIGINS" => fill(&origins, 'm', 512),
        "BASE_PATH" => fill("/", 'a', 128),
        "MAIL_FROM" => fill("a@b.example", 'e', 128),
        "SMS_ORIGINATION" => fill(
            "arn:aws:sms-voice:eu-central-1:123456789012:pool/",
            'a',
            128,
        ),
        "LINK_BASE_URLS" => fill(&links, ' ', 1024),
        "BREACHED_PASSWORDS_URL" => fill("https://a.example/", 'a', 199).map(|url| url + "/"),
        "LOGIN_REDIRECT_URI" | "TOS_LINK" | "PRIVACY_POLICY_LINK" | "HELP_LINK" => {
            fill("https://a.example/", 'a', 128)
        }
        "SUPPORT_EMAIL" => {
            let domain = ["b", "c", "d"].map(|letter| letter.repeat(60)).join(".");
            fill("help@", 'a', 200 - domain.len() - 1).map(|start| format!("{start}.{domain}"))
        }
        "SECOND_FACTORS" => {
            ["totp,otp_email,otp_sms,u2f", "totp,otp_email,otp_sms,u2f,"].map(str::to_owned)
        }
        "TOTP_ISSUER" => fill("", 'a', 64),
        "RP_IDS" => fill("acme.example", ' ', 256),
        "RP_ORIGINS" => fill("https://acme.example", ' ', 512),
        name => panic!("how long may {name} be?"),
    }
}

/// The settings that are lists. All of these at their longest don't fit beside all others at theirs.
const LISTS: [&str; 3] = [
    "UNLIMITED_ADDRESSES",
    "PASSWORD_BLOCKED_WORDS",
    "LINK_BASE_URLS",
];

/// The lists of pages and of their domains, which don't fit beside these at their longest.
const OF_PAGES: [&str; 3] = ["ALLOWED_ORIGINS", "RP_IDS", "RP_ORIGINS"];

/// Those that only login pages read, which don't fit beside all others either.
const OF_LOGIN_PAGES: [&str; 6] = [
    "ORGANIZATION_NAME",
    "LOGIN_REDIRECT_URI",
    "TOS_LINK",
    "PRIVACY_POLICY_LINK",
    "HELP_LINK",
    "SUPPORT_EMAIL",
];

/// The length of a setting's longest value.
fn longest_length(setting: &Setting) -> usize {
    match setting.values {
        Values::Text => 200,
        Values::Number(_, max) => max.to_string().len(),
        Values::Words(words) => words.iter().map(|word| word.len()).max().unwrap(),
        Values::Form(_) => {
            let (name, [text, longer]) = (setting.name, longest(setting.name));
            assert_eq!(faults(name, &text), [], "{name}={text}");
            assert_ne!(faults(name, &longer), [], "{name}={longer}");
            text.len()
        }
    }
}

/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
#[test]
fn the_longest_lists_links_and_the_longest_of_all_else_fit_into_lambdas_four_kilobytes() {
    // What a stack sets for these is its own: names that CloudFormation makes of the stack's, which
    // is taken to have 64 characters, and the ARN of a secret, whose name is made of its logical id.
    let stack = "s".repeat(64);
    let of_stack = |name: &str| match name {
        "USERS_TABLE" => Some(format!("{stack}-UsersTable-1ABCDEFGHIJKL")),
        "SESSIONS_TABLE" => Some(format!("{stack}-SessionsTable-1ABCDEFGHIJKL")),
        "SERVER_KEY_SECRET" => Some(
            "arn:aws-us-gov:secretsmanager:ap-southeast-1:123456789012:\
             secret:ServerKey-ABCDEFGHIJKL-abcdef"
                .to_owned(),
        ),
        _ => None,
    };
    let group = |name: &str| match name {
        name if LISTS.contains(&name) => "lists",
        name if OF_PAGES.contains(&name) => "pages",
        name if OF_LOGIN_PAGES.contains(&name) => "login pages",
        _ => "all else",
    };
    for long in ["lists", "pages", "login pages", "all else"] {
        let settings = settings_of(Program::Service);
        let settings = settings.filter(|setting| setting.name != "SERVER_KEY");
        let lengths = settings.map(|setting| {
            let value = match of_stack(setting.name) {
                Some(value) => value.len(),
                None if group(setting.name) == long => longest_length(setting),
                // The account's id.
                None if setting.default.is_empty() => 12,
                None => setting.default.len(),
            };
            setting.name.len() + value
        });
        let together: usize = lengths.sum();
        assert!(together < 4096, "{long} {together}");
    }
}
