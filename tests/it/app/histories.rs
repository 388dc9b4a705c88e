//! What long histories of calls need of an [`App`].

use sesame::api::{Request, handle};
use sesame::domain::{CallerName, CallerRecord, Permission, SessionId, Timestamp};
use sesame::store::with_http_client;
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

    /// Of all that are stored.
    pub async fn session_ids(&self) -> Vec<SessionId> {
        let database = &self.database;
        let client = with_http_client(database.endpoint.clone(), database.plain.clone());
        let mut pages = client
            .scan()
            .table_name(&database.tables.sessions)
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        let mut ids = Vec::new();
        while let Some(item) = pages.next().await {
            let item = item.unwrap();
            ids.push(item["session_id"].as_s().unwrap().parse().unwrap());
        }
        ids
    }
}
