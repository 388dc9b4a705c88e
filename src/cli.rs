//! `sesame`, the command line tool.
//!
//! Results go to stdout, everything else to stderr. The exit code is 0 if a command was carried
//! out, 1 if it failed or was refused, 2 if its arguments are wrong. No command shows a password,
//! and none but `user export` its hash. Only the command that issues a service account's token shows
//! the token, and only `user factors add-totp` and `user export --factors` show the secret of an
//! authenticator app.

mod bench;
mod connection;
mod credential_json;
#[cfg(feature = "dev")]
mod dev;
mod environment;
mod failure;
mod import;
mod notices;
mod output;
mod prompt;
mod serve;
mod server_keys;
mod service_account;
mod signals;
mod tables;
mod user;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use self::connection::{Connection, DatabaseOptions};
pub use self::environment::Environment;
use self::failure::Failure;

/// Sessions for people who would rather not run servers: the users and service accounts of a
/// session service, its tables, and the service itself.
#[derive(Debug, Parser)]
#[command(name = "sesame", version, max_term_width = 100, after_help = EXAMPLES)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub struct Cli {
    #[command(flatten)]
    database: DatabaseOptions,
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  sesame tables create
  sesame user add --login-name mini@mouse.com --display-name 'Mini Mouse'
  sesame user import users.jsonl
  sesame service-account add --name backend --permission session.write --expires-in 90d

Exit codes: 0 done, 1 failed or refused, 2 used wrongly.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Add, show, change, lock and delete users
    #[command(subcommand)]
    User(user::Command),
    /// Issue and revoke the tokens of service accounts, which call the service
    #[command(name = "service-account", visible_alias = "caller", subcommand)]
    ServiceAccount(service_account::Command),
    /// Create the two tables, or check existing ones
    #[command(subcommand)]
    Tables(tables::Command),
    /// Measure password hashes on this machine, and print what a login costs
    ///
    /// Hashes are made by the settings in the environment: `ARGON2_MEMORY_KIB`, `ARGON2_PASSES`,
    /// `ARGON2_LANES` and `SESAME_PORTABLE_HASH`. The prices are the list prices of us-east-1, without
    /// free tiers. No database is used.
    Bench(bench::Bench),
    /// Run the service over HTTP, with existing tables
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
HTTP/1.1 and HTTP/2 are served on one port: with TLS the client chooses the version (ALPN), without
it a client may begin with HTTP/2. The certificate and its key are read at the start.
gRPC's health and server reflection, over HTTP/2, take no token.
SIGTERM or SIGINT ends it: no new calls, those in progress have 30 seconds to finish.";

/// Carries out a command, and reports its failure.
pub fn run(cli: Cli, environment: Environment) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let outcome = match runtime {
        Ok(runtime) => {
            let outcome = runtime.block_on(cli.run(environment));
            // A look-up of a host that was given up may go on for long.
            runtime.shutdown_background();
            outcome
        }
        Err(error) => Err(Failure::Start(error)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

impl Cli {
    async fn run(self, environment: Environment) -> Result<(), Failure> {
        let connection = Connection {
            options: self.database,
            environment,
        };
        match self.command {
            Command::User(command) => command.run(&connection).await,
            Command::ServiceAccount(command) => command.run(&connection).await,
            Command::Tables(command) => command.run(&connection).await,
            Command::Bench(bench) => bench.run(environment).await,
            Command::Serve(serve) => serve.run(&connection).await,
            #[cfg(feature = "dev")]
            Command::Dev(dev) => dev.run(&connection).await,
        }
    }
}

#[test]
fn no_two_arguments_conflict() {
    use clap::CommandFactory as _;

    Cli::command().debug_assert();
}
