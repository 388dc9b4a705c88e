use std::io;
use std::net::SocketAddr;
use std::process::ExitCode;

use super::import::firebase::FirebaseConfigError;
use crate::config::Faults;
use crate::domain::{Invalid, Weakness, printable};
use crate::error::{self, Cause, Error};
use crate::password;
use crate::service::UserRefusal;
use crate::transport::http::TlsError;

/// The error of a command, worded for operators.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    Settings(#[from] Faults),
    #[error("the process can't be set up")]
    Start(#[source] io::Error),
    #[error("DynamoDB")]
    Database(#[from] Error),
    #[error(
        "no region: pass --region, set AWS_REGION, or name a profile that has one with --profile"
    )]
    NoRegion,
    #[error(
        "no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile with \
         --profile"
    )]
    NoCredentials(#[source] Cause),
    #[error("{option} {url:?} is not an address such as http://127.0.0.1:8000")]
    EndpointUrl { option: &'static str, url: String },
    #[error(transparent)]
    User(#[from] UserRefusal),
    #[error("the server key of SERVER_KEY_SECRET can't be read")]
    ServerKey(#[source] Error),
    #[error(
        "the user {} has an authenticator app, whose secret only SERVER_KEY or SERVER_KEY_SECRET \
         opens: one of them must be set as it is for the service",
        printable(.0)
    )]
    NoServerKey(String),
    #[error("users whose second factors can't be exported: {0}")]
    FactorsLeftOut(u64),
    #[error("users whose authenticator app no server key at hand opens: {0}")]
    LockedSecrets(usize),
    #[error("there can be no QR code of so long names: use --json")]
    NoQrCode,
    #[error("none of these is a code of the app, and nothing was done: is its clock right?")]
    WrongCode,
    #[error("the user has no {0}")]
    NoContact(&'static str),
    #[error("no token's hash begins with {0}")]
    NoSuchToken(String),
    #[error("the hashes of {0} tokens begin like that: give more digits")]
    AmbiguousToken(usize),
    #[error("there is no service account with the name {}", printable(.0))]
    NoSuchServiceAccount(String),
    #[error("there is no terminal to ask for a password: use --password-stdin")]
    NoTerminal,
    #[error("there is no terminal to ask for confirmation: use --yes")]
    NotConfirmed,
    #[error("nothing was done")]
    Declined,
    #[error("the two passwords differ")]
    PasswordsDiffer,
    #[error(transparent)]
    Invalid(#[from] Invalid),
    #[error("{0}; --accept-weak sets it all the same")]
    Weak(Weakness),
    #[error(
        "the password can't be looked up among breached ones; \
         BREACHED_PASSWORDS_ON_FAILURE=accept sets it all the same"
    )]
    NotLookedUp(#[source] Cause),
    #[error("the password can't be hashed")]
    Hash(#[source] password::Error),
    #[error("no random numbers")]
    Random(#[source] getrandom::Error),
    #[error("{what} can't be read")]
    Input {
        what: String,
        #[source]
        error: io::Error,
    },
    #[error("Firebase's parameters can't be used")]
    Firebase(#[from] FirebaseConfigError),
    #[error("the users and --firebase-hash-config can't be one file")]
    SameInput,
    #[error("stdout can't be written")]
    Output(#[from] io::Error),
    #[error(
        "the token was made but can't be shown: revoke it with `sesame service-account revoke {hash}`"
    )]
    TokenNotShown {
        hash: String,
        #[source]
        error: io::Error,
    },
    #[error(
        "can't listen on {address}, which is what {option} says: the port is in use; \
         {option} {} takes one that is free",
        SocketAddr::new(address.ip(), 0)
    )]
    PortInUse {
        option: &'static str,
        address: SocketAddr,
    },
    #[error("can't listen on {address}, which is what {option} says")]
    Listen {
        option: &'static str,
        address: SocketAddr,
        #[source]
        error: io::Error,
    },
    #[error("TLS takes a certificate and its key: {0} is missing")]
    HalfOfTls(&'static str),
    #[error("there can be no TLS")]
    Tls(#[from] TlsError),
    #[cfg(feature = "dev")]
    #[error("{0} has no effect on dev, which brings its own database")]
    OwnDatabase(&'static str),
    #[cfg(feature = "dev")]
    #[error("the emulated DynamoDB can't be opened")]
    Open(#[from] crate::emulator::OpenError),
    #[cfg(feature = "dev")]
    #[error("the server key in '{file}' can't be {done}")]
    KeyFile {
        done: &'static str,
        file: String,
        #[source]
        error: io::Error,
    },
    #[cfg(feature = "dev")]
    #[error("the emulated DynamoDB has stopped")]
    Emulator(#[source] io::Error),
    #[error("the tables are not as they should be")]
    TableFaults,
    #[error("lines refused: {0}")]
    LinesRefused(u64),
    #[error("interrupted")]
    Interrupted,
}

impl Failure {
    /// Writes the error to stderr, and returns the exit code of the process.
    pub fn report(&self) -> ExitCode {
        // The reader of the output has closed it, such as `head` does, and needs no more.
        if matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe) {
            return ExitCode::SUCCESS;
        }
        eprintln!("error: {}", self.chain());
        match self {
            Self::NoTerminal
            | Self::NotConfirmed
            | Self::EndpointUrl { .. }
            | Self::SameInput
            | Self::HalfOfTls(_) => ExitCode::from(2),
            #[cfg(feature = "dev")]
            Self::OwnDatabase(_) => ExitCode::from(2),
            _ => ExitCode::FAILURE,
        }
    }

    /// The error and its causes in one line.
    pub fn chain(&self) -> String {
        let text = error::chain(self);
        let lines: Vec<_> = text.lines().map(str::trim).collect();
        printable(&lines.join(" "))
    }
}

#[test]
fn an_error_is_shown_in_one_line_with_its_causes() {
    let cause = "dispatch failure:\n  connection\trefused";
    let failure = Failure::Database(Error::Unavailable(cause.into()));

    assert_eq!(
        failure.chain(),
        "DynamoDB: unavailable, try again: dispatch failure: connection\\trefused"
    );
}
