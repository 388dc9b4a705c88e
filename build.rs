//! Generates the Rust of `proto/` and the filter of common passwords. The `tower` layer alone needs
//! neither.

#[cfg(feature = "function")]
#[path = "build/common.rs"]
mod common;
#[cfg(feature = "function")]
#[path = "build/messages.rs"]
mod messages;
#[cfg(feature = "function")]
#[path = "build/schema.rs"]
mod schema;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    #[cfg(feature = "function")]
    generate().expect("what the build makes");
}

#[cfg(feature = "function")]
fn generate() -> Result<(), Box<dyn std::error::Error>> {
    const FILES: [&str; 9] = [
        "google/rpc/error_details.proto",
        "google/rpc/status.proto",
        "zitadel/session/v2/session_service.proto",
        "zitadel/session/v2alpha/session_service.proto",
        "zitadel/session/v2beta/session_service.proto",
        "zitadel/user/v2/user_service.proto",
        "zitadel/settings/v2/settings_service.proto",
        "zitadel/org/v2/org_service.proto",
        "zitadel/v1/error_detail.proto",
    ];
    println!("cargo::rerun-if-changed=proto");
    println!("cargo::rerun-if-changed=build");
    let out = std::env::var_os("OUT_DIR").ok_or("no OUT_DIR")?;
    let out = std::path::Path::new(&out);
    common::generate(out)?;
    let mut compiler = protox::Compiler::new(["proto"])?;
    // Reflection shows the comments.
    compiler
        .include_imports(true)
        .include_source_info(true)
        .open_files(FILES)?;
    let pool = compiler.descriptor_pool();
    schema::generate(&pool, out)?;
    let unbuilt = schema::unbuilt(&pool)?;
    messages::generate(compiler.file_descriptor_set(), &unbuilt, out)?;
    generate_test_message(out)
}

/// Generates the table of a message that has all types, and its descriptor.
#[cfg(feature = "function")]
fn generate_test_message(out: &std::path::Path) -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=tests/proto");
    let mut compiler = protox::Compiler::new(["tests/proto", "proto"])?;
    compiler
        .include_imports(true)
        .open_file("all_types.proto")?;
    std::fs::write(
        out.join("all_types.bin"),
        compiler.encode_file_descriptor_set(),
    )?;
    schema::generate_message(
        &compiler.descriptor_pool(),
        "sesame.test.AllTypes",
        &out.join("all_types.rs"),
    )
}
