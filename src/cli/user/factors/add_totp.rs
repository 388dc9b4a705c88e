use std::io::{self, IsTerminal as _, Write as _};

use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::cli::connection::Connection;
use crate::cli::failure::Failure;
use crate::cli::notices::{Notices, tell};
use crate::cli::output::{print_json, print_line};
use crate::cli::prompt::read_answer;
use crate::cli::server_keys::server_keys;
use crate::cli::user::selector::UserSelector;
use crate::config;
use crate::domain::{Account, Timestamp, TotpCode, TotpSecret, UserSearch, printable};
use crate::service::{UserRefusal, Users, seal_totp};

/// How often a code is asked for.
const TRIES: usize = 3;

#[derive(Debug, clap::Args)]
pub struct AddTotp {
    #[command(flatten)]
    user: UserSelector,
    /// The name that the app shows above the login name [default: that of `TOTP_ISSUER`]
    #[arg(long, value_name = "NAME", value_parser = issuer)]
    issuer: Option<String>,
    /// Don't ask for a code of the app
    #[arg(long, short)]
    yes: bool,
    /// Print one JSON object, and no QR code
    #[arg(long)]
    json: bool,
}

fn issuer(text: &str) -> Result<String, &'static str> {
    let issuer = config::issuer(text).map(str::to_owned);
    issuer.ok_or("must be 1 to 64 characters in one line without a colon")
}

/// An authenticator app as `--json` prints it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AppJson<'a> {
    user_id: &'a str,
    login_name: &'a str,
    secret: &'a str,
    uri: &'a str,
}

impl AddTotp {
    /// Prints the secret before it is stored: one that can't be shown would keep the user out.
    pub async fn run(self, users: &Users, connection: &Connection) -> Result<(), Failure> {
        let environment = connection.environment;
        let keys = server_keys(connection).await?;
        let notices = Notices::open(connection).await?;
        let issuer = match &self.issuer {
            Some(issuer) => issuer.clone(),
            None => config::totp_issuer(environment.variable)?,
        };
        if !self.yes && !io::stdin().is_terminal() {
            return Err(Failure::NotConfirmed);
        }
        let account = users.find(&self.user.search()).await?.account;
        if account.factors.totp.is_some() {
            return Err(UserRefusal::HasTotp.into());
        }
        let secret = TotpSecret::generate().map_err(Failure::Random)?;
        self.show(&account, &secret, &issuer)?;
        let last_step = if self.yes {
            0
        } else {
            ask_for_code(&secret, environment.now)?
        };
        let id = account.user.user_id;
        let sealed = seal_totp(&keys, &id, &secret)?;
        let now = (environment.now)();
        let found = UserSearch::Id(id);
        let (before, after) = users.add_totp(&found, sealed, last_step, now).await?;
        tell(notices.as_ref(), (&before, &after), now).await;
        let name = printable(after.user.login_name.as_str());
        if self.json {
            return Ok(());
        }
        print_line(format_args!("{name}: the authenticator app is set up"))
    }

    fn show(&self, account: &Account, secret: &TotpSecret, issuer: &str) -> Result<(), Failure> {
        let user = &account.user;
        let text = Zeroizing::new(secret.base32());
        let uri = Zeroizing::new(secret.uri(issuer, user.login_name.as_str()));
        if self.json {
            return print_json(&AppJson {
                user_id: user.user_id.as_str(),
                login_name: user.login_name.as_str(),
                secret: &text,
                uri: &uri,
            });
        }
        print_line(&*qr_code(&uri)?)?;
        print_line(format_args!("secret: {}", *text))
    }
}

/// A QR code of half blocks. It is drawn light on dark, because terminals are dark more often than
/// light, and apps read either.
fn qr_code(uri: &str) -> Result<Zeroizing<String>, Failure> {
    let code = QrCode::new(uri).map_err(|_| Failure::NoQrCode)?;
    let mut renderer = code.render::<Dense1x2>();
    renderer.dark_color(Dense1x2::Light);
    renderer.light_color(Dense1x2::Dark);
    Ok(Zeroizing::new(renderer.build()))
}

/// Asks for a code of the app, and returns the step whose code it is: the code is used up by it.
fn ask_for_code(secret: &TotpSecret, now: fn() -> Timestamp) -> Result<u64, Failure> {
    for _ in 0..TRIES {
        eprint!("The code that the app shows: ");
        io::stderr().flush()?;
        let code = TotpCode::parse(read_answer()?)?;
        if let Some(step) = secret.accepted_step(&code, now(), None) {
            return Ok(step);
        }
        eprintln!("That is not its code.");
    }
    Err(Failure::WrongCode)
}

#[test]
fn a_qr_code_is_lines_of_one_width_with_a_quiet_zone() {
    let secret = TotpSecret::from_bytes(vec![7; 20]);
    let code = qr_code(&secret.uri("Acme", "mini@mouse.com")).unwrap();

    let lines: Vec<_> = code.lines().collect();
    let width = lines[0].chars().count();
    assert!(lines.iter().all(|line| line.chars().count() == width));
    // Half of the modules are in the lower half of a line.
    assert_eq!(lines.len(), width.div_ceil(2));
    assert!(width <= 80, "{width}");
    assert!(lines[0].chars().all(|c| c == '█'), "{}", lines[0]);
}
