use std::str::FromStr;

use super::text::Invalid;

/// What a principal may do with sessions that aren't its own. `session.write` is also needed to create
/// sessions in the access mode "token", and to check a user without a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    Write,
    Read,
    Delete,
}

impl Permission {
    pub const ALL: [Self; 3] = [Self::Write, Self::Read, Self::Delete];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Write => "session.write",
            Self::Read => "session.read",
            Self::Delete => "session.delete",
        }
    }
}

impl FromStr for Permission {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::ALL
            .into_iter()
            .find(|permission| permission.as_str() == text)
            .ok_or(Invalid::new(
                "permission",
                "is not session.write, session.read or session.delete",
            ))
    }
}

/// A set of permissions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Permissions(u8);

impl Permissions {
    pub fn has(self, permission: Permission) -> bool {
        self.0 & Self::bit(permission) != 0
    }

    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL
            .into_iter()
            .filter(move |one| self.has(*one))
    }

    fn bit(permission: Permission) -> u8 {
        1 << (permission as u8)
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        let bits = permissions.into_iter().map(Self::bit);
        Self(bits.fold(0, |set, bit| set | bit))
    }
}

#[test]
fn a_principal_has_exactly_the_permissions_it_was_given() {
    let some: Permissions = [Permission::Read, Permission::Write, Permission::Read]
        .into_iter()
        .collect();

    assert!(some.has(Permission::Read) && some.has(Permission::Write));
    assert!(!some.has(Permission::Delete));
    assert_eq!(some.iter().count(), 2);
}
