use crate::domain::{Operation, Page, Permit, TextMatch, Timestamp};
use crate::error::Error;
use crate::service::{Context, Service, UseCase};

/// `ListOrganizationsRequest`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListOrganizations {
    pub page: Page,
    pub order: OrganizationOrder,
    /// All of them have to hold.
    pub queries: Vec<OrganizationQuery>,
}

/// What a list of organizations is sorted by. There is one, so it makes no difference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OrganizationOrder {
    #[default]
    Unspecified,
    Name,
}

/// A condition for the organizations of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrganizationQuery {
    /// The one that users are in.
    Default,
    Id(String),
    Name(TextMatch),
    /// It is active, which it always is.
    Active,
    /// What no organization has, such as a domain.
    Nothing,
}

/// `ListOrganizationsResponse`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedOrganizations {
    /// How many match, on all pages together.
    pub total: u64,
    pub order: OrganizationOrder,
    pub organizations: Vec<Organization>,
    pub timestamp: Timestamp,
}

/// The deployment's organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organization {
    pub id: String,
    pub name: String,
}

impl UseCase for ListOrganizations {
    const OPERATION: Operation = Operation::ListOrganizations;
    type Outcome = ListedOrganizations;

    /// Requests: none.
    async fn run(
        self,
        service: &Service,
        _: &Permit,
        context: &Context,
    ) -> Result<ListedOrganizations, Error> {
        let own = Organization {
            id: service.policy.resource_owner.clone(),
            name: service.policy.organization_name.clone(),
        };
        let matches = self.queries.iter().all(|query| query.matches(&own));
        // The only entry is on the page that begins with it.
        let is_on_page = matches && self.page.offset == 0;
        Ok(ListedOrganizations {
            total: matches.into(),
            order: self.order,
            organizations: is_on_page.then_some(own).into_iter().collect(),
            timestamp: context.now,
        })
    }
}

impl OrganizationQuery {
    fn matches(&self, organization: &Organization) -> bool {
        match self {
            Self::Default | Self::Active => true,
            Self::Id(id) => *id == organization.id,
            Self::Name(name) => name.matches(&organization.name),
            Self::Nothing => false,
        }
    }
}
