//! Starts programs as Lambda does.

use std::net::SocketAddr;
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::database::{Database, REGION, SESSIONS, USERS};
use super::outcome::Outcome;

/// The variables that Lambda sets for every function
/// (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html>).
const LAMBDA: [(&str, &str); 11] = [
    ("AWS_LAMBDA_FUNCTION_NAME", "sesame"),
    ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
    ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1024"),
    ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
    ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/sesame"),
    ("AWS_LAMBDA_LOG_STREAM_NAME", "bench"),
    ("AWS_REGION", REGION),
    ("AWS_ACCESS_KEY_ID", "id"),
    ("AWS_SECRET_ACCESS_KEY", "secret"),
    ("LANG", "en_US.UTF-8"),
    ("PATH", "/usr/local/bin:/usr/bin:/bin:/opt/bin"),
];

const SERVER_KEY_SECRET: &str =
    "arn:aws:secretsmanager:eu-central-1:123456789012:secret:ServerKey-a1b2c3";

#[derive(Clone)]
pub struct Program {
    pub name: &'static str,
    path: PathBuf,
    environment: Vec<(&'static str, String)>,
}

impl Program {
    pub fn new(name: &'static str, path: PathBuf) -> Self {
        Self {
            name,
            path,
            environment: Vec::new(),
        }
    }

    /// Adds the settings of the function.
    pub fn with_settings(mut self, database: &Database) -> Self {
        self.environment = vec![
            ("USERS_TABLE", USERS.to_owned()),
            ("SESSIONS_TABLE", SESSIONS.to_owned()),
            ("RESOURCE_OWNER", "69629023906488334".to_owned()),
            ("ACCESS", "public".to_owned()),
            ("AWS_ENDPOINT_URL_DYNAMODB", database.url.clone()),
            ("ARGON2_MEMORY_KIB", database.costs.memory_kib.to_string()),
            ("ARGON2_PASSES", database.costs.passes.to_string()),
        ];
        self
    }

    /// Adds the setting with which creates take an `Idempotency-Key`, as the template sets it with
    /// `CreateServerKey`.
    pub fn with_server_key(mut self) -> Self {
        self.environment
            .push(("SERVER_KEY_SECRET", SERVER_KEY_SECRET.to_owned()));
        self
    }

    /// Adds the setting with which hashes are computed by the `argon2` crate's code.
    pub fn with_portable_hash(mut self) -> Self {
        self.environment
            .push(("SESAME_PORTABLE_HASH", "1".to_owned()));
        self
    }

    /// The size of the binary in bytes.
    pub fn size(&self) -> Outcome<u64> {
        Ok(std::fs::metadata(&self.path)?.len())
    }

    pub fn start(&self, api: SocketAddr) -> Outcome<Process> {
        self.spawn(Command::new(&self.path), api)
    }

    /// Starts the program under callgrind, which writes its counts to `out` at the end.
    pub fn start_counted(&self, api: SocketAddr, out: &Path) -> Outcome<Process> {
        let mut command = Command::new("valgrind");
        let file = format!("--callgrind-out-file={}", out.display());
        command
            .args(["--tool=callgrind", "--quiet", "--vgdb=no", &file])
            .arg(&self.path);
        self.spawn(command, api)
    }

    fn spawn(&self, mut command: Command, api: SocketAddr) -> Outcome<Process> {
        command
            .env_clear()
            .envs(LAMBDA)
            .env("AWS_LAMBDA_RUNTIME_API", api.to_string())
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        match command.spawn() {
            Ok(child) => Ok(Process(child)),
            Err(error) => Err(format!("{}: {error}", self.path.display()).into()),
        }
    }
}

/// A process, which is killed on drop.
pub struct Process(Child);

/// The memory of a process in KiB.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    pub resident: u32,
    pub peak: u32,
}

impl Process {
    /// Reads `/proc/<id>/status`.
    /// <https://www.kernel.org/doc/html/latest/filesystems/proc.html>
    pub fn memory(&self) -> Outcome<Memory> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id()))?;
        let field = |name: &str| -> Outcome<u32> {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let number = line.and_then(|line| line.split_whitespace().next());
            Ok(number.ok_or("no such field in status")?.parse()?)
        };
        Ok(Memory {
            resident: field("VmRSS:")?,
            peak: field("VmHWM:")?,
        })
    }

    /// Ends the process by SIGTERM, after which valgrind still writes its counts.
    pub fn terminate(mut self) -> Outcome<()> {
        let id = self.id().to_string();
        Command::new("kill").args(["-TERM", &id]).status()?;
        self.wait()?;
        Ok(())
    }
}

impl Deref for Process {
    type Target = Child;

    fn deref(&self) -> &Child {
        &self.0
    }
}

impl DerefMut for Process {
    fn deref_mut(&mut self) -> &mut Child {
        &mut self.0
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // These fail if the process has ended, which is fine.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
