//! The web pages of the local service: a page to try the API, a reference, the `OpenAPI` document,
//! the messages that were sent, and what login pages link to.
//!
//! The pages hold passwords, so they load nothing from elsewhere, and run only the scripts that
//! are served here.

use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, Method, Response};
use serde_json::{Value, json};

use super::outbox;
use crate::api::schema::{Field, Kind, Label, Message, ROUTES, Segment};
use crate::emulator::Outbox;
use crate::error::{self, Error, Row};
use crate::status::json_error;
use crate::transport::http::Pages;

/// The content security policy. `data:` is for the empty icon, without which browsers request
/// `/favicon.ico`.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const JSON: &str = "application/json";

/// The pages that login pages link to where nobody has set others.
pub const TERMS: &str = "/terms";
pub const PRIVACY: &str = "/privacy";

/// The path, the media type and the text of each page.
type WebPage = (&'static str, &'static str, &'static str);

static PAGES: LazyLock<[WebPage; 13]> = LazyLock::new(|| {
    [
        ("/", HTML, include_str!("pages/try.html")),
        ("/reference", HTML, include_str!("pages/reference.html")),
        (TERMS, HTML, include_str!("pages/terms.html")),
        (PRIVACY, HTML, include_str!("pages/privacy.html")),
        ("/openapi.json", JSON, include_str!("../../../openapi.json")),
        ("/pages/errors.json", JSON, &ERRORS),
        ("/pages/calls.json", JSON, &CALLS),
        ("/pages/calls.js", SCRIPT, include_str!("pages/calls.js")),
        ("/pages/page.js", SCRIPT, include_str!("pages/page.js")),
        (
            "/pages/reference.js",
            SCRIPT,
            include_str!("pages/reference.js"),
        ),
        ("/pages/style.css", STYLE, include_str!("pages/style.css")),
        ("/pages/try.js", SCRIPT, include_str!("pages/try.js")),
        ("/pages/wire.js", SCRIPT, include_str!("pages/wire.js")),
    ]
});

/// The table of errors, with what each means and what to do about it.
static ERRORS: LazyLock<String> = LazyLock::new(|| {
    let explained = error::examples().into_iter().map(|example| {
        let (means, remedy) = example.documentation().unwrap_or_default();
        let Row { code, id, text, .. } = example.error.row();
        json!({
            "code": code.number,
            "name": code.name,
            "id": id,
            "text": text,
            "means": means,
            "remedy": remedy,
        })
    });
    explained.collect::<Value>().to_string()
});

/// The calls by version and name: where each is, and which its messages are in the list of all.
static CALLS: LazyLock<String> = LazyLock::new(|| {
    let mut calls = json!({});
    let mut messages = Messages::default();
    for route in ROUTES {
        let Some(procedure) = route.procedure() else {
            continue;
        };
        let segment = |segment: &Segment| match segment {
            Segment::Literal(text) => format!("/{text}"),
            Segment::Field(name) => {
                let field = procedure.request.field_named(name);
                format!("/{{{}}}", field.map_or(*name, |field| field.json))
            }
        };
        let call = &mut calls[procedure.version.as_str()][procedure.operation.as_str()];
        // The first route is the one to show.
        if call.is_null() {
            *call = json!({
                "service": procedure.service,
                "method": route.method.as_str(),
                "path": route.path.iter().map(segment).collect::<String>(),
                "hasBody": route.has_body,
                "request": messages.place(procedure.request),
                "reply": messages.place(procedure.reply),
            });
        }
    }
    json!({ "calls": calls, "messages": messages.tables }).to_string()
});

/// The tables of messages, each once: a message may contain itself.
#[derive(Default)]
struct Messages {
    known: Vec<&'static Message>,
    tables: Vec<Value>,
}

impl Messages {
    /// The place of a message in the list, to which it and those in it are added.
    fn place(&mut self, message: &'static Message) -> usize {
        let is_same = |known: &&Message| std::ptr::eq(*known, message);
        self.known.iter().position(is_same).unwrap_or_else(|| {
            let place = self.known.len();
            self.known.push(message);
            self.tables.push(Value::Null);
            self.tables[place] = self.table(message);
            place
        })
    }

    /// The fields of a message that are carried out, by their names in JSON.
    fn table(&mut self, message: &'static Message) -> Value {
        let is_built = |field: &&Field| message.is_built(field);
        let fields = message.fields.iter().filter(is_built);
        let fields = fields.map(|field| (field.json, self.row(field)));
        fields.collect()
    }

    fn row(&mut self, field: &'static Field) -> Value {
        let (kind, of) = match &field.kind {
            Kind::Bool => ("bool", Value::Null),
            Kind::Double => ("double", Value::Null),
            Kind::Int32 => ("int32", Value::Null),
            Kind::Int64 => ("int64", Value::Null),
            Kind::Uint32 => ("uint32", Value::Null),
            Kind::Uint64 => ("uint64", Value::Null),
            Kind::String => ("string", Value::Null),
            Kind::Bytes => ("bytes", Value::Null),
            Kind::Enum(members) => ("enum", members.iter().copied().collect()),
            Kind::Message(of) => ("message", self.place(of).into()),
            Kind::Timestamp => ("timestamp", Value::Null),
            Kind::Duration => ("duration", Value::Null),
            Kind::Struct(_) | Kind::Value(_) | Kind::ListValue(_) => ("json", Value::Null),
        };
        let label = match field.label {
            Label::Single => "single",
            Label::Repeated => "repeated",
            Label::Map => "map",
        };
        json!({ "number": field.number, "type": kind, "of": of, "label": label })
    }
}

/// The pages, with the messages of this outbox.
pub fn over(outbox: Outbox) -> Pages {
    Arc::new(move |method: &_, path: &_, headers: &_| respond(&outbox, method, path, headers))
}

/// The response if `path` is that of a page. No page has a path of the API.
fn respond(
    outbox: &Outbox,
    method: &Method,
    path: &str,
    headers: &HeaderMap,
) -> Option<Response<Bytes>> {
    if path == outbox::PATH {
        return Some(outbox::respond(outbox, method, headers));
    }
    let &(_, kind, text) = PAGES.iter().find(|(known, ..)| *known == path)?;
    let mut response = match *method {
        Method::GET => found(kind, text, Bytes::from_static(text.as_bytes())),
        Method::HEAD => found(kind, text, Bytes::new()),
        // The error that the service itself gives for a wrong method.
        _ => json_error(&Error::MethodNotAllowed("GET, HEAD".into())),
    };
    let headers: [(HeaderName, &str); 4] = [
        // After an update, browsers show the pages of the new version.
        (CACHE_CONTROL, "no-cache"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    for (name, value) in headers {
        let value = HeaderValue::from_static(value);
        response.headers_mut().insert(name, value);
    }
    Some(response)
}

/// The response with a page. Its `Content-Length` is that of the page even for `HEAD`.
fn found(kind: &'static str, text: &str, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CONTENT_LENGTH, text.len().into());
    response
}
