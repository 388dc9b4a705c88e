//! The calls that change nothing.

use serde_json::json;
use sesame::api::Version;
use sesame::domain::Operation;

use super::world::assert_refused;
use super::{Asked, Run};
use crate::model::reference::Session;
use crate::model::steps::{Filter, Slot};
use crate::model::stored::assert_shows;
use crate::support::answer::number;

impl Run {
    pub(super) async fn get(&mut self, asked: Asked) {
        let answered = self.send(Operation::GetSession, &asked).await;
        let model = &self.model;
        let want = asked
            .caller
            .clone()
            .and_then(|caller| model.get(asked.session, &caller, asked.token.as_deref()));
        match (want, answered.outcome) {
            (Ok(want), Ok(body)) => {
                assert_shows(&body["session"], want, model, asked.version);
            }
            (want, outcome) => assert_refused(want.map(|_| ()), &outcome, &asked),
        }
    }

    pub(super) async fn list(
        &mut self,
        mut asked: Asked,
        filters: &[Filter],
        page: (u64, u32, bool),
    ) {
        let (offset, limit, ascending) = page;
        let version = asked.version;
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
        asked.call.body = json!({
            "query": { "offset": offset.to_string(), "limit": limit, "asc": ascending },
            "queries": queries.collect::<Vec<_>>(),
        });
        let answered = self.send(Operation::ListSessions, &asked).await;

        let model = &self.model;
        let creator = asked
            .caller
            .as_ref()
            .map(|caller| caller.name(&model.users));
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
        // An older version doesn't know a filter, and matches nothing.
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
        let want = asked
            .caller
            .clone()
            .and_then(|caller| model.list(&caller, &[&passes], &users, somewhere));
        match (want, answered.outcome) {
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
            (want, outcome) => assert_refused(want.map(|_| ()), &outcome, &asked),
        }
    }
}
