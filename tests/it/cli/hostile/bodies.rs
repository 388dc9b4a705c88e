use std::io::Write as _;
use std::net::TcpStream;

use super::MEMORY_KIB;
use crate::support::cli::gate::WriteGate;
use crate::support::cli::http2::{DATA, END_STREAM, Frame, HEADERS, Http2, WINDOW_UPDATE, headers};
use crate::support::cli::process::{Dev, head, opened, padded, post, read_answer};
use crate::support::cli::service::{Service, eventually};

/// The longest body, by default.
const LONGEST: usize = 256 * 1024;
/// The smallest value of the option: four bodies.
const FOUR_BODIES: [&str; 2] = ["--max-bodies-bytes", "1048576"];
/// A time in which the slowest machine reads a body.
const PATIENT: [&str; 2] = ["--body-seconds", "600"];

/// Sends a body of that length but for its last bytes.
fn almost(url: &str, length: usize) -> TcpStream {
    opened(url, &(head("", length) + &padded(length - 8)))
}

/// Opens a call with a body of so many bytes.
fn open(client: &mut Http2, stream: u8, length: usize) {
    client.open(stream, &headers(&[]));
    let body = padded(length);
    for piece in body.as_bytes().chunks(16 * 1024) {
        client.send(&Frame::new(DATA, 0, stream, piece)).unwrap();
    }
}

/// Waits until the connection's window has room for more, which it has once bodies are read.
fn more_window(client: &mut Http2) {
    while client.frame_of(&[WINDOW_UPDATE]).unwrap().stream != 0 {}
}

#[test]
fn bodies_have_a_budget() {
    let dev = Dev::start();
    let serve = Service::over(&dev.database, &[&FOUR_BODIES[..], &PATIENT].concat());
    let body = padded(LONGEST);
    let long = || post(&serve.url, "", body.as_bytes());
    for call in 0..8 {
        assert_eq!(
            long().0,
            200,
            "{call}: what is carried out gives its room back"
        );
    }

    // The clients that are slow lose their requests to those who aren't.
    let mut slow: Vec<_> = (0..4).map(|_| almost(&serve.url, LONGEST)).collect();
    assert_eq!(long().0, 200);
    assert_eq!(serve.get("/healthz"), 200);
    assert_eq!(serve.get("/readyz"), 200);

    // A client that has lost its request may send its whole body before it reads why.
    let answers = slow.iter_mut().map(|slow| {
        slow.write_all(&[b' '; 8]).unwrap();
        read_answer(slow)
    });
    let refused: Vec<_> = answers.filter(|(status, _)| *status != 200).collect();
    assert!((1..4).contains(&refused.len()), "{refused:?}");
    for (status, answer) in refused {
        assert_eq!((status, &answer["code"]), (429, &8.into()), "{answer}");
    }
}

#[test]
fn a_body_takes_budget_until_its_call_has_ended() {
    let dev = Dev::start();
    let gate = WriteGate::before(&dev.database);
    let serve = Service::over(&gate.url, &FOUR_BODIES);
    let body = padded(LONGEST);
    let whole = head("", LONGEST) + &body;
    gate.close();
    let begun: Vec<_> = (0..3).map(|_| opened(&serve.url, &whole)).collect();
    eventually("all three are under way", || gate.held() >= 3);

    // A longer body takes a byte more than is left, before it is known to be too long.
    let longer = body + " ";
    let status = || post(&serve.url, "", longer.as_bytes()).0;
    eventually("all is taken", || status() == 429);

    gate.open();
    drop(begun);
    eventually("there is room", || status() == 413);
}

#[test]
fn one_connection_gets_a_share_of_the_body_budget() {
    let dev = Dev::start();
    let serve = Service::over(&dev.database, &[&FOUR_BODIES[..], &PATIENT].concat());
    let mut slow = Http2::connect(&serve.url);
    more_window(&mut slow);
    for stream in [1, 3, 5, 7] {
        open(&mut slow, stream, 60 * 1024);
    }
    more_window(&mut slow);

    // Each is read into 64 KiB, and one connection gets 352 KiB.
    open(&mut slow, 9, 60 * 1024);
    more_window(&mut slow);
    open(&mut slow, 11, 60 * 1024);

    let body = padded(LONGEST);
    assert_eq!(post(&serve.url, "", body.as_bytes()).0, 200);
    let first = slow.frame_of(&[HEADERS]).unwrap();
    // The first four came at once, in no order that the server would have to keep.
    let is_old = [1, 3, 5, 7].contains(&first.stream);
    assert!(is_old && !first.is_ok(), "the oldest: {first:?}");
    for stream in [1, 3, 5, 7, 9, 11]
        .into_iter()
        .filter(|one| *one != first.stream)
    {
        // The stream may have been closed.
        let _ = slow.send(&Frame::new(DATA, END_STREAM, stream, b""));
    }
    let answers = [(); 5].map(|()| slow.frame_of(&[HEADERS]).unwrap());
    let refused = answers.iter().filter(|answer| !answer.is_ok()).count();
    assert!(refused <= 2, "{answers:?}");
}

#[test]
fn many_slow_senders_take_little_memory() {
    let dev = Dev::start();
    let options = ["--max-bodies-bytes", "4194304"];
    let serve = Service::over(&dev.database, &options);
    let path = serve.large();

    // 79 MB.
    let slow: Vec<_> = (0..300).map(|_| almost(&serve.url, LONGEST)).collect();
    assert_eq!(serve.get(&path), 200, "others are served");
    serve.assert_memory_below(MEMORY_KIB);

    assert_eq!(serve.create(), 200, "others have their bodies read");
    drop(slow);
}
