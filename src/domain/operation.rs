use super::Permission;
use super::access::{Access, Rule};

/// Hands the list of the API's operations, each with who may call it, to another macro. The name is
/// that of the rpc in `proto/`. Each of the rules is enough by itself.
///
/// The enum, the permissions and the dispatch of calls all come from this one list.
macro_rules! operations {
    ($with:ident) => {
        $with! {
            CreateSession: by_access,
            SetSession: |_| &[Token, WRITE],
            GetSession: |_| &[Token, Creator, User, READ],
            DeleteSession: |_| &[Token, User, DELETE],
            ListSessions: |_| &[Creator, User, READ],
            CreateUser: |_| &[USER_WRITE],
            AddHumanUser: |_| &[USER_WRITE],
            GetUserByID: |_| &[User, USER_READ],
            ListUsers: |_| &[User, USER_READ],
            UpdateUser: |_| &[Authenticated, User, USER_WRITE],
            UpdateHumanUser: |_| &[Authenticated, User, USER_WRITE],
            DeleteUser: |_| &[USER_DELETE],
            LockUser: |_| &[USER_WRITE],
            UnlockUser: |_| &[USER_WRITE],
            DeactivateUser: |_| &[USER_WRITE],
            ReactivateUser: |_| &[USER_WRITE],
            SetPassword: |_| &[Authenticated, User, USER_WRITE],
            SetEmail: |_| &[User, USER_WRITE],
            SetPhone: |_| &[User, USER_WRITE],
            RemovePhone: |_| &[User, USER_WRITE],
            ListAuthenticationMethodTypes: |_| &[User, USER_READ],
            ListIDPLinks: |_| &[User, USER_READ],
            HumanMFAInitSkipped: |_| &[User, USER_WRITE],
            SendEmailCode: |_| &[User, USER_WRITE],
            ResendEmailCode: |_| &[User, USER_WRITE],
            VerifyEmail: |_| &[Authenticated],
            ResendPhoneCode: |_| &[User, USER_WRITE],
            VerifyPhone: |_| &[Authenticated],
            PasswordReset: |_| &[User, USER_WRITE],
            CreateInviteCode: |_| &[USER_WRITE],
            ResendInviteCode: |_| &[USER_WRITE],
            VerifyInviteCode: |_| &[Authenticated],
            RegisterTOTP: |_| &[User, USER_CREDENTIAL_WRITE],
            VerifyTOTPRegistration: |_| &[User, USER_CREDENTIAL_WRITE],
            RemoveTOTP: |_| &[User, USER_WRITE],
            AddOTPSMS: |_| &[User, USER_CREDENTIAL_WRITE],
            RemoveOTPSMS: |_| &[User, USER_WRITE],
            AddOTPEmail: |_| &[User, USER_CREDENTIAL_WRITE],
            RemoveOTPEmail: |_| &[User, USER_WRITE],
            GenerateRecoveryCodes: |_| &[User, USER_CREDENTIAL_WRITE],
            RemoveRecoveryCodes: |_| &[User, USER_CREDENTIAL_WRITE],
            ListAuthenticationFactors: |_| &[User, USER_READ],
            CreatePasskeyRegistrationLink: |_| &[USER_PASSKEY_WRITE],
            RegisterPasskey: |_| &[Authenticated, User, USER_CREDENTIAL_WRITE],
            VerifyPasskeyRegistration: |_| &[Authenticated, User, USER_CREDENTIAL_WRITE],
            ListPasskeys: |_| &[User, USER_READ],
            RemovePasskey: |_| &[User, USER_WRITE],
            RegisterU2F: |_| &[User, USER_CREDENTIAL_WRITE],
            VerifyU2FRegistration: |_| &[User, USER_CREDENTIAL_WRITE],
            RemoveU2F: |_| &[User, USER_WRITE],
            GetGeneralSettings: |_| &[Authenticated],
            GetLoginSettings: |_| &[Authenticated],
            GetActiveIdentityProviders: |_| &[Authenticated],
            GetPasswordComplexitySettings: |_| &[Authenticated],
            GetPasswordExpirySettings: |_| &[Authenticated],
            GetBrandingSettings: |_| &[Authenticated],
            GetLegalAndSupportSettings: |_| &[Authenticated],
            GetLockoutSettings: |_| &[Authenticated],
            GetSecuritySettings: |_| &[Authenticated],
            GetHostedLoginTranslation: |_| &[Authenticated],
            ListOrganizations: |_| &[Authenticated],
        }
    };
}
#[cfg(feature = "function")]
pub(crate) use operations;

macro_rules! define {
    ($($name:ident: $rules:expr,)*) => {
        /// An operation of the API. Its text is the name of the rpc.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Operation {
            $($name,)*
        }

        impl Operation {
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)*
                }
            }

            /// The reasons for which an operation is permitted.
            pub fn rules(self, access: Access) -> &'static [Rule] {
                use Rule::{Authenticated, Creator, Token, User};

                let rules: fn(Access) -> &'static [Rule] = match self {
                    $(Self::$name => $rules,)*
                };
                rules(access)
            }
        }
    };
}
operations!(define);

/// What a session is good for that lacks a factor of its user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenToWeak {
    Never,
    /// For the session itself, or for its user.
    Always,
    /// While the user has to set up a first factor.
    ToSetUp,
}

impl Operation {
    /// Whether a user may call it by the token of a session that lacks a factor.
    pub fn open_to_weak(self) -> OpenToWeak {
        match self {
            // Else a page that holds nothing else could never add the factor.
            Self::SetSession
            | Self::GetSession
            | Self::DeleteSession
            | Self::ListAuthenticationMethodTypes => OpenToWeak::Always,
            Self::GetUserByID
            | Self::ListSessions
            | Self::RegisterTOTP
            | Self::VerifyTOTPRegistration
            | Self::AddOTPSMS
            | Self::AddOTPEmail
            | Self::RegisterPasskey
            | Self::VerifyPasskeyRegistration
            | Self::RegisterU2F
            | Self::VerifyU2FRegistration => OpenToWeak::ToSetUp,
            _ => OpenToWeak::Never,
        }
    }
}

const WRITE: Rule = Rule::Permission(Permission::SessionWrite);
const READ: Rule = Rule::Permission(Permission::SessionRead);
const DELETE: Rule = Rule::Permission(Permission::SessionDelete);
const USER_WRITE: Rule = Rule::Permission(Permission::UserWrite);
const USER_READ: Rule = Rule::Permission(Permission::UserRead);
const USER_DELETE: Rule = Rule::Permission(Permission::UserDelete);
const USER_CREDENTIAL_WRITE: Rule = Rule::Permission(Permission::UserCredentialWrite);
const USER_PASSKEY_WRITE: Rule = Rule::Permission(Permission::UserPasskeyWrite);

/// Who may create sessions is a setting of the deployment.
fn by_access(access: Access) -> &'static [Rule] {
    match access {
        Access::Public => &[Rule::Anyone],
        Access::Authenticated => &[Rule::Authenticated],
        Access::Token => &[WRITE],
    }
}
