//! What long histories of calls need of an [`App`].

use sesame::api::{Request, handle};
use sesame::domain::{CallerName, CallerRecord, Permission, Timestamp};
use sesame::token::CallerToken;

use super::{Answer, App, NOW};

impl App {
    /// Like [`App::send`], for thousands of calls: nothing of them is kept.
    pub async fn answer(&self, request: Request, now: Timestamp) -> Answer {
        let (parts, body) = handle(&self.api, request, now).await.into_parts();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: body.data,
            trailers: body.trailers,
        }
    }

    /// Forgets faults, requests and log.
    pub fn forget(&self) {
        self.faults.clear();
        self.log.lock().unwrap().clear();
    }

    /// A service account of this name, and for good.
    pub async fn service(&self, name: &str, permissions: &[Permission]) -> String {
        let token = CallerToken::draw().unwrap();
        let caller = CallerRecord {
            name: CallerName::parse(name.to_owned()).unwrap(),
            permissions: permissions.iter().copied().collect(),
            created_at: NOW,
            expires_at: Timestamp::from_millis(i64::MAX),
        };
        let store = &self.store;
        store.insert_caller(token.hash(), &caller).await.unwrap();
        token.as_str().to_owned()
    }
}
