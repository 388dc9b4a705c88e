//! Which calls of login pages have which errors.

use sesame::domain::Operation as Rpc;

/// Whether a call is one of the Settings or the Organization service.
pub fn is_of_login_pages(rpc: Rpc) -> bool {
    let name = rpc.as_str();
    name.ends_with("Settings")
        || [
            Rpc::GetActiveIdentityProviders,
            Rpc::GetHostedLoginTranslation,
            Rpc::ListOrganizations,
        ]
        .contains(&rpc)
}

/// Whether the request of such a call may name an organization that has to be the deployment's.
pub fn has_organization_in_request(rpc: Rpc) -> bool {
    let without = [
        Rpc::GetGeneralSettings,
        Rpc::GetSecuritySettings,
        Rpc::ListOrganizations,
    ];
    is_of_login_pages(rpc) && !without.contains(&rpc)
}
