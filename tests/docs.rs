//! What the pages say, and what the sources do: settings, limits, errors, prices, and for operators
//! each log field, metric, alarm and parameter.

#![allow(clippy::unwrap_used, reason = "what a test can't go on from fails it")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use saphyr::{LoadableYamlNode, Yaml};
use sesame::api::Version;
use sesame::api::schema::{ROUTES, Segment};
use sesame::domain::{Operation, Permission};

#[path = "docs/code.rs"]
mod code;
#[path = "docs/cost.rs"]
mod cost;
#[path = "docs/factors.rs"]
mod factors;
#[path = "docs/requirements.rs"]
mod requirements;
#[path = "docs/rows.rs"]
mod rows;
#[path = "docs/settings.rs"]
mod settings;

use self::rows::{TEMPLATE, assert_rows, table};
use self::settings::text;

const OPERATIONS: &str = include_str!("../docs/operations.md");
const DEPLOYING: &str = include_str!("../docs/deploying.md");
const API: &str = include_str!("../docs/api.md");
const ARCHITECTURE: &str = include_str!("../docs/architecture.md");

/// Returns the names in the first column of a table, which are written as code.
fn names(page: &str, heading: &str) -> BTreeSet<String> {
    let rows = table(page, heading);
    let code = |row: &Vec<&str>| row[0].split('`').nth(1).unwrap().to_owned();
    rows.iter().map(code).collect()
}

/// Reads the source of a module: its file, and those in its folder.
fn module(name: &str) -> String {
    let mut pending = vec![
        root().join(format!("src/{name}.rs")),
        root().join("src").join(name),
    ];
    let mut text = String::new();
    while let Some(path) = pending.pop() {
        if path.is_dir() {
            let entries = fs::read_dir(path).unwrap();
            pending.extend(entries.map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|ext| ext == "rs") && path.exists() {
            text.push_str(&fs::read_to_string(path).unwrap());
        }
    }
    text
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// Returns each text between `before` and the next double quote.
fn quoted<'a>(text: &'a str, before: &str) -> impl Iterator<Item = &'a str> {
    text.split(before)
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
}

/// The code that writes lines of the log.
fn log() -> String {
    let authorizer = root().join("src/transport/lambda/authorizer.rs");
    module("log") + &module("app") + &fs::read_to_string(authorizer).unwrap()
}

/// Finds the names of the log's fields by the ways in which the code sets one.
fn fields() -> BTreeSet<String> {
    let log = log();
    let ways = ["set(\"", "set_some(\"", "set_millis(\"", "json!({ \""];
    let set = ways.iter().flat_map(|way| quoted(&log, way));
    let keys = log.lines().filter_map(|line| {
        let (name, rest) = line.trim_start().strip_prefix('"')?.split_once('"')?;
        rest.starts_with(':').then_some(name)
    });
    // The names of CloudWatch's own fields begin with a capital.
    let ours = |name: &&str| name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
    set.chain(keys).filter(ours).map(str::to_owned).collect()
}

#[test]
fn each_field_of_the_log_is_described() {
    assert_rows(
        "docs/operations.md",
        names(OPERATIONS, "Log fields"),
        fields(),
    );
}

#[test]
fn each_permission_is_described() {
    const CONCEPTS: &str = include_str!("../docs/concepts.md");
    let permissions = Permission::ALL.map(|permission| permission.as_str().to_owned());
    let documented = names(CONCEPTS, "Permission");
    assert_rows("docs/concepts.md", documented, BTreeSet::from(permissions));
}

#[test]
fn each_metric_is_described() {
    let log = log();
    // The names of the counts stand in an array, and those of the other metrics in objects.
    let counts = log.split("let counts = [").nth(1).unwrap();
    let counts = counts.split(']').next().unwrap();
    let counts = counts.split('"').skip(1).step_by(2);
    let metrics = quoted(&log, "\"Name\": \"").chain(counts);
    let metrics: BTreeSet<_> = metrics.map(str::to_owned).collect();
    assert_rows("docs/operations.md", names(OPERATIONS, "Metrics"), metrics);
}

#[test]
fn each_alarm_is_described_and_has_a_runbook() {
    let template = Yaml::load_from_str(TEMPLATE).unwrap();
    let resources = template[0]["Resources"].as_mapping().unwrap();
    let alarms: BTreeSet<_> = resources
        .iter()
        .filter(|(_, resource)| resource["Type"].as_str() == Some("AWS::CloudWatch::Alarm"))
        .map(|(name, _)| name.as_str().unwrap().to_owned())
        .collect();

    assert!(!alarms.is_empty());
    assert_rows(
        "docs/operations.md",
        names(OPERATIONS, "Alarms"),
        alarms.clone(),
    );
    for alarm in &alarms {
        let heading = format!("\n### {alarm}\n");
        assert!(OPERATIONS.contains(&heading), "{alarm} has no runbook");
    }
}

#[test]
fn each_documented_query_uses_existing_fields() {
    const WORDS: [&str; 21] = [
        "filter",
        "fields",
        "stats",
        "sort",
        "limit",
        "as",
        "by",
        "in",
        "and",
        "or",
        "desc",
        "count",
        "count_distinct",
        "bin",
        "pct",
        "avg",
        "sum",
        "max",
        "strcontains",
        "ispresent",
        "coalesce",
    ];
    let fields = fields();
    let mut used = 0;
    for query in OPERATIONS.split("\n```text query\n").skip(1) {
        let query = query.split("\n```").next().unwrap();
        // Texts in quotes are values and not names.
        let mut bare: String = query.split('"').step_by(2).collect::<Vec<_>>().join(" ");
        let words = |text: &str| -> Vec<String> {
            let parts = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            let parts = parts.filter(|part| part.starts_with(|c: char| c.is_ascii_lowercase()));
            parts.map(str::to_owned).collect()
        };
        // A query may use the names that it defines with `as`.
        let own = bare.split(" as ").skip(1);
        let own: BTreeSet<_> = own
            .filter_map(|rest| words(rest).into_iter().next())
            .collect();
        bare = bare.replace("5m", "");
        for word in words(&bare) {
            let known = WORDS.contains(&&*word) || own.contains(&word);
            assert!(known || fields.contains(&word), "{word} in {query}");
            used += usize::from(!known);
        }
    }
    assert!(used > 10, "{used}");
}

#[test]
fn each_parameter_of_the_stack_is_described_as_it_stands_there() {
    let template = Yaml::load_from_str(TEMPLATE).unwrap();
    let parameters = template[0]["Parameters"].as_mapping().unwrap();
    let of_template: BTreeSet<_> = parameters
        .iter()
        .map(|(name, parameter)| {
            let default = match &*text(&parameter["Default"]) {
                "" => "empty".to_owned(),
                default => format!("`{default}`"),
            };
            let description = text(&parameter["Description"]);
            (format!("`{}`", text(name)), default, description)
        })
        .collect();
    let documented = table(DEPLOYING, "Parameters");
    let documented: BTreeSet<_> = documented
        .iter()
        .map(|row| (row[0].to_owned(), row[1].to_owned(), row[2].to_owned()))
        .collect();
    assert_rows("docs/deploying.md", documented, of_template);
}

/// A path is in the table with `{id}` for any id, and may have a query.
#[test]
fn each_call_is_in_the_table_of_calls() {
    let routes = |operation: Operation| {
        let of_call = ROUTES.iter().filter(move |route| {
            let procedure = route.procedure();
            procedure.is_some_and(|of| of.version == Version::V2 && of.operation == operation)
        });
        of_call.map(|route| {
            let path = route.path.iter().map(|segment| match segment {
                Segment::Literal(literal) => format!("/{literal}"),
                Segment::Field(_) => "/{id}".to_owned(),
            });
            format!("| `{} {}", route.method, path.collect::<String>())
        })
    };
    let table = ["{passkey_id}", "{u2f_id}"]
        .iter()
        .fold(API.to_owned(), |text, id| text.replace(id, "{id}"));
    for operation in Operation::ALL {
        let is_there = routes(*operation).any(|route| {
            let ends = ["`", "?"].map(|end| route.clone() + end);
            ends.iter().any(|route| table.contains(route))
        });
        assert!(is_there, "docs/api.md has no row for {operation:?}");
    }
}

/// The attributes are those of the tables in the comments of the store.
#[test]
fn each_attribute_of_the_tables_is_described() {
    let first_cells = |text: &str, start: &str| -> BTreeSet<String> {
        let rows = text.lines().filter_map(|line| line.strip_prefix(start));
        let cells = rows.map(|row| row.split('|').next().unwrap());
        let codes = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2));
        codes.map(str::to_owned).collect()
    };
    let of_code = first_cells(&module("store"), "/// |");
    let start = ARCHITECTURE.find("\n## The users table\n").unwrap();
    let end = ARCHITECTURE.find("\n## Decisions\n").unwrap();
    let documented = first_cells(&ARCHITECTURE[start..end], "|");

    assert!(of_code.len() > 30, "{of_code:?}");
    assert_rows("docs/architecture.md", documented, of_code);
}

#[test]
fn the_logins_a_second_of_the_readme_are_those_of_the_comparison() {
    const README: &str = include_str!("../README.md");
    const COMPARISON: &str = include_str!("../docs/comparison.md");
    let rows = table(README, "Comparison");
    let row = rows
        .iter()
        .find(|row| row[0].starts_with("logins a second"));
    let row = row.unwrap();
    let measured = table(COMPARISON, "Speed");
    let logins = |server: &str, hash: &str| {
        let row = |row: &&Vec<&str>| row[0].starts_with(server) && row[2].contains(hash);
        measured.iter().find(row).unwrap()[3]
    };

    for (cell, server, hash) in [
        (row[1], "Sesame", "its default"),
        (row[4], "Keycloak", "its default"),
        (row[5], "better-auth", "argon2id 19 MiB"),
    ] {
        let want = logins(server, hash);
        assert!(cell.starts_with(want), "{server}: {cell:?} is not {want:?}");
    }
}

#[test]
fn the_version_of_rust_and_what_a_first_build_takes_stand_beside_the_command() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let version = quoted(&manifest, "\nrust-version = \"").next().unwrap();
    for page in ["README.md", "docs/quick-start.md", "docs/contributing.md"] {
        let text = fs::read_to_string(root().join(page)).unwrap();
        let lines: Vec<_> = text.lines().collect();
        let at = lines.iter().position(|line| *line == "cargo dev").unwrap();
        let beside = lines[at.saturating_sub(8)..(at + 5).min(lines.len())].join(" ");
        assert!(beside.contains(&format!("Rust {version}")), "{page}");
        assert!(beside.contains("some minutes"), "{page}");
    }
    let toolchain = fs::read_to_string(root().join("rust-toolchain.toml")).unwrap();
    assert!(toolchain.contains(&format!("\nchannel = \"{version}.0\"\n")));
    let aliases = fs::read_to_string(root().join(".cargo/config.toml")).unwrap();
    assert!(aliases.contains("\ndev = ") && aliases.contains("\nsesame = "));
    // A quiet build says neither how far it is nor that it waits for another one.
    assert!(!aliases.contains("\"--quiet\"") && !aliases.contains("\"-q\""));
}

/// Whoever makes a call is a principal, and a program with a token a service account: a third word
/// would mean either.
#[test]
fn whoever_makes_a_call_is_called_principal() {
    let mut pages = vec![root().join("README.md")];
    for folder in ["docs", "src/cli/dev/pages"] {
        let entries = fs::read_dir(root().join(folder)).unwrap();
        pages.extend(entries.map(|entry| entry.unwrap().path()));
    }
    pages.retain(|path| path.extension().is_some());
    assert!(pages.len() > 30, "{pages:?}");
    for path in pages {
        let page = fs::read_to_string(&path).unwrap();
        // Code keeps the log's field and the tool's former command.
        let prose: String = page.split("\n```").step_by(2).collect();
        for line in prose.lines() {
            let prose: String = line.split('`').step_by(2).collect();
            let found = prose.to_lowercase().contains("caller");
            assert!(!found, "{}: {line}", path.display());
        }
    }
    let concepts = include_str!("../docs/concepts.md");
    for explained in [
        "A principal is whoever makes a call.",
        "A **service account** belongs to a program",
    ] {
        assert_eq!(concepts.matches(explained).count(), 1, "{explained}");
    }
}
