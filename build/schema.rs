//! Generates the tables of `src/api/schema.rs`: the fields of each message, and the calls with
//! their routes.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use heck::{ToShoutySnakeCase as _, ToUpperCamelCase as _};
use protox::prost_reflect::{
    Cardinality, DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor,
    MethodDescriptor, OneofDescriptor, Value,
};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Writes `schema.rs` into `out`.
///
/// # Errors
///
/// A field, a route or a message that the tables can't describe fails the build with its name.
pub fn generate(pool: &DescriptorPool, out: &Path) -> Result<()> {
    let mut tables = Tables::default();
    let mut procedures = String::new();
    let mut routes = Vec::new();
    let methods = pool.services();
    let methods = methods.flat_map(|service| service.methods().collect::<Vec<_>>());
    for (at, method) in methods.enumerate() {
        tables.add(pool, &method.input())?;
        tables.add(pool, &method.output())?;
        procedure(&method, &mut procedures)?;
        let fault = |error| format!("{}: {error}", method.full_name());
        routes.extend(routes_of(pool, &method, at).map_err(fault)?);
    }
    let routes: Vec<_> = routes.iter().map(|route| route.text(&routes)).collect();
    let routes = routes.join("");
    let mut text = tables.text();
    writeln!(
        text,
        "pub static PROCEDURES: &[Procedure] = &[{procedures}];"
    )?;
    writeln!(text, "pub static ROUTES: &[Route] = &[{routes}];")?;
    fs::write(out.join("schema.rs"), text)?;
    Ok(())
}

/// Writes the table of a message that only tests know, and of those in it.
pub fn generate_message(pool: &DescriptorPool, name: &str, file: &Path) -> Result<()> {
    let mut tables = Tables::default();
    let message = pool.get_message_by_name(name);
    tables.add(pool, &message.ok_or_else(|| format!("there is no {name}"))?)?;
    fs::write(file, tables.text())?;
    Ok(())
}

fn procedure(method: &MethodDescriptor, out: &mut String) -> Result<()> {
    let service = method.parent_service();
    let version = service.package_name().rsplit('.').next();
    writeln!(
        out,
        "Procedure {{ service: {:?}, operation: Operation::{}, version: Version::{}, \
         request: &{}, reply: &{} }},",
        service.full_name(),
        method.name(),
        version.unwrap_or_default().to_upper_camel_case(),
        table_name(&method.input()),
        table_name(&method.output()),
    )?;
    Ok(())
}

/// A route of `google.api.http`.
struct Route {
    /// Such as `GET`.
    method: String,
    /// The parts between slashes; a field stands in braces.
    path: Vec<String>,
    has_body: bool,
    /// The place of its call among all calls.
    procedure: usize,
}

/// The routes of a call: its rule and the additional bindings.
fn routes_of(pool: &DescriptorPool, call: &MethodDescriptor, at: usize) -> Result<Vec<Route>> {
    let http = pool.get_extension_by_name("google.api.http");
    let options = call.options();
    let rule = options.get_extension(&http.ok_or("no google.api.http")?);
    let rule = rule.as_message().ok_or("a route is a message")?;
    let more = rule.get_field_by_name("additional_bindings");
    let more = more.as_ref().and_then(|more| more.as_list());
    let more = more
        .unwrap_or_default()
        .iter()
        .filter_map(Value::as_message);
    let rules = std::iter::once(rule).chain(more);
    rules
        .map(|rule| Route::read(rule, &call.input(), at))
        .collect()
}

impl Route {
    fn read(rule: &DynamicMessage, request: &MessageDescriptor, procedure: usize) -> Result<Self> {
        let text = |name: &str| {
            let value = rule.get_field_by_name(name);
            let text = value.as_ref().and_then(|value| value.as_str());
            text.unwrap_or_default().to_owned()
        };
        let methods = ["get", "put", "post", "delete", "patch"];
        let method = methods.into_iter().find(|name| !text(name).is_empty());
        let method = method.ok_or("a route has no method")?;
        let path: Vec<_> = text(method).split('/').skip(1).map(str::to_owned).collect();
        for segment in &path {
            let is_known = match field_of(segment) {
                Some(field) => request.get_field_by_name(field).is_some(),
                None => !segment.contains(['{', '*', ':']),
            };
            if !is_known {
                return Err(format!("{segment:?} is not a part of a path").into());
            }
        }
        let has_body = match text("body").as_str() {
            "" => false,
            "*" => true,
            other => return Err(format!("the body {other:?} is neither * nor none").into()),
        };
        Ok(Self {
            method: method.to_uppercase(),
            path,
            has_body,
            procedure,
        })
    }

    /// Whether the same paths match both.
    fn is_beside(&self, other: &Self) -> bool {
        let pairs = self.path.iter().zip(&other.path);
        let same =
            |(a, b): (&String, &String)| a == b || field_of(a).is_some() && field_of(b).is_some();
        self.path.len() == other.path.len() && pairs.into_iter().all(same)
    }

    fn text(&self, all: &[Self]) -> String {
        let beside = all.iter().filter(|other| other.is_beside(self));
        let methods: BTreeSet<_> = beside.map(|route| route.method.as_str()).collect();
        let allowed = methods.into_iter().collect::<Vec<_>>().join(", ");
        let path = self.path.iter().map(|segment| match field_of(segment) {
            Some(field) => format!("Segment::Field({field:?})"),
            None => format!("Segment::Literal({segment:?})"),
        });
        format!(
            "Route {{ method: http::Method::{}, path: &[{}], allowed: {allowed:?}, \
             has_body: {}, procedure: &PROCEDURES[{}] }},\n",
            self.method,
            path.collect::<Vec<_>>().join(", "),
            self.has_body,
            self.procedure,
        )
    }
}

/// The field whose value stands in the place of this part of a path.
fn field_of(segment: &str) -> Option<&str> {
    segment.strip_prefix('{')?.strip_suffix('}')
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

    /// Adds the table of a message, and those of the messages in it.
    fn add(&mut self, pool: &DescriptorPool, message: &MessageDescriptor) -> Result<()> {
        let name = table_name(message);
        match self.done.get(&name).map(String::as_str) {
            Some("") => return Err(format!("{} contains itself", message.full_name()).into()),
            Some(_) => return Ok(()),
            None => {}
        }
        self.done.insert(name.clone(), String::new());
        let mut fields = String::new();
        // JSON is read in this order, which decides on the error of a request with several faults.
        let mut declared: Vec<_> = message.fields().collect();
        declared.sort_by_key(|field| field.path().last().copied());
        for field in declared {
            self.field(pool, &field, &mut fields)?;
        }
        let built = built(pool, message)?;
        let is_plain = is_plain(pool, message)?;
        let table = format!(
            "pub static {name}: Message = Message {{ fields: &[{fields}], built: {built:?}, \
             is_plain: {is_plain} }};\n",
        );
        self.done.insert(name, table.replace("Some([", "Some(&["));
        Ok(())
    }

    fn field(
        &mut self,
        pool: &DescriptorPool,
        field: &FieldDescriptor,
        out: &mut String,
    ) -> Result<()> {
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
            Kind::Bool => "Bool".to_owned(),
            Kind::Uint32 => "Uint32".to_owned(),
            Kind::Uint64 => "Uint64".to_owned(),
            Kind::String => "String".to_owned(),
            Kind::Bytes => "Bytes".to_owned(),
            Kind::Enum(of) => {
                // As they are declared: of two names of a number, the first is its own.
                let values = of.enum_descriptor_proto().value.iter();
                let values = values.map(|one| (one.name(), one.number()));
                format!("Enum(&{:?})", values.collect::<Vec<_>>())
            }
            Kind::Message(of) => match of.full_name() {
                "google.protobuf.Timestamp" => "Timestamp".to_owned(),
                "google.protobuf.Duration" => "Duration".to_owned(),
                other
                    if other.starts_with("google.protobuf.")
                        && other != "google.protobuf.Empty" =>
                {
                    return Err(format!("{}: {other} is not mapped", field.full_name()).into());
                }
                _ => {
                    self.add(pool, &of)?;
                    format!("Message(&{})", table_name(&of))
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
                both(pool, oneof)?
            ),
            None => "None".to_owned(),
        };
        writeln!(
            out,
            "Field {{ number: {}, name: {:?}, json: {:?}, label: Label::{label}, \
             kind: Kind::{kind}, oneof: {oneof} }},",
            field.number(),
            field.name(),
            field.json_name(),
        )?;
        Ok(())
    }
}

/// Whether a message and all in it have each field of v2, and are carried out whole.
fn is_plain(pool: &DescriptorPool, message: &MessageDescriptor) -> Result<bool> {
    let is_whole = newest(pool, message)?.fields().len() == message.fields().len();
    let mut is_plain = is_whole && built(pool, message)?.is_none();
    for field in message.fields() {
        if let Kind::Message(of) = field.kind() {
            is_plain &= self::is_plain(pool, &of)?;
        }
    }
    Ok(is_plain)
}

/// v2's message of the same name, whose Rust type an older version's message has.
fn newest(pool: &DescriptorPool, message: &MessageDescriptor) -> Result<MessageDescriptor> {
    let name = message
        .full_name()
        .replace(".v2alpha.", ".v2.")
        .replace(".v2beta.", ".v2.");
    // A message that v2 lacks is the newest itself.
    let newest = pool.get_message_by_name(&name);
    let newest = newest.unwrap_or_else(|| message.clone());
    for field in message.fields() {
        let same = newest.get_field(field.number()).filter(|same| {
            let kind = |field: &FieldDescriptor| {
                format!("{:?}", field.kind())
                    .replace("v2alpha", "v2")
                    .replace("v2beta", "v2")
            };
            same.name() == field.name()
                && same.cardinality() == field.cardinality()
                && kind(same) == kind(&field)
        });
        if same.is_none() {
            return Err(format!("{} is another field in v2", field.full_name()).into());
        }
    }
    Ok(newest)
}

/// The only fields of a message that are carried out, if it says so.
fn built(pool: &DescriptorPool, message: &MessageDescriptor) -> Result<Option<Vec<u32>>> {
    let extension = pool
        .get_extension_by_name("sesame.built")
        .ok_or("no sesame.built")?;
    let options = message.options();
    if !options.has_extension(&extension) {
        return Ok(None);
    }
    let fields = options.get_extension(&extension);
    let fields = fields.as_message().and_then(|fields| {
        let numbers = fields.get_field_by_name("numbers")?;
        let numbers = numbers.as_list()?.iter().filter_map(Value::as_u32);
        Some(numbers.collect())
    });
    Ok(fields)
}

fn both(pool: &DescriptorPool, oneof: &OneofDescriptor) -> Result<bool> {
    let extension = pool
        .get_extension_by_name("sesame.both")
        .ok_or("no sesame.both")?;
    let both = oneof.options().get_extension(&extension).as_bool();
    Ok(both.unwrap_or_default())
}

fn table_name(message: &MessageDescriptor) -> String {
    message.full_name().to_shouty_snake_case()
}
