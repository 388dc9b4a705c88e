//! Rust as a row of tokens: enough of it to read which paths a file names.

/// The identifiers and signs of a source file, without its comments, its texts and its tests.
pub fn tokens(source: &str) -> Vec<String> {
    let mut rest = source;
    let mut tokens = Vec::new();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            _ if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            _ if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |at| at + 2),
            '"' => text(rest, 1),
            'b' if rest.starts_with("b\"") => text(rest, 2),
            'r' if is_raw(&rest[1..]) => raw(rest),
            'b' if rest.starts_with("br") && is_raw(&rest[2..]) => raw(rest),
            '\'' => character(rest),
            _ if first == '_' || first.is_alphanumeric() => {
                let word = rest.find(|c: char| c != '_' && !c.is_alphanumeric());
                let word = word.unwrap_or(rest.len());
                tokens.push(rest[..word].to_owned());
                word
            }
            _ if rest.starts_with("::") => {
                tokens.push("::".to_owned());
                2
            }
            _ => {
                if !first.is_whitespace() {
                    tokens.push(first.to_string());
                }
                first.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    without_tests(&tokens)
}

/// The length of a text in quotes, the opening of which is so long.
fn text(rest: &str, opening: usize) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(opening) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

fn is_raw(after: &str) -> bool {
    after.trim_start_matches('#').starts_with('"') && !after.starts_with("#!")
}

fn raw(rest: &str) -> usize {
    let opening = rest.find('"').unwrap();
    let hashes = rest[..opening].matches('#').count();
    let closing = format!("\"{}", "#".repeat(hashes));
    let end = rest[opening + 1..].find(&closing);
    end.map_or(rest.len(), |end| opening + 1 + end + closing.len())
}

/// The length of a character, or 1 for the sign that begins a lifetime.
fn character(rest: &str) -> usize {
    let mut chars = rest.char_indices().skip(1);
    match chars.next() {
        Some((_, '\\')) => rest[3..].find('\'').map_or(rest.len(), |end| end + 4),
        Some((at, c)) if rest[at + c.len_utf8()..].starts_with('\'') => at + c.len_utf8() + 1,
        _ => 1,
    }
}

/// Leaves out each item that stands below `#[cfg(test)]`.
fn without_tests(tokens: &[String]) -> Vec<String> {
    const TEST: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if tokens[at..].iter().take(7).eq(TEST) {
            at = end_of_item(tokens, at + TEST.len());
        } else {
            kept.push(tokens[at].clone());
            at += 1;
        }
    }
    kept
}

/// Where the item ends that begins there: behind its `;`, or behind its braces.
fn end_of_item(tokens: &[String], mut at: usize) -> usize {
    let mut depth = 0;
    while at < tokens.len() {
        match tokens[at].as_str() {
            ";" if depth == 0 => return at + 1,
            "{" | "(" | "[" => depth += 1,
            "}" if depth == 1 => return at + 1,
            "}" | ")" | "]" => depth -= 1,
            _ => {}
        }
        at += 1;
    }
    at
}

#[test]
fn comments_texts_and_tests_are_no_code() {
    for (source, want) in [
        ("use crate::a; // crate::b", "use crate :: a ;"),
        ("/* crate::b */ mod c;", "mod c ;"),
        (r#"let a = "crate::\"b"; c"#, "let a = ; c"),
        (r##"let a = r#"crate::"b"#; c"##, "let a = ; c"),
        (r#"let a = br"\"; c"#, "let a = ; c"),
        (
            r"let a: &'static str = '\''; b",
            "let a : & static str = ; b",
        ),
        ("#[cfg(test)] mod tests { use crate::b; } mod c;", "mod c ;"),
        ("#[cfg(test)] use crate::b; mod c;", "mod c ;"),
        ("#[cfg(test)] fn a(b: [u8; 2]) {} mod c;", "mod c ;"),
    ] {
        assert_eq!(tokens(source).join(" "), want, "{source}");
    }
}
