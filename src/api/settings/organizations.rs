use super::parts::{list_details, owner};
use crate::api::call::{Call, Envelope};
use crate::api::parts::{page, text_method};
use crate::api::proto::zitadel::org::v2::{self, search_query::Query};
use crate::domain::{Invalid, TextMatch};
use crate::error::Error;
use crate::service::{
    ListOrganizations, ListedOrganizations, Organization, OrganizationOrder, OrganizationQuery,
};

impl Call for ListOrganizations {
    type Request = v2::ListOrganizationsRequest;
    type Reply = v2::ListOrganizationsResponse;

    fn read(message: Self::Request, _: Envelope) -> Result<Self, Error> {
        let v2::ListOrganizationsRequest {
            query,
            sorting_column,
            queries,
        } = message;
        Ok(Self {
            page: page(query)?,
            order: order(sorting_column)?,
            queries: queries.into_iter().map(read).collect::<Result<_, _>>()?,
        })
    }

    fn reply(listed: ListedOrganizations) -> Self::Reply {
        let column = match listed.order {
            OrganizationOrder::Unspecified => v2::OrganizationFieldName::Unspecified,
            OrganizationOrder::Name => v2::OrganizationFieldName::Name,
        };
        v2::ListOrganizationsResponse {
            details: Some(list_details(listed.total, listed.timestamp)),
            sorting_column: column.into(),
            result: listed.organizations.into_iter().map(organization).collect(),
        }
    }
}

fn order(column: i32) -> Result<OrganizationOrder, Invalid> {
    match v2::OrganizationFieldName::try_from(column) {
        Ok(v2::OrganizationFieldName::Unspecified) => Ok(OrganizationOrder::Unspecified),
        Ok(v2::OrganizationFieldName::Name) => Ok(OrganizationOrder::Name),
        Err(_) => Err(Invalid::new("sorting_column", "is unknown")),
    }
}

fn read(query: v2::SearchQuery) -> Result<OrganizationQuery, Invalid> {
    Ok(match query.query {
        None => OrganizationQuery::Nothing,
        Some(Query::NameQuery(query)) => {
            let name = bounded("name_query.name", query.name)?;
            let (method, ignores_case) = text_method(query.method)?;
            let text = TextMatch::new(method, ignores_case, &name);
            text.map_or(OrganizationQuery::Nothing, OrganizationQuery::Name)
        }
        Some(Query::DomainQuery(query)) => {
            bounded("domain_query.domain", query.domain)?;
            text_method(query.method)?;
            OrganizationQuery::Nothing
        }
        Some(Query::StateQuery(query)) => match v2::OrganizationState::try_from(query.state) {
            Ok(v2::OrganizationState::Active) => OrganizationQuery::Active,
            Ok(_) => OrganizationQuery::Nothing,
            Err(_) => return Err(Invalid::new("state_query.state", "is unknown")),
        },
        Some(Query::IdQuery(query)) => OrganizationQuery::Id(bounded("id_query.id", query.id)?),
        Some(Query::DefaultQuery(v2::DefaultOrganizationQuery {})) => OrganizationQuery::Default,
    })
}

/// A text of 1 to 200 characters.
fn bounded(field: &'static str, text: String) -> Result<String, Invalid> {
    if (1..=200).contains(&text.chars().count()) {
        Ok(text)
    } else {
        Err(Invalid::new(field, "must be 1 to 200 characters long"))
    }
}

fn organization(organization: Organization) -> v2::Organization {
    v2::Organization {
        details: Some(owner(organization.id.clone())),
        id: organization.id,
        state: v2::OrganizationState::Active.into(),
        name: organization.name,
        ..v2::Organization::default()
    }
}
