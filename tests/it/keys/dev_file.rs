//! The key that `dev --data` keeps beside its tables.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::{Value, json};
use sesame::token::ServerKeys;

use super::{K1, K2};
use crate::support::cli::process::{Dev, demo_login, dev, post, run};
use crate::support::record;

fn data(folder: &Path) -> [String; 2] {
    let file = folder.join("data.db");
    ["--data".to_owned(), file.to_str().unwrap().to_owned()]
}

fn start(folder: &Path, server_key: Option<&str>) -> Dev {
    let data = data(folder);
    let mut command = dev(&["--ready-json", &data[0], &data[1]]);
    command.envs(server_key.map(|key| ("SERVER_KEY", key)));
    Dev::over(&mut command)
}

/// The answer to a create with an idempotency key, whose token is derived from the server key.
fn create(dev: &Dev) -> Value {
    let (status, answer) = post(&dev.url, "Idempotency-Key: k\r\n", demo_login().as_bytes());
    assert_eq!(status, 200, "{answer}");
    record::secret(answer["sessionToken"].as_str());
    answer
}

#[test]
fn the_drawn_key_is_kept_beside_the_tables() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data.db.key");
    // A start that was cut off.
    fs::write(folder.path().join("data.db.key.new"), "half").unwrap();

    let first = start(folder.path(), None);
    let created = create(&first);
    first.stop().expect(0);
    let kept = fs::read_to_string(&file).unwrap();
    let again = start(folder.path(), None);

    assert_eq!(create(&again), created);
    again.stop().expect(0);
    assert_eq!(fs::read_to_string(&file).unwrap(), kept);
    assert_eq!(
        fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert!(!folder.path().join("data.db.key.new").exists());
    // It is of the form of the setting.
    assert_eq!(ServerKeys::parse(&kept).unwrap().iter().count(), 1);
    let given = start(folder.path(), Some(kept.trim()));
    assert_eq!(create(&given), created);
}

#[test]
fn a_key_of_the_settings_comes_before_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data.db.key");

    let given = start(folder.path(), Some(K1));
    let created = create(&given);
    given.stop().expect(0);
    assert!(!file.exists());

    fs::write(&file, format!("{K2},\n{K1}\n")).unwrap();
    fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    // The oldest key decides on creates.
    assert_eq!(create(&start(folder.path(), None)), created);
}

#[test]
fn a_key_file_that_is_no_good_stops_the_start() {
    for (text, reason) in [
        (None, "can't be read: "),
        (
            Some(&b"short"[..]),
            "can't be used: invalid key: must be keys of",
        ),
        (
            Some(b""),
            "can't be used: invalid key: must not have an empty key",
        ),
        (Some(b"\xff\xfe"), "can't be read: "),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("data.db.key");
        match text {
            // Not even the superuser can read a folder as a file.
            None => fs::create_dir(&file).unwrap(),
            Some(text) => fs::write(&file, text).unwrap(),
        }
        let data = data(folder.path());

        let done = run(&mut dev(&[&data[0], &data[1]]), "").expect(1);

        let start = format!("error: the server key in '{}' {reason}", file.display());
        assert!(done.stderr.starts_with(&start), "{}", done.stderr);
        assert_eq!(done.stdout, "");
        if let Some(text) = text {
            assert_eq!(fs::read(&file).unwrap(), text, "it is left as it is");
        }
    }
}

#[test]
fn without_data_each_start_has_a_key_of_its_own() {
    let (first, second) = (Dev::start(), Dev::start());
    assert_ne!(create(&first), create(&second));
    assert_ne!(json!(first.url), json!(second.url));
}
