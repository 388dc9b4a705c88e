//! What tests with thousands of calls need of an [`App`].

use sesame::api::Request;
use sesame::app::handle;
use sesame::aws::with_http_client;
use sesame::domain::{SessionId, Timestamp};

use super::App;
use crate::support::answer::Answer;

impl App {
    /// Sends a request like [`App::send`], but keeps nothing of it.
    pub async fn answer(&self, request: Request, now: Timestamp) -> Answer {
        let (parts, body) = handle(&self.api, request, now).await.into_parts();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: body.data,
            trailers: body.trailers,
        }
    }

    /// Clears faults, requests and log.
    pub fn forget(&self) {
        self.faults.clear();
        self.log.lock().unwrap().clear();
    }

    /// Reads the ids of all stored sessions.
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
