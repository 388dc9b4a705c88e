//! How the sources of the crate are laid out: which modules use which, and how long files are.

#![allow(clippy::unwrap_used, reason = "what a test can't go on from fails it")]
#![allow(clippy::too_many_lines, reason = "a test's cases stand in one table")]

#[path = "architecture/code.rs"]
mod code;
#[path = "architecture/crates.rs"]
mod crates;
#[path = "architecture/imports.rs"]
mod imports;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use self::crates::{crate_of, roots};
use self::imports::{circles, imports};

/// `base64 ← domain ← …`: each module uses those before it and none after it.
const ORDER: [&str; 22] = [
    "base64",
    "lock",
    "domain",
    "error",
    "webauthn",
    "status",
    "log",
    "password",
    "token",
    "aws",
    "store",
    "verification",
    "host",
    "breached",
    "messages",
    "service",
    "api",
    "app",
    "transport",
    "emulator",
    "config",
    "cli",
];

/// What a module must not know of, by the names of crates.
const BARRED: [(&str, &[&str]); 11] = [
    ("domain", &["http", "lambda_", "serde", "tokio", "argon2"]),
    ("webauthn", &["http", "lambda_", "tokio"]),
    ("password", &["http", "lambda_", "serde"]),
    ("aws", &["lambda_", "argon2"]),
    ("store", &["http::", "lambda_", "serde", "argon2"]),
    ("messages", &["http", "lambda_", "serde", "tokio", "argon2"]),
    ("service", &["http", "lambda_", "serde", "argon2"]),
    ("api", &["argon2"]),
    ("app", &["lambda_", "argon2"]),
    (
        "transport/lambda/authorizer",
        &["http", "lambda_", "argon2"],
    ),
    ("transport/tower", &["lambda_", "serde", "tokio", "argon2"]),
];

/// The crates of the AWS SDK, by the beginnings of their names.
const SDK: [&str; 5] = [
    "aws_config",
    "aws_credential_types",
    "aws_runtime",
    "aws_sdk",
    "aws_smithy",
];

const MAX_LINES: usize = 400;

#[test]
fn a_module_uses_no_module_after_it() {
    for (at, module) in ORDER.iter().enumerate() {
        for (path, text) in sources(module) {
            for later in &ORDER[at + 1..] {
                let used = format!("crate::{later}");
                let is_name = |c: char| c.is_alphanumeric() || c == '_';
                let mut after = text.split(&used).skip(1);
                let used = after.any(|rest| !rest.starts_with(is_name));
                assert!(!used, "{path} uses {later}");
            }
        }
    }
}

#[test]
fn a_module_uses_no_crate_that_is_barred_from_it() {
    for (module, barred) in BARRED {
        let sources = sources(module);
        assert!(!sources.is_empty(), "there is no {module}");
        for (path, text) in sources {
            for name in barred {
                let used = text
                    .lines()
                    .any(|line| line.trim_start().starts_with(&format!("use {name}")));
                assert!(!used, "{path} uses {name}");
            }
        }
    }
}

#[test]
fn aws_and_store_alone_name_the_sdk() {
    for (path, text) in all_sources() {
        let module = path.split(['/', '.']).next().unwrap();
        let tokens = code::tokens(&text);
        let named = tokens
            .iter()
            .find(|token| SDK.iter().any(|name| token.starts_with(name)));
        let may = ["aws", "store"].contains(&module);
        assert!(may || named.is_none(), "{path} names {named:?}");
    }
}

/// It is a permit that nobody had to authenticate for.
#[test]
fn the_command_line_alone_makes_an_operators_permit() {
    let mut makers = all_sources();
    makers.retain(|_, text| {
        let tokens = code::tokens(text);
        tokens
            .windows(4)
            .any(|of| of == ["Permit", "::", "operator", "("])
    });

    assert_eq!(makers.into_keys().collect::<Vec<_>>(), ["cli/user.rs"]);
}

/// With a rule that is tightened later, what is stored could not be read.
#[test]
fn the_store_reads_nothing_by_the_rules_of_requests() {
    for (path, text) in sources("store") {
        assert!(!text.contains("::parse("), "{path}");
    }
}

#[test]
fn the_order_has_each_module_of_the_crate() {
    let lib = fs::read_to_string(src().join("lib.rs")).unwrap();
    let modules = lib
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ").or(line.strip_prefix("mod ")))
        .map(|line| line.trim_end_matches(';'));

    assert_eq!(modules.collect::<BTreeSet<_>>(), BTreeSet::from(ORDER));
}

#[test]
fn the_architecture_page_has_each_module_in_order() {
    let page = include_str!("../docs/architecture.md");
    let section = page.split("\n### Modules\n").nth(1).unwrap();
    let lines = section.lines().skip_while(|line| !line.starts_with('|'));
    let rows = lines.take_while(|line| line.starts_with('|')).skip(2);
    let modules: Vec<_> = rows.map(|row| row.split('`').nth(1).unwrap()).collect();

    assert_eq!(modules, ORDER);
}

#[test]
fn no_source_file_is_longer_than_400_lines() {
    for (path, text) in all_sources() {
        let lines = text.lines().count();
        assert!(lines <= MAX_LINES, "{path} has {lines} lines");
    }
}

#[test]
fn no_files_import_from_each_other_in_a_circle() {
    let circles: BTreeSet<_> = roots()
        .iter()
        .flat_map(|root| circles(&imports(&crate_of(root))))
        .map(|files| files.join(" → "))
        .collect();
    let circles: Vec<_> = circles.into_iter().collect();
    assert!(circles.is_empty(), "circles:\n{}", circles.join("\n"));
}

#[test]
fn a_circle_is_found_through_re_exports_and_modules() {
    const TABLE: &str = "
        // One imports from the other alone.
        a: use crate::b::B; | b: =>
        a: use crate::b::B; | b: use crate::a::A; => a.rs → b.rs
        a: use super::b::{C, B as D}; | b: fn f() { crate::a::f() } => a.rs → b.rs
        // A name is of the file that defines it, not of one that re-exports it.
        a: pub use x::X; use crate::b::B; | a/x: struct X; | b: use crate::a::X; =>
        a: pub use x::X; | a/x: use crate::b::B; | b: use crate::a::X; => a/x.rs → b.rs
        // A module and its parent.
        a: mod x; use self::x::X; | a/x: use super::A; => a.rs → a/x.rs
        a: fn f() { self::x::f() } | a/x: use super::A; => a.rs → a/x.rs
        a: mod x; pub use x::X; | a/x: use super::A; =>
        // A module that is imported.
        a: use crate::b::c; fn f() { c::f() } | b: mod c; | b/c: use crate::a::A; => a.rs → b/c.rs
        // Three, and one that leads to them.
        a: use crate::b::B; | b: use crate::c::C; | c: use crate::a::A; | d: use crate::a::A; => a.rs → b.rs → c.rs
        // Comments, visibilities and tests import nothing, and other crates are no files.
        a: use crate::b::B; | b: /// [`crate::a`] =>
        a: use crate::b::B; | b: pub(in crate::a) fn f() {} =>
        a: use crate::b::B; | b: #[cfg(test)] mod tests { use crate::a::A; } =>
        a: use http::Request; use std::fmt::{self, Write}; =>
    ";
    let rows = TABLE.lines().filter_map(|row| row.trim().split_once(" =>"));
    for (files, want) in rows {
        let split = |file: &str| {
            let (path, text) = file.split_once(':').unwrap();
            let module: Vec<_> = path.split('/').map(str::to_owned).collect();
            (module, (format!("{path}.rs"), text.to_owned()))
        };
        let mut sources: BTreeMap<_, _> = files.split(" | ").map(split).collect();
        sources.insert(Vec::new(), ("lib.rs".to_owned(), String::new()));
        let found = circles(&imports(&sources));
        let found: Vec<_> = found.iter().map(|files| files.join(" → ")).collect();
        assert_eq!(found.join("; "), want.trim(), "{files}");
    }
}

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The files of a module, by their paths below `src/`.
fn sources(module: &str) -> Vec<(String, String)> {
    let file = format!("{module}.rs");
    let folder = format!("{module}/");
    let mut sources = all_sources();
    sources.retain(|path, _| *path == file || path.starts_with(&folder));
    sources.into_iter().collect()
}

fn all_sources() -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    walk(&src(), &mut files);
    files
}

fn walk(folder: &Path, files: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, files);
        } else if path.extension().is_some_and(|of| of == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let name = path.strip_prefix(src()).unwrap().to_str().unwrap();
            files.insert(name.replace('\\', "/"), text);
        }
    }
}
