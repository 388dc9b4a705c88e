//! The addresses that a user is given.

use crate::domain::{Contact, EmailAddress, PhoneNumber, Timestamp};
use crate::service::Delivery;

/// What a request says of whether the user is reached at an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verification {
    /// The principal vouches for it.
    Verified,
    /// Nobody has verified it, and nothing is sent there.
    Unverified,
    /// A code is to show it.
    ByCode(Delivery),
}

/// An address that a user is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenContact<A> {
    pub address: A,
    pub verification: Verification,
}

pub type GivenEmail = GivenContact<EmailAddress>;
pub type GivenPhone = GivenContact<PhoneNumber>;

impl<A> GivenContact<A> {
    /// The contact that a user has from `now` on.
    pub fn contact(self, now: Timestamp) -> Contact<A> {
        let is_verified = self.verification == Verification::Verified;
        Contact {
            address: self.address,
            verified_at: is_verified.then_some(now),
        }
    }

    /// Whether users may give themselves an address so: by a code that is sent there.
    pub(super) fn may_be_own(&self) -> bool {
        matches!(self.verification, Verification::ByCode(Delivery::Send(_)))
    }
}
