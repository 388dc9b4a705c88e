//! The calls that a user may make, in groups: what each is answered is a matter of its group.

use serde_json::{Value, json};
use sesame::domain::Operation;

/// What a call needs of the session whose token is its bearer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Anything that proves the user.
    Own,
    /// That, where a first second factor is required; else as much as the policy.
    BeforeSetUp,
    /// The same, and proofs of the strongest kind that the user's factors allow.
    SetUp,
    /// As much as the policy.
    Other,
    /// The same, and proofs of the strongest kind.
    Change,
    /// The same as [`Self::Other`], and a permission, which no user has.
    Administration,
}

/// Calls about a user, none of which changes what the next is answered.
pub fn calls(user: &str, login_name: &str) -> Vec<(Group, Operation, Value)> {
    use Group::{Administration, BeforeSetUp, Change, Other, Own, SetUp};
    use Operation as Call;

    let none = json!({});
    let code = json!({ "verificationCode": "WRNGWRNG" });
    let profile = json!({ "givenName": "Minnie", "familyName": "Mouse" });
    let email = json!({ "email": format!("new.{login_name}") });
    let phone = json!({ "phone": "+41790000000" });
    let human = json!({ "profile": profile, "email": email });
    let by_code = json!({
        "newPassword": { "password": "another correct horse" }, "verificationCode": "WRNGWRNG",
    });
    let key = |names: &[&str]| {
        let mut message = json!({});
        for name in names {
            message[*name] = json!("0c5e9c4f7a2d4b1e8f3a6d9b2c4e7f10");
        }
        if names.len() > 1 {
            message["publicKeyCredential"] = json!({});
        }
        message
    };
    let calls = [
        (Own, Call::ListAuthenticationMethodTypes, none.clone()),
        (BeforeSetUp, Call::GetUserByID, none.clone()),
        (SetUp, Call::RegisterTOTP, none.clone()),
        (
            SetUp,
            Call::VerifyTOTPRegistration,
            json!({ "code": "12345" }),
        ),
        (SetUp, Call::AddOTPSMS, none.clone()),
        (SetUp, Call::AddOTPEmail, none.clone()),
        (SetUp, Call::RegisterPasskey, none.clone()),
        (SetUp, Call::RegisterU2F, none.clone()),
        (
            SetUp,
            Call::VerifyPasskeyRegistration,
            key(&["passkeyId", "passkeyName"]),
        ),
        (
            SetUp,
            Call::VerifyU2FRegistration,
            key(&["u2fId", "tokenName"]),
        ),
        (Other, Call::ListPasskeys, none.clone()),
        (Change, Call::RemovePasskey, key(&["passkeyId"])),
        (Change, Call::RemoveU2F, key(&["u2fId"])),
        (
            Administration,
            Call::CreatePasskeyRegistrationLink,
            json!({ "returnCode": {} }),
        ),
        (Other, Call::UpdateHumanUser, json!({ "profile": profile })),
        (
            Other,
            Call::UpdateUser,
            json!({ "human": { "profile": profile } }),
        ),
        (Other, Call::SetPassword, by_code),
        (Other, Call::ListIDPLinks, none.clone()),
        (Other, Call::HumanMFAInitSkipped, none.clone()),
        (Other, Call::SendEmailCode, none.clone()),
        (Other, Call::ResendEmailCode, none.clone()),
        (Other, Call::VerifyEmail, code.clone()),
        (Other, Call::ResendPhoneCode, none.clone()),
        (Other, Call::VerifyPhone, code.clone()),
        (Other, Call::VerifyInviteCode, code),
        (Other, Call::PasswordReset, none.clone()),
        (Other, Call::ListAuthenticationFactors, none.clone()),
        (Change, Call::RemoveTOTP, none.clone()),
        (Change, Call::RemoveOTPSMS, none.clone()),
        (Change, Call::RemoveOTPEmail, none.clone()),
        (Change, Call::GenerateRecoveryCodes, json!({ "count": 2 })),
        (Change, Call::RemoveRecoveryCodes, none.clone()),
        (Change, Call::SetEmail, email.clone()),
        (Change, Call::SetPhone, phone.clone()),
        (Change, Call::RemovePhone, none.clone()),
        (Change, Call::UpdateHumanUser, json!({ "email": email })),
        (Change, Call::UpdateHumanUser, json!({ "phone": phone })),
        (
            Change,
            Call::UpdateUser,
            json!({ "human": { "email": email } }),
        ),
        (
            Change,
            Call::UpdateUser,
            json!({ "human": { "phone": phone } }),
        ),
        (Administration, Call::AddHumanUser, human.clone()),
        (Administration, Call::DeleteUser, none.clone()),
        (Administration, Call::LockUser, none.clone()),
        (Administration, Call::UnlockUser, none.clone()),
        (Administration, Call::DeactivateUser, none.clone()),
        (Administration, Call::ReactivateUser, none.clone()),
        (Administration, Call::CreateInviteCode, none.clone()),
        (Administration, Call::ResendInviteCode, none.clone()),
    ];
    let calls = calls.into_iter().map(|(group, call, mut message)| {
        message["userId"] = json!(user);
        (group, call, message)
    });
    let create = json!({ "organizationId": "69629023906488334", "username": "x", "human": human });
    let of_none = [
        (BeforeSetUp, Call::ListSessions),
        (Other, Call::ListUsers),
        (Other, Call::GetGeneralSettings),
        (Other, Call::GetLoginSettings),
        (Other, Call::GetActiveIdentityProviders),
        (Other, Call::GetPasswordComplexitySettings),
        (Other, Call::GetPasswordExpirySettings),
        (Other, Call::GetBrandingSettings),
        (Other, Call::GetLegalAndSupportSettings),
        (Other, Call::GetLockoutSettings),
        (Other, Call::GetSecuritySettings),
        (Other, Call::GetHostedLoginTranslation),
        (Other, Call::ListOrganizations),
    ];
    let of_none = of_none.map(|(group, call)| (group, call, json!({})));
    let creates = [(Administration, Call::CreateUser, create)];
    calls.chain(of_none).chain(creates).collect()
}

/// The calls on sessions depend on the session too, and stand in a table of their own.
#[test]
fn every_call_is_in_a_group() {
    let of_sessions = [
        Operation::CreateSession,
        Operation::SetSession,
        Operation::GetSession,
        Operation::DeleteSession,
    ];
    let grouped = calls("1", "mini@mouse.com");
    for call in Operation::ALL {
        let is_grouped = grouped.iter().any(|(_, of_group, _)| of_group == call);
        assert_ne!(is_grouped, of_sessions.contains(call), "{call:?}");
    }
}
