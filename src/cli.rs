//! `sesame`, the command line tool.
//!
//! Results go to stdout, everything else to stderr. Exit codes: 0 done, 1 failed or
//! refused, 2 used wrongly. Passwords and hashes are shown nowhere; a caller's token
//! once, by the command that makes it.

mod caller;
mod connection;
#[cfg(feature = "dev")]
mod dev;
mod failure;
mod import;
mod output;
mod prompt;
mod serve;
mod signals;
mod tables;
mod user;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use self::connection::Connection;
use self::failure::Failure;
use crate::domain::Timestamp;

/// What only the process itself can tell.
#[derive(Clone, Copy, Debug)]
pub struct Environment {
    pub now: fn() -> Timestamp,
    /// A variable of the environment; an empty one is none.
    pub variable: fn(&str) -> Option<String>,
    /// How the process was called.
    pub program: fn() -> String,
}

/// Sessions for people who would rather not run servers: the users and callers of a
/// session service, its tables, and the service itself.
#[derive(Debug, Parser)]
#[command(name = "sesame", version, max_term_width = 100, after_help = EXAMPLES)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub struct Cli {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  sesame tables create
  sesame user add --login-name mini@mouse.com --display-name 'Mini Mouse'
  sesame user import users.jsonl
  sesame caller add --name backend --permission session.write --expires-in 90d

Exit codes: 0 done, 1 failed or refused, 2 used wrongly.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Add users, look at them, let them in or keep them out
    #[command(subcommand)]
    User(user::Command),
    /// Issue and revoke the tokens of those who call the service
    #[command(subcommand)]
    Caller(caller::Command),
    /// Create the two tables, or check those that are there
    #[command(subcommand)]
    Tables(tables::Command),
    /// Run the service over HTTP, with the tables that there are
    #[command(after_help = SERVE_NOTES)]
    Serve(serve::Serve),
    /// Run the service over HTTP, with an emulated DynamoDB and a demo user
    ///
    /// Settings of the service other than --access come from the environment, as for
    /// `serve`, and have defaults.
    #[cfg(feature = "dev")]
    Dev(dev::Dev),
}

const SERVE_NOTES: &str = "\
The service's settings come from the environment: USERS_TABLE, SESSIONS_TABLE and RESOURCE_OWNER
must be set; ACCESS, MAX_PASSWORD_ATTEMPTS, SESSION_LIFETIME_SECONDS and the others may be.
HTTP/1.1 and HTTP/2 are spoken on one port: with TLS by the client's choice (ALPN), without for
clients that begin with HTTP/2. The certificate and its key are read at the start.
gRPC's health and server reflection, over HTTP/2, take no token.
SIGTERM or SIGINT ends it: no new calls, those under way have 30 seconds to finish.";

/// Carries out a command and reports what went wrong.
pub fn run(cli: Cli, environment: Environment) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(cli.run(environment)),
        Err(error) => Err(Failure::Start(error)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

impl Cli {
    async fn run(self, environment: Environment) -> Result<(), Failure> {
        let Self {
            connection,
            command,
        } = self;
        match command {
            Command::User(command) => command.run(&connection, environment).await,
            Command::Caller(command) => command.run(&connection, environment).await,
            Command::Tables(command) => command.run(&connection, environment).await,
            Command::Serve(serve) => serve.run(&connection, environment).await,
            #[cfg(feature = "dev")]
            Command::Dev(dev) => dev.run(&connection, environment).await,
        }
    }
}

#[test]
fn the_arguments_contradict_nothing() {
    use clap::CommandFactory as _;

    Cli::command().debug_assert();
}
