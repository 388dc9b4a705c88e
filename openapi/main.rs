//! Writes `openapi.json` from `proto/` and the service's tables: `cargo openapi`. With `--check`, it
//! only compares the two.
//!
//! Calls, fields and errors need no line here. Their texts are comments in `proto/`, their limits and
//! errors options of `proto/sesame/options.proto`.

mod document;
mod errors;
mod examples;
mod operation;
mod permissions;
mod proto;
mod schema;
mod settings;

const FILE: &str = "openapi.json";

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    std::env::set_current_dir(env!("CARGO_MANIFEST_DIR"))?;
    let document = document::generate(&proto::Proto::read()?)?;
    let text = format!("{document:#}\n");
    if !std::env::args().any(|argument| argument == "--check") {
        std::fs::write(FILE, text)?;
    } else if std::fs::read_to_string(FILE)? != text {
        return Err("openapi.json is not what `cargo openapi` writes".into());
    }
    Ok(())
}
