//! The document: `base.json` with the calls.

use std::collections::{BTreeMap, BTreeSet};

use prost_reflect::MethodDescriptor;
use serde_json::{Map, Value, json};

use crate::Result;
use crate::examples::Examples;
use crate::proto::{Call, Proto, Route, comment, version};
use crate::schema::{Schemas, capitalised, reference};
use crate::settings::with_defaults;

pub struct Document<'a> {
    pub proto: &'a Proto,
    pub schemas: Schemas<'a>,
    pub examples: Examples<'a>,
    /// What is in `components` beside the schemas, by kind and name.
    components: BTreeMap<&'static str, BTreeMap<String, Value>>,
    /// The codes and the ids of all errors.
    pub codes: BTreeSet<u8>,
    pub ids: BTreeSet<&'static str>,
}

/// A call on one of its routes.
pub struct Operation {
    pub method: MethodDescriptor,
    pub call: Call,
    pub route: Route,
    /// Such as `createSessionV2`.
    pub id: String,
}

pub fn generate(proto: &Proto) -> Result<Value> {
    let mut document = Document {
        proto,
        schemas: Schemas::new(proto),
        examples: Examples::read(proto)?,
        components: BTreeMap::new(),
        codes: BTreeSet::new(),
        ids: BTreeSet::new(),
    };
    let operations = operations(proto)?;
    let unbuilt = proto.unbuilt_routes()?;
    let methods_of = |path: &str| {
        let built = operations.iter().map(|one| &one.route);
        let of_path = built.chain(&unbuilt).filter(|route| route.path == path);
        let methods: BTreeSet<_> = of_path.map(|route| route.verb.to_uppercase()).collect();
        methods.into_iter().collect::<Vec<_>>().join(", ")
    };
    let mut paths = Map::new();
    for operation in &operations {
        let Route { path, verb, .. } = &operation.route;
        let described = document.operation(operation, &methods_of(path))?;
        paths.entry(path).or_insert_with(|| json!({}))[*verb] = described;
    }
    document.with_base(paths)
}

fn operations(proto: &Proto) -> Result<Vec<Operation>> {
    let mut operations = Vec::new();
    for method in proto.calls() {
        let version = capitalised(version(method.parent_service()));
        let (first, rest) = method.name().split_at(1);
        let name = first.to_lowercase() + rest;
        for (route, number) in proto.routes(&method)?.into_iter().zip(1..) {
            let number = if number == 1 {
                String::new()
            } else {
                number.to_string()
            };
            operations.push(Operation {
                call: proto.call(&method)?,
                route,
                id: format!("{name}{number}{version}"),
                method: method.clone(),
            });
        }
    }
    Ok(operations)
}

/// `Session` of `SessionService`.
pub fn tag(service: &str) -> &str {
    service.trim_end_matches("Service")
}

impl Document<'_> {
    /// Adds a component under the first name that no other one has, and refers to it.
    pub fn add(&mut self, kind: &'static str, names: &[String], value: &Value) -> Result<Value> {
        let components = self.components.entry(kind).or_default();
        for name in names {
            if components
                .entry(name.clone())
                .or_insert_with(|| value.clone())
                == value
            {
                return Ok(reference(kind, name));
            }
        }
        Err(format!("several {kind} are named {names:?}").into())
    }

    /// Puts everything into `base.json`, which has what isn't of a call.
    fn with_base(self, paths: Map<String, Value>) -> Result<Value> {
        let codes: Vec<_> = self.codes.iter().map(ToString::to_string).collect();
        let ids: Vec<_> = self.ids.iter().map(|id| format!("`{id}`")).collect();
        let text = with_defaults(include_str!("base.json"));
        let text = text
            .replace("{codes}", &codes.join(", "))
            .replace("{ids}", &ids.join(", "));
        let mut document: Value = serde_json::from_str(&text)?;

        let mut tags = BTreeMap::new();
        for call in self.proto.calls() {
            let service = call.parent_service();
            let about = with_defaults(&comment(&service.parent_file(), service.path()));
            tags.insert(tag(service.name()).to_owned(), about);
        }
        let tags = tags
            .iter()
            .map(|(name, about)| json!({ "name": name, "description": about }));
        document["tags"] = tags.collect();
        document["info"]["version"] = env!("CARGO_PKG_VERSION").into();
        document["paths"] = paths.into();
        let schemas = [("schemas", self.schemas.done)];
        for (kind, components) in self.components.into_iter().chain(schemas) {
            for (name, component) in components {
                document["components"][kind][name] = component;
            }
        }
        Ok(document)
    }
}
