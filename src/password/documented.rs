//! Compares the tables of `docs/migrating.md` with hashes that other programs made.

use super::{PasswordHash, foreign_vectors, program_vectors, vectors};

const DOCUMENT: &str = include_str!("../../docs/migrating.md");

/// The rows of the first table under a heading: for each row its cells, for each cell its code
/// spans.
fn table(heading: &str) -> Vec<Vec<Vec<String>>> {
    let section = DOCUMENT.split_once(&format!("\n{heading}\n")).unwrap().1;
    let lines = section.lines().skip_while(|line| !line.starts_with('|'));
    let rows = lines.take_while(|line| line.starts_with('|')).skip(2);
    // A bar in a cell is escaped.
    let rows = rows.map(|row| row.replace("\\|", "\0"));
    rows.map(|row| row.trim_matches('|').split('|').map(code).collect())
        .collect()
}

fn code(cell: &str) -> Vec<String> {
    let spans = cell.split('`').skip(1).step_by(2);
    spans.map(|span| span.replace('\0', "|")).collect()
}

/// All hashes of the tests.
fn hashes() -> Vec<(&'static str, &'static str)> {
    [
        &vectors::VECTORS[..],
        &foreign_vectors::VECTORS,
        &program_vectors::VECTORS,
    ]
    .concat()
}

/// Whether a hash has a form such as `$scrypt$ln=…,r=…$…`. The case of `{crypt}` doesn't matter.
fn has_form(hash: &str, form: &str) -> bool {
    let hash = hash.replacen("{crypt}", "{CRYPT}", 1);
    let (start, rest) = form.split_once('…').unwrap();
    let Some(mut hash) = hash.strip_prefix(start) else {
        return false;
    };
    rest.split('…').all(|part| {
        let found = hash.split_once(part);
        hash = found.map_or("", |(_, behind)| behind);
        found.is_some()
    })
}

fn algorithm(hash: &str) -> &'static str {
    PasswordHash::parse(hash).unwrap().algorithm()
}

#[test]
fn each_documented_form_is_accepted_as_the_documented_algorithm() {
    let rows = table("## Hashes");
    let hashes = hashes();
    assert!(rows.len() > 15, "{rows:?}");

    for row in &rows {
        let (forms, algorithms) = (&row[0], &row[2]);
        for form in forms {
            let with_it = hashes.iter().filter(|(_, hash)| has_form(hash, form));
            let names: Vec<_> = with_it.map(|(_, hash)| algorithm(hash)).collect();
            assert!(!names.is_empty(), "no hash has the form {form}");
            for name in names {
                assert!(algorithms.iter().any(|one| one == name), "{form} is {name}");
            }
        }
        for name in algorithms {
            let is_shown = |(_, hash): &(&str, &str)| {
                algorithm(hash) == name && forms.iter().any(|form| has_form(hash, form))
            };
            assert!(hashes.iter().any(is_shown), "{name} of {forms:?}");
        }
    }
}

#[test]
fn each_supported_form_is_documented() {
    let rows = table("## Hashes");
    let forms: Vec<_> = rows.iter().flat_map(|row| &row[0]).collect();
    for (_, hash) in hashes() {
        assert!(forms.iter().any(|form| has_form(hash, form)), "{hash}");
    }
}

#[test]
fn hashes_are_weak_exactly_as_documented() {
    let rows = table("### Weak hashes");
    assert!(rows.len() > 5, "{rows:?}");
    for row in rows {
        for (forms, is_weak) in [(&row[0], true), (&row[1], false)] {
            assert!(!forms.is_empty(), "{row:?}");
            for form in forms {
                // A salt and an output of the lengths that the algorithm asks for.
                let rest = match form.split('$').nth(1) {
                    Some("2b") => "A".repeat(53),
                    Some("6") => format!("saltsalt${}", ".".repeat(86)),
                    _ => format!("{}${}", "A".repeat(24), "A".repeat(22)),
                };
                let hash = PasswordHash::parse(&form.replace('…', &rest));
                let weakness = hash.unwrap().weakness();
                assert_eq!(weakness.is_some(), is_weak, "{form}");
            }
        }
    }
}
