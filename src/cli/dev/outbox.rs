//! The messages that the local service has sent: in the terminal, and on a page.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use bytes::Bytes;
use http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName,
    HeaderValue, ORIGIN, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, Method, Response};

use crate::domain::printable;
use crate::emulator::{Outbox, SentMessage};
use crate::error::Error;
use crate::status::json_error;

pub const PATH: &str = "/outbox";

const HTML: &str = "text/html; charset=utf-8";
const JSON: &str = "application/json";

/// The content security policy, which holds for the e-mails in their frames too. Their styles stand
/// in them. What they would load, such as an image that tells who reads them, is not loaded.
const POLICY: &str = "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src data:; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The page above the messages.
const HEAD: &str = r##"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Sesame: outbox</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/pages/style.css">
</head>
<body>
<a class="skip" href="#messages">Skip to the messages</a>
<header>
  <strong>Sesame</strong>
  <nav aria-label="Pages">
    <a href="/">Try it</a>
    <a href="/reference">Reference</a>
    <a href="/outbox" aria-current="page">Outbox</a>
    <a href="/openapi.json">openapi.json</a>
  </nav>
</header>
<main class="reference" id="messages">
<h1>Outbox</h1>
<p>The last 1,000 messages, the newest first. None of them was sent to anybody.</p>
"##;

const FOOT: &str = "</main>\n</body>\n</html>\n";

/// Shows a message in the terminal.
pub fn print(message: &SentMessage) {
    // Nobody may be reading, and the message is on the page as well.
    let _ = writeln!(io::stdout(), "\n{}\n", plain(message));
}

/// A message as plain text, with control characters escaped: names in it are users' own.
fn plain(message: &SentMessage) -> String {
    let SentMessage {
        channel,
        to,
        subject,
        text,
        ..
    } = message;
    let mut shown = format!("{channel} to {}", printable(to));
    if !subject.is_empty() {
        let _ = write!(shown, ": {}", printable(subject));
    }
    for line in text.lines() {
        let _ = write!(shown, "\n  {}", printable(line));
    }
    shown
}

/// The response with the page, or with JSON for whoever accepts that.
///
/// Codes are in the messages, so pages get nothing, of whichever origin they are: a browser that is
/// at the page itself sends no `Origin`.
pub fn respond(outbox: &Outbox, method: &Method, headers: &HeaderMap) -> Response<Bytes> {
    if headers.contains_key(ORIGIN) {
        return json_error(&Error::OriginNotAllowed);
    }
    if ![Method::GET, Method::HEAD].contains(method) {
        return json_error(&Error::MethodNotAllowed("GET, HEAD".into()));
    }
    let messages = outbox.messages();
    let (kind, text) = if accepts_json(headers) {
        // Strings can't fail to be written.
        (JSON, serde_json::to_string(&messages).unwrap_or_default())
    } else {
        (HTML, page(&messages))
    };
    let length = text.len();
    let body = if method == Method::GET {
        text.into()
    } else {
        Bytes::new()
    };
    let mut response = Response::new(body);
    let fields: [(HeaderName, &str); 6] = [
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (CONTENT_TYPE, kind),
        (REFERRER_POLICY, "no-referrer"),
        (VARY, "Accept"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    for (name, value) in fields {
        let value = HeaderValue::from_static(value);
        response.headers_mut().insert(name, value);
    }
    let headers = response.headers_mut();
    headers.insert(CONTENT_LENGTH, length.into());
    response
}

/// Whether a header names JSON. Browsers name HTML.
fn accepts_json(headers: &HeaderMap) -> bool {
    let values = headers.get_all(ACCEPT).iter();
    let types = values.filter_map(|value| value.to_str().ok());
    let mut types = types.flat_map(|value| value.split(','));
    types.any(|kind| {
        let kind = kind.split(';').next().unwrap_or_default().trim();
        kind.eq_ignore_ascii_case(JSON)
    })
}

fn page(messages: &[SentMessage]) -> String {
    let mut page = HEAD.to_owned();
    if messages.is_empty() {
        page.push_str("<p class=\"hint\">There is none so far.</p>\n");
    }
    for message in messages.iter().rev() {
        page.push_str(&article(message));
    }
    page + FOOT
}

fn article(message: &SentMessage) -> String {
    let SentMessage {
        sent_at,
        channel,
        to,
        subject,
        text,
        html,
    } = message;
    let title = if subject.is_empty() { "SMS" } else { subject };
    let [title, to, text] = [title, to, text].map(escape);
    let mut article = format!(
        "<article>\n<h2>{title}</h2>\n<p class=\"hint\">{channel} to {to}, \
         <time>{sent_at}</time></p>\n<pre>{text}</pre>\n"
    );
    if !html.is_empty() {
        // Without `allow-scripts` nothing in it runs. Its links lead to a tab of their own.
        let html = escape(&format!("<base target=\"_blank\">{html}"));
        let _ = writeln!(
            article,
            "<iframe class=\"mail\" title=\"{title}, in HTML\" \
             sandbox=\"allow-popups allow-popups-to-escape-sandbox\" srcdoc=\"{html}\"></iframe>"
        );
    }
    article + "</article>\n"
}

/// A text in HTML, between tags or in a quoted attribute.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn message(channel: &'static str, [to, subject, text, html]: [&str; 4]) -> SentMessage {
        SentMessage {
            sent_at: "2027-01-15T08:00:00.123Z".to_owned(),
            channel,
            to: to.to_owned(),
            subject: subject.to_owned(),
            text: text.to_owned(),
            html: html.to_owned(),
        }
    }

    #[test]
    fn the_page_has_the_newest_message_first() {
        let page = page(&[
            message("sms", ["+41790000001", "", "Code: 1", ""]),
            message("email", ["ada@mouse.com", "Hello", "Code: 2", "<p>2</p>"]),
        ]);
        let at = |text: &str| {
            page.find(text)
                .unwrap_or_else(|| panic!("{text} in {page}"))
        };
        assert!(at("email to ada@mouse.com") < at("sms to +41790000001"));
        assert!(at("<h2>Hello</h2>") < at("<h2>SMS</h2>"));
        assert_eq!(page.matches("<iframe").count(), 1);
    }

    #[test]
    fn nothing_in_a_message_is_read_as_a_part_of_the_page() {
        let evil = "</pre><script>'\"&amp;</script>";
        let page = page(&[message("email", [evil; 4])]);

        let escaped = "&lt;/pre&gt;&lt;script&gt;&#39;&quot;&amp;amp;&lt;/script&gt;";
        // The heading, the recipient, the text, the name of the frame and what is in it.
        assert_eq!(page.matches(escaped).count(), 5, "{page}");
        for open in ["<script", "</pre><", "'\"&"] {
            assert!(!page.contains(open), "{open} in {page}");
        }
        assert!(page.contains("sandbox=\"allow-popups allow-popups-to-escape-sandbox\""));
    }

    #[test]
    fn the_terminal_shows_a_message_without_what_would_control_it() {
        let email = message(
            "email",
            ["ada@mouse.com", "Hi \u{1b}[2J", "a\n\u{202e}b\n", "<p>"],
        );
        let sms = message("sms", ["+41790000001", "", "Code: 1", ""]);

        let want = "email to ada@mouse.com: Hi \\u{1b}[2J\n  a\n  \\u{202e}b";
        assert_eq!(plain(&email), want);
        assert_eq!(plain(&sms), "sms to +41790000001\n  Code: 1");
    }

    #[test]
    fn json_is_for_whoever_names_it() {
        for (accept, want) in [
            (&[][..], false),
            (&["application/json"], true),
            (&["Application/JSON; q=0.9"], true),
            (&["text/html", "*/*, application/json"], true),
            (&["text/html,application/xhtml+xml,*/*;q=0.8"], false),
            (&["application/jsonl"], false),
        ] {
            let mut headers = HeaderMap::new();
            for accept in accept {
                headers.append(ACCEPT, HeaderValue::from_static(accept));
            }
            assert_eq!(accepts_json(&headers), want, "{accept:?}");
        }
    }
}
