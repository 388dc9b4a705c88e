//! Instructions to decode and to encode: `cargo bench --bench codec`.
//!
//! Runs itself under valgrind, for each subject with a thousand rounds and with none.

use std::error::Error;
use std::hint::black_box;
use std::process::{Command, Stdio};

use http::StatusCode;
use sesame::api::json::{decode_create_session, encode_error, encode_reply};
use sesame::domain::{Sequence, Timestamp};
use sesame::service::{CreatedSession, Details, Reply};
use sesame::token::{SessionToken, draw_session_id};

const ROUNDS: u64 = 1000;

/// The API's published example.
const BODY: &[u8] = br#"{"checks":{"user":{"userId":"d654e6ba-70a3-48ef-a95d-37c8d8a7901a","loginName":"mini@mouse.com"},"password":{"password":"V3ryS3cure!"}},"metadata":{}}"#;

type Subject = fn(&Reply);

/// A subject by its name, which the process is told.
const SUBJECTS: [(&str, Subject); 3] = [
    ("decode a create", |_| {
        black_box(decode_create_session(black_box(BODY)).expect("a request"));
    }),
    ("encode its reply", |reply| {
        black_box(encode_reply(black_box(reply), StatusCode::OK));
    }),
    ("encode an error", |_| {
        black_box(encode_error(black_box(&sesame::error::Error::UserNotFound)));
    }),
];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, subject, rounds] = &arguments[..]
        && let Ok(rounds) = rounds.parse()
    {
        return run(subject, rounds);
    }
    for (name, _) in SUBJECTS {
        let count = (counted(name, ROUNDS)? - counted(name, 0)?) / ROUNDS;
        println!("{name:20} {count:8} instructions");
    }
    Ok(())
}

fn run(subject: &str, rounds: u64) -> Result<(), Box<dyn Error>> {
    let (_, once) = SUBJECTS
        .into_iter()
        .find(|(name, _)| *name == subject)
        .ok_or("no such subject")?;
    let session_id = draw_session_id();
    let reply = Reply::CreateSession(CreatedSession {
        details: Details {
            sequence: Sequence(4),
            change_date: Timestamp::from_millis(1_800_000_000_123),
            resource_owner: "69629023906488334".to_owned(),
        },
        session_id,
        session_token: SessionToken::draw(session_id)?,
    });
    for _ in 0..rounds {
        once(&reply);
    }
    Ok(())
}

fn counted(subject: &str, rounds: u64) -> Result<u64, Box<dyn Error>> {
    let out = std::env::temp_dir().join(format!("sesame-codec-{}", std::process::id()));
    let status = Command::new("valgrind")
        .args(["--tool=callgrind", "--quiet"])
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(std::env::current_exe()?)
        .args([subject, &rounds.to_string()])
        .stderr(Stdio::null())
        .status()?;
    if !status.success() {
        return Err("valgrind has failed; is it installed?".into());
    }
    let counts = std::fs::read_to_string(&out)?;
    std::fs::remove_file(&out)?;
    let total = counts
        .lines()
        .find_map(|line| line.strip_prefix("totals: "));
    Ok(total.ok_or("callgrind wrote no total")?.trim().parse()?)
}
