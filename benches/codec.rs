//! Counts the instructions to decode a call and to encode its response or an error, in each
//! protocol:
//! `cargo bench --bench codec`.
//!
//! It runs itself under valgrind, for each subject with a thousand rounds and with none.

#[path = "support/callgrind.rs"]
mod callgrind;

use std::error::Error;
use std::hint::black_box;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use sesame::api::codec::{self, frame};
use sesame::api::{
    Codec, Coding, MatchedRoute, Protocol, Request, RequestContext, WireLimits, answer, read,
};
use sesame::domain::{Sequence, SessionId, Timestamp};
use sesame::error::Error as Fault;
use sesame::service::{CreateSession, CreatedSession, Details, ReturnedChallenges};
use sesame::token::SessionToken;

const ROUNDS: u64 = 1000;

/// The body of the API's published example.
const JSON: &[u8] = br#"{"checks":{"user":{"userId":"d654e6ba-70a3-48ef-a95d-37c8d8a7901a","loginName":"mini@mouse.com"},"password":{"password":"V3ryS3cure!"}},"metadata":{}}"#;
/// The same with the login name alone, because a oneof has only one member.
const PROTO: &[u8] = b"\x0a\x21\x0a\x10\x12\x0emini@mouse.com\x12\x0d\x0a\x0bV3ryS3cure!";

const PROTOCOLS: [(&str, Protocol); 6] = [
    ("JSON", Protocol::Json),
    ("Connect, JSON", Protocol::Connect(Codec::Json)),
    ("Connect, protobuf", Protocol::Connect(Codec::Proto)),
    ("gRPC-Web", Protocol::GrpcWeb(Coding::Binary)),
    ("gRPC-Web, text", Protocol::GrpcWeb(Coding::Text)),
    ("gRPC", Protocol::Grpc),
];
const DIRECTIONS: [&str; 3] = ["decode", "encode", "error"];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, subject, rounds] = &arguments[..]
        && let Ok(rounds) = rounds.parse()
    {
        return run(subject, rounds);
    }
    println!(
        "{:20} {}",
        "instructions to",
        DIRECTIONS.map(|name| format!("{name:>8}")).join(" ")
    );
    for (name, _) in PROTOCOLS {
        print!("{name:20}");
        for direction in DIRECTIONS {
            let subject = format!("{direction} {name}");
            let count = callgrind::count(&[&subject, &ROUNDS.to_string()])?
                - callgrind::count(&[&subject, "0"])?;
            print!(" {:8}", count / ROUNDS);
        }
        println!();
    }
    Ok(())
}

fn run(subject: &str, rounds: u64) -> Result<(), Box<dyn Error>> {
    let (direction, name) = subject.split_once(' ').ok_or("no such subject")?;
    let named = PROTOCOLS.into_iter().find(|(one, _)| *one == name);
    let (_, protocol) = named.ok_or("no such protocol")?;
    let session_id = SessionId::generate();
    let created = CreatedSession {
        details: Details {
            creation_date: None,
            sequence: Sequence(4),
            change_date: Some(Timestamp::from_millis(1_800_000_000_123)),
            resource_owner: "69629023906488334".to_owned(),
        },
        session_id,
        session_token: SessionToken::generate(session_id, None)?,
        codes: ReturnedChallenges::default(),
    };
    let unknown = Fault::UserNotFound;
    let request = request(protocol);
    let (_, route) = MatchedRoute::find(&request.path, &request);
    let route = route?;
    let limits = WireLimits {
        body: 262_144,
        message: 262_144,
    };
    for _ in 0..rounds {
        match direction {
            "decode" => {
                let call = read::<CreateSession>(&route, black_box(&request), limits)?;
                drop(black_box(call));
            }
            "encode" => {
                let answer = answer::<CreateSession>(black_box(created.clone()));
                drop(black_box(codec::encode(&route, &answer, StatusCode::OK)?));
            }
            _ => drop(black_box(codec::encode_error(
                protocol,
                black_box(&unknown),
            ))),
        }
    }
    Ok(())
}

fn request(protocol: Protocol) -> Request {
    let procedure = "/zitadel.session.v2alpha.SessionService/CreateSession";
    let framed = || frame::write_message(PROTO).freeze();
    let (path, content_type) = match protocol {
        Protocol::Json => ("/v2alpha/sessions", "application/json"),
        Protocol::Connect(Codec::Json) => (procedure, "application/json"),
        Protocol::Connect(Codec::Proto) => (procedure, "application/proto"),
        Protocol::GrpcWeb(Coding::Binary) => (procedure, "application/grpc-web"),
        Protocol::GrpcWeb(Coding::Text) => (procedure, "application/grpc-web-text"),
        Protocol::Grpc => (procedure, "application/grpc"),
    };
    let content_type = HeaderValue::from_static(content_type);
    let body = match protocol {
        Protocol::Json | Protocol::Connect(Codec::Json) => Bytes::from_static(JSON),
        Protocol::Connect(Codec::Proto) => Bytes::from_static(PROTO),
        Protocol::GrpcWeb(Coding::Binary) | Protocol::Grpc => framed(),
        Protocol::GrpcWeb(Coding::Text) => frame::write_text(&framed()),
    };
    Request {
        method: Method::POST,
        path: path.to_owned(),
        query: Vec::new(),
        headers: HeaderMap::from_iter([(CONTENT_TYPE, content_type)]),
        body,
        context: RequestContext {
            trailers: true,
            ..RequestContext::default()
        },
    }
}
