//! Each requirement of `docs/security.md` is named by a test.

use std::fs;
use std::path::Path;

use super::root;
use super::rows::table;

const SECURITY: &str = include_str!("../../docs/security.md");

#[test]
fn each_requirement_is_named_by_a_test() {
    let mut comments = Vec::new();
    for folder in ["src", "tests/it"] {
        walk(&root().join(folder), &mut comments);
    }
    let rows = table(SECURITY, "Requirements");
    assert_eq!(rows.len(), 11);
    for row in rows {
        let (of, number) = row[0].split_once(' ').unwrap();
        let names = |comment: &str| comment.contains(of) && has_number(comment, number);
        let test = comments.iter().find(|(_, comment)| names(comment));
        let (path, comment) = test.unwrap_or_else(|| panic!("no test names {}", row[0]));
        println!("{}: {path}: {comment}", row[0]);
    }
}

/// Whether a comment has a number, and not one that only begins with it.
fn has_number(comment: &str, number: &str) -> bool {
    let mut found = comment.match_indices(number);
    found.any(|(at, _)| {
        let rest = &comment[at + number.len()..];
        !rest.starts_with(|c: char| c.is_ascii_digit())
    })
}

/// Collects the comments in front of tests, and at the beginning of files of tests.
fn walk(folder: &Path, comments: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, comments);
        }
        if path.extension().is_none_or(|of| of != "rs") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let name = path.display().to_string();
        let is_test = |line: &str| line.starts_with("#[test") || line.starts_with("#[tokio::test");
        let mut comment = String::new();
        for line in text.lines().map(str::trim) {
            if let Some(of_file) = line.strip_prefix("//!") {
                comments.push((name.clone(), of_file.to_owned()));
            } else if let Some(more) = line.strip_prefix("///") {
                comment.push_str(more);
            } else {
                if is_test(line) {
                    comments.push((name.clone(), comment.clone()));
                }
                comment.clear();
            }
        }
    }
}
