use super::{
    Credential, CredentialId, CredentialKind, FactorKinds, ListedCredential, PendingCredential,
    RegistrationId, Timestamp, UserHandle,
};

/// The credentials of a user, and the registrations that were begun.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Credentials {
    /// `None` before the first registration.
    pub handle: Option<UserHandle>,
    pub listed: Vec<ListedCredential>,
    pub pending: Vec<PendingCredential>,
    /// Those of the list that are to be stored with the next change of the user.
    pub new: Vec<Credential>,
}

impl Credentials {
    /// How many a user may have, of both kinds together.
    pub const MAX: usize = 20;

    pub fn of(&self, kind: CredentialKind) -> impl Iterator<Item = &ListedCredential> {
        self.listed.iter().filter(move |one| one.kind == kind)
    }

    pub fn get(&self, id: &CredentialId) -> Option<&ListedCredential> {
        self.listed.iter().find(|one| one.id == *id)
    }

    pub fn kinds(&self) -> FactorKinds {
        self.listed.iter().map(|one| one.kind.into()).collect()
    }

    /// These with a registration that begins at `now`. Those that have ended are dropped, and the
    /// oldest of its kind if there are too many.
    #[must_use]
    pub fn with_pending(mut self, pending: PendingCredential, now: Timestamp) -> Self {
        self.pending.retain(|one| now < one.expires_at);
        let of_kind = self.pending.iter().filter(|one| one.kind == pending.kind);
        if of_kind.count() >= PendingCredential::MAX {
            let oldest = self.pending.iter().position(|one| one.kind == pending.kind);
            oldest.map(|at| self.pending.remove(at));
        }
        self.pending.push(pending);
        self
    }

    /// These without the registration of an id, which was completed, or answered wrongly.
    #[must_use]
    pub fn without_pending(mut self, id: RegistrationId) -> Self {
        self.pending.retain(|one| one.id != id);
        self
    }

    /// These with another credential, which was registered elsewhere and is to be stored.
    #[must_use]
    pub fn with(self, credential: Credential, name: String) -> Self {
        let id = RegistrationId::of_credential(&credential.id);
        self.with_registered(credential, id, name)
    }

    /// These with the credential of a registration, which is to be stored.
    #[must_use]
    pub fn with_registered(
        mut self,
        credential: Credential,
        id: RegistrationId,
        name: String,
    ) -> Self {
        let listed = ListedCredential::new(&credential, id, name);
        self.listed.push(listed);
        self.new.push(credential);
        self
    }

    /// These without those that `is_removed` chooses.
    #[must_use]
    pub fn without(mut self, is_removed: impl Fn(&ListedCredential) -> bool) -> Self {
        self.listed.retain(|one| !is_removed(one));
        let Self { listed, new, .. } = &mut self;
        new.retain(|one| listed.iter().any(|other| other.id == one.id));
        self
    }

    /// These without any credential or registration, as a reset leaves them.
    #[must_use]
    pub fn removed(self) -> Self {
        Self {
            handle: self.handle,
            ..Self::default()
        }
    }

    /// The credentials of these that `after` lacks.
    pub fn removed_by<'a>(
        &'a self,
        after: &'a Self,
    ) -> impl Iterator<Item = &'a ListedCredential> + 'a {
        self.listed
            .iter()
            .filter(|one| after.get(&one.id).is_none())
    }
}
