use std::io::{self, BufRead as _, IsTerminal as _, Read as _, Write as _};

use zeroize::Zeroizing;

use super::failure::Failure;
use crate::domain::Password;

/// The length in bytes of the longest line that is read. A password of 200 characters has at most
/// 800.
const MAX_LINE_BYTES: usize = 4096;

/// The option that says where a password is read from. It can't be an argument, because every
/// process of the machine can read those.
#[derive(Debug, clap::Args)]
pub struct PasswordInput {
    /// Read the password from the first line of stdin instead of the terminal
    #[arg(long)]
    password_stdin: bool,
}

impl PasswordInput {
    pub fn read(&self) -> Result<Password, Failure> {
        if self.password_stdin {
            read_first_line(io::stdin().lock())
        } else {
            prompt()
        }
    }
}

fn unreadable(error: io::Error) -> Failure {
    Failure::Input {
        what: "the password".to_owned(),
        error,
    }
}

/// Reads a password from the first line, without its line end.
fn read_first_line(input: impl io::BufRead) -> Result<Password, Failure> {
    // The capacity is large enough from the start, because growing would leave copies behind.
    let mut line = Zeroizing::new(String::with_capacity(MAX_LINE_BYTES));
    input
        .take(MAX_LINE_BYTES as u64)
        .read_line(&mut line)
        .map_err(unreadable)?;
    // Some editors and shells write a byte order mark first, and nobody types one.
    let password = line.strip_prefix('\u{feff}').unwrap_or(&line);
    let password = password.strip_suffix('\n').unwrap_or(password);
    let password = password.strip_suffix('\r').unwrap_or(password);
    Ok(Password::parse(password.to_owned())?)
}

/// Asks for a password twice, without echo.
fn prompt() -> Result<Password, Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::NoTerminal);
    }
    let ask = |prompt| rpassword::prompt_password(prompt).map_err(unreadable);
    let password = Password::parse(ask("Password: ")?)?;
    let again = Password::new(ask("The same again: ")?);
    if password == again {
        Ok(password)
    } else {
        Err(Failure::PasswordsDiffer)
    }
}

/// Consent to a change that can't be undone.
#[derive(Debug, clap::Args)]
pub struct Consent {
    /// Don't ask for confirmation
    #[arg(long, short)]
    yes: bool,
}

impl Consent {
    pub fn require(&self, question: &str) -> Result<(), Failure> {
        if self.yes {
            return Ok(());
        }
        if !io::stdin().is_terminal() {
            return Err(Failure::NotConfirmed);
        }
        eprint!("{question} [y/N] ");
        io::stderr().flush()?;
        match &*read_answer()? {
            "y" | "Y" | "yes" => Ok(()),
            _ => Err(Failure::Declined),
        }
    }
}

/// Reads a line of the terminal, without the white space around it.
pub fn read_answer() -> Result<String, Failure> {
    let mut answer = String::new();
    io::stdin()
        .lock()
        .take(MAX_LINE_BYTES as u64)
        .read_line(&mut answer)?;
    Ok(answer.trim().to_owned())
}

#[test]
fn a_password_is_the_first_line_without_its_end() {
    for (input, want) in [
        ("V3ryS3cure!\n", Some("V3ryS3cure!")),
        ("V3ryS3cure!\r\n", Some("V3ryS3cure!")),
        ("V3ryS3cure!", Some("V3ryS3cure!")),
        ("one\n\n", Some("one")),
        ("one\ntwo\n", Some("one")),
        (" spaces \n", Some(" spaces ")),
        (
            &*format!("{}\n", "🐭".repeat(200)),
            Some(&*"🐭".repeat(200)),
        ),
        (&*format!("{}\n", "a".repeat(201)), None),
        ("\n", None),
        ("", None),
    ] {
        let got = read_first_line(input.as_bytes()).ok();
        let want = want.map(|want| Password::new(want.to_owned()));
        assert_eq!(got, want, "{input:?}");
    }
}
