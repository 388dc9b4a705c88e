//! The server keys: how their secret is read again, and what a change of keys does to creates that
//! are repeated. What it does to codes stands with these.

mod creates;
mod dev_file;
mod secret;

const K1: &str = "a first server key of 32 characters";
const K2: &str = "a second server key of 32 characters";

/// The four lists that lead from one key to the other.
fn steps() -> [String; 4] {
    [
        K1.to_owned(),
        format!("{K1}, next:{K2}"),
        format!("{K2}, {K1}"),
        K2.to_owned(),
    ]
}
