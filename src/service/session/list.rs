use std::collections::HashMap;

use super::{own_user_ref, sessions};
use crate::domain::{
    Compare, Filter, Invalid, NamedSession, Operation, Page, Permission, Permit, Principal,
    Session, SessionId, SessionScope, SessionState, Timestamp, UserId, UserPointer, UserRef,
};
use crate::error::Error;
use crate::service::{Context, Service, UseCase};

/// How many of a user's sessions one call looks at.
const MAX_SESSIONS_READ: usize = 1000;
/// How many of a user's sessions one request reads; it reads the user as well.
const SESSIONS_PER_REQUEST: usize = 99;
/// The maximum size of the metadata and user agents of a page, in bytes. A response with more is
/// too large in each encoding.
const MAX_PAGE_BYTES: usize = 4 * 1024 * 1024;

/// The advice about a page that is too large.
pub const PAGE_ADVICE: &str = "ask for fewer at once";
const RANGE_ADVICE: &str = "narrow it by creation date";

/// Where a list looks for sessions.
enum Source {
    Ids(Vec<SessionId>),
    User(UserId),
}

/// The conditions that a session has to meet to be listed.
struct Search {
    request: ListSessions,
    permitted: SessionScope,
    principal: String,
    /// The fingerprint of the user agent of the principal's own session.
    fingerprint: Option<String>,
    now: Timestamp,
}

/// `ListSessionsRequest`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListSessions {
    pub page: Page,
    /// A session is listed if it passes all of them.
    pub filters: Vec<Filter>,
}

/// `ListSessionsResponse`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedSessions {
    /// How many sessions pass the filters, on all pages together.
    pub total: u64,
    pub sessions: Vec<NamedSession>,
    pub timestamp: Timestamp,
    pub resource_owner: String,
}

impl ListedSessions {
    /// The highest sequence among the sessions.
    pub fn processed_sequence(&self) -> u64 {
        let sequences = self.sessions.iter().map(|named| named.session.sequence.0);
        sequences.max().unwrap_or_default()
    }

    /// Adds those of the next batch, in list order, that are on `page`.
    fn add(&mut self, mut batch: Vec<NamedSession>, page: Page) {
        batch.sort_by_key(|named| (named.session.created_at, named.session.id));
        if !page.ascending {
            batch.reverse();
        }
        for named in batch {
            let is_full = self.sessions.len() >= page.limit as usize;
            if self.total >= page.offset && !is_full {
                self.sessions.push(named);
            }
            self.total += 1;
        }
    }
}

impl UseCase for ListSessions {
    const OPERATION: Operation = Operation::ListSessions;
    type Outcome = ListedSessions;

    /// Lists the valid sessions that pass all filters and that the principal may read.
    ///
    /// It looks at the sessions that the request names by id, or at those of one user: a user's
    /// own, if the request names neither. There is no list of all sessions.
    ///
    /// Requests, one after another: 1 to 3 by ids; 2 for up to 99 sessions of a user, and one more
    /// for each further 99. One more if a filter needs the fingerprint of the principal's own
    /// session, and for each of these that finds sessions of another generation of their users.
    async fn run(
        mut self,
        service: &Service,
        permit: &Permit,
        context: &Context,
    ) -> Result<ListedSessions, Error> {
        let permitted = sessions(permit, None)?;
        check_permitted(&self.filters, permit)?;
        let source = source(&self.filters, permit.principal())?;
        if let Source::User(user) = &source {
            self.filters.push(Filter::User(user.clone()));
        }
        let fingerprint = service.fingerprint(&self.filters, permit, context).await?;
        let (ids, at_once, users) = match source {
            // They are in no order, so all are read before the first is chosen.
            Source::Ids(ids) => (ids, usize::MAX, own_user_ref(permit).into_iter().collect()),
            Source::User(user) => {
                let (created, one_more) = (created(&self.filters), MAX_SESSIONS_READ + 1);
                let store = &service.store;
                let ids = store.query_session_ids(&user, created, self.page.ascending, one_more);
                let ids = context.database(ids).await?;
                if ids.len() > MAX_SESSIONS_READ {
                    return Err(Error::ListTooLong(RANGE_ADVICE));
                }
                (ids, SESSIONS_PER_REQUEST, vec![UserRef::from(&user)])
            }
        };
        let search = Search {
            request: self,
            permitted,
            principal: permit.principal().to_string(),
            fingerprint,
            now: context.now,
        };
        let mut listed = ListedSessions {
            total: 0,
            sessions: Vec::new(),
            timestamp: context.now,
            resource_owner: service.policy.resource_owner.clone(),
        };
        context
            .database(service.read_batches(ids.chunks(at_once), users, &search, &mut listed))
            .await?;
        Ok(listed)
    }
}

impl Service {
    /// Reads sessions in batches, in the order in which they are given, and `users` with the
    /// first batch.
    async fn read_batches(
        &self,
        batches: std::slice::Chunks<'_, SessionId>,
        mut users: Vec<UserRef>,
        search: &Search,
        listed: &mut ListedSessions,
    ) -> Result<(), Error> {
        let mut known: HashMap<UserRef, UserPointer> = HashMap::new();
        for ids in batches {
            let mut read = self.store.get_sessions_and_users(ids, &users).await?;
            known.extend(read.users);
            read.sessions.retain(|session| search.wants(session));
            users = unknown(&read.sessions, &known, &users);
            let more = self.store.get_sessions_and_users(&[], &users).await?;
            known.extend(more.users);

            let live = self.live(read.sessions, &mut known, search).await?;
            listed.add(live, search.request.page);
            let sizes = listed.sessions.iter().map(|named| named.session.size());
            if sizes.sum::<usize>() > MAX_PAGE_BYTES {
                return Err(Error::ListTooLong(PAGE_ADVICE));
            }
            users.clear();
        }
        Ok(())
    }

    /// Those of `sessions` that are valid. `known` has their users.
    ///
    /// One request, and only if some are of another generation of their users: see
    /// [`NamedSession::has_other_generation`].
    async fn live(
        &self,
        sessions: Vec<Session>,
        known: &mut HashMap<UserRef, UserPointer>,
        search: &Search,
    ) -> Result<Vec<NamedSession>, Error> {
        let (others, mut live): (Vec<_>, Vec<_>) = search
            .named(sessions, known)
            .partition(NamedSession::has_other_generation);
        let others: Vec<_> = others.into_iter().map(|named| named.session).collect();
        let ids: Vec<_> = others.iter().map(|session| session.id).collect();
        let users = unknown(&others, &HashMap::new(), &[]);
        let mut again = self.store.get_sessions_and_users(&ids, &users).await?;
        known.extend(again.users);
        again.sessions.retain(|session| search.wants(session));
        live.extend(search.named(again.sessions, known));
        live.retain(|named| named.state == SessionState::Live);
        Ok(live)
    }

    /// The fingerprint of the user agent of the principal's own session, if a filter needs it:
    /// one request.
    async fn fingerprint(
        &self,
        filters: &[Filter],
        permit: &Permit,
        context: &Context,
    ) -> Result<Option<String>, Error> {
        match permit.principal() {
            Principal::User { session, .. } if filters.contains(&Filter::Fingerprint(None)) => {
                let session = context.database(self.store.get_session(*session)).await?;
                let agent = session.and_then(|session| session.user_agent);
                Ok(agent.and_then(|agent| agent.fingerprint_id))
            }
            _ => Ok(None),
        }
    }
}

/// Checks that the filters name no other user's sessions, or that the principal may read all.
///
/// # Errors
///
/// [`Error::PermissionDenied`], whether there are such sessions or not.
fn check_permitted(filters: &[Filter], permit: &Permit) -> Result<(), Error> {
    let own = permit.principal().user();
    let of_another = |filter: &Filter| matches!(filter, Filter::User(id) if Some(id) != own);
    if filters.iter().any(of_another) && !permit.principal().has(Permission::SessionRead) {
        return Err(Error::PermissionDenied);
    }
    Ok(())
}

/// Finds out where to look for the sessions.
///
/// # Errors
///
/// [`Error::InvalidArgument`]: the filters name neither sessions nor a user.
fn source(filters: &[Filter], principal: &Principal) -> Result<Source, Error> {
    if filters.contains(&Filter::Nothing) {
        return Ok(Source::Ids(Vec::new()));
    }
    let ids = filters.iter().filter_map(|filter| match filter {
        Filter::Ids(ids) => Some(ids),
        _ => None,
    });
    // The shortest of several lists is enough: the filters leave what is in all of them.
    if let Some(ids) = ids.min_by_key(|ids| ids.len()) {
        let mut ids = ids.clone();
        ids.sort_unstable();
        ids.dedup();
        return Ok(Source::Ids(ids));
    }
    let named = filters.iter().find_map(|filter| match filter {
        Filter::User(id) => Some(id),
        _ => None,
    });
    match (named, principal) {
        (Some(id), _) | (None, Principal::User { id, .. }) => Ok(Source::User(id.clone())),
        (None, _) => {
            let reason = "must have an ids_query or, in v2beta and v2, a user_id_query: \
                          listing all sessions is not supported";
            Err(Invalid::new("queries", reason).into())
        }
    }
}

/// The first and the last creation date that pass the filters, in whole milliseconds as they
/// are stored.
fn created(filters: &[Filter]) -> [Timestamp; 2] {
    const MILLI: i128 = 1_000_000;

    let (mut from, mut to) = (i128::MIN, i128::MAX);
    for filter in filters {
        match *filter {
            Filter::Created(Compare::Equals, at) => (from, to) = (from.max(at), to.min(at)),
            Filter::Created(Compare::Greater, at) => from = from.max(at.saturating_add(1)),
            Filter::Created(Compare::GreaterOrEquals, at) => from = from.max(at),
            Filter::Created(Compare::Less, at) => to = to.min(at.saturating_sub(1)),
            Filter::Created(Compare::LessOrEquals, at) => to = to.min(at),
            _ => {}
        }
    }
    // The range of whole milliseconds is within the range of nanoseconds.
    let from = from.div_euclid(MILLI) + i128::from(from.rem_euclid(MILLI) > 0);
    [from, to.div_euclid(MILLI)].map(|millis| {
        let millis = millis.clamp(i64::MIN.into(), i64::MAX.into());
        Timestamp::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
    })
}

/// The users of `sessions` who were neither read before nor asked for with the sessions.
fn unknown(
    sessions: &[Session],
    known: &HashMap<UserRef, UserPointer>,
    requested: &[UserRef],
) -> Vec<UserRef> {
    let users = sessions.iter();
    let mut users: Vec<_> = users
        .filter_map(|session| session.factors.user_ref())
        .filter(|user| !known.contains_key(user) && !requested.contains(user))
        .collect();
    users.sort_unstable();
    users.dedup();
    users
}

impl Search {
    /// `sessions` with their users.
    fn named(
        &self,
        sessions: Vec<Session>,
        users: &HashMap<UserRef, UserPointer>,
    ) -> impl Iterator<Item = NamedSession> {
        let sessions = sessions.into_iter();
        sessions.map(|session| NamedSession::new(session, users, self.now))
    }

    fn wants(&self, session: &Session) -> bool {
        let fingerprint = self.fingerprint.as_deref();
        let passes = |filter: &Filter| filter.matches(session, &self.principal, fingerprint);
        session.is_live(self.now)
            && self.permitted.contains(session, self.now)
            && self.request.filters.iter().all(passes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sessions_in_the_range_of_creation_dates_are_read() {
        use Compare::{Equals, Greater, GreaterOrEquals, Less, LessOrEquals};

        let at = |millis: i128| millis * 1_000_000;
        for (filters, from, to) in [
            (vec![], i64::MIN, i64::MAX),
            (vec![(Greater, at(5))], 6, i64::MAX),
            (vec![(Greater, at(5) - 1)], 5, i64::MAX),
            (vec![(GreaterOrEquals, at(5))], 5, i64::MAX),
            (vec![(GreaterOrEquals, at(5) + 1)], 6, i64::MAX),
            (vec![(Less, at(5))], i64::MIN, 4),
            (vec![(Less, at(5) + 1)], i64::MIN, 5),
            (vec![(LessOrEquals, at(5))], i64::MIN, 5),
            (vec![(LessOrEquals, at(5) + 999_999)], i64::MIN, 5),
            (vec![(Equals, at(5))], 5, 5),
            (vec![(Equals, at(5) + 1)], 6, 5),
            (vec![(Greater, at(5)), (Less, at(9)), (Less, at(7))], 6, 6),
            (vec![(Greater, at(-5))], -4, i64::MAX),
            (vec![(Less, i128::MIN)], i64::MIN, i64::MIN),
            (vec![(Greater, i128::MAX)], i64::MAX, i64::MAX),
        ] {
            let filters: Vec<_> = filters
                .into_iter()
                .map(|(compare, nanos)| Filter::Created(compare, nanos))
                .collect();
            assert_eq!(
                created(&filters),
                [from, to].map(Timestamp::from_millis),
                "{filters:?}"
            );
        }
    }
}
