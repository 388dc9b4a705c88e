//! The events that are sent to the function.

use std::path::Path;

use serde_json::Value;

const JSON: &str = include_str!("../../events/create-session.json");
const CONNECT: &str = include_str!("../../events/create-session-connect.json");
const CONNECT_PROTO: &str = include_str!("../../events/create-session-connect-proto.json");
const GRPC_WEB: &str = include_str!("../../events/create-session-grpc-web.json");
const GRPC_WEB_TEXT: &str = include_str!("../../events/create-session-grpc-web-text.json");

#[derive(Clone, Debug)]
pub struct Event {
    pub name: String,
    pub json: String,
}

impl Event {
    pub fn read(path: &Path) -> Result<Self, String> {
        let name = path.display().to_string();
        let json = std::fs::read_to_string(path).map_err(|error| format!("{name}: {error}"))?;
        Ok(Self { name, json })
    }
}

/// The same login in JSON, which comes first, and in each other protocol but gRPC, which needs
/// trailers that the response to an event can't have.
pub fn protocol_events() -> serde_json::Result<[Event; 5]> {
    let event = |name: &str, json: &str| Event {
        name: name.to_owned(),
        json: json.to_owned(),
    };
    Ok([
        // The body of the JSON event has the user's id as well, so it is replaced.
        event("JSON", &with_body(JSON, CONNECT)?),
        event("Connect, JSON", CONNECT),
        event("Connect, protobuf", CONNECT_PROTO),
        event("gRPC-Web", GRPC_WEB),
        event("gRPC-Web, text", GRPC_WEB_TEXT),
    ])
}

fn with_body(event: &str, other: &str) -> serde_json::Result<String> {
    let mut event: Value = serde_json::from_str(event)?;
    let mut other: Value = serde_json::from_str(other)?;
    event["body"] = other["body"].take();
    event["headers"]["content-length"] = other["headers"]["content-length"].take();
    serde_json::to_string_pretty(&event)
}
