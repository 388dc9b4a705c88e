//! The errors of the service, as JSON routes answer them.

use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde_json::{Map, Value, json};
use sesame::api::Protocol;
use sesame::api::codec::encode_error;
use sesame::error::{Error, Example, TokenFault, examples};

use crate::Result;

/// The kinds that all calls have. Servers refuse a few more before they find a call.
const OF_ALL_CALLS: [&str; 11] = [
    "invalid_argument",
    "malformed",
    "unauthenticated",
    "unknown_route",
    "unknown_method",
    "unsupported_media_type",
    "body_too_large",
    "deadline_exceeded",
    "client_deadline_exceeded",
    "unavailable",
    "internal",
];

/// The error of every call that a session may not make that lacks a factor of its user.
const OF_STRONG: &str = "too_weak";

/// What calls with a body have beside them.
const OF_BODIES: &str = "unsupported_encoding";

/// The errors of which each call has one that sends or takes codes, or seals a secret.
const OF_CODES: [&str; 4] = [
    "SESAME-Send1",
    "COMMAND-Fia4a",
    "SESAME-Foff1",
    "no_registration",
];

/// The errors that show which headers a call reads.
const KEY_REUSED: &str = "idempotency_key_reused";
pub const OF_HEADERS: [(&str, &str); 2] = [
    (KEY_REUSED, "Idempotency-Key"),
    ("precondition_failed", "If-Match"),
];

/// An error as it is answered.
pub struct Answer {
    pub kind: &'static str,
    pub id: Option<&'static str>,
    pub status: u16,
    pub code: u8,
    pub meaning: String,
    pub body: Value,
    pub headers: HeaderMap,
}

impl Answer {
    pub fn is_of_all_calls(&self) -> bool {
        OF_ALL_CALLS.contains(&self.kind) || [OF_BODIES, OF_STRONG].contains(&self.kind)
    }
}

/// The errors that show that a call of passkeys sends or takes codes.
const OF_LINKS: [&str; 2] = ["SESAME-Send1", "COMMAND-Eeb2a"];

/// What a call refuses where the deployment lacks a setting for it.
fn missing(rpc: &str, of_call: &[String]) -> Vec<&'static str> {
    let has_one = |some: &[&str]| of_call.iter().any(|name| some.contains(&&**name));
    let is_of_keys = rpc.contains("Passkey") || rpc.contains("U2F");
    let has_codes = has_one(if is_of_keys { &OF_LINKS } else { &OF_CODES });
    let parties = is_of_keys.then_some("passkeys without RP_IDS");
    let codes = has_codes.then_some("codes without SERVER_KEY");
    parties.into_iter().chain(codes).collect()
}

/// The errors of a call, by what its option names, on a path that has these methods. `unbuilt` is a
/// field of its request that isn't carried out.
pub fn answers(
    rpc: &str,
    of_call: &[String],
    is_open_to_weak: bool,
    has_body: bool,
    methods: &str,
    unbuilt: Option<String>,
) -> Result<Vec<Answer>> {
    let missing = missing(rpc, of_call);
    let unbuilt = unbuilt.or_else(|| missing.first().map(|&what| what.to_owned()));
    let unbuilt = unbuilt.unwrap_or_default();
    let mut names: Vec<_> = of_call
        .iter()
        .map(String::as_str)
        .chain(OF_ALL_CALLS)
        .collect();
    if has_body {
        names.push(OF_BODIES);
    }
    if !is_open_to_weak {
        names.push(OF_STRONG);
    }
    let all = examples();
    let mut answers = Vec::new();
    for name in &names {
        let is_named = |example: &&Example| {
            let row = example.error.row();
            match name.split_once(':') {
                Some((kind, id)) => row.kind == kind && row.id == Some(id),
                None => row.kind == *name || row.id == Some(*name),
            }
        };
        let mut found = all.iter().filter(is_named).peekable();
        found
            .peek()
            .ok_or_else(|| format!("no error is named {name}"))?;
        for example in found {
            let (meaning, _) = example.documentation().unwrap_or_default();
            let of_path = Error::MethodNotAllowed(methods.to_owned().into());
            let of_request = Error::Unimplemented(unbuilt.clone().into());
            let more = match &example.error {
                Error::Unauthenticated(_) => vec![Error::Unauthenticated(TokenFault::Invalid)],
                Error::Unimplemented(_) => {
                    let keyed = names.contains(&KEY_REUSED);
                    let keyed = keyed.then_some("Idempotency-Key without SERVER_KEY");
                    let missing = missing.iter().copied().filter(|what| *what != unbuilt);
                    let more = keyed.into_iter().chain(missing);
                    more.map(|what| Error::Unimplemented(what.into())).collect()
                }
                _ => Vec::new(),
            };
            let error = match &example.error {
                Error::MethodNotAllowed(_) => &of_path,
                Error::Unimplemented(_) => &of_request,
                error => error,
            };
            for error in [error].into_iter().chain(&more) {
                answers.push(answer(error, &meaning)?);
            }
        }
    }
    Ok(answers)
}

fn answer(error: &Error, meaning: &str) -> Result<Answer> {
    let (parts, body) = encode_error(Protocol::Json, error).into_parts();
    let mut headers = parts.headers;
    headers.remove(CONTENT_TYPE);
    let row = error.row();
    Ok(Answer {
        kind: row.kind,
        id: row.id,
        status: parts.status.as_u16(),
        code: row.code.number,
        meaning: meaning.to_owned(),
        body: serde_json::from_slice(&body.data)?,
        headers,
    })
}

/// What a header is for, and its values where these can't be listed.
fn header(name: &str) -> (&'static str, Option<Value>) {
    let text = |pattern: &str| Some(json!({ "type": "string", "pattern": pattern }));
    match name {
        "WWW-Authenticate" => (
            "How to say who calls, or what is wrong with the token.",
            None,
        ),
        "Allow" => ("The methods that the path has.", None),
        "Accept-Post" => (
            "The content type that the path has, where it was another's.",
            None,
        ),
        "Accept-Encoding" => (
            "The compressions that are read, where it was another.",
            None,
        ),
        "Retry-After" => (
            "How many seconds to wait before the next try.",
            Some(json!({ "type": "integer", "minimum": 1 })),
        ),
        "ETag" => (
            "The sequence that the session is at, in double quotes, as `If-Match` takes it.",
            text("^\"[1-9][0-9]{0,19}\"$"),
        ),
        _ => ("", None),
    }
}

/// The headers of errors that share a status.
pub fn headers(answers: &[Answer]) -> Result<Map<String, Value>> {
    let mut headers = Map::new();
    for name in [
        "WWW-Authenticate",
        "Allow",
        "Accept-Post",
        "Accept-Encoding",
        "Retry-After",
        "ETag",
    ] {
        let values: Vec<_> = answers
            .iter()
            .filter_map(|answer| answer.headers.get(name))
            .collect();
        let (description, schema) = header(name);
        let mut texts: Vec<_> = values
            .iter()
            .map(|value| value.to_str())
            .collect::<std::result::Result<_, _>>()?;
        texts.sort_unstable();
        texts.dedup();
        if texts.is_empty() {
            continue;
        }
        let schema = schema.unwrap_or_else(|| json!({ "type": "string", "enum": texts }));
        let mut header = json!({ "description": description, "schema": schema });
        if values.len() == answers.len() {
            header["required"] = true.into();
        }
        headers.insert(name.to_owned(), header);
    }
    Ok(headers)
}
