use std::collections::BTreeSet;
use std::fs;

use super::{has_asker, has_code, has_link};
use crate::messages::MessageKind;
use crate::messages::template::{Piece, Template, pieces};
use crate::messages::texts::{LAYOUT, MessageLanguage};

/// The placeholders that each text of a kind must have: those of the body, and those of the SMS.
fn required(kind: MessageKind) -> [Vec<&'static str>; 2] {
    let mut body = vec!["organization"];
    let mut sms = vec!["organization"];
    if has_asker(kind) {
        body.push("asker");
    }
    if !kind.is_notice() {
        body.push("validity");
        sms.push("validity");
    }
    if has_code(kind) {
        body.push("code");
        sms.push("code");
    }
    if has_link(kind) {
        body.push("link");
    }
    match kind {
        MessageKind::Invite => body.push("application"),
        MessageKind::EmailChanged => body.push("new_address"),
        MessageKind::FactorAdded | MessageKind::FactorRemoved => body.push("factor"),
        MessageKind::RecoveryCodeUsed => body.push("left"),
        _ => {}
    }
    [body, sms]
}

/// Compares the placeholders of lines with those that must and those that may be there beside them.
fn check(what: &str, lines: &[&str], must: &[&str], may: &[&str]) {
    let pieces = lines.iter().flat_map(|line| pieces(line));
    let placeholders: BTreeSet<_> = pieces
        .filter_map(|piece| match piece {
            Piece::Text(text) => {
                assert!(!text.contains(['{', '}']), "{what} has {text:?}");
                None
            }
            Piece::Placeholder(name) => Some(name),
        })
        .collect();
    for name in must {
        assert!(placeholders.contains(name), "{what} lacks {{{{{name}}}}}");
    }
    for name in placeholders {
        let is_known = must.contains(&name) || may.contains(&name);
        assert!(is_known, "{what} has {{{{{name}}}}}, which is not for it");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn each_text_has_its_placeholders_and_no_others() {
    for language in MessageLanguage::ALL {
        for kind in MessageKind::ALL {
            let what = |part: &str| format!("{} {kind:?}, {part},", language.tag());
            let text = language.text(kind);
            let headers: Vec<_> = text.lines().take_while(|line| !line.is_empty()).collect();
            for header in &headers {
                let name = header.split_once(": ").map(|(name, _)| name);
                let is_known = matches!(name, Some("Subject" | "Button" | "SMS"));
                assert!(is_known, "{} has {header:?}", what("its head"));
            }
            let template = Template::read(text);
            let [body, sms] = required(kind);
            let lines = template.paragraphs.concat();
            check(&what("the body"), &lines, &body, &["name"]);
            check(&what("Subject"), &template.subject, &[], &["organization"]);
            check(&what("Button"), &template.button, &[], &["organization"]);
            let beside: &[&str] = match kind {
                MessageKind::EmailChanged => &["new_address"],
                MessageKind::FactorAdded | MessageKind::FactorRemoved => &["factor"],
                _ if has_link(kind) => &["link"],
                _ => &[],
            };
            check(&what("SMS"), &template.sms, &sms, beside);
            assert_eq!(template.subject.len(), 1, "{}", what("Subject"));
            let buttons = usize::from(has_link(kind));
            assert_eq!(template.button.len(), buttons, "{}", what("Button"));
        }
        let phrases = language.phrases().lines();
        let mut names = BTreeSet::new();
        for line in phrases {
            let (name, phrase) = line.split_once(": ").unwrap();
            let must: &[&str] = match name {
                "asked-by-application" | "changed-by-application" => &["asking_application"],
                "hour" | "hours" => &["hours"],
                "minute" | "minutes" => &["minutes"],
                "left-more" => &["count"],
                _ => &[],
            };
            check(name, &[phrase], must, &["organization"]);
            names.insert(name);
        }
        let want = [
            "asked-by-application",
            "asked-by-operator",
            "asked-by-user",
            "changed-by-application",
            "changed-by-operator",
            "changed-by-user",
            "hour",
            "hours",
            "left-more",
            "left-none",
            "left-one",
            "minute",
            "minutes",
            "otp_email",
            "otp_sms",
            "passkey",
            "recovery_codes",
            "totp",
            "u2f",
        ];
        assert_eq!(names, want.into(), "{}", language.tag());
    }
    // Its style sheet has braces of its own.
    let of_layout: Vec<_> = pieces(LAYOUT)
        .into_iter()
        .filter_map(|piece| match piece {
            Piece::Placeholder(name) => Some(name),
            Piece::Text(_) => None,
        })
        .collect();
    assert_eq!(of_layout, ["language", "subject", "content"]);
}

/// Whoever replaces a text reads there what it may have.
#[test]
fn the_page_names_each_file_with_its_placeholders() {
    const PAGE: &str = include_str!("../../../docs/messages.md");
    for kind in MessageKind::ALL {
        let mut file = String::new();
        for c in format!("{kind:?}").chars() {
            if c.is_uppercase() && !file.is_empty() {
                file.push('_');
            }
            file.push(c.to_ascii_lowercase());
        }
        let start = format!("| `{file}.txt` |");
        let row = PAGE.lines().find(|line| line.starts_with(&start)).unwrap();
        let cell = row.split('|').nth(3).unwrap();
        let documented: BTreeSet<_> = cell.split('`').skip(1).step_by(2).collect();
        let [mut body, _] = required(kind);
        body.push("name");
        assert_eq!(documented, body.into_iter().collect(), "{start}");
    }
}

#[test]
fn each_file_of_a_language_is_used() {
    for language in MessageLanguage::ALL {
        let folder = format!(
            "{}/src/messages/{}",
            env!("CARGO_MANIFEST_DIR"),
            language.tag()
        );
        let texts = MessageKind::ALL.map(|kind| language.text(kind));
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let text = fs::read_to_string(&path).unwrap();
            let is_used = texts.contains(&&*text) || language.phrases() == text;
            assert!(is_used, "{}", path.display());
        }
    }
}
