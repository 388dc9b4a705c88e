//! Generates the Rust code of `proto/`, without `protoc`.

use std::collections::{HashMap, HashSet};
use std::env;
use std::error::Error;
use std::fs;
use std::path::Path;

use heck::ToUpperCamelCase as _;
use prost::Message as _;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, FileDescriptorProto, FileDescriptorSet};

const FILES: [&str; 5] = [
    "google/rpc/status.proto",
    "zitadel/session/v2/session_service.proto",
    "zitadel/session/v2alpha/session_service.proto",
    "zitadel/session/v2beta/session_service.proto",
    "zitadel/v1/error_detail.proto",
];

/// The messages whose fields differ between v2alpha and v2. The other messages of v2alpha use v2's
/// Rust types.
const V2ALPHA_MESSAGES: [&str; 4] = [
    "CreateSessionRequest",
    "ListSessionsRequest",
    "SearchQuery",
    "SetSessionRequest",
];
/// The messages whose fields differ between v2beta and v2.
const V2BETA_MESSAGES: [&str; 2] = ["ListSessionsRequest", "SearchQuery"];

pub fn generate() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=proto");
    let out = env::var_os("OUT_DIR").ok_or("no OUT_DIR")?;
    let descriptors = protox::compile(FILES, ["proto"])?;
    // Server reflection answers with these descriptors.
    fs::write(
        Path::new(&out).join("descriptors.bin"),
        descriptors.encode_to_vec(),
    )?;

    let mut config = prost_build::Config::new();
    config
        .include_file("proto.rs")
        .btree_map(["."])
        // Requests have passwords and tokens, and responses have tokens.
        .skip_debug(["."])
        .extern_path(".zitadel.object.v2alpha", v2("object"))
        .extern_path(".zitadel.object.v2beta", v2("object"));
    for (version, own) in [
        ("v2alpha", &V2ALPHA_MESSAGES[..]),
        ("v2beta", &V2BETA_MESSAGES[..]),
    ] {
        let package = format!("zitadel.session.{version}");
        let messages = descriptors
            .file
            .iter()
            .filter(|file| file.package() == package)
            .flat_map(|file| &file.message_type)
            .map(DescriptorProto::name);
        for message in messages.filter(|message| !own.contains(message)) {
            let here = format!(".{package}.{message}");
            let there = message.to_upper_camel_case();
            config.extern_path(here, format!("{}::{there}", v2("session")));
        }
    }
    let (messages, mut done) = (by_name(&descriptors), HashSet::new());
    for reply in REPLIES {
        serialise_as_json(&mut config, &messages, reply, &mut done);
    }
    config.compile_fds(descriptors)?;
    Ok(())
}

/// The replies to the five calls, which JSON routes send in JSON.
const REPLIES: [&str; 5] = [
    ".zitadel.session.v2.CreateSessionResponse",
    ".zitadel.session.v2.SetSessionResponse",
    ".zitadel.session.v2.GetSessionResponse",
    ".zitadel.session.v2.DeleteSessionResponse",
    ".zitadel.session.v2.ListSessionsResponse",
];

/// Makes serde write a message, and all messages in it, in the JSON of proto3: with names in
/// `lowerCamelCase`, 64-bit numbers as strings, and without default values.
/// <https://protobuf.dev/programming-guides/json/>
#[allow(clippy::panic, reason = "a type that is not mapped fails the build")]
fn serialise_as_json(
    config: &mut prost_build::Config,
    messages: &HashMap<String, DescriptorProto>,
    name: &str,
    done: &mut HashSet<String>,
) {
    let known = messages.get(name).filter(|_| done.insert(name.to_owned()));
    let Some(message) = known else {
        return;
    };
    // An attribute of a message also applies to the messages nested in it.
    let is_nested = name
        .rsplit_once('.')
        .is_some_and(|(outer, _)| messages.contains_key(outer));
    if !is_nested {
        config.type_attribute(name, "#[derive(serde::Serialize)]");
        config.type_attribute(name, "#[serde(rename_all = \"camelCase\")]");
    }
    for field in &message.field {
        let entry = messages.get(field.type_name()).filter(|entry| {
            let options = entry.options.as_ref();
            options.is_some_and(prost_types::MessageOptions::map_entry)
        });
        let value = entry.map(|entry| &entry.field[1]);
        let is_optional = field.proto3_optional() || field.r#type() == Type::Message;
        let (skip, with) = match (field.r#type(), value) {
            (_, Some(value)) if value.r#type() == Type::Bytes => {
                ("BTreeMap::is_empty", Some("base64_values"))
            }
            (_, Some(_)) => ("BTreeMap::is_empty", None),
            _ if field.label() == Label::Repeated => ("Vec::is_empty", None),
            (Type::Message, _) if field.type_name() == ".google.protobuf.Timestamp" => {
                ("Option::is_none", Some("timestamp"))
            }
            _ if is_optional => ("Option::is_none", None),
            (Type::String, _) => ("String::is_empty", None),
            (Type::Uint64, _) => ("u64_is_zero", Some("u64_as_string")),
            (other, _) => panic!(
                "{name}.{} is a {other:?}, which is not mapped",
                field.name()
            ),
        };
        let own = "crate::api::codec::json::serialize";
        let skip = match skip {
            "BTreeMap::is_empty" => format!("::std::collections::{skip}"),
            "u64_is_zero" => format!("{own}::{skip}"),
            other => other.to_owned(),
        };
        let with = with.map(|with| format!(", serialize_with = \"{own}::{with}\""));
        let with = with.unwrap_or_default();
        config.field_attribute(
            format!("{name}.{}", field.name()),
            format!("#[serde(skip_serializing_if = \"{skip}\"{with})]"),
        );
        let inner = value.unwrap_or(field);
        serialise_as_json(config, messages, inner.type_name(), done);
    }
}

/// Maps the messages of the API, including nested ones, by their full names.
fn by_name(descriptors: &FileDescriptorSet) -> HashMap<String, DescriptorProto> {
    fn add(scope: &str, message: &DescriptorProto, all: &mut HashMap<String, DescriptorProto>) {
        let name = format!("{scope}.{}", message.name());
        for nested in &message.nested_type {
            add(&name, nested, all);
        }
        all.insert(name, message.clone());
    }
    let mut all = HashMap::new();
    let own = |file: &&FileDescriptorProto| file.package().starts_with("zitadel.");
    for file in descriptors.file.iter().filter(own) {
        for message in &file.message_type {
            add(&format!(".{}", file.package()), message, &mut all);
        }
    }
    all
}

fn v2(package: &str) -> String {
    format!("crate::api::proto::zitadel::{package}::v2")
}
