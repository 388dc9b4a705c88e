//! Builds the programs as they are deployed.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::outcome::Outcome;

/// Builds one binary in the release profile and returns its path.
///
/// The function is built with the default feature, as `cargo lambda build` does.
pub fn build(name: &str, features: &str) -> Outcome<PathBuf> {
    let output = Command::new(env!("CARGO"))
        .args([
            "build",
            "--release",
            "--message-format=json-render-diagnostics",
        ])
        .args(["--bin", name, "--features", features])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(format!("{name} can't be built").into());
    }
    let executable = String::from_utf8(output.stdout)?
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == name)
        .find_map(|message| message["executable"].as_str().map(PathBuf::from));
    executable.ok_or_else(|| format!("cargo names no executable for {name}").into())
}
