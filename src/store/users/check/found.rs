//! What a scan of the users table has found, and what is read again of a fault.

use std::collections::{BTreeMap, HashMap};

use crate::domain::{
    CredentialHash, Credentials, FactorKinds, SealedSecret, SecondFactors, Timestamp, UserPointer,
    UserRef,
};
use crate::store::item::{CorruptItem, Item};
use crate::store::users::credentials::parse_credential;
use crate::store::users::factors::parse_factors;
use crate::store::users::item::parse_pointer;

/// An item that disagrees with others. An address is the key of its item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserFault {
    /// The profile of a user who isn't there.
    LeftProfile(UserRef),
    /// The item of an address names a user who doesn't have it.
    LeftAddress { address: String, user: UserRef },
    /// The item of an address lacks a user who has it, and so isn't found by it.
    LackingAddress { address: String, user: UserRef },
    /// The second factors of a user who isn't there.
    LeftFactors(UserRef),
    /// The list of credentials of a user who isn't there.
    LeftKeys(UserRef),
    /// A credential of a user who isn't there, or whose list doesn't name it.
    LeftCredential {
        credential: CredentialHash,
        user: UserRef,
    },
    /// A user's list names a credential that isn't stored, or is another user's.
    LackingCredential {
        credential: CredentialHash,
        user: UserRef,
    },
    /// The pointer of a user names more or fewer kinds of second factors than there are: what decides
    /// on a login, and what a login can prove, are two.
    OtherKinds(UserRef),
}

/// What a scan of the users table has found.
#[derive(Debug, Default)]
pub struct ScannedUsers {
    pub users: HashMap<UserRef, UserPointer>,
    /// The addresses in each profile.
    pub(super) profiles: HashMap<UserRef, Vec<String>>,
    pub(super) holders: BTreeMap<String, Vec<UserRef>>,
    pub(super) factors: HashMap<UserRef, ScannedFactors>,
    pub(super) keys: HashMap<UserRef, Credentials>,
    pub(super) credentials: BTreeMap<CredentialHash, ScannedCredential>,
}

/// A credential that a scan has found.
#[derive(Clone, Copy, Debug)]
pub(super) struct ScannedCredential {
    pub(super) owner: UserRef,
}

impl ScannedCredential {
    pub(super) fn read(item: &Item) -> Result<(CredentialHash, Self), CorruptItem> {
        let credential = parse_credential(item)?;
        let owner = UserRef::from(&credential.user);
        Ok((credential.id.hash(), Self { owner }))
    }
}

/// The items that a fault is about, as they are.
pub(super) struct Involved {
    pub(super) pointer: Option<Item>,
    pub(super) factors: Option<Item>,
    pub(super) keys: Option<Item>,
    pub(super) credential: Option<Item>,
    pub(super) profile: Option<Item>,
    pub(super) holders: Vec<UserRef>,
}

/// What a scan keeps of a user's second factors.
#[derive(Debug)]
pub(super) struct ScannedFactors {
    pub(super) kinds: FactorKinds,
    pub(super) totp: Option<SealedSecret>,
    /// Of an app that is being set up, until when.
    pub(super) pending: Option<(SealedSecret, Timestamp)>,
}

/// The secret of a user's authenticator app.
#[derive(Clone, Copy, Debug)]
pub struct StoredSecret<'a> {
    pub user: &'a UserPointer,
    pub secret: &'a SealedSecret,
    /// Whether the app is only being set up.
    pub is_pending: bool,
}

impl From<SecondFactors> for ScannedFactors {
    fn from(factors: SecondFactors) -> Self {
        let pending = factors.pending_totp.as_ref();
        Self {
            kinds: factors.kinds(),
            pending: pending.map(|one| (one.secret.clone(), one.expires_at)),
            totp: factors.totp.map(|totp| totp.secret),
        }
    }
}

/// Whether these are the same as far as this release knows them.
pub(super) fn same_kinds(one: FactorKinds, other: FactorKinds) -> bool {
    one.iter().eq(other.iter())
}

impl Involved {
    /// The kinds that the pointer names, if there is one.
    pub(super) fn named_kinds(&self) -> Result<Option<FactorKinds>, CorruptItem> {
        let pointer = self.pointer.as_ref().map(parse_pointer).transpose()?;
        Ok(pointer.map(|pointer| pointer.kinds))
    }

    /// The kinds that there are.
    pub(super) fn kinds(&self) -> Result<FactorKinds, CorruptItem> {
        let credentials = self.credentials()?.kinds();
        let kinds = self.factor_kinds()?;
        Ok(kinds.iter().chain(credentials.iter()).collect())
    }

    /// Those without the kinds of credentials.
    pub(super) fn factor_kinds(&self) -> Result<FactorKinds, CorruptItem> {
        let factors = self.factors.as_ref().map(parse_factors).transpose()?;
        Ok(factors.unwrap_or_default().kinds())
    }
}

impl UserFault {
    pub fn user(&self) -> UserRef {
        match self {
            Self::LeftProfile(user)
            | Self::LeftFactors(user)
            | Self::LeftKeys(user)
            | Self::LeftCredential { user, .. }
            | Self::LackingCredential { user, .. }
            | Self::OtherKinds(user)
            | Self::LeftAddress { user, .. }
            | Self::LackingAddress { user, .. } => *user,
        }
    }

    pub(super) fn credential(&self) -> Option<CredentialHash> {
        match self {
            Self::LeftCredential { credential, .. }
            | Self::LackingCredential { credential, .. } => Some(*credential),
            _ => None,
        }
    }

    pub(super) fn address(&self) -> Option<&str> {
        match self {
            Self::LeftProfile(_)
            | Self::LeftFactors(_)
            | Self::LeftKeys(_)
            | Self::LeftCredential { .. }
            | Self::LackingCredential { .. }
            | Self::OtherKinds(_) => None,
            Self::LeftAddress { address, .. } | Self::LackingAddress { address, .. } => {
                Some(address)
            }
        }
    }
}
