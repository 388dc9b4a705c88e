//! A service that accepts session tokens. Run `cargo dev` in another terminal: it has the database,
//! and prints the call that creates a session and gives its token.
//!
//! ```sh
//! cargo run --example axum --features dev
//! curl -H "Authorization: Bearer $SESSION_TOKEN" http://127.0.0.1:8090/
//! ```

use std::io;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::routing::get;
use axum::{Extension, Router};
use sesame::aws::{Endpoint, Roots, connect};
use sesame::domain::{MfaPolicy, SessionUser, Timestamp};
use sesame::store::{Store, Tables};
use sesame::transport::tower::SessionLayer;
use tokio::net::TcpListener;

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let service = Router::new()
        .route("/", get(hello))
        .layer(SessionLayer::new(local_store(), now).mfa(MfaPolicy::Optional));

    let listener = TcpListener::bind("127.0.0.1:8090").await?;
    axum::serve(listener, service).await
}

async fn hello(Extension(session): Extension<SessionUser>) -> String {
    let at = session.proved_at.as_millis();
    let methods = session.factors.methods().join(" and ");
    let name = session.login_name;
    format!("Hello {name}, known by {methods} since {at}\n")
}

/// A store with the tables of `cargo dev`. For tables at AWS, give an `Endpoint` with its region and
/// any credentials provider of the SDK.
fn local_store() -> Store {
    let url = Some("http://127.0.0.1:8000".to_owned());
    let endpoint = Endpoint::with_keys("us-east-1".to_owned(), url, "local", "local", None);
    let tables = Tables {
        users: "users".to_owned(),
        sessions: "sessions".to_owned(),
    };
    Store::new(connect(endpoint, Roots::System), tables)
}

#[allow(
    clippy::disallowed_methods,
    reason = "the one place that reads the clock"
)]
fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let millis = since.map(|since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX));
    Timestamp::from_millis(millis.unwrap_or(0))
}
