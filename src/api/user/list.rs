use super::parts::user;
use crate::api::call::{Call, Envelope};
use crate::api::parts::{page, text_method, timestamp};
use crate::api::proto::zitadel::object::v2::ListDetails;
use crate::api::proto::zitadel::user::v2::{self, search_query::Query};
use crate::domain::{
    Invalid, TextMatch, TextMethod, UserField, UserId, UserOrder, UserQuery, UserState,
};
use crate::error::Error;
use crate::service::{ListUsers, ListedUsers};

impl Call for ListUsers {
    type Request = v2::ListUsersRequest;
    type Reply = v2::ListUsersResponse;

    fn read(message: Self::Request, _: Envelope) -> Result<Self, Error> {
        let v2::ListUsersRequest {
            query,
            sorting_column,
            queries,
        } = message;
        Ok(Self {
            page: page(query)?,
            order: order(sorting_column)?,
            query: Reader::default().read(queries)?,
        })
    }

    fn reply(listed: ListedUsers) -> Self::Reply {
        v2::ListUsersResponse {
            details: Some(ListDetails {
                total_result: listed.total,
                processed_sequence: listed.processed_sequence(),
                timestamp: Some(timestamp(listed.timestamp)),
            }),
            sorting_column: column(listed.order).into(),
            result: listed.users.iter().map(user).collect(),
        }
    }
}

/// Each column with its order.
const ORDERS: [(v2::UserFieldName, UserOrder); 10] = {
    use v2::UserFieldName as Column;
    [
        (Column::Unspecified, UserOrder::Unspecified),
        (Column::UserName, UserOrder::Text(UserField::LoginName)),
        (Column::FirstName, UserOrder::Text(UserField::GivenName)),
        (Column::LastName, UserOrder::Text(UserField::FamilyName)),
        (Column::NickName, UserOrder::Text(UserField::NickName)),
        (Column::DisplayName, UserOrder::Text(UserField::DisplayName)),
        (Column::Email, UserOrder::Text(UserField::Email)),
        (Column::State, UserOrder::State),
        (Column::Type, UserOrder::Type),
        (Column::CreationDate, UserOrder::Creation),
    ]
};

fn order(column: i32) -> Result<UserOrder, Invalid> {
    let known = ORDERS.iter().find(|(known, _)| *known as i32 == column);
    known
        .map(|(_, order)| *order)
        .ok_or(Invalid::new("sorting_column", "is unknown"))
}

fn column(order: UserOrder) -> v2::UserFieldName {
    let column = ORDERS.iter().find(|(_, known)| *known == order);
    column.map_or(v2::UserFieldName::Unspecified, |(column, _)| *column)
}

/// How many conditions may be nested within each other around another one.
const MAX_DEPTH: usize = 5;
/// How many ids one call may have, valid or not.
const MAX_IDS: usize = 100;
/// How many names, addresses and numbers one call may have, valid or not. It also bounds the work
/// for each user of a search.
const MAX_TEXTS: usize = 20;

/// Reads conditions, and counts what is in them.
#[derive(Default)]
struct Reader {
    ids: usize,
    texts: usize,
}

impl Reader {
    fn read(mut self, queries: Vec<v2::SearchQuery>) -> Result<UserQuery, Invalid> {
        self.all(queries, 0).map(UserQuery::All)
    }

    fn all(
        &mut self,
        queries: Vec<v2::SearchQuery>,
        depth: usize,
    ) -> Result<Vec<UserQuery>, Invalid> {
        let queries = queries.into_iter();
        queries.map(|query| self.query(query, depth)).collect()
    }

    /// Reads a condition that is within `depth` others.
    fn query(&mut self, query: v2::SearchQuery, depth: usize) -> Result<UserQuery, Invalid> {
        Ok(match query.query {
            None => UserQuery::Nobody,
            Some(Query::AndQuery(and)) => match self.all(and.queries, within(depth)?)? {
                none if none.is_empty() => UserQuery::Nobody,
                queries => UserQuery::All(queries),
            },
            Some(Query::OrQuery(or)) => UserQuery::Any(self.all(or.queries, within(depth)?)?),
            Some(Query::NotQuery(not)) => {
                let depth = within(depth)?;
                match not.query.map(|query| *query) {
                    // It names nothing that could not hold.
                    None | Some(v2::SearchQuery { query: None }) => UserQuery::Nobody,
                    Some(query) => UserQuery::Not(Box::new(self.query(query, depth)?)),
                }
            }
            Some(Query::InUserIdsQuery(ids)) => {
                self.count_ids(ids.user_ids.len())?;
                let ids = ids.user_ids.into_iter();
                UserQuery::Ids(ids.filter_map(|id| UserId::parse(id).ok()).collect())
            }
            Some(Query::InUserEmailsQuery(emails)) => {
                self.count_texts(emails.user_emails.len())?;
                UserQuery::emails(emails.user_emails.iter().map(String::as_str))
            }
            Some(Query::StateQuery(query)) => state(query.state)?,
            Some(Query::TypeQuery(query)) => match v2::Type::try_from(query.r#type) {
                Ok(v2::Type::Human) => UserQuery::Everybody,
                Ok(v2::Type::Machine | v2::Type::Unspecified) => UserQuery::Nobody,
                Err(_) => return Err(Invalid::new("type_query.type", "is unknown")),
            },
            Some(Query::OrganizationIdQuery(query)) => {
                UserQuery::Organization(query.organization_id)
            }
            Some(query) => self.text(query)?,
        })
    }

    /// Reads a condition that compares a text.
    fn text(&mut self, query: Query) -> Result<UserQuery, Invalid> {
        let (field, text, method) = match query {
            Query::UserNameQuery(query) => (UserField::LoginName, query.user_name, query.method),
            Query::LoginNameQuery(query) => (UserField::LoginName, query.login_name, query.method),
            Query::FirstNameQuery(query) => (UserField::GivenName, query.first_name, query.method),
            Query::LastNameQuery(query) => (UserField::FamilyName, query.last_name, query.method),
            Query::NickNameQuery(query) => (UserField::NickName, query.nick_name, query.method),
            Query::DisplayNameQuery(query) => {
                (UserField::DisplayName, query.display_name, query.method)
            }
            Query::EmailQuery(query) => (UserField::Email, query.email_address, query.method),
            Query::PhoneQuery(query) => (UserField::Phone, query.number, query.method),
            _ => return Ok(UserQuery::Nobody),
        };
        self.count_texts(1)?;
        let (method, ignores_case) = text_method(method)?;
        // What is equal is so as in a login.
        let ignores_case = ignores_case || method == TextMethod::Equals;
        Ok(match (field, method) {
            (UserField::LoginName, TextMethod::Equals) => UserQuery::login_name(&text),
            (UserField::Email, TextMethod::Equals) => UserQuery::emails([&*text]),
            (UserField::Phone, TextMethod::Equals) => UserQuery::phone(&text),
            _ => match TextMatch::new(method, ignores_case, &text) {
                Some(text) => UserQuery::Text(field, text),
                None => UserQuery::Nobody,
            },
        })
    }

    fn count_ids(&mut self, count: usize) -> Result<(), Invalid> {
        self.ids += count;
        if self.ids > MAX_IDS {
            return Err(Invalid::new("queries", "name more than 100 ids"));
        }
        Ok(())
    }

    fn count_texts(&mut self, count: usize) -> Result<(), Invalid> {
        self.texts += count;
        if self.texts > MAX_TEXTS {
            let reason = "have more than 20 names, addresses and numbers";
            return Err(Invalid::new("queries", reason));
        }
        Ok(())
    }
}

/// The depth within a condition that is at `depth`.
fn within(depth: usize) -> Result<usize, Invalid> {
    if depth == MAX_DEPTH {
        return Err(Invalid::new("queries", "are nested more than five deep"));
    }
    Ok(depth + 1)
}

fn state(state: i32) -> Result<UserQuery, Invalid> {
    Ok(match v2::UserState::try_from(state) {
        Ok(v2::UserState::Active) => UserQuery::State(UserState::Active),
        Ok(v2::UserState::Inactive) => UserQuery::State(UserState::Inactive),
        Ok(v2::UserState::Locked) => UserQuery::State(UserState::Locked),
        Ok(v2::UserState::Unspecified | v2::UserState::Deleted | v2::UserState::Initial) => {
            UserQuery::Nobody
        }
        Err(_) => return Err(Invalid::new("state_query.state", "is unknown")),
    })
}

#[cfg(test)]
mod tests;
