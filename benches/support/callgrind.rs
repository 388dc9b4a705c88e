//! Instruction counts of this program under `valgrind --tool=callgrind`.

use std::error::Error;
use std::process::{Command, Stdio};

/// Counts the instructions of this program when it is started with `arguments`.
pub fn count(arguments: &[&str]) -> Result<u64, Box<dyn Error>> {
    let out = std::env::temp_dir().join(format!("sesame-callgrind-{}", std::process::id()));
    let status = Command::new("valgrind")
        .args(["--tool=callgrind", "--quiet"])
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(std::env::current_exe()?)
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .map_err(|error| format!("valgrind: {error}"))?;
    if !status.success() {
        return Err("valgrind has failed; is it installed?".into());
    }
    let counts = std::fs::read_to_string(&out)?;
    std::fs::remove_file(&out)?;
    let total = counts
        .lines()
        .find_map(|line| line.strip_prefix("totals: "));
    Ok(total.ok_or("callgrind wrote no total")?.trim().parse()?)
}
