//! The parts of messages that calls of the Settings service share.

use crate::api::parts::timestamp;
use crate::api::proto::zitadel::object::v2::{
    Details, ListDetails, RequestContext, request_context::ResourceOwner,
};
use crate::domain::{Invalid, Timestamp};
use crate::service::OrganizationContext;

/// Whose settings a request is about.
pub(super) fn context(context: Option<RequestContext>) -> Result<OrganizationContext, Invalid> {
    match context.and_then(|context| context.resource_owner) {
        None => Ok(OrganizationContext(None)),
        Some(ResourceOwner::OrgId(id)) => Ok(organization(id)),
        Some(ResourceOwner::Instance(is_instance)) => whole("ctx.instance", is_instance),
    }
}

/// The organization with an id. An empty one names none.
pub(super) fn organization(id: String) -> OrganizationContext {
    OrganizationContext(Some(id).filter(|id| !id.is_empty()))
}

/// What a flag says that stands for all organizations together, which are one.
pub(super) fn whole(field: &'static str, flag: bool) -> Result<OrganizationContext, Invalid> {
    if flag {
        Ok(OrganizationContext(None))
    } else {
        Err(Invalid::new(field, "must be true if it is there"))
    }
}

/// The details of settings, which nothing but a new start of the service changes.
pub(super) fn owner(resource_owner: String) -> Details {
    Details {
        resource_owner,
        ..Details::default()
    }
}

pub(super) fn list_details(total: u64, read_at: Timestamp) -> ListDetails {
    ListDetails {
        total_result: total,
        processed_sequence: 0,
        timestamp: Some(timestamp(read_at)),
    }
}
