//! One call on one route: its parameters, its body and its answers.

use std::collections::BTreeMap;

use prost_reflect::{FieldDescriptor, Kind};
use serde_json::{Map, Value, json};

use crate::Result;
use crate::document::{Document, Operation, tag};
use crate::errors::{self, Answer};
use crate::permissions::{is_open_to_weak, who_may};
use crate::proto::{Route, comment, version};
use crate::schema::{capitalised, is_plain, reference, suffix};
use crate::settings::with_defaults;

const BODY: &str = "Any `Content-Type` is read as JSON but those of gRPC, gRPC-Web and Connect. The \
    body may be compressed, with `Content-Encoding: gzip`.";
const MAY_BE_EMPTY: &str = "No body, or white space alone, is an empty message.";

impl Document<'_> {
    /// The call as a path lists it, which has these methods.
    pub fn operation(&mut self, operation: &Operation, methods: &str) -> Result<Value> {
        let Operation { method, route, .. } = operation;
        let text = with_defaults(&comment(&method.parent_file(), method.path()));
        let (summary, text) = text.split_once('.').unwrap_or((&text, ""));
        let message = method.input();
        let token = message.get_field_by_name("session_token");
        let needs_token = token.is_some_and(|field| self.proto.limits(&field).is_required);
        let is_on_users = method.parent_service().name() == "UserService";
        let who_may = who_may(method.name(), needs_token, is_on_users).unwrap_or_default();
        let text = format!("{}\n\n{}", text.trim(), with_defaults(&who_may));
        let mut described = json!({
            "operationId": operation.id,
            "tags": [tag(method.parent_service().name())],
            "summary": summary,
            "description": text.trim(),
        });
        if route.has_body {
            let is_needed = |field: FieldDescriptor| {
                self.proto.limits(&field).is_required && !in_path(route, &field)
            };
            let is_required = message.fields().any(is_needed);
            let about = if is_required {
                BODY.to_owned()
            } else {
                format!("{MAY_BE_EMPTY} {BODY}")
            };
            described["requestBody"] = json!({
                "description": about,
                "required": is_required,
                "content": { "application/json": {
                    "schema": self.schemas.request(&message),
                    "examples": self.examples_of(operation, false)?,
                } },
            });
        }
        let parameters = self.parameters(operation);
        if !parameters.is_empty() {
            described["parameters"] = parameters.into();
        }
        described["responses"] = self.responses(operation, methods)?;
        Ok(described)
    }

    fn parameters(&mut self, operation: &Operation) -> Vec<Value> {
        let Operation {
            method,
            route,
            call,
            ..
        } = operation;
        let mut parameters = Vec::new();
        for field in method.input().fields() {
            if in_path(route, &field) {
                let mut parameter = self.parameter("path", field.name(), &field);
                parameter["required"] = true.into();
                parameters.push(parameter);
            } else if !route.has_body {
                self.query(&field, field.json_name(), &mut parameters);
            }
        }
        let shows = |error: &str| call.errors.iter().any(|name| name == error);
        for (error, header) in errors::OF_HEADERS {
            if shows(error) {
                parameters.push(reference("parameters", header));
            }
        }
        parameters
    }

    /// A field that stands in the query; of a message, its fields with dots between the names.
    fn query(&mut self, field: &FieldDescriptor, name: &str, parameters: &mut Vec<Value>) {
        match field.kind() {
            Kind::Message(message) if is_plain(&message) => {
                for inner in message.fields() {
                    self.query(&inner, &format!("{name}.{}", inner.json_name()), parameters);
                }
            }
            _ => parameters.push(self.parameter("query", name, field)),
        }
    }

    fn parameter(&mut self, place: &str, name: &str, field: &FieldDescriptor) -> Value {
        let mut schema = self.schemas.field(field);
        let about = with_defaults(&comment(&field.parent_file(), field.path()));
        let mut parameter = json!({ "name": name, "in": place, "description": about });
        if let Some(schema) = schema.as_object_mut() {
            schema.remove("description");
            if let Some(examples) = schema.remove("examples") {
                parameter["example"] = examples[0].clone();
            }
        }
        parameter["schema"] = schema;
        parameter
    }

    fn responses(&mut self, operation: &Operation, methods: &str) -> Result<Value> {
        let Operation {
            method,
            call,
            route,
            ..
        } = operation;
        let message = method.output();
        let about = comment(&message.parent_file(), message.path());
        let mut success = json!({
            "description": about,
            "headers": headers(Map::new()),
            "content": { "application/json": {
                "schema": self.schemas.reply(&message),
                "examples": self.examples_of(operation, true)?,
            } },
        });
        let mut responses = Map::from_iter([("200".to_owned(), success.clone())]);
        if call.creates {
            let about = format!("{about} In place of 200, where `CREATED_STATUS` is 201.");
            success["description"] = with_defaults(&about).into();
            responses.insert("201".to_owned(), success);
        }
        let mut by_status: BTreeMap<u16, Vec<Answer>> = BTreeMap::new();
        let unbuilt = self.proto.first_unbuilt(&method.input(), &[]);
        let is_open = is_open_to_weak(method.name());
        let (rpc, of_call) = (method.name(), &call.errors);
        for answer in errors::answers(rpc, of_call, is_open, route.has_body, methods, unbuilt)? {
            by_status.entry(answer.status).or_default().push(answer);
        }
        for (status, answers) in by_status {
            let response = self.refusal(operation, status, &answers)?;
            responses.insert(status.to_string(), response);
        }
        Ok(responses.into())
    }

    /// The response for errors that share a status: a line and an example for each.
    fn refusal(&mut self, operation: &Operation, status: u16, answers: &[Answer]) -> Result<Value> {
        let mut lines = Vec::new();
        let mut examples = Map::new();
        for Answer {
            code,
            id,
            kind,
            meaning,
            body,
            ..
        } in answers
        {
            self.codes.insert(*code);
            self.ids.extend(id);
            let id = id.unwrap_or(kind);
            lines.push(format!("- {code} `{id}`: {}", with_defaults(meaning)));
            let name: String = kind.split('_').map(capitalised).collect();
            let rpc = operation.method.name();
            let names = [
                name.clone(),
                format!("{name}-{id}"),
                format!("{name}-2"),
                format!("{rpc}{name}"),
                format!("{rpc}{name}-2"),
            ];
            let example = self.add("examples", &names, &json!({ "value": body }))?;
            if !examples.values().any(|other| *other == example) {
                let free = names.iter().find(|name| !examples.contains_key(*name));
                let free = free.ok_or_else(|| format!("too many examples of {name}"))?;
                examples.insert(free.clone(), example);
            }
        }
        lines.dedup();
        let response = json!({
            "description": lines.join("\n"),
            "headers": headers(errors::headers(answers)?),
            "content": { "application/json": {
                "schema": reference("schemas", "Status"),
                "examples": examples,
            } },
        });
        let (rpc, id) = (operation.method.name(), capitalised(&operation.id));
        let mut names = vec![format!("{rpc}Error{status}"), format!("{id}Error{status}")];
        if answers.iter().all(Answer::is_of_all_calls) {
            names.insert(0, format!("Error{status}"));
        }
        self.add("responses", &names, &response)
    }

    fn examples_of(&mut self, operation: &Operation, is_reply: bool) -> Result<Value> {
        let Operation { method, route, .. } = operation;
        let part = if is_reply { "Reply" } else { "Request" };
        let version = suffix(version(method.parent_service()));
        let mut examples = Map::new();
        for (name, example) in self.examples.of(method, route, is_reply) {
            let component = format!("{}{part}-{name}", method.name());
            let names = [component.clone(), format!("{component}-{version}")];
            examples.insert(name, self.add("examples", &names, &example)?);
        }
        Ok(examples.into())
    }
}

fn in_path(route: &Route, field: &FieldDescriptor) -> bool {
    route.path.contains(&format!("{{{}}}", field.name()))
}

/// Headers with those that every answer has.
fn headers(mut headers: Map<String, Value>) -> Map<String, Value> {
    for name in ["Cache-Control", "X-Content-Type-Options", "X-Request-Id"] {
        headers.insert(name.to_owned(), reference("headers", name));
    }
    headers
}
