use super::template::{Piece, Template, pieces};
use super::texts::{LAYOUT, MessageLanguage};
use super::values::{Filled, Filler};

/// The page of an e-mail. All that it has of a text or a value is escaped.
pub(super) fn page(
    language: MessageLanguage,
    subject: &str,
    template: &Template<'_>,
    filler: &Filler<'_>,
) -> String {
    let paragraphs = template.paragraphs.iter();
    let content: Vec<_> = paragraphs
        .filter_map(|lines| paragraph(lines, template, filler))
        .collect();
    let content = content.join("\n");
    let mut page = String::with_capacity(LAYOUT.len() + content.len());
    // Each piece of the layout is replaced once, so that no value is read as a placeholder.
    for piece in pieces(LAYOUT) {
        match piece {
            Piece::Text(text) => page.push_str(text),
            Piece::Placeholder("language") => page.push_str(language.tag()),
            Piece::Placeholder("subject") => page.push_str(&escape(subject)),
            Piece::Placeholder("content") => page.push_str(&content),
            Piece::Placeholder(_) => {}
        }
    }
    page
}

/// A paragraph. One that is nothing but a code is shown large, and behind one with a link follows the
/// link as a button.
fn paragraph(lines: &[&str], template: &Template<'_>, filler: &Filler<'_>) -> Option<String> {
    let text = filler.pieces(lines, |piece| match piece {
        Filled::Text(text) => escape(text),
        Filled::Value("link", link) => {
            let link = escape(&link);
            format!("<a href=\"{link}\">{link}</a>")
        }
        Filled::Value(_, value) => escape(&value),
    });
    if text.is_empty() {
        return None;
    }
    let link = filler.lines(&["{{link}}"]);
    let has_link = lines
        .iter()
        .any(|line| pieces(line).contains(&Piece::Placeholder("link")));
    Some(match lines {
        ["{{code}}"] => format!("<p class=\"code\">{text}</p>"),
        _ if has_link && !link.is_empty() => {
            let (link, label) = (escape(&link), escape(&filler.lines(&template.button)));
            format!("<p>{text}</p>\n<p><a class=\"button\" href=\"{link}\">{label}</a></p>")
        }
        _ => format!("<p>{text}</p>"),
    })
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}
