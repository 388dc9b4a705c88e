//! The secrets that tests have used, none of which may be printed.
//!
//! Each answer and each line of a log is searched for those of the same process. If
//! `SESAME_TEST_SECRETS` names a file, they are appended to it as they are made, for whoever
//! runs the tests to search all their output.

mod texts;

use std::fs::File;
use std::io::Write as _;
use std::sync::{LazyLock, Mutex, PoisonError};

use serde_json::Value;
use sesame::domain::Code;
use sesame::emulator::SentMessage;

use self::texts::Texts;
use crate::support::answer::Answer;

/// The password that most users of tests have.
pub const PASSWORD: &str = "V3ryS3cure!";

/// The secrets of this process so far.
static SECRETS: LazyLock<Mutex<Texts>> = LazyLock::new(Mutex::default);

#[allow(
    clippy::disallowed_methods,
    reason = "where secrets are collected is not the service's to know"
)]
pub fn secret(text: Option<&str>) {
    let Some(text) = text else { return };
    if SECRETS.lock().unwrap().insert(text.to_owned())
        && let Some(path) = std::env::var_os("SESAME_TEST_SECRETS")
    {
        let file = File::options().create(true).append(true).open(path);
        // One write, so that lines of other processes don't mix with it.
        let line = format!("{text}\n");
        file.unwrap().write_all(line.as_bytes()).unwrap();
    }
}

/// Notes the token of an answer, and checks that the answer has no other secret. Only the answers
/// to a create and to a Set have a token.
pub fn record_answer(answer: &Answer, gives_token: bool) {
    let body = String::from_utf8_lossy(&answer.body).into_owned();
    let json: Value = serde_json::from_str(&body).unwrap_or_default();
    if let Some(token) = json["sessionToken"].as_str() {
        assert!(gives_token, "a token in {body}");
        secret(Some(token));
    }
    if !gives_token {
        assert_clean(&body);
    } else if body.contains(PASSWORD) || body.contains("$argon2") {
        panic!("a secret shows in: {body}");
    }
}

/// Checks that a process has printed no secret.
pub fn output(lines: &[String]) {
    for line in lines {
        assert_clean(line);
        assert_free_of(line, &CODES.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// The codes of this process so far. Answers may have them, and logs may not.
static CODES: LazyLock<Mutex<Texts>> = LazyLock::new(Mutex::default);

/// Notes a code, of which no line of a log may have the whole or what is typed of it.
pub fn code(code: &Code) {
    let mut codes = CODES.lock().unwrap();
    codes.extend([code.long(), code.short()].map(str::to_owned));
}

/// Checks that lines of a log have no address, code or link of these messages.
pub fn messages(lines: &[String], sent: &[SentMessage]) {
    let is_code = |word: &str| {
        word.len() == Code::SHORT_LENGTH && word.bytes().all(|c| Code::ALPHABET.contains(&c))
    };
    let words = sent
        .iter()
        .flat_map(|message| message.text.split_whitespace());
    let words = words.filter(|word| word.starts_with("http") || is_code(word));
    let addresses = sent.iter().map(|message| &*message.to);
    let private: Texts = words.chain(addresses).map(str::to_owned).collect();
    for line in lines {
        assert_free_of(line, &private);
    }
}

fn assert_free_of(line: &str, private: &Texts) {
    let logged = private.first_in(line);
    assert_eq!(logged, None, "it is logged: {line}");
}

fn assert_clean(text: &str) {
    let secrets = SECRETS.lock().unwrap_or_else(PoisonError::into_inner);
    let shows = text.contains(PASSWORD) || secrets.first_in(text).is_some();
    assert!(!shows, "a secret shows in: {text}");
}
