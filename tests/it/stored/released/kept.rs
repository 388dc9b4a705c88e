use serde_json::{Value, json};

use super::dynamodb_json::write_item;
use crate::stored::Place;
use crate::support::app::App;

/// A stored item, with what it is and what to ask about it.
pub async fn kept(app: &App, is: &str, place: Place, ask: Value) -> Value {
    let item = write_item(&place.read(app).await);
    json!({ "is": is, "item": item, "ask": ask })
}
