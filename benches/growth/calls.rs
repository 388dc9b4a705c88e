//! The calls that are measured.

use bytes::Bytes;
use http::header::{AUTHORIZATION, HeaderValue};
use http::{HeaderMap, Method};
use serde_json::{Value, json};
use sesame::api::{Request, RequestContext};

use super::outcome::Outcome;
use super::service::{PASSWORD, login_name, user_id};

pub fn login(number: usize) -> Request {
    create(&with_password(
        &json!({ "loginName": login_name(number) }),
        PASSWORD,
    ))
}

pub fn login_by_id(number: usize) -> Request {
    create(&with_password(
        &json!({ "userId": user_id(number) }),
        PASSWORD,
    ))
}

pub fn wrong_password(number: usize) -> Request {
    create(&with_password(
        &json!({ "loginName": login_name(number) }),
        "wrong",
    ))
}

pub fn create_without_checks() -> Request {
    create(&json!({}))
}

fn with_password(user: &Value, password: &str) -> Value {
    json!({ "checks": { "user": user, "password": { "password": password } } })
}

fn create(body: &Value) -> Request {
    request(Method::POST, "/v2/sessions".to_owned(), Some(body))
}

pub fn get(id: &str, token: &str) -> Request {
    Request {
        query: vec![("sessionToken".to_owned(), token.to_owned())],
        ..request(Method::GET, format!("/v2/sessions/{id}"), None)
    }
}

pub fn set(id: &str, token: &str, change: &Value) -> Request {
    let mut body = change.clone();
    body["sessionToken"] = json!(token);
    request(Method::PATCH, format!("/v2/sessions/{id}"), Some(&body))
}

pub fn delete(id: &str, token: &str) -> Request {
    let body = json!({ "sessionToken": token });
    request(Method::DELETE, format!("/v2/sessions/{id}"), Some(&body))
}

pub fn list(number: usize, bearer: &str) -> Outcome<Request> {
    let query = json!({ "userIdQuery": { "id": user_id(number) } });
    let body = json!({ "queries": [query] });
    let mut request = request(Method::POST, "/v2/sessions/search".to_owned(), Some(&body));
    let token = HeaderValue::from_str(&format!("Bearer {bearer}"))?;
    request.headers.insert(AUTHORIZATION, token);
    Ok(request)
}

fn request(method: Method, path: String, body: Option<&Value>) -> Request {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    Request {
        method,
        path,
        query: Vec::new(),
        headers,
        body: body.map_or_else(Bytes::new, |body| Bytes::from(body.to_string())),
        context: RequestContext::default(),
    }
}
