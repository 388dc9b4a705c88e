//! `proto/`: descriptors with their comments and options.

use prost_reflect::prost_types::source_code_info::Location;
use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, FileDescriptor, Kind, MessageDescriptor,
    MethodDescriptor, ReflectMessage, ServiceDescriptor, Value,
};
use sesame::api::proto::DESCRIPTORS;

use crate::Result;

/// The version whose calls and messages have no suffix, and from which older versions take what
/// they don't say themselves.
pub const NEWEST: &str = "v2";

pub struct Proto {
    pool: DescriptorPool,
}

/// A method and a path of a call.
#[derive(Clone)]
pub struct Route {
    pub verb: &'static str,
    pub path: String,
    pub has_body: bool,
}

/// The option `sesame.field`.
#[derive(Default)]
pub struct Limits {
    pub min: Option<u64>,
    pub max: Option<u64>,
    pub pattern: Option<String>,
    pub key: Option<Box<Limits>>,
    pub value: Option<Box<Limits>>,
    pub is_required: bool,
    pub is_secret: bool,
    pub example: Option<String>,
}

/// The option `sesame.call`.
pub struct Call {
    pub errors: Vec<String>,
    pub creates: bool,
}

impl Proto {
    pub fn read() -> Result<Self> {
        let described = DescriptorPool::decode(DESCRIPTORS)?;
        let mut compiler = protox::Compiler::new(["proto"])?;
        compiler.include_imports(true).include_source_info(true);
        compiler.open_files(described.files().map(|file| file.name().to_owned()))?;
        let pool = compiler.descriptor_pool();
        Ok(Self { pool })
    }

    /// The calls that are carried out.
    pub fn calls(&self) -> impl Iterator<Item = MethodDescriptor> {
        let methods = |service: ServiceDescriptor| service.methods().collect::<Vec<_>>();
        let is_built = |method: &MethodDescriptor| {
            let call = self.option(&method.options(), "sesame.call");
            !call.is_some_and(|call| is(&call, "unbuilt"))
        };
        self.pool.services().flat_map(methods).filter(is_built)
    }

    pub fn routes(&self, method: &MethodDescriptor) -> Result<Vec<Route>> {
        let rule = self.option(&method.options(), "google.api.http");
        let rule = rule.ok_or("a call has no route")?;
        let more = list(&rule, "additional_bindings");
        let more = more.iter().filter_map(Value::as_message);
        [&rule].into_iter().chain(more).map(route).collect()
    }

    /// The routes of calls that are refused with their name, which a path may have beside others.
    pub fn unbuilt_routes(&self) -> Result<Vec<Route>> {
        let mut routes = Vec::new();
        for service in self.pool.services() {
            let option = self.pool.get_extension_by_name("sesame.unbuilt");
            let option = option.ok_or("there is no sesame.unbuilt")?;
            let options = service.options();
            let calls = options.get_extension(&option);
            let calls = calls.as_list().unwrap_or_default();
            let rules = calls.iter().filter_map(Value::as_message);
            let rules = rules.filter_map(|call| value(call, "route"));
            for rule in rules {
                routes.push(route(rule.as_message().ok_or("a route is none")?)?);
            }
        }
        Ok(routes)
    }

    pub fn call(&self, method: &MethodDescriptor) -> Result<Call> {
        let own = self.option(&method.options(), "sesame.call");
        let call = own.or_else(|| {
            let service = method.parent_service();
            let newest = service.full_name().replace(version(service), NEWEST);
            let service = self.pool.get_service_by_name(&newest)?;
            let newest = service.methods().find(|one| one.name() == method.name())?;
            self.option(&newest.options(), "sesame.call")
        });
        let call = call.ok_or_else(|| format!("{} has no errors", method.full_name()))?;
        let errors = list(&call, "errors");
        Ok(Call {
            errors: errors
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
            creates: is(&call, "creates"),
        })
    }

    /// The numbers of the only fields that are carried out.
    pub fn built(&self, message: &MessageDescriptor) -> Option<Vec<u32>> {
        let built = self.option(&message.options(), "sesame.built")?;
        let numbers = list(&built, "numbers");
        Some(numbers.iter().filter_map(Value::as_u32).collect())
    }

    /// The path to the first field of a request that is not carried out, as its refusal has it.
    /// Messages that are `around` this one are left out, since a message may contain itself.
    pub fn first_unbuilt(
        &self,
        message: &MessageDescriptor,
        around: &[&MessageDescriptor],
    ) -> Option<String> {
        let built = self.built(message);
        let is_built = |field: &FieldDescriptor| {
            let numbers = built.as_ref();
            numbers.is_none_or(|numbers| numbers.contains(&field.number()))
        };
        let around = [around, &[message]].concat();
        let mut fields: Vec<_> = message.fields().collect();
        fields.sort_by_key(FieldDescriptor::number);
        fields.iter().find_map(|field| match field.kind() {
            _ if !is_built(field) => Some(field.name().to_owned()),
            Kind::Message(inner) if !around.contains(&&inner) => {
                let inner = self.first_unbuilt(&inner, &around)?;
                Some(format!("{}.{inner}", field.name()))
            }
            _ => None,
        })
    }

    /// Whether a request with a field that the message doesn't know is refused.
    pub fn is_closed(&self, message: &MessageDescriptor) -> bool {
        let built = self.option(&message.options(), "sesame.built");
        built.is_some_and(|built| !is(&built, "ignores_unknown"))
    }

    pub fn limits(&self, field: &FieldDescriptor) -> Limits {
        let limits = self.option(&field.options(), "sesame.field");
        limits.as_ref().map(Limits::read).unwrap_or_default()
    }

    fn option(&self, options: &DynamicMessage, name: &str) -> Option<DynamicMessage> {
        let option = self.pool.get_extension_by_name(name)?;
        let is_there = options.has_extension(&option);
        is_there.then(|| options.get_extension(&option).as_message().cloned())?
    }
}

impl Limits {
    fn read(option: &DynamicMessage) -> Self {
        let number = |name: &str| value(option, name)?.as_u32().map(u64::from);
        let text = |name: &str| value(option, name)?.as_str().map(str::to_owned);
        let inner = |name: &str| Some(Box::new(Self::read(value(option, name)?.as_message()?)));
        Self {
            min: number("min"),
            max: number("max"),
            pattern: text("pattern"),
            key: inner("key"),
            value: inner("value"),
            is_required: is(option, "required"),
            is_secret: is(option, "secret"),
            example: text("example"),
        }
    }
}

/// A route of `google.api.http`.
fn route(rule: &DynamicMessage) -> Result<Route> {
    let text = |name| value(rule, name).and_then(|value| value.as_str().map(str::to_owned));
    let mut verbs = ["get", "put", "post", "delete", "patch"].into_iter();
    let found = verbs.find_map(|verb| Some((verb, text(verb)?)));
    let (verb, path) = found.ok_or("a route has no method")?;
    let has_body = text("body").is_some();
    Ok(Route {
        verb,
        path,
        has_body,
    })
}

fn value(message: &DynamicMessage, name: &str) -> Option<Value> {
    let field = message.descriptor().get_field_by_name(name)?;
    message
        .has_field(&field)
        .then(|| message.get_field(&field).into_owned())
}

fn list(message: &DynamicMessage, name: &str) -> Vec<Value> {
    let value = value(message, name);
    value
        .as_ref()
        .and_then(Value::as_list)
        .unwrap_or_default()
        .to_vec()
}

fn is(message: &DynamicMessage, name: &str) -> bool {
    value(message, name).is_some_and(|value| value.as_bool() == Some(true))
}

/// Such as `v2` of `zitadel.session.v2.SessionService`.
pub fn version(service: &ServiceDescriptor) -> &str {
    service
        .package_name()
        .rsplit('.')
        .next()
        .unwrap_or_default()
}

/// The comment before what stands at `path` of a file, in paragraphs of one line each.
pub fn comment(file: &FileDescriptor, path: &[i32]) -> String {
    let source = file.file_descriptor_proto().source_code_info.as_ref();
    let mut places = source
        .map(|source| source.location.iter())
        .into_iter()
        .flatten();
    let place = places.find(|place| place.path == path);
    let text = place.map(Location::leading_comments).unwrap_or_default();
    let paragraphs = text.split("\n\n").map(|paragraph| {
        let words: Vec<_> = paragraph.split_whitespace().collect();
        words.join(" ")
    });
    paragraphs.collect::<Vec<_>>().join("\n\n")
}
