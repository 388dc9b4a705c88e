//! Lambda's runtime API
//! (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>), as far as one
//! process and one event at a time need it.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::Outcome;
use super::process::Running;

/// A function under valgrind that has not come this far by then never will.
const PATIENCE: Duration = Duration::from_mins(2);

/// How often a process is looked after while it is waited for.
const GLANCE: Duration = Duration::from_millis(50);

pub struct RuntimeApi {
    address: SocketAddr,
    watcher: Arc<Mutex<Option<Sender<Seen>>>>,
}

struct Seen {
    at: Instant,
    what: What,
}

enum What {
    /// It asks for an event, which goes here.
    Next(Sender<Vec<u8>>),
    Answer(Vec<u8>),
    /// Of its start, or of a call.
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
                // Taken now: a later process has another.
                let watcher = watcher.lock().unwrap_or_else(PoisonError::into_inner);
                let Some(watcher) = watcher.clone() else {
                    continue;
                };
                // An error is the end of a process that was killed.
                std::thread::spawn(move || drop(serve(stream, &watcher)));
            }
        });
        Ok(api)
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on, what is seen is told here. Call it before a process is started.
    pub fn watch(&self) -> Watch {
        let (sender, receiver) = channel();
        *self.watcher.lock().unwrap_or_else(PoisonError::into_inner) = Some(sender);
        Watch(receiver)
    }
}

/// What one process does.
pub struct Watch(Receiver<Seen>);

impl Watch {
    /// When `process` asked for an event, and where that event goes.
    pub fn next(&self, process: &mut Running) -> Outcome<(Instant, Sender<Vec<u8>>)> {
        match self.see(process)? {
            Seen {
                at,
                what: What::Next(reply),
            } => Ok((at, reply)),
            seen => Err(seen.surprise()),
        }
    }

    /// When `process` answered, and how.
    pub fn answer(&self, process: &mut Running) -> Outcome<(Instant, Vec<u8>)> {
        match self.see(process)? {
            Seen {
                at,
                what: What::Answer(body),
            } => Ok((at, body)),
            seen => Err(seen.surprise()),
        }
    }

    fn see(&self, process: &mut Running) -> Outcome<Seen> {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            match self.0.recv_timeout(GLANCE) {
                Ok(seen) => return Ok(seen),
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

impl Seen {
    fn surprise(self) -> Box<dyn std::error::Error> {
        match self.what {
            What::Next(_) => "it asks for an event and should answer".into(),
            What::Answer(_) => "it answers and should ask for an event".into(),
            What::Failure(body) => format!("it reports {}", String::from_utf8_lossy(&body)).into(),
        }
    }
}

fn serve(mut stream: TcpStream, watcher: &Sender<Seen>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    loop {
        let (path, body) = read(&mut reader)?;
        let at = Instant::now();
        // Nobody may be watching any more.
        let tell = |what| drop(watcher.send(Seen { at, what }));
        if path.ends_with("/invocation/next") {
            let (reply, event) = channel();
            tell(What::Next(reply));
            match event.recv() {
                Ok(event) => write_event(&mut stream, &event)?,
                // None will come; a closed connection would be an error, so it stays.
                Err(_) => drop(reader.read(&mut [0])?),
            }
            continue;
        }
        let is_answer = path.ends_with("/response");
        tell(if is_answer {
            What::Answer(body)
        } else {
            What::Failure(body)
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
