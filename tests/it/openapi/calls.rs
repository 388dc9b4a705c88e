//! Calls of the User service that have errors in common.

use sesame::domain::Operation as Rpc;

pub const CREATES: [Rpc; 2] = [Rpc::CreateUser, Rpc::AddHumanUser];
pub const READS: [Rpc; 5] = [
    Rpc::GetUserByID,
    Rpc::ListAuthenticationMethodTypes,
    Rpc::ListAuthenticationFactors,
    Rpc::ListIDPLinks,
    Rpc::ListPasskeys,
];
/// Those that may have a password, the current one too.
pub const UPDATES: [Rpc; 3] = [Rpc::UpdateUser, Rpc::UpdateHumanUser, Rpc::SetPassword];
