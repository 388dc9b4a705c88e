//! `sesame serve` in a process of its own, with default settings.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use super::outcome::Outcome;
use super::process::Process;

pub struct Service {
    pub process: Process,
    pub address: SocketAddr,
    log: PathBuf,
    _folder: TempDir,
}

impl Service {
    /// Starts the service with a clean environment, so that no setting of the shell takes part, on
    /// some of the processors if they are named.
    pub fn start(program: &Path, processors: &[usize], database_url: &str) -> Outcome<Self> {
        let folder = tempfile::tempdir()?;
        let log = folder.path().join("log");
        let mut command = if processors.is_empty() {
            Command::new(program)
        } else {
            let list: Vec<_> = processors.iter().map(usize::to_string).collect();
            let mut taskset = Command::new("/usr/bin/taskset");
            taskset.args(["-c", &list.join(",")]).arg(program);
            taskset
        };
        let child = command
            .args(["serve", "--ready-json", "--listen", "127.0.0.1:0"])
            .args(["--endpoint-url", database_url])
            .env_clear()
            .envs([
                ("USERS_TABLE", "users"),
                ("SESSIONS_TABLE", "sessions"),
                ("RESOURCE_OWNER", "acme"),
                ("ACCESS", "public"),
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(&log)?)
            .spawn()
            .map_err(|error| format!("{}: {error}", program.display()))?;
        let mut process = Process(child);
        let stdout = process.stdout.take().ok_or("the service has no stdout")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let ready: Option<Value> = serde_json::from_str(&line).ok();
        let address = ready
            .and_then(|ready| ready["url"].as_str()?.strip_prefix("http://")?.parse().ok())
            .ok_or_else(|| {
                let said = std::fs::read_to_string(&log).unwrap_or_default();
                format!("the service does not start: {said}")
            })?;
        Ok(Self {
            process,
            address,
            log,
            _folder: folder,
        })
    }

    /// How long the log is, for [`Self::hash_times`].
    pub fn log_length(&self) -> Outcome<usize> {
        Ok(usize::try_from(std::fs::metadata(&self.log)?.len())?)
    }

    /// The times of the hashes that the log names after its first `from` bytes.
    pub fn hash_times(&self, from: usize) -> Outcome<Vec<Duration>> {
        let log = std::fs::read_to_string(&self.log)?;
        let lines = log.get(from..).unwrap_or_default().lines();
        let hashes = lines
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .filter_map(|line| line["hash_ms"].as_f64());
        Ok(hashes
            .map(|millis| Duration::from_secs_f64(millis / 1e3))
            .collect())
    }
}
