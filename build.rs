//! Makes Rust of `proto/`, with no `protoc` on the machine.

use std::env;
use std::error::Error;
use std::fs;
use std::path::Path;

use heck::ToUpperCamelCase as _;
use prost::Message as _;

const FILES: [&str; 5] = [
    "google/rpc/status.proto",
    "zitadel/session/v2/session_service.proto",
    "zitadel/session/v2alpha/session_service.proto",
    "zitadel/session/v2beta/session_service.proto",
    "zitadel/v1/error_detail.proto",
];

/// The messages that the older versions have in another form than v2. The others are
/// v2's, so that there is one Rust type for each shape.
const OF_V2ALPHA: [&str; 5] = [
    "Checks",
    "CreateSessionRequest",
    "ListSessionsRequest",
    "SearchQuery",
    "SetSessionRequest",
];
const OF_V2BETA: [&str; 2] = ["ListSessionsRequest", "SearchQuery"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=proto");
    let out = env::var_os("OUT_DIR").ok_or("no OUT_DIR")?;
    let descriptors = protox::compile(FILES, ["proto"])?;
    // For server reflection.
    fs::write(
        Path::new(&out).join("descriptors.bin"),
        descriptors.encode_to_vec(),
    )?;

    let mut config = prost_build::Config::new();
    config
        .include_file("proto.rs")
        .btree_map(["."])
        // Requests hold passwords and tokens, answers hold tokens.
        .skip_debug(["."])
        .extern_path(".zitadel.object.v2alpha", v2("object"))
        .extern_path(".zitadel.object.v2beta", v2("object"));
    for (version, own) in [("v2alpha", &OF_V2ALPHA[..]), ("v2beta", &OF_V2BETA[..])] {
        let package = format!("zitadel.session.{version}");
        let messages = descriptors
            .file
            .iter()
            .filter(|file| file.package() == package)
            .flat_map(|file| &file.message_type)
            .map(prost_types::DescriptorProto::name);
        for message in messages.filter(|message| !own.contains(message)) {
            let here = format!(".{package}.{message}");
            let there = message.to_upper_camel_case();
            config.extern_path(here, format!("{}::{there}", v2("session")));
        }
    }
    config.compile_fds(descriptors)?;
    Ok(())
}

fn v2(package: &str) -> String {
    format!("crate::api::proto::zitadel::{package}::v2")
}
