//! Emulators that refuse some requests: the first ones, or those of an operation.

use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::process::connect;

pub struct Throttled {
    pub url: String,
    left: Arc<AtomicU32>,
}

const BUSY: &str =
    r#"{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"}"#;

/// How emulators answer an operation that they don't have.
const UNKNOWN: &str = r#"{"__type":"com.amazon.coral.service#UnknownOperationException"}"#;

impl Throttled {
    /// Refuses the first `requests`, and hands all others to `database`.
    pub fn before(database: &str, requests: u32) -> Self {
        Self::start(database, requests, Refused::Unread)
    }

    /// The same, but the first `requests` are carried out all the same, as if their answers were lost.
    pub fn losing_answers(database: &str, requests: u32) -> Self {
        Self::start(database, requests, Refused::CarriedOut)
    }

    fn start(database: &str, requests: u32, refused: Refused) -> Self {
        let left = Arc::new(AtomicU32::new(requests));
        let refusing = Arc::clone(&left);
        let url = refuse(database, refused, move |_| {
            let next = refusing.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(1)
            });
            next.is_ok().then_some(BUSY)
        });
        Self { url, left }
    }

    pub fn left(&self) -> u32 {
        self.left.load(Ordering::Relaxed)
    }
}

/// The address of an emulator that lacks an operation, and hands all others to `database`.
pub fn lacking(operation: &'static str, database: &str) -> String {
    let target = format!("DynamoDB_20120810.{operation}\r\n");
    refuse(database, Refused::Unread, move |request| {
        let request = String::from_utf8_lossy(request);
        request.contains(&target).then_some(UNKNOWN)
    })
}

/// Whether requests that are answered with an error reach the database.
#[derive(Clone, Copy, PartialEq)]
enum Refused {
    Unread,
    CarriedOut,
}

/// Answers with the errors that `error` has for requests, and hands all others to `database`.
fn refuse(
    database: &str,
    refused: Refused,
    error: impl Fn(&[u8]) -> Option<&'static str> + Send + Sync + 'static,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (database, error) = (database.to_owned(), Arc::new(error));
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let (database, error) = (connect(&database), Arc::clone(&error));
            std::thread::spawn(move || pass_on(client.unwrap(), database, refused, &*error));
        }
    });
    url
}

/// Handles requests one by one until the client has no more.
fn pass_on(
    client: TcpStream,
    mut database: TcpStream,
    refused: Refused,
    error: &dyn Fn(&[u8]) -> Option<&'static str>,
) {
    let mut from_client = BufReader::new(client.try_clone().unwrap());
    let mut from_database = BufReader::new(database.try_clone().unwrap());
    let mut client = client;
    while let Some(request) = message(&mut from_client) {
        if let Some(error) = error(&request) {
            if refused == Refused::CarriedOut {
                database.write_all(&request).unwrap();
                message(&mut from_database);
            }
            let head = format!(
                "HTTP/1.1 400 Bad Request\r\nContent-Type: application/x-amz-json-1.0\r\n\
                 Content-Length: {}\r\n\r\n",
                error.len()
            );
            client.write_all((head + error).as_bytes()).unwrap();
            continue;
        }
        database.write_all(&request).unwrap();
        let Some(answer) = message(&mut from_database) else {
            return;
        };
        client.write_all(&answer).unwrap();
    }
}

/// Reads a message: a head, and a body of the length that the head gives.
pub fn message(from: &mut impl BufRead) -> Option<Vec<u8>> {
    let (mut message, mut length) = (Vec::new(), 0);
    loop {
        let start = message.len();
        if from.read_until(b'\n', &mut message).ok()? == 0 {
            return None;
        }
        let line = String::from_utf8_lossy(&message[start..]).to_ascii_lowercase();
        if let Some(text) = line.strip_prefix("content-length:") {
            length = text.trim().parse().ok()?;
        }
        if line == "\r\n" {
            break;
        }
    }
    from.take(length).read_to_end(&mut message).ok()?;
    Some(message)
}
