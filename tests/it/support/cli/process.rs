//! Processes of the tool and their output.

use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use serde_json::{Value, json};

use crate::support::app::PASSWORD;
use crate::support::record;

/// A variable of the environment of the tests, such as the one that names another build of the tool.
#[allow(
    clippy::disallowed_methods,
    reason = "what the tests run on is not the service's to know"
)]
pub fn test_variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// A command of the tool without the environment of this process.
pub fn sesame(arguments: &[&str]) -> Command {
    let own = || env!("CARGO_BIN_EXE_sesame").to_owned();
    let mut command = Command::new(test_variable("SESAME_TEST_BINARY").unwrap_or_else(own));
    command
        .args(arguments)
        .env_clear()
        .env("HOME", "/nonexistent")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        // The weakest that the settings allow: these tests are not about the hash.
        .env("ARGON2_MEMORY_KIB", "7168")
        .env("ARGON2_PASSES", "5")
        .stdin(Stdio::null());
    command
}

/// The output and the exit code of a command.
#[derive(Debug)]
pub struct Done {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// Runs a command to its end, with `input` on its stdin.
pub fn run(command: &mut Command, input: &str) -> Done {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    // A command may end before it has read all of its input.
    let writing = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    let _ = writing.join().unwrap();
    done(output.status.code(), &output.stdout, &output.stderr)
}

fn done(code: Option<i32>, stdout: &[u8], stderr: &[u8]) -> Done {
    let done = Done {
        code,
        stdout: String::from_utf8(stdout.to_vec()).unwrap(),
        stderr: String::from_utf8(stderr.to_vec()).unwrap(),
    };
    assert!(!done.stderr.contains("panicked"), "{done:?}");
    record::output(&[done.stdout.clone(), done.stderr.clone()]);
    done
}

impl Done {
    /// The lines of stdout as JSON.
    pub fn json(&self) -> Vec<Value> {
        let lines = self.stdout.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        self
    }
}

/// A process that is still running. It is killed when it is dropped.
pub struct Running {
    child: Child,
    pub stdout: BufReader<ChildStdout>,
    stderr: Option<BufReader<ChildStderr>>,
}

impl Running {
    pub fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Self {
            stdout: BufReader::new(child.stdout.take().unwrap()),
            stderr: child.stderr.take().map(BufReader::new),
            child,
        }
    }

    pub fn stdin(&mut self) -> std::process::ChildStdin {
        self.child.stdin.take().unwrap()
    }

    /// The next line of stdout.
    pub fn line(&mut self) -> String {
        line(&mut self.stdout)
    }

    /// The next line of stderr.
    pub fn error_line(&mut self) -> String {
        line(self.stderr.as_mut().unwrap())
    }

    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status();
        assert!(sent.unwrap().success());
    }

    /// Waits for the end, and returns what was printed since then.
    pub fn end(mut self) -> Done {
        let stderr = self.read_errors();
        let mut stdout = Vec::new();
        self.stdout.read_to_end(&mut stdout).unwrap();
        let code = self.child.wait().unwrap().code();
        done(code, &stdout, &stderr.join().unwrap())
    }

    /// The process's peak memory in KiB; unknown where there is no `/proc`.
    /// <https://man7.org/linux/man-pages/man5/proc_pid_status.5.html>
    pub fn peak_memory(&self) -> Option<u64> {
        self.status("VmHWM:")
    }

    /// The process's memory in KiB, or 0 where there is no `/proc`.
    pub fn memory(&self) -> u64 {
        self.status("VmRSS:").unwrap_or_default()
    }

    /// The number of files and sockets that the process has open; 0 where there is no `/proc`.
    pub fn descriptors(&self) -> usize {
        let open = std::fs::read_dir(format!("/proc/{}/fd", self.child.id()));
        open.map_or(0, Iterator::count)
    }

    fn status(&self, name: &str) -> Option<u64> {
        let status = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(status).ok()?;
        let line = status.lines().find(|line| line.starts_with(name))?;
        line.split_whitespace().nth(1)?.parse().ok()
    }

    /// Collects the lines of stderr as they come.
    pub fn follow_errors(&mut self) -> Arc<Mutex<Vec<String>>> {
        let lines = Arc::<Mutex<Vec<String>>>::default();
        let (stderr, collected) = (self.stderr.take(), Arc::clone(&lines));
        std::thread::spawn(move || {
            for line in stderr.into_iter().flat_map(BufRead::lines) {
                collected.lock().unwrap().push(line.unwrap());
            }
        });
        lines
    }

    /// Reads stderr to its end, so that it doesn't fill up.
    pub fn read_errors(&mut self) -> JoinHandle<Vec<u8>> {
        let stderr = self.stderr.take();
        std::thread::spawn(move || {
            let mut text = Vec::new();
            if let Some(mut stderr) = stderr {
                stderr.read_to_end(&mut text).unwrap();
            }
            text
        })
    }
}

fn line(from: &mut impl BufRead) -> String {
    let mut line = String::new();
    from.read_line(&mut line).unwrap();
    line.trim_end().to_owned()
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A `sesame dev` with ports of its own.
pub struct Dev {
    pub process: Running,
    pub url: String,
    pub database: String,
    pub token: String,
    log: Option<JoinHandle<Vec<u8>>>,
}

impl Dev {
    pub fn start() -> Self {
        Self::with(&[])
    }

    pub fn with(options: &[&str]) -> Self {
        Self::over(dev(options).arg("--ready-json"))
    }

    pub fn over(command: &mut Command) -> Self {
        let mut process = Running::start(command);
        let ready: Value = serde_json::from_str(&process.line()).unwrap();
        let text = |name: &str| ready[name].as_str().unwrap().to_owned();
        record::secret(ready["token"].as_str());
        let log = process.read_errors();
        Self {
            url: text("url"),
            database: text("dynamodb_url"),
            token: text("token"),
            log: Some(log),
            process,
        }
    }

    /// A command of the tool against the emulated database.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = sesame(arguments);
        command.args(["--endpoint-url", &self.database]);
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Done {
        run(&mut self.command(arguments), "")
    }

    /// Runs a command that is written as in a shell, without quotes.
    pub fn tell(&self, command: &str) -> Done {
        self.run(&words(command))
    }

    pub fn tell_with(&self, command: &str, input: &str) -> Done {
        self.run_with(&words(command), input)
    }

    pub fn run_with(&self, arguments: &[&str], input: &str) -> Done {
        run(&mut self.command(arguments), input)
    }

    /// The one user with this name, as `show --json` has it.
    pub fn user(&self, name: &str) -> Value {
        let mut shown = self.run(&["user", "show", "--json", name]).expect(0).json();
        assert_eq!(shown.len(), 1);
        shown.remove(0)
    }

    /// Tries to log in, and returns the status of the answer.
    pub fn log_in(&self, name: &str, password: &str) -> u16 {
        let body = json!({ "checks": {
            "user": { "loginName": name },
            "password": { "password": password },
        } });
        post(&self.url, "", body.to_string().as_bytes()).0
    }

    /// Stops it, and returns what it has printed since it was ready.
    pub fn stop(mut self) -> Done {
        self.process.signal("TERM");
        let log = self.log.take().unwrap().join().unwrap();
        let mut done = self.process.end();
        done.stderr = String::from_utf8(log).unwrap();
        record::output(std::slice::from_ref(&done.stderr));
        done
    }
}

pub fn words(command: &str) -> Vec<&str> {
    command.split(' ').collect()
}

/// `sesame dev` on free ports.
pub fn dev(options: &[&str]) -> Command {
    let mut command = sesame(&["dev", "--dynamodb-listen", "127.0.0.1:0"]);
    if !options.contains(&"--listen") {
        command.args(["--listen", "127.0.0.1:0"]);
    }
    command.args(options);
    command
}

pub fn connect(url: &str) -> TcpStream {
    let address: SocketAddr = url.strip_prefix("http://").unwrap().parse().unwrap();
    TcpStream::connect(address).unwrap()
}

/// The head of a create, for a body of `length` bytes.
pub fn head(headers: &str, length: usize) -> String {
    format!(
        "POST /v2alpha/sessions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n{headers}\r\n"
    )
}

/// A connection on which this was sent.
pub fn opened(url: &str, sent: &str) -> TcpStream {
    let mut stream = connect(url);
    stream.write_all(sent.as_bytes()).unwrap();
    stream
}

/// An empty message of so many bytes.
pub fn padded(bytes: usize) -> String {
    "{}".to_owned() + &" ".repeat(bytes - 2)
}

/// The address of a server that has ended.
pub fn closed() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

/// What curl prints; it shows the headers of an answer if it is asked to.
pub fn curl(options: &[&str]) -> String {
    let output = Command::new("curl")
        .args(["-s", "--noproxy", "*", "--max-time", "60"])
        .args(options)
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Reads an answer, and returns its status and its body.
pub fn read_answer(stream: &mut TcpStream) -> (u16, Value) {
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    record::secret(body["sessionToken"].as_str());
    (status, body)
}

/// Creates a session over a connection of its own.
pub fn post(url: &str, headers: &str, body: &[u8]) -> (u16, Value) {
    post_to(url, "/v2alpha/sessions", headers, body)
}

/// Makes a call over a connection of its own.
pub fn post_to(url: &str, path: &str, headers: &str, body: &[u8]) -> (u16, Value) {
    let mut stream = connect(url);
    let head = head(headers, body.len()).replace("/v2alpha/sessions", path);
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    read_answer(&mut stream)
}

/// The body of a create for the demo user.
pub fn demo_login() -> String {
    json!({ "checks": {
        "user": { "loginName": "mini@mouse.com" },
        "password": { "password": PASSWORD },
    } })
    .to_string()
}
