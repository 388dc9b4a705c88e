//! What `proto/` says of the calls: their messages, field by field, and their routes.
//!
//! `build.rs` generates the tables. By them JSON is read, what a version lacks is left out and what
//! isn't built is refused, so that a field is named in `proto/` alone.

use crate::api::Version;
use crate::domain::Operation;

/// A call of one version of the API.
pub struct Procedure {
    /// The name of the service with its package.
    pub service: &'static str,
    pub operation: Operation,
    pub version: Version,
    pub request: &'static Message,
    pub reply: &'static Message,
}

/// A method and a path of a call in JSON.
pub struct Route {
    pub method: http::Method,
    pub path: &'static [Segment],
    /// Whether the fields that aren't in the path stand in the body. Otherwise they stand in the
    /// query.
    pub has_body: bool,
    pub target: Target,
}

/// The call that a path leads to, whether it is carried out or not.
#[derive(Clone, Copy)]
pub enum Target {
    Call(&'static Procedure),
    Unbuilt(&'static UnbuiltCall),
}

/// A call that clients know and that is not carried out.
pub struct UnbuiltCall {
    /// The name of the service with its package.
    pub service: &'static str,
    pub name: &'static str,
}

/// A part of a path between slashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Segment {
    Literal(&'static str),
    /// The value of a field, by the name that it has in protobuf.
    Field(&'static str),
}

/// A message of one version of the API.
pub struct Message {
    /// In the order of `proto/`.
    pub fields: &'static [Field],
    /// The numbers of the only fields that are carried out. None: all of them are.
    pub built: Option<&'static [u32]>,
    /// Whether fields that it doesn't know are ignored, or else refused.
    pub ignores_unknown: bool,
    /// Whether it and all messages in it have each field of v2, whose Rust types they have, and are
    /// carried out whole.
    pub is_plain: bool,
}

pub struct Field {
    pub number: u32,
    /// The name in protobuf, which JSON may use as well.
    pub name: &'static str,
    /// The name in JSON.
    pub json: &'static str,
    pub label: Label,
    /// What one value of the field is.
    pub kind: Kind,
    /// The oneof that it is a member of.
    pub oneof: Option<&'static Oneof>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    Single,
    Repeated,
    /// The keys are strings.
    Map,
}

pub struct Oneof {
    pub name: &'static str,
    /// Whether JSON may have two members at once: the last one is used, and the first goes with the
    /// request beside its message.
    pub both: bool,
}

/// The types of protobuf that the API has, and the messages that have a form of their own in JSON.
pub enum Kind {
    Bool,
    Double,
    Int32,
    Int64,
    Uint32,
    Uint64,
    String,
    Bytes,
    /// The names and numbers of its members.
    Enum(&'static [(&'static str, i32)]),
    Message(&'static Message),
    Timestamp,
    Duration,
    /// `google.protobuf.Struct`, with its table. JSON writes it, a `Value` and a `ListValue` in a form
    /// of their own.
    Struct(&'static Message),
    Value(&'static Message),
    ListValue(&'static Message),
}

impl Route {
    /// The call that it leads to, if that is carried out.
    pub fn procedure(&self) -> Option<&'static Procedure> {
        match self.target {
            Target::Call(procedure) => Some(procedure),
            Target::Unbuilt(_) => None,
        }
    }
}

impl Target {
    /// The name of the service with its package.
    pub fn service(self) -> &'static str {
        match self {
            Self::Call(procedure) => procedure.service,
            Self::Unbuilt(call) => call.service,
        }
    }

    /// The call of an rpc, by the name of its service with the package.
    pub fn of_rpc(service: &str, rpc: &str) -> Option<Self> {
        let is_call = |one: &&Procedure| one.service == service && one.operation.as_str() == rpc;
        let is_unbuilt = |one: &&UnbuiltCall| one.service == service && one.name == rpc;
        let call = PROCEDURES.iter().find(is_call).map(Self::Call);
        call.or_else(|| UNBUILT.iter().find(is_unbuilt).map(Self::Unbuilt))
    }
}

impl Message {
    /// Whether one of its fields is carried out.
    pub fn is_built(&self, field: &Field) -> bool {
        self.built.is_none_or(|built| built.contains(&field.number))
    }

    pub fn field(&self, number: u32) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.number == number)
    }

    /// The field with this name in either spelling, `lowerCamelCase` or `snake_case`.
    pub fn field_named(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.is_named(name))
    }
}

impl Field {
    pub fn is_named(&self, name: &str) -> bool {
        self.json == name || self.name == name
    }
}

/// The calls of all versions, those that aren't built, and the routes of both.
pub use tables::{PROCEDURES, ROUTES, UNBUILT};

#[allow(
    clippy::all,
    clippy::pedantic,
    reason = "what a generator writes is not ours to lint"
)]
mod tables {
    include!(concat!(env!("OUT_DIR"), "/schema.rs"));
}

/// A message with all types.
#[cfg(test)]
pub use all_types::{DESCRIPTORS, SESAME_TEST_ALL_TYPES as ALL_TYPES};

#[cfg(test)]
#[allow(
    clippy::all,
    clippy::pedantic,
    reason = "what a generator writes is not ours to lint"
)]
mod all_types {
    /// The descriptors of the message, for another reader.
    pub static DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/all_types.bin"));

    include!(concat!(env!("OUT_DIR"), "/all_types.rs"));
}
