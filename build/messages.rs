//! Generates the Rust types of the messages in `proto/`, without `protoc`.

use std::collections::HashSet;
use std::error::Error;
use std::fs;
use std::path::Path;

use prost::Message as _;
use prost_types::source_code_info::Location;
use prost_types::{DescriptorProto, FileDescriptorProto, FileDescriptorSet, MessageOptions};

/// Generates the types, and the descriptors that server reflection answers with: without the calls
/// of these names, which aren't built.
pub fn generate(
    mut descriptors: FileDescriptorSet,
    unbuilt: &HashSet<String>,
    out: &Path,
) -> Result<(), Box<dyn Error>> {
    for file in &mut descriptors.file {
        leave_out_calls(file, unbuilt)?;
    }
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

/// Leaves out calls with their comments, and services that have no others.
fn leave_out_calls(
    file: &mut FileDescriptorProto,
    unbuilt: &HashSet<String>,
) -> Result<(), Box<dyn Error>> {
    /// The numbers of `service` in a file and of `method` in a service.
    const SERVICE: i32 = 6;
    const METHOD: i32 = 2;

    let package = file.package().to_owned();
    let mut comments = file.source_code_info.take().unwrap_or_default();
    for at in (0..file.service.len()).rev() {
        let place = i32::try_from(at)?;
        let service = &mut file.service[at];
        let name = format!("{package}.{}", service.name());
        for call in (0..service.method.len()).rev() {
            if unbuilt.contains(&format!("{name}.{}", service.method[call].name())) {
                service.method.remove(call);
                let calls = [SERVICE, place, METHOD];
                forget(&mut comments.location, &calls, i32::try_from(call)?);
            }
        }
        if service.method.is_empty() {
            file.service.remove(at);
            forget(&mut comments.location, &[SERVICE], place);
        }
    }
    file.source_code_info = Some(comments);
    Ok(())
}

/// Forgets the places of one entry of a list, and moves those of the entries behind it.
fn forget(places: &mut Vec<Location>, list: &[i32], index: i32) {
    let entry = |place: &Location| {
        let rest = place.path.strip_prefix(list)?;
        rest.first().copied()
    };
    places.retain(|place| entry(place) != Some(index));
    for place in places {
        if entry(place).is_some_and(|entry| entry > index) {
            place.path[list.len()] -= 1;
        }
    }
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
