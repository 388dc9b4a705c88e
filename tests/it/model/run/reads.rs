//! The calls that only read.

use serde_json::json;
use sesame::api::Version;
use sesame::domain::Operation;

use super::Run;
use super::call::{PendingCall, assert_refused};
use crate::model::reference::Session;
use crate::model::steps::{Filter, Slot};
use crate::model::stored::assert_shows;
use crate::support::answer::number;

impl Run {
    pub(super) async fn get(&mut self, pending: PendingCall) {
        let finished = self.send(Operation::GetSession, &pending).await;
        let model = &self.model;
        let want = pending
            .principal
            .clone()
            .and_then(|principal| model.get(pending.session, &principal, pending.token.as_deref()));
        match (want, finished.outcome) {
            (Ok(want), Ok(body)) => {
                assert_shows(&body["session"], want, model, pending.version);
            }
            (want, outcome) => assert_refused(want.map(|_| ()), &outcome, &pending),
        }
    }

    pub(super) async fn list(
        &mut self,
        mut pending: PendingCall,
        filters: &[Filter],
        page: (u64, u32, bool),
    ) {
        let (offset, limit, ascending) = page;
        let version = pending.version;
        let id_of = |slot: &Slot| {
            let session = self.session_in(*slot);
            session.map(|session| self.model.sessions[session].id.clone())
        };
        let queries = filters.iter().map(|filter| match filter {
            Filter::Ids(slots) => {
                let ids: Vec<_> = slots.iter().filter_map(id_of).collect();
                json!({ "idsQuery": { "ids": ids } })
            }
            Filter::User(user) => json!({ "userIdQuery": { "id": self.model.users[*user].id } }),
            Filter::OwnCreations => json!({ "creatorQuery": {} }),
        });
        pending.call.body = json!({
            "query": { "offset": offset.to_string(), "limit": limit, "asc": ascending },
            "queries": queries.collect::<Vec<_>>(),
        });
        let finished = self.send(Operation::ListSessions, &pending).await;

        let model = &self.model;
        let creator = pending
            .principal
            .as_ref()
            .map(|principal| principal.name(&model.users));
        let creator = creator.unwrap_or_default();
        let knows = |filter: &Filter| match filter {
            Filter::Ids(_) => true,
            Filter::User(_) => version > Version::V2alpha,
            Filter::OwnCreations => version > Version::V2beta,
        };
        let passes = |session: &Session| {
            filters.iter().all(|filter| {
                knows(filter)
                    && match filter {
                        Filter::Ids(slots) => {
                            slots.iter().filter_map(id_of).any(|id| id == session.id)
                        }
                        Filter::User(user) => {
                            let factor = session.user.as_ref();
                            session.password.is_some()
                                && factor.is_some_and(|factor| factor.user == *user)
                        }
                        Filter::OwnCreations => session.creator == creator,
                    }
            })
        };
        // To a version that doesn't know a filter, it is an empty filter, which matches nothing.
        let somewhere = filters
            .iter()
            .any(|filter| !knows(filter) || !matches!(filter, Filter::OwnCreations));
        let users = filters.iter().filter(|filter| knows(filter));
        let users: Vec<_> = users
            .filter_map(|filter| match filter {
                Filter::User(user) => Some(*user),
                _ => None,
            })
            .collect();
        let want = pending
            .principal
            .clone()
            .and_then(|principal| model.list(&principal, &[&passes], &users, somewhere));
        match (want, finished.outcome) {
            (Ok(mut want), Ok(body)) => {
                assert_eq!(number(&body["details"]["totalResult"]), want.len() as u64);
                if !ascending {
                    want.reverse();
                }
                let most = if limit == 0 { 100 } else { limit };
                let want = want.into_iter().skip(usize::try_from(offset).unwrap());
                let want: Vec<_> = want.take(most as usize).collect();
                let listed = body["sessions"].as_array().cloned().unwrap_or_default();
                assert_eq!(listed.len(), want.len());
                for (one, want) in listed.iter().zip(&want) {
                    assert_shows(one, want, model, version);
                }
                let highest = want.iter().map(|session| session.sequence).max();
                let processed = number(&body["details"]["processedSequence"]);
                assert_eq!(processed, highest.unwrap_or(0));
            }
            (want, outcome) => assert_refused(want.map(|_| ()), &outcome, &pending),
        }
    }
}
