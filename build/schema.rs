//! Generates the tables of `src/api/schema.rs`: the fields of each message, and the calls with
//! their routes.

use std::collections::{BTreeMap, HashSet};
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use heck::{ToShoutySnakeCase as _, ToUpperCamelCase as _};
use protox::prost_reflect::{
    Cardinality, DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor,
    MethodDescriptor, ServiceDescriptor, Value,
};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Writes `schema.rs` into `out`.
///
/// # Errors
///
/// A field, a route or a message that the tables can't describe fails the build with its name.
pub fn generate(pool: &DescriptorPool, out: &Path) -> Result<()> {
    let mut tables = Tables::default();
    let mut procedures = Vec::new();
    let mut unbuilt = Vec::new();
    let mut routes = String::new();
    let services: Vec<_> = pool.services().collect();
    for method in services.iter().flat_map(ServiceDescriptor::methods) {
        let target = if is_unbuilt(&method)? {
            // Its messages can be described, though no code reads them.
            Tables::default().add_call(&method)?;
            unbuilt.push(unbuilt_call(method.parent_service(), method.name()));
            format!("Target::Unbuilt(&UNBUILT[{}])", unbuilt.len() - 1)
        } else {
            tables.add_call(&method)?;
            procedures.push(procedure(&method));
            format!("Target::Call(&PROCEDURES[{}])", procedures.len() - 1)
        };
        let fault = |error| format!("{}: {error}", method.full_name());
        routes += &routes_of(&method, &target).map_err(fault)?;
    }
    for service in &services {
        for (call, rule) in listed_as_unbuilt(service)? {
            if service.methods().any(|method| method.name() == call) {
                return Err(format!("{call} is in the list of what isn't built").into());
            }
            unbuilt.push(unbuilt_call(service, &call));
            let target = format!("Target::Unbuilt(&UNBUILT[{}])", unbuilt.len() - 1);
            let fault = |error| format!("{call}: {error}");
            let rule = rule.map(|rule| route(&rule, None, &target)).transpose();
            routes += &rule.map_err(fault)?.unwrap_or_default();
        }
    }
    let mut text = tables.text();
    let (procedures, unbuilt) = (procedures.concat(), unbuilt.concat());
    writeln!(
        text,
        "pub static PROCEDURES: &[Procedure] = &[{procedures}];\n\
         pub static UNBUILT: &[UnbuiltCall] = &[{unbuilt}];\n\
         pub static ROUTES: &[Route] = &[{routes}];"
    )?;
    fs::write(out.join("schema.rs"), text)?;
    Ok(())
}

/// The full names of the calls that have their messages and are not carried out.
pub fn unbuilt(pool: &DescriptorPool) -> Result<HashSet<String>> {
    let mut names = HashSet::new();
    let services: Vec<_> = pool.services().collect();
    for method in services.iter().flat_map(ServiceDescriptor::methods) {
        if is_unbuilt(&method)? {
            names.insert(method.full_name().to_owned());
        }
    }
    Ok(names)
}

/// Whether a call has its messages and is not carried out.
fn is_unbuilt(method: &MethodDescriptor) -> Result<bool> {
    let call = option(method.parent_pool(), &method.options(), "sesame.call")?;
    let call = call.as_ref().and_then(Value::as_message);
    let flag = call.and_then(|call| call.get_field_by_name("unbuilt"));
    Ok(flag.is_some_and(|flag| flag.as_bool() == Some(true)))
}

/// The names of the calls that a service lists as not built, with their routes.
fn listed_as_unbuilt(service: &ServiceDescriptor) -> Result<Vec<(String, Option<DynamicMessage>)>> {
    let list = option(service.parent_pool(), &service.options(), "sesame.unbuilt")?;
    let list = list.as_ref().and_then(Value::as_list).unwrap_or_default();
    let calls = list.iter().filter_map(Value::as_message).map(|call| {
        let route = call
            .has_field_by_name("route")
            .then(|| call.get_field_by_name("route"));
        let route = route
            .flatten()
            .and_then(|route| route.as_message().cloned());
        let name = call.get_field_by_name("name");
        let name = name.as_ref().and_then(|name| name.as_str());
        (name.unwrap_or_default().to_owned(), route)
    });
    Ok(calls.collect())
}

fn unbuilt_call(service: &ServiceDescriptor, name: &str) -> String {
    format!(
        "UnbuiltCall {{ service: {:?}, name: {name:?} }},\n",
        service.full_name()
    )
}

/// Writes the table of a message that only tests know, and of those in it.
pub fn generate_message(pool: &DescriptorPool, name: &str, file: &Path) -> Result<()> {
    let mut tables = Tables::default();
    let message = pool.get_message_by_name(name);
    tables.add(&message.ok_or_else(|| format!("there is no {name}"))?)?;
    fs::write(file, tables.text())?;
    Ok(())
}

fn procedure(method: &MethodDescriptor) -> String {
    let service = method.parent_service();
    let version = service.package_name().rsplit('.').next();
    format!(
        "Procedure {{ service: {:?}, operation: Operation::{}, version: Version::{}, \
         request: &{}, reply: &{} }},\n",
        service.full_name(),
        method.name(),
        version.unwrap_or_default().to_upper_camel_case(),
        table_name(&method.input()),
        table_name(&method.output()),
    )
}

/// The routes of a call, which lead to `target`: its rule of `google.api.http` and the additional
/// bindings.
fn routes_of(call: &MethodDescriptor, target: &str) -> Result<String> {
    let rule = option(call.parent_pool(), &call.options(), "google.api.http")?;
    let rule = rule.as_ref().and_then(Value::as_message);
    let rule = rule.ok_or("there is no route")?;
    let more = rule.get_field_by_name("additional_bindings");
    let more = more.as_ref().and_then(|more| more.as_list());
    let more = more.unwrap_or_default().iter();
    std::iter::once(rule)
        .chain(more.filter_map(Value::as_message))
        .map(|rule| route(rule, Some(&call.input()), target))
        .collect()
}

/// A route. Without the message of its request, the fields in its path may have any name.
fn route(
    rule: &DynamicMessage,
    request: Option<&MessageDescriptor>,
    target: &str,
) -> Result<String> {
    let text = |name: &str| {
        let value = rule.get_field_by_name(name);
        let text = value.as_ref().and_then(|value| value.as_str());
        text.unwrap_or_default().to_owned()
    };
    // A field stands in braces.
    let segment = |segment: &str| {
        let field = segment.strip_prefix('{');
        match field.and_then(|field| field.strip_suffix('}')) {
            Some(field) if request.is_none_or(|of| of.get_field_by_name(field).is_some()) => {
                Ok(format!("Segment::Field({field:?})"))
            }
            None if !segment.contains(['{', '*', ':']) => {
                Ok(format!("Segment::Literal({segment:?})"))
            }
            _ => Err(format!("{segment:?} is not a part of a path")),
        }
    };
    let methods = ["get", "put", "post", "delete", "patch"];
    let method = methods.into_iter().find(|name| !text(name).is_empty());
    let method = method.ok_or("a route has no method")?;
    let path = text(method);
    let path: std::result::Result<Vec<_>, _> = path.split('/').skip(1).map(segment).collect();
    let has_body = match text("body").as_str() {
        "" => false,
        "*" => true,
        other => return Err(format!("the body {other:?} is neither * nor none").into()),
    };
    Ok(format!(
        "Route {{ method: http::Method::{}, path: &[{}], has_body: {has_body}, \
         target: {target} }},\n",
        method.to_uppercase(),
        path?.join(", "),
    ))
}

/// The tables of messages by their names.
#[derive(Default)]
struct Tables {
    done: BTreeMap<String, String>,
}

impl Tables {
    fn text(&self) -> String {
        let tables = self.done.values().map(String::as_str);
        std::iter::once("use super::*;\n").chain(tables).collect()
    }

    /// Adds the tables of a call's messages.
    fn add_call(&mut self, call: &MethodDescriptor) -> Result<()> {
        self.add(&call.input())?;
        self.add(&call.output())
    }

    /// Adds the table of a message, and those of the messages in it.
    fn add(&mut self, message: &MessageDescriptor) -> Result<()> {
        let name = table_name(message);
        if self.done.contains_key(&name) {
            return Ok(());
        }
        // A message may contain itself.
        self.done.insert(name.clone(), String::new());
        let mut fields = String::new();
        // JSON is read in this order, which decides on the error of a request with several faults.
        let mut declared: Vec<_> = message.fields().collect();
        declared.sort_by_key(|field| field.path().last().copied());
        for field in declared {
            fields += &self.field(&field)?;
        }
        let built = built(message)?;
        let ignores_unknown = built.is_none() || ignores_unknown(message)?;
        let is_plain = is_plain(message, &mut HashSet::new())?;
        let table = format!(
            "pub static {name}: Message = Message {{ fields: &[{fields}], built: {built:?}, \
             ignores_unknown: {ignores_unknown}, is_plain: {is_plain} }};\n",
        );
        self.done.insert(name, table.replace("Some([", "Some(&["));
        Ok(())
    }

    fn field(&mut self, field: &FieldDescriptor) -> Result<String> {
        let entry = field.kind();
        let entry = entry.as_message().filter(|_| field.is_map());
        let (label, value) = match entry {
            Some(entry) if entry.map_entry_key_field().kind() == Kind::String => {
                ("Map", entry.map_entry_value_field())
            }
            Some(_) => return Err(format!("{}: the keys are no strings", field.full_name()).into()),
            None if field.cardinality() == Cardinality::Repeated => ("Repeated", field.clone()),
            None => ("Single", field.clone()),
        };
        let kind = match value.kind() {
            scalar @ (Kind::Bool
            | Kind::Double
            | Kind::Int32
            | Kind::Int64
            | Kind::Uint32
            | Kind::Uint64
            | Kind::String
            | Kind::Bytes) => format!("{scalar:?}").to_upper_camel_case(),
            Kind::Enum(of) => {
                // As they are declared: of two names of a number, the first is its own.
                let values = of.enum_descriptor_proto().value.iter();
                let values = values.map(|one| (one.name(), one.number()));
                format!("Enum(&{:?})", values.collect::<Vec<_>>())
            }
            Kind::Message(of) => match of.full_name().strip_prefix("google.protobuf.") {
                Some("Timestamp" | "Duration") => of.name().to_owned(),
                form @ (None | Some("Empty" | "Struct" | "Value" | "ListValue")) => {
                    self.add(&of)?;
                    let form = form.filter(|form| *form != "Empty").unwrap_or("Message");
                    format!("{form}(&{})", table_name(&of))
                }
                Some(other) => {
                    return Err(format!("{}: {other} is not mapped", field.full_name()).into());
                }
            },
            other => return Err(format!("{}: {other:?} is not mapped", field.full_name()).into()),
        };
        let oneof = field
            .containing_oneof()
            .filter(|oneof| !oneof.is_synthetic());
        let oneof = match &oneof {
            Some(oneof) => format!(
                "Some(&Oneof {{ name: {:?}, both: {} }})",
                oneof.name(),
                option(oneof.parent_pool(), &oneof.options(), "sesame.both")?
                    == Some(Value::Bool(true)),
            ),
            None => "None".to_owned(),
        };
        Ok(format!(
            "Field {{ number: {}, name: {:?}, json: {:?}, label: Label::{label}, \
             kind: Kind::{kind}, oneof: {oneof} }},\n",
            field.number(),
            field.name(),
            field.json_name(),
        ))
    }
}

/// Whether a message and all in it have each field of v2, and are carried out whole.
fn is_plain(message: &MessageDescriptor, seen: &mut HashSet<String>) -> Result<bool> {
    if !seen.insert(message.full_name().to_owned()) {
        return Ok(true);
    }
    let is_whole = newest(message)?.fields().len() == message.fields().len();
    let mut is_plain = is_whole && built(message)?.is_none();
    for field in message.fields() {
        if let Kind::Message(of) = field.kind() {
            is_plain &= self::is_plain(&of, seen)?;
        }
    }
    Ok(is_plain)
}

/// v2's message of the same name, whose Rust type an older version's message has.
fn newest(message: &MessageDescriptor) -> Result<MessageDescriptor> {
    let in_v2 = |name: &str| {
        name.replace(".v2alpha.", ".v2.")
            .replace(".v2beta.", ".v2.")
    };
    let pool = message.parent_pool();
    // A message that v2 lacks is the newest itself.
    let newest = pool.get_message_by_name(&in_v2(message.full_name()));
    let newest = newest.unwrap_or_else(|| message.clone());
    for field in message.fields() {
        let kind = |field: &FieldDescriptor| in_v2(&format!("{:?}", field.kind()));
        let is_same = |same: FieldDescriptor| {
            same.name() == field.name()
                && same.cardinality() == field.cardinality()
                && kind(&same) == kind(&field)
        };
        if !newest.get_field(field.number()).is_some_and(is_same) {
            return Err(format!("{} is another field in v2", field.full_name()).into());
        }
    }
    Ok(newest)
}

/// The only fields of a message that are carried out, if it says so.
fn built(message: &MessageDescriptor) -> Result<Option<Vec<u32>>> {
    let built = option(message.parent_pool(), &message.options(), "sesame.built")?;
    Ok(built.and_then(|built| {
        let numbers = built.as_message()?.get_field_by_name("numbers")?;
        let numbers = numbers.as_list()?.iter();
        Some(numbers.filter_map(Value::as_u32).collect())
    }))
}

/// Whether a message that isn't carried out whole ignores the fields that it doesn't know.
fn ignores_unknown(message: &MessageDescriptor) -> Result<bool> {
    let built = option(message.parent_pool(), &message.options(), "sesame.built")?;
    let built = built.as_ref().and_then(Value::as_message);
    let flag = built.and_then(|built| built.get_field_by_name("ignores_unknown"));
    Ok(flag.is_some_and(|flag| flag.as_bool() == Some(true)))
}

/// The value of an option, if it is set.
fn option(pool: &DescriptorPool, options: &DynamicMessage, name: &str) -> Result<Option<Value>> {
    let extension = pool.get_extension_by_name(name);
    let extension = extension.ok_or_else(|| format!("no {name}"))?;
    let is_set = options.has_extension(&extension);
    Ok(is_set.then(|| options.get_extension(&extension).into_owned()))
}

fn table_name(message: &MessageDescriptor) -> String {
    message.full_name().to_shouty_snake_case()
}
