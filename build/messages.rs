//! Generates the Rust types of the messages in `proto/`, without `protoc`.

use std::error::Error;
use std::fs;
use std::path::Path;

use prost::Message as _;
use prost_types::{DescriptorProto, FileDescriptorSet, MessageOptions};

/// Generates the types, and the descriptors that server reflection answers with.
pub fn generate(mut descriptors: FileDescriptorSet, out: &Path) -> Result<(), Box<dyn Error>> {
    leave_out_options(&mut descriptors);
    fs::write(out.join("descriptors.bin"), descriptors.encode_to_vec())?;

    let mut config = prost_build::Config::new();
    config
        .include_file("proto.rs")
        .btree_map(["."])
        // Requests have passwords and tokens, and responses have tokens.
        .skip_debug(["."]);
    // The older versions have v2's types. What a version lacks, its table leaves out.
    for area in ["object", "session"] {
        for version in ["v2alpha", "v2beta"] {
            config.extern_path(
                format!(".zitadel.{area}.{version}"),
                format!("crate::api::proto::zitadel::{area}::v2"),
            );
        }
    }
    config.compile_fds(descriptors)?;
    Ok(())
}

/// Leaves out what only this build reads: routes and what isn't built.
fn leave_out_options(descriptors: &mut FileDescriptorSet) {
    let is_private = |name: &str| {
        ["google/api/", "sesame/", "google/protobuf/descriptor"]
            .iter()
            .any(|start| name.starts_with(start))
    };
    descriptors.file.retain(|file| !is_private(file.name()));
    for file in &mut descriptors.file {
        file.dependency.retain(|name| !is_private(name));
        for method in file.service.iter_mut().flat_map(|one| &mut one.method) {
            method.options = None;
        }
        file.message_type.iter_mut().for_each(leave_out_of_message);
    }
}

fn leave_out_of_message(message: &mut DescriptorProto) {
    message
        .options
        .take_if(|own| *own == MessageOptions::default());
    for field in &mut message.field {
        field.options = None;
    }
    for oneof in &mut message.oneof_decl {
        oneof.options = None;
    }
    message
        .nested_type
        .iter_mut()
        .for_each(leave_out_of_message);
}
