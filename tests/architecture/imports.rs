//! Which files a file imports from.
//!
//! A path stands for the file that defines what it names: re-exports are followed. Imports are
//! all `use` lines but re-exports, and all other paths that begin with `crate`, `self` or
//! `super`. A module that names its child by the child's name alone imports nothing, nor does a
//! `mod` line.

use std::collections::{BTreeMap, BTreeSet};

use crate::code::tokens;

/// Files by their paths, such as `src/domain/session.rs`, with the files that each imports from.
pub type Imports = BTreeMap<String, BTreeSet<String>>;

/// The files of a crate: the path and the text of each module's.
pub type Sources = BTreeMap<Module, (String, String)>;

/// A path of the language, such as `["crate", "domain", "Session"]`.
type Path = Vec<String>;

/// A module, as its path below the crate's root: `["domain", "session"]`.
pub type Module = Vec<String>;

struct File {
    path: String,
    /// What its `use` lines bind, by the names that they bind it to.
    bindings: BTreeMap<String, Path>,
    /// The paths that its code names, its re-exports left out.
    named: Vec<Path>,
}

struct Crate {
    files: BTreeMap<Module, File>,
}

/// Reads the imports of a crate from the texts of its files.
pub fn imports(sources: &Sources) -> Imports {
    let files = sources.iter().map(|(module, (path, text))| {
        let (bindings, named) = read(&tokens(text));
        let file = File {
            path: path.clone(),
            bindings,
            named,
        };
        (module.clone(), file)
    });
    let all = Crate {
        files: files.collect(),
    };
    let of = |module: &Module, file: &File| {
        let named = file.named.iter();
        let found = named.filter_map(|path| all.definition(module, path, 0));
        found.filter(|other| *other != file.path).collect()
    };
    let files = all.files.iter();
    files
        .map(|(module, file)| (file.path.clone(), of(module, file)))
        .collect()
}

impl Crate {
    /// The file that defines what a path in this module names, if it is of this crate.
    fn definition(&self, module: &Module, path: &[String], depth: usize) -> Option<String> {
        // A `use` may bind a name to a path that begins with the same name.
        if depth > 16 {
            return None;
        }
        let (mut at, rest) = self.start(module, path, depth)?;
        for (n, name) in rest.iter().enumerate() {
            let child = [&at[..], std::slice::from_ref(name)].concat();
            if self.files.contains_key(&child) {
                at = child;
                continue;
            }
            let bound = self.files[&at].bindings.get(name);
            return match bound {
                Some(bound) => {
                    let path = [&bound[..], &rest[n + 1..]].concat();
                    let elsewhere = self.definition(&at, &path, depth + 1);
                    // What another crate defines is imported from where it is bound.
                    elsewhere.or_else(|| Some(self.files[&at].path.clone()))
                }
                None => Some(self.files[&at].path.clone()),
            };
        }
        Some(self.files[&at].path.clone())
    }

    /// The module that a path begins in, and what is left of the path.
    fn start<'a>(
        &self,
        module: &Module,
        path: &'a [String],
        depth: usize,
    ) -> Option<(Module, &'a [String])> {
        let mut at = module.clone();
        match path[0].as_str() {
            "crate" => Some((Vec::new(), &path[1..])),
            "self" => Some((at, &path[1..])),
            "super" => {
                let up = path.iter().take_while(|name| *name == "super").count();
                at.truncate(at.len().checked_sub(up)?);
                Some((at, &path[up..]))
            }
            first => {
                let child = [&module[..], &[first.to_owned()]].concat();
                if self.files.contains_key(&child) {
                    return Some((child, &path[1..]));
                }
                let bound = self.files[module].bindings.get(first)?;
                let module = self.module(module, bound, depth + 1)?;
                Some((module, &path[1..]))
            }
        }
    }

    /// The module that a path names, if it names one.
    fn module(&self, module: &Module, path: &[String], depth: usize) -> Option<Module> {
        if depth > 16 {
            return None;
        }
        let (mut at, rest) = self.start(module, path, depth)?;
        for name in rest {
            at.push(name.clone());
        }
        self.files.contains_key(&at).then_some(at)
    }
}

/// What a file's `use` lines bind, and all the paths that it names but to re-export them.
fn read(tokens: &[String]) -> (BTreeMap<String, Path>, Vec<Path>) {
    let (mut bindings, mut named) = (BTreeMap::new(), Vec::new());
    let mut at = 0;
    while at < tokens.len() {
        let token = &tokens[at];
        if token == "use" {
            let end = tokens[at..].iter().position(|token| token == ";").unwrap() + at;
            let mut leaves = Vec::new();
            tree(&tokens[at + 1..end], &[], &mut leaves);
            let is_public = at > 0 && (tokens[at - 1] == "pub" || tokens[at - 1] == ")");
            for (name, path) in leaves {
                if !is_public {
                    named.push(path.clone());
                }
                bindings.insert(name, path);
            }
            at = end;
        } else if is_name(token) && tokens.get(at + 1).is_some_and(|next| next == "::") {
            let start = at;
            let mut path = vec![token.clone()];
            while tokens.get(at + 1).is_some_and(|next| next == "::")
                && tokens.get(at + 2).is_some_and(|name| is_name(name))
            {
                path.push(tokens[at + 2].clone());
                at += 2;
            }
            // `pub(in crate::api)` says who may import, and imports nothing.
            let is_visibility = tokens[..start].ends_with(&["pub", "(", "in"].map(str::to_owned));
            let is_of_crate = ["crate", "self", "super"].contains(&path[0].as_str());
            if is_of_crate && !is_visibility {
                named.push(path);
            }
        }
        at += 1;
    }
    (bindings, named)
}

fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c == '_' || c.is_alphabetic())
}

/// The leaves of a tree of imports, each with the name that it is bound to.
fn tree(tokens: &[String], prefix: &[String], leaves: &mut Vec<(String, Path)>) {
    let mut path = prefix.to_vec();
    let mut at = 0;
    while at < tokens.len() {
        match tokens[at].as_str() {
            "::" => {}
            "*" => return,
            "{" => {
                let mut depth = 0;
                let mut from = at + 1;
                for end in at..tokens.len() {
                    match tokens[end].as_str() {
                        "{" => depth += 1,
                        "}" if depth == 1 => {
                            tree(&tokens[from..end], &path, leaves);
                            return;
                        }
                        "}" => depth -= 1,
                        "," if depth == 1 => {
                            tree(&tokens[from..end], &path, leaves);
                            from = end + 1;
                        }
                        _ => {}
                    }
                }
            }
            "as" => {
                leaves.push((tokens[at + 1].clone(), path));
                return;
            }
            "self" if !path.is_empty() => {}
            name => path.push(name.to_owned()),
        }
        at += 1;
    }
    if let Some(name) = path.last().filter(|_| !tokens.is_empty()) {
        leaves.push((name.clone(), path));
    }
}

/// A circle of files for each group of files that import from each other, in the order of the
/// imports; the first file is not repeated.
pub fn circles(imports: &Imports) -> Vec<Vec<String>> {
    let mut left: BTreeSet<&String> = imports.keys().collect();
    let mut found = Vec::new();
    while let Some(file) = left.pop_first() {
        let Some(circle) = shortest_circle(imports, file) else {
            continue;
        };
        // All that are reached from the file and reach it are of its group.
        let reached = reach(imports, file);
        left.retain(|other| !(reached.contains(*other) && reach(imports, other).contains(file)));
        found.push(circle);
    }
    found
}

fn reach(imports: &Imports, file: &String) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut next = vec![file];
    while let Some(file) = next.pop() {
        let new = imports[file]
            .iter()
            .filter(|one| reached.insert((*one).clone()));
        next.extend(new);
    }
    reached
}

fn shortest_circle(imports: &Imports, file: &String) -> Option<Vec<String>> {
    let mut ways = vec![vec![file.clone()]];
    let mut seen = BTreeSet::new();
    while !ways.is_empty() {
        let mut longer = Vec::new();
        for way in ways {
            for next in &imports[way.last().unwrap()] {
                if next == file {
                    return Some(way);
                }
                if seen.insert(next) {
                    longer.push([&way[..], std::slice::from_ref(next)].concat());
                }
            }
        }
        ways = longer;
    }
    None
}
