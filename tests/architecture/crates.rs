//! Which files make a crate: its root, and the files of the modules that it has.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::imports::{Module, Sources};

/// The folders that have sources.
const FOLDERS: [&str; 7] = [
    "benches", "build", "crates", "examples", "fuzz", "src", "tests",
];

/// The folders in which each file may be the first of a crate.
const OF_ROOTS: [&str; 7] = [
    "",
    "benches",
    "examples",
    "fuzz/targets",
    "src/bin",
    "tests",
    "tests/clients/rust",
];

/// The first file of each crate, by its path in the repository. A module beside one is taken for
/// another, which adds nothing.
pub fn roots() -> Vec<PathBuf> {
    let is_root = |path: &PathBuf| {
        let (name, folder) = (path.file_name().unwrap(), path.parent().unwrap());
        let is_test = folder.starts_with("crates") && folder.ends_with("tests");
        let has_name = |of: &[&str]| of.iter().any(|of| name == *of);
        let is_beside_roots = OF_ROOTS.iter().any(|of| folder == Path::new(of));
        is_test || is_beside_roots || has_name(&["lib.rs", "main.rs", "hello.rs"])
    };
    files().into_iter().filter(is_root).collect()
}

/// All sources of the repository.
fn files() -> BTreeSet<PathBuf> {
    let mut files = BTreeSet::from([PathBuf::from("build.rs")]);
    for folder in FOLDERS {
        walk(Path::new(folder), &mut files);
    }
    files
}

fn walk(folder: &Path, files: &mut BTreeSet<PathBuf>) {
    for entry in fs::read_dir(repository().join(folder)).unwrap() {
        let path = folder.join(entry.unwrap().file_name());
        if repository().join(&path).is_dir() {
            // What is built and installed here is no source.
            if !path.ends_with("target") && !path.ends_with("node_modules") {
                walk(&path, files);
            }
        } else if path.extension().is_some_and(|of| of == "rs") {
            files.insert(path);
        }
    }
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files of the crate with this root, without those of unit tests: these may import what they
/// test.
pub fn crate_of(root: &Path) -> Sources {
    files_of(root, false)
}

fn files_of(root: &Path, with_tests: bool) -> Sources {
    let mut sources = Sources::new();
    let folder = root.parent().unwrap().to_path_buf();
    read(root, &folder, Vec::new(), with_tests, &mut sources);
    sources
}

/// Reads a module and its children, the files of which are in this folder.
fn read(path: &Path, folder: &Path, module: Module, with_tests: bool, sources: &mut Sources) {
    let text = fs::read_to_string(repository().join(path)).unwrap();
    for child in children(&text) {
        if child.is_test && !with_tests {
            continue;
        }
        let (path, folder) = if let Some(named) = child.path {
            // Such a file's children are beside it.
            let path = plain(&path.parent().unwrap().join(named));
            let folder = path.parent().unwrap().to_path_buf();
            (path, folder)
        } else {
            let file = folder.join(format!("{}.rs", child.name));
            (file, folder.join(&child.name))
        };
        let module = [&module[..], &[child.name]].concat();
        read(&path, &folder, module, with_tests, sources);
    }
    let path = path.to_str().unwrap().replace('\\', "/");
    sources.insert(module, (path, text));
}

/// The path without its `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path {
        if part == ".." {
            plain.pop();
        } else {
            plain.push(part);
        }
    }
    plain
}

/// A `mod` line.
struct Child {
    name: String,
    /// What a `#[path]` says.
    path: Option<String>,
    /// Whether it stands below `#[cfg(test)]`.
    is_test: bool,
}

fn children(text: &str) -> Vec<Child> {
    let mut children = Vec::new();
    let (mut path, mut is_test) = (None, false);
    for line in text.lines() {
        if let Some(named) = line.trim().strip_prefix("#[path = \"") {
            path = named.strip_suffix("\"]").map(str::to_owned);
        } else if line.trim() == "#[cfg(test)]" {
            is_test = true;
        } else if !line.trim().starts_with("#[") && !line.trim().starts_with("//") {
            let (path, is_test) = (path.take(), std::mem::take(&mut is_test));
            let declared = line.strip_suffix(';').and_then(|line| {
                let words: Vec<_> = line.split(' ').collect();
                let at = words.iter().position(|word| *word == "mod")?;
                let is_public = at == 0 || words[0].starts_with("pub");
                (is_public && at + 2 == words.len()).then(|| words[at + 1].to_owned())
            });
            children.extend(declared.map(|name| Child {
                name,
                path,
                is_test,
            }));
        }
    }
    children
}

#[test]
fn a_crate_has_the_modules_that_it_declares() {
    for (text, want) in [
        ("mod a;\npub mod b;", "a b"),
        ("pub(in crate::c) mod a;", "a"),
        ("#[path = \"../c.rs\"]\nmod a;\nmod b;", "a=../c.rs b"),
        ("#[cfg(test)]\nmod a;\n/// For b.\nmod b;", "a? b"),
        ("// mod a;\nmod b { }\nlet mod_c = 1;", ""),
    ] {
        let shown = children(text).into_iter().map(|child| {
            let path = child
                .path
                .map_or_else(String::new, |path| format!("={path}"));
            let test = if child.is_test { "?" } else { "" };
            format!("{}{path}{test}", child.name)
        });
        assert_eq!(shown.collect::<Vec<_>>().join(" "), want, "{text}");
    }
}

#[test]
fn each_source_is_a_part_of_a_crate() {
    let mut missing = files();
    for root in roots() {
        for (path, _) in files_of(&root, true).into_values() {
            missing.remove(Path::new(&path));
        }
    }
    assert!(missing.is_empty(), "{missing:?}");
}
