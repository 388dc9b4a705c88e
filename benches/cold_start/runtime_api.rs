//! A server of Lambda's runtime API for one process and one event at a time.
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::outcome::Outcome;
use super::process::Process;

/// The time after which a function is taken to hang, even under valgrind.
const TIMEOUT: Duration = Duration::from_mins(2);

/// How often it is checked that the process still runs.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

pub struct RuntimeApi {
    address: SocketAddr,
    watcher: Arc<Mutex<Option<Sender<Request>>>>,
}

struct Request {
    at: Instant,
    kind: Kind,
}

enum Kind {
    /// The function asks for an event, which is sent over this channel.
    Next(Sender<Vec<u8>>),
    Response(Vec<u8>),
    /// The start or a call has failed.
    Failure(Vec<u8>),
}

impl RuntimeApi {
    pub fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let api = Self {
            address: listener.local_addr()?,
            watcher: Arc::default(),
        };
        let watcher = Arc::clone(&api.watcher);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                // The watcher is read now, because a later process has another.
                let watcher = watcher.lock().unwrap_or_else(PoisonError::into_inner);
                let Some(watcher) = watcher.clone() else {
                    continue;
                };
                // An error means that the process was killed.
                std::thread::spawn(move || drop(serve(stream, &watcher)));
            }
        });
        Ok(api)
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Reports all requests from now on. Call it before a process is started.
    pub fn watch(&self) -> Watch {
        let (sender, receiver) = channel();
        *self.watcher.lock().unwrap_or_else(PoisonError::into_inner) = Some(sender);
        Watch(receiver)
    }
}

/// The requests of one process.
pub struct Watch(Receiver<Request>);

impl Watch {
    /// The time at which `process` asked for an event, and the channel for that event.
    pub fn next(&self, process: &mut Process) -> Outcome<(Instant, Sender<Vec<u8>>)> {
        match self.receive(process)? {
            Request {
                at,
                kind: Kind::Next(reply),
            } => Ok((at, reply)),
            request => Err(request.unexpected()),
        }
    }

    /// The time at which `process` sent a response, and the response.
    pub fn response(&self, process: &mut Process) -> Outcome<(Instant, Vec<u8>)> {
        match self.receive(process)? {
            Request {
                at,
                kind: Kind::Response(body),
            } => Ok((at, body)),
            request => Err(request.unexpected()),
        }
    }

    fn receive(&self, process: &mut Process) -> Outcome<Request> {
        let start = Instant::now();
        while start.elapsed() < TIMEOUT {
            match self.0.recv_timeout(POLL_INTERVAL) {
                Ok(request) => return Ok(request),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {}
            }
            if let Some(status) = process.try_wait()? {
                return Err(format!("it ended by itself: {status}").into());
            }
        }
        Err("it does nothing".into())
    }
}

impl Request {
    fn unexpected(self) -> Box<dyn std::error::Error> {
        match self.kind {
            Kind::Next(_) => "it asks for an event and should answer".into(),
            Kind::Response(_) => "it answers and should ask for an event".into(),
            Kind::Failure(body) => format!("it reports {}", String::from_utf8_lossy(&body)).into(),
        }
    }
}

fn serve(mut stream: TcpStream, watcher: &Sender<Request>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    loop {
        let (path, body) = read(&mut reader)?;
        let at = Instant::now();
        // An error means that nothing watches the process.
        let report = |kind| drop(watcher.send(Request { at, kind }));
        if path.ends_with("/invocation/next") {
            let (reply, event) = channel();
            report(Kind::Next(reply));
            match event.recv() {
                Ok(event) => write_event(&mut stream, &event)?,
                // No event will come. The connection stays open, because closing it would be an error.
                Err(_) => drop(reader.read(&mut [0])?),
            }
            continue;
        }
        let is_response = path.ends_with("/response");
        report(if is_response {
            Kind::Response(body)
        } else {
            Kind::Failure(body)
        });
        stream.write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n")?;
    }
}

/// The path and the body of a request.
fn read(reader: &mut impl BufRead) -> io::Result<(String, Vec<u8>)> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut length = 0;
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.split_once(':') else {
            break;
        };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok((path, body))
}

fn write_event(stream: &mut TcpStream, event: &[u8]) -> io::Result<()> {
    // The deadline is in the year 2286.
    let head = format!(
        "HTTP/1.1 200 OK\r\n\
         content-type: application/json\r\n\
         lambda-runtime-aws-request-id: 8476a536-e9f4-11e8-9739-2dfe598c3fcd\r\n\
         lambda-runtime-deadline-ms: 9999999999999\r\n\
         lambda-runtime-invoked-function-arn: \
         arn:aws:lambda:eu-central-1:123456789012:function:sesame\r\n\
         lambda-runtime-trace-id: Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0\r\n\
         content-length: {}\r\n\r\n",
        event.len()
    );
    stream.write_all(&[head.as_bytes(), event].concat())
}
