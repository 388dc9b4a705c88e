use std::str::FromStr;

use super::text::Invalid;
use super::{Caller, Permission};

/// Who may create sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Callers with `session.write`.
    Token,
    /// Any caller that proves who it is.
    Authenticated,
    /// Anyone.
    Public,
}

/// Why a caller may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// It has to say who it is.
    Unauthenticated,
    /// It is known, and lacks the permission.
    Forbidden,
}

impl Access {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Authenticated => "authenticated",
            Self::Public => "public",
        }
    }

    pub fn may_create(self, caller: &Caller) -> Result<(), Denied> {
        let known = caller.is_authenticated();
        let permitted = caller.permissions().has(Permission::Write);
        match self {
            Self::Authenticated | Self::Token if !known => Err(Denied::Unauthenticated),
            Self::Token if !permitted => Err(Denied::Forbidden),
            Self::Public | Self::Authenticated | Self::Token => Ok(()),
        }
    }
}

impl FromStr for Access {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text {
            "token" => Ok(Self::Token),
            "authenticated" => Ok(Self::Authenticated),
            "public" => Ok(Self::Public),
            _ => Err(Invalid::new(
                "access",
                "is not token, authenticated or public",
            )),
        }
    }
}

#[test]
fn each_access_lets_in_whom_it_says() {
    use super::{CallerName, Permissions, SessionId, UserId};
    use Denied::{Forbidden, Unauthenticated};

    let service = |permission| Caller::Service {
        name: CallerName::parse("backend".into()).unwrap(),
        permissions: [permission].into_iter().collect(),
    };
    let user = Caller::User {
        id: UserId::parse("ada".into()).unwrap(),
        session: SessionId::from_uuid(uuid::Uuid::nil()),
    };
    let jwt = |permissions: Permissions| Caller::Jwt {
        subject: "ada".into(),
        permissions,
    };
    for (caller, token, authenticated) in [
        (
            Caller::Anonymous,
            Err(Unauthenticated),
            Err(Unauthenticated),
        ),
        (service(Permission::Write), Ok(()), Ok(())),
        (service(Permission::Read), Err(Forbidden), Ok(())),
        (user, Err(Forbidden), Ok(())),
        (jwt(Permissions::default()), Err(Forbidden), Ok(())),
        (
            jwt([Permission::Write].into_iter().collect()),
            Ok(()),
            Ok(()),
        ),
    ] {
        assert_eq!(Access::Token.may_create(&caller), token, "{caller}");
        assert_eq!(
            Access::Authenticated.may_create(&caller),
            authenticated,
            "{caller}"
        );
        assert_eq!(Access::Public.may_create(&caller), Ok(()), "{caller}");
    }
}
