//! A stand-in for Have I Been Pwned.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};

/// Its SHA-1, once it is in NFC, is that of the next two.
pub const PASSWORD: &str = "Ka\u{308}seglocke-7";
pub const RANGE: &str = "/range/9D0A1";
pub const REST: &str = "7141460235C601C591B6CDA0DE468F8A18D";

/// Answers each request with one of these, and then goes on with the last. Gives its URL, and the
/// requests as they came.
pub fn stand_in(answers: Vec<Option<String>>) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/range/", listener.local_addr().unwrap());
    let (sender, requests) = channel();
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                assert_ne!(reader.read_line(&mut head).unwrap(), 0, "{head}");
            }
            sender.send(head).unwrap();
            match answer {
                // It may be closed while a long answer is written.
                Some(answer) => _ = stream.write_all(answer.as_bytes()),
                // It is never answered.
                None => kept.push(stream),
            }
        }
        // The connections that are never answered stay open until the test ends.
        std::thread::park();
    });
    (url, requests)
}

pub fn answer(status: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nLocation: /elsewhere\r\n\r\n{body}",
        body.len()
    )
}
