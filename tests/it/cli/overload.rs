//! More logins than there is time for. `cargo bench --bench serve` measures how many succeed, and
//! how long they take.

use std::io::{Read as _, Write as _};
use std::thread::scope;

use serde_json::json;

use crate::support::app::PASSWORD;
use crate::support::cli::process::{Dev, connect, demo_login, head};
use crate::support::cli::service::{SOON, Service};
use crate::support::record;

const LOGINS: usize = 40;
const WAVES: usize = 8;
/// Room for the calls and connections in progress, and for what the allocator keeps of them.
const GROWTH_KIB: u64 = 16 * 1024;

/// Makes a create over a connection of its own, and returns the status and the whole answer.
fn create(url: &str, body: &str) -> (u16, String) {
    let mut stream = connect(url);
    stream.set_read_timeout(Some(SOON)).unwrap();
    stream
        .write_all((head("", body.len()) + body).as_bytes())
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let token = answer.split("\"sessionToken\":\"").nth(1);
    record::secret(token.and_then(|rest| rest.split('"').next()));
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer.to_lowercase())
}

/// The body of a login with a name of its own, which costs a hash although no user has it.
fn login(wave: usize, number: usize) -> String {
    json!({ "checks": {
        "user": { "loginName": format!("nobody-{wave}-{number}") },
        "password": { "password": PASSWORD },
    } })
    .to_string()
}

#[test]
fn logins_over_the_queue_are_told_when_to_come_again_and_others_are_answered() {
    let dev = Dev::start();
    let serve = Service::with_settings(&dev.database, &[("PASSWORD_QUEUE", "1")]);
    let url = &serve.url;

    let mut memory = Vec::new();
    let mut refusals = 0;
    for wave in 0..WAVES {
        let answers: Vec<_> = scope(|scope| {
            let sent =
                (0..LOGINS).map(|number| scope.spawn(move || create(url, &login(wave, number))));
            let sent: Vec<_> = sent.collect();
            // Calls without a password wait for no hash.
            assert_eq!(create(url, "{}").0, 200);
            sent.into_iter()
                .map(|login| login.join().unwrap())
                .collect()
        });
        for (status, answer) in answers {
            match status {
                429 => {
                    assert!(answer.contains("\r\nretry-after:"), "{answer}");
                    refusals += 1;
                }
                status => assert_eq!(status, 400, "{answer}"),
            }
        }
        memory.push(serve.process.memory());
    }

    assert!(refusals > 0);
    let growth = memory[WAVES - 1].saturating_sub(memory[0]);
    assert!(growth < GROWTH_KIB, "{memory:?} KiB");
    // Nothing is left over: the next login is computed at once.
    let (status, answer) = create(url, &demo_login());
    assert_eq!(status, 200, "{answer}");
}
