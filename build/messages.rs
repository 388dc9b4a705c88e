//! Generates the Rust types of the messages in `proto/`, without `protoc`.

use std::collections::HashSet;
use std::error::Error;
use std::fs;
use std::path::Path;

use prost::Message as _;
use prost_build::Config;
use prost_types::{DescriptorProto, FileDescriptorSet, MessageOptions};
use protox::prost_reflect::{DescriptorPool, Kind, MessageDescriptor};

/// Generates the types, and the descriptors that server reflection answers with.
pub fn generate(
    pool: &DescriptorPool,
    mut descriptors: FileDescriptorSet,
    out: &Path,
) -> Result<(), Box<dyn Error>> {
    leave_out_options(&mut descriptors);
    fs::write(out.join("descriptors.bin"), descriptors.encode_to_vec())?;

    let mut config = Config::new();
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
    let newest = pool.get_service_by_name("zitadel.session.v2.SessionService");
    let mut seen = HashSet::new();
    for call in newest.ok_or("no v2")?.methods() {
        serialize(&call.output(), &mut config, &mut seen)?;
    }
    config.compile_fds(descriptors)?;
    Ok(())
}

/// Has `serde` write a reply, and the messages in it, in the JSON of proto3, with the functions of
/// `src/api/codec/json/write.rs`.
fn serialize(
    message: &MessageDescriptor,
    config: &mut Config,
    seen: &mut HashSet<String>,
) -> Result<(), Box<dyn Error>> {
    if !seen.insert(message.full_name().to_owned()) {
        return Ok(());
    }
    config.message_attribute(
        message.full_name(),
        "#[derive(::serde::Serialize)] #[serde(rename_all = \"camelCase\")]",
    );
    for field in message.fields() {
        let entry = field.kind();
        let entry = entry.as_message().filter(|_| field.is_map());
        let value = entry.map_or(field.kind(), |entry| entry.map_entry_value_field().kind());
        let with = match value {
            Kind::String => "",
            Kind::Uint64 => ", serialize_with = \"json::text\"",
            Kind::Bytes if field.is_map() => ", serialize_with = \"json::base64_values\"",
            Kind::Message(of) if of.full_name() == "google.protobuf.Timestamp" => {
                ", serialize_with = \"json::optional_text\""
            }
            Kind::Message(of) => {
                serialize(&of, config, seen)?;
                ""
            }
            other => return Err(format!("{}: {other:?} is not mapped", field.full_name()).into()),
        };
        let attribute = format!("#[serde(skip_serializing_if = \"json::is_default\"{with})]");
        let attribute = attribute.replace("json::", "crate::api::codec::json::");
        config.field_attribute(field.full_name(), attribute);
    }
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
