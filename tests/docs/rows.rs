//! The tables of pages, and a comparison that says which of their rows differ.

use std::fmt::Debug;

pub const TEMPLATE: &str = include_str!("../../template.yaml");

/// Returns the cells of each row of the first table under a heading.
pub fn table<'a>(page: &'a str, heading: &str) -> Vec<Vec<&'a str>> {
    let section = page.split(&format!("\n## {heading}\n")).nth(1).unwrap();
    let lines = section.lines().skip_while(|line| !line.starts_with('|'));
    let rows = lines.take_while(|line| line.starts_with('|')).skip(2);
    rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect())
        .collect()
}

pub fn owned(rows: Vec<Vec<&str>>) -> Vec<Vec<String>> {
    let owned = |row: Vec<&str>| row.into_iter().map(str::to_owned).collect();
    rows.into_iter().map(owned).collect()
}

/// Checks that a page has the expected rows, in that order.
#[track_caller]
pub fn assert_rows<T: Debug + PartialEq>(
    page: &str,
    documented: impl IntoIterator<Item = T>,
    expected: impl IntoIterator<Item = T>,
) {
    let difference = difference(
        &documented.into_iter().collect::<Vec<_>>(),
        &expected.into_iter().collect::<Vec<_>>(),
    );
    assert!(difference.is_empty(), "{page}:\n{difference}");
}

fn difference<T: Debug + PartialEq>(documented: &[T], expected: &[T]) -> String {
    if documented == expected {
        return String::new();
    }
    let without = |rows: &[T], others: &[T], mark: &str| -> Vec<String> {
        let rows = rows.iter().filter(|row| !others.contains(row));
        rows.map(|row| format!("{mark} {row:?}")).collect()
    };
    let mut lines = without(documented, expected, "-");
    lines.extend(without(expected, documented, "+"));
    if lines.is_empty() {
        lines.push("the rows are in another order, or twice".to_owned());
    }
    lines.join("\n")
}

#[test]
fn only_rows_that_differ_are_shown() {
    for (documented, expected, want) in [
        (&["a", "b"][..], &["a", "b"][..], ""),
        (&["a", "b"], &["a", "c"], "- \"b\"\n+ \"c\""),
        (&["a"], &["a", "b"], "+ \"b\""),
        (&["a", "b"], &["b"], "- \"a\""),
        (
            &["a", "b"],
            &["b", "a"],
            "the rows are in another order, or twice",
        ),
        (
            &["a", "a"],
            &["a"],
            "the rows are in another order, or twice",
        ),
    ] {
        assert_eq!(difference(documented, expected), want);
    }
}
