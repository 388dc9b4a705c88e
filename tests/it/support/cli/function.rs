//! A Lambda function as a process, and the runtime API that it gets its events from.
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

use std::io::{BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;

use super::process::Running;
use super::throttled::message;

/// The time after which a function is taken to hang.
const HANGS: Duration = Duration::from_mins(2);

pub struct Function {
    process: Running,
    events: Sender<Vec<u8>>,
    reports: Receiver<Report>,
}

/// What a function reports of an event.
#[derive(Debug)]
pub struct Report {
    /// `response`, or `error` for an error of the function.
    pub kind: String,
    pub body: Value,
}

impl Function {
    /// Starts a program as Lambda does, over a database at this URL.
    pub fn start(program: &str, database: &str, settings: &[(&str, &str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (events, next) = channel();
        let (report, reports) = channel();
        let next = Arc::new(Mutex::new(next));
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let (next, report) = (Arc::clone(&next), report.clone());
                std::thread::spawn(move || serve(client.unwrap(), &next, &report));
            }
        });
        let mut command = Command::new(program);
        command
            .env_clear()
            .envs([
                ("AWS_LAMBDA_RUNTIME_API", address.as_str()),
                ("AWS_LAMBDA_FUNCTION_NAME", "sesame"),
                ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
                ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1769"),
                ("AWS_REGION", "eu-central-1"),
                ("AWS_ACCESS_KEY_ID", "id"),
                ("AWS_SECRET_ACCESS_KEY", "secret"),
                ("AWS_ENDPOINT_URL_DYNAMODB", database),
                ("USERS_TABLE", "users"),
                ("SESSIONS_TABLE", "sessions"),
                ("RESOURCE_OWNER", "acme"),
                ("ACCESS", "public"),
                ("ARGON2_MEMORY_KIB", "7168"),
                ("ARGON2_PASSES", "5"),
            ])
            .envs(settings.iter().copied())
            .stdin(Stdio::null());
        Self {
            process: Running::start(&mut command),
            events,
            reports,
        }
    }

    /// Hands over an event, and waits for what becomes of it.
    pub fn invoke(&self, event: &[u8]) -> Report {
        self.events.send(event.to_vec()).unwrap();
        self.reports.recv_timeout(HANGS).unwrap()
    }

    /// Ends the process, and returns the lines of its log that are about calls.
    pub fn log(self) -> Vec<Value> {
        self.process.signal("TERM");
        let done = self.process.end();
        assert_eq!(done.stderr, "");
        let mut lines = done.json();
        lines.retain(|line| line["call"].is_string());
        lines
    }
}

/// Handles the requests of a connection one by one.
fn serve(mut client: TcpStream, next: &Mutex<Receiver<Vec<u8>>>, report: &Sender<Report>) {
    let mut requests = BufReader::new(client.try_clone().unwrap());
    while let Some(request) = message(&mut requests) {
        let head = request.windows(4).position(|end| end == b"\r\n\r\n");
        let (head, body) = request.split_at(head.unwrap() + 4);
        let head = String::from_utf8_lossy(head);
        let path = head.split(' ').nth(1).unwrap();
        let kind = path.rsplit('/').next().unwrap();
        let answer = if kind == "next" {
            let Ok(event) = next.lock().unwrap().recv() else {
                return;
            };
            let head = format!(
                "HTTP/1.1 200 OK\r\n\
                 lambda-runtime-aws-request-id: 8476a536-e9f4-11e8-9739-2dfe598c3fcd\r\n\
                 lambda-runtime-deadline-ms: 9999999999999\r\n\
                 lambda-runtime-invoked-function-arn: \
                 arn:aws:lambda:eu-central-1:123456789012:function:sesame\r\n\
                 content-length: {}\r\n\r\n",
                event.len()
            );
            [head.as_bytes(), &event].concat()
        } else {
            // Nobody waits for it once the test has ended.
            let _ = report.send(Report {
                kind: kind.to_owned(),
                body: serde_json::from_slice(body).unwrap_or_default(),
            });
            b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n".to_vec()
        };
        if client.write_all(&answer).is_err() {
            return;
        }
    }
}
