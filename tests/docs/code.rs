//! The tables of limits and errors are those of the code.

use std::fs;

use sesame::error;

use super::root;
use super::rows::{assert_rows, owned, table};

const ERRORS: &str = include_str!("../../docs/errors.md");
const LIMITS: &str = include_str!("../../docs/limits.md");

#[cfg(feature = "cli")]
#[test]
fn the_limits_are_those_of_the_code() {
    use clap::CommandFactory as _;

    let command = sesame::cli::Cli::command();
    for server in command.get_subcommands() {
        let name = server.get_name();
        if !["serve", "dev"].contains(&name) {
            continue;
        }
        let limits = server
            .get_arguments()
            .filter(|argument| argument.get_help_heading() == Some("Limits"));
        let row = |argument: &clap::Arg| {
            let code = |text: &str| format!("`{text}`");
            vec![
                code(&format!("--{}", argument.get_long().unwrap())),
                code(argument.get_env().unwrap().to_str().unwrap()),
                code(argument.get_default_values()[0].to_str().unwrap()),
                argument.get_help().unwrap().to_string(),
            ]
        };
        let of_code: Vec<_> = limits.map(row).collect();
        let documented = owned(table(LIMITS, "Limits of `cargo dev` and `sesame serve`"));
        assert_rows(&format!("docs/limits.md, {name}"), documented, of_code);
    }
}

#[test]
fn the_errors_are_those_of_the_code() {
    let of_code = error::examples().into_iter().map(|example| {
        let (meaning, _) = example.documentation().unwrap();
        let row = example.error.row();
        let (code, http) = (row.code.number.to_string(), row.http.as_u16().to_string());
        vec![meaning, code, http, row.id.unwrap_or_default().to_owned()]
    });
    assert_rows(
        "docs/errors.md",
        owned(table(ERRORS, "All errors")),
        of_code,
    );
}

#[test]
fn no_placeholder_is_left_in_the_documentation() {
    let gap =
        |line: &&str| !line.is_empty() && line.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
    let entries = fs::read_dir(root().join("docs")).unwrap();
    let mut pages: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    pages.retain(|path| path.extension().is_some_and(|ext| ext == "md"));
    assert!(pages.len() > 10, "{pages:?}");
    pages.push(root().join("README.md"));
    for path in pages {
        let page = fs::read_to_string(&path).unwrap();
        // Blocks have ends of here-documents.
        let prose: String = page.split("\n```").step_by(2).collect();
        assert_eq!(prose.lines().find(gap), None, "{}", path.display());
    }
}
