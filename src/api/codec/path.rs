//! Where a field is in a request, as errors name it: `checks.user.user_id`.

/// How deep `prost` reads messages within messages.
pub(super) const MAX_DEPTH: usize = 100;

pub(super) const ROOT: &str = "the request";

/// The path of a field of the message at `path`.
pub(super) fn join(path: &str, name: &str) -> String {
    match path {
        ROOT => name.to_owned(),
        _ => format!("{path}.{name}"),
    }
}
