use std::path::Path;

use sesame::emulator::{Emulator, OpenError};

use super::client;

#[tokio::test]
async fn a_file_is_locked_until_its_last_client_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.db");
    let emulator = Emulator::open(&path).unwrap();
    let client = client(emulator.http_client());

    assert_in_use(&path);
    drop(emulator);
    assert_in_use(&path);
    drop(client);
    Emulator::open(&path).unwrap();
}

#[test]
fn a_link_to_a_file_is_that_file() {
    let folder = tempfile::tempdir().unwrap();
    let (path, link) = (folder.path().join("data.db"), folder.path().join("link.db"));
    let _held = Emulator::open(&path).unwrap();
    std::os::unix::fs::symlink(&path, &link).unwrap();

    assert_in_use(&link);
}

#[test]
fn a_link_to_a_file_that_is_yet_to_be_made_is_that_file() {
    let folder = tempfile::tempdir().unwrap();
    let (path, link) = (folder.path().join("data.db"), folder.path().join("link.db"));
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let _held = Emulator::open(&link).unwrap();

    assert_in_use(&path);
}

#[test]
fn a_file_name_with_sqlite_syntax_is_a_plain_file() {
    let folder = tempfile::tempdir().unwrap();
    for name in [":memory:", "file:data?mode=memory", "with space.db"] {
        let path = folder.path().join(name);
        drop(Emulator::open(&path).unwrap());
        assert!(path.exists(), "{name}");
    }
}

#[test]
fn a_file_that_is_no_database_is_refused_unchanged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    let notes = "not a database, ".repeat(1000);
    std::fs::write(&path, &notes).unwrap();

    let refused = Emulator::open(&path);
    assert!(
        matches!(refused, Err(OpenError::Database(_))),
        "{refused:?}"
    );
    assert_eq!(std::fs::read_to_string(&path).unwrap(), notes);
}

fn assert_in_use(path: &Path) {
    let refused = Emulator::open(path);
    assert!(matches!(refused, Err(OpenError::InUse(_))), "{refused:?}");
}
