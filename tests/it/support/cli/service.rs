//! A `sesame serve` for tests of its limits.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::process::{Running, connect, post_to, sesame};

/// A time far above what a test waits for on the slowest machine, and below the limits that it
/// doesn't set.
pub const SOON: Duration = Duration::from_secs(30);
/// The pause between two checks of a condition.
const PAUSE: Duration = Duration::from_millis(10);

const SERVE: [&str; 4] = ["serve", "--ready-json", "--listen", "127.0.0.1:0"];

pub struct Service {
    pub process: Running,
    pub url: String,
    log: Arc<Mutex<Vec<String>>>,
    ready_memory: u64,
}

impl Service {
    /// Starts a service in which anyone may create sessions.
    pub fn over(database: &str, options: &[&str]) -> Self {
        Self::with_access("public", database, options)
    }

    /// The same with settings of the service.
    pub fn with_settings(database: &str, settings: &[(&str, &str)]) -> Self {
        let mut command = sesame(&SERVE);
        command.envs(settings.iter().copied());
        Self::start(command, "public", database, &[])
    }

    /// The same with another build of the tool, such as that of an older release.
    pub fn of_binary(binary: &str, database: &str, settings: &[(&str, &str)]) -> Self {
        let own = sesame(&SERVE);
        let mut command = Command::new(binary);
        let environment = own.get_envs();
        let environment = environment.filter_map(|(name, value)| Some((name, value?)));
        command.args(SERVE).env_clear().envs(environment);
        command.envs(settings.iter().copied());
        Self::start(command, "public", database, &[])
    }

    pub fn with_access(access: &str, database: &str, options: &[&str]) -> Self {
        Self::start(sesame(&SERVE), access, database, options)
    }

    /// Starts a service behind a command of the shell.
    pub fn limited(limit: &str, database: &str, options: &[&str]) -> Self {
        let sesame = sesame(&[]);
        let mut command = Command::new("sh");
        command
            .args(["-c", &format!("{limit}; exec \"$0\" \"$@\"")])
            .arg(sesame.get_program())
            .args(SERVE)
            .env_clear()
            .envs(
                sesame
                    .get_envs()
                    .filter_map(|(name, value)| Some((name, value?))),
            );
        Self::start(command, "public", database, options)
    }

    fn start(mut command: Command, access: &str, database: &str, options: &[&str]) -> Self {
        command
            .args(["--endpoint-url", database])
            .args(options)
            .envs([
                ("USERS_TABLE", "users"),
                ("SESSIONS_TABLE", "sessions"),
                ("RESOURCE_OWNER", "acme"),
                ("ACCESS", access),
            ]);
        let mut process = Running::start(&mut command);
        let ready: Value = serde_json::from_str(&process.line()).unwrap();
        let log = process.follow_errors();
        let ready_memory = process.memory();
        Self {
            url: ready["url"].as_str().unwrap().to_owned(),
            process,
            log,
            ready_memory,
        }
    }

    /// Waits for a line of the log that counts what clients have lost.
    pub fn losses(&self) -> Value {
        self.log_line("\"lost\":")
    }

    /// Waits for a line of the log with this part.
    pub fn log_line(&self, part: &str) -> Value {
        let mut found = None;
        eventually("a line of the log", || {
            let lines = self.log.lock().unwrap();
            let mut lines = lines.iter().rev();
            let line = lines.find(|line| line.contains(part));
            found = line.map(|line| serde_json::from_str(line).unwrap());
            found.is_some()
        });
        found.unwrap()
    }

    /// By how many KiB the process has grown since it was ready, at its peak.
    pub fn growth(&self) -> u64 {
        let peak = self.process.peak_memory().unwrap_or_default();
        peak.saturating_sub(self.ready_memory)
    }

    /// Creates an anonymous session, and returns the status of the answer.
    pub fn create(&self) -> u16 {
        post_to(&self.url, "/v2/sessions", "", b"{}").0
    }

    /// Creates a session whose answers are about 80 KiB long, and returns the path to get it by.
    pub fn large(&self) -> String {
        self.session(60 * 1024)
    }

    /// Creates a session with so many bytes of metadata, and returns the path to get it by.
    pub fn session(&self, bytes: usize) -> String {
        let value = STANDARD.encode(vec![b'x'; bytes]);
        let body = json!({ "metadata": { "key": value } }).to_string();
        let (status, made) = post_to(&self.url, "/v2/sessions", "", body.as_bytes());
        assert_eq!(status, 200, "{made}");
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        let (id, token) = (text("sessionId"), text("sessionToken"));
        format!("/v2/sessions/{id}?sessionToken={token}")
    }

    /// Gets a path, reads the whole answer and returns its status.
    pub fn get(&self, path: &str) -> u16 {
        get(&self.url, path)
    }

    /// Checks the peak memory, where there is a `/proc` to read it from.
    #[track_caller]
    pub fn assert_memory_below(&self, kib: u64) {
        let peak = self.process.peak_memory();
        println!("peak memory: {peak:?} KiB");
        assert!(peak.is_none_or(|peak| peak < kib), "{peak:?} KiB");
    }
}

/// Gets a path over a connection of its own, reads the whole answer and returns its status.
pub fn get(url: &str, path: &str) -> u16 {
    let mut stream = connect(url);
    stream.set_read_timeout(Some(SOON)).unwrap();
    let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    read_status(&mut stream)
}

/// Reads an answer to its end.
pub fn read_status(stream: &mut TcpStream) -> u16 {
    let mut text = Vec::new();
    stream.read_to_end(&mut text).unwrap();
    let head = String::from_utf8_lossy(&text[..text.len().min(12)]).into_owned();
    head.split(' ').nth(1).unwrap().parse().unwrap()
}

/// Waits until something is so.
#[track_caller]
pub fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < SOON, "never: {what}");
        sleep(PAUSE);
    }
}
