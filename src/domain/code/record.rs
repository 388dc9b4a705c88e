//! What is stored of a code, and the rules of asking for one and trying it.

use std::time::Duration;

use super::{Code, Destination};
use crate::domain::{
    Address, CodeId, CodePurpose, EmailAddress, KeyName, PhoneNumber, Timestamp, UserId,
};

/// What is stored of the codes of a user for one purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeRecord {
    pub user_id: UserId,
    pub purpose: CodePurpose,
    /// Counts the writes, so that a write can state which record it saw. 0: nothing is stored.
    pub version: u64,
    /// The code, if there is one, valid or expired.
    pub active: Option<ActiveCode>,
    pub sent: SentMessages,
}

/// A code that was made and not used yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActiveCode {
    pub id: CodeId,
    /// Counted from 1. Each round has another code; the long forms of all rounds are right.
    pub round: u32,
    pub round_at: Timestamp,
    /// How often the short form was tried in the round.
    pub tries: u32,
    /// The last of them; empty before the first.
    pub try_id: String,
    pub target: CodeTarget,
    pub expires_at: Timestamp,
    /// What an invitation is sent again with, and whether the code of a link was sent.
    pub invitation: Option<Invitation>,
}

/// What a code is bound to. If any of it is no longer so, the code is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeTarget {
    pub key: KeyName,
    /// The address, and for a reset that was asked for by e-mail and by SMS the number too: the code
    /// of each is right.
    pub email: Option<EmailAddress>,
    pub phone: Option<PhoneNumber>,
    /// When the user was added, or else a user who is added again would have the codes of the former
    /// one.
    pub user_created_at: Option<Timestamp>,
    /// When the password was last set, for the codes by which one is set.
    pub password_changed_at: Option<Timestamp>,
}

/// How an invitation was sent, which a request to send it again doesn't say. Of the link that registers
/// a passkey, there is nothing but whether it was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Invitation {
    /// The template of its link.
    pub url_template: Option<String>,
    pub application_name: Option<String>,
    /// Whether the code was returned, and no message sent.
    pub is_returned: bool,
}

/// The messages of one purpose that a user was sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SentMessages {
    /// When the last one was sent; `None`: it was not sent after all, or there is none.
    pub last_at: Option<Timestamp>,
    /// The day of the last one, in days since 1970 in UTC.
    pub day: i64,
    /// How many were sent on that day.
    pub count: u32,
}

/// A request for a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeRequest {
    pub target: CodeTarget,
    /// Whether a message is sent; otherwise the code is returned.
    pub is_sent: bool,
    pub invitation: Option<Invitation>,
}

/// What a request for a code leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Issue {
    /// The code was sent less than a minute ago. Nothing is to be done.
    AlreadySent,
    /// The record is to be written, and the code of its round sent or returned.
    Write(Box<CodeRecord>),
}

/// A user was sent as many messages of one purpose as a day allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyMessages {
    /// Until the end of the day.
    pub retry_after: Duration,
}

const MINUTE: Duration = Duration::from_mins(1);

impl CodeRecord {
    /// The messages of one purpose that a user is sent on a day.
    pub const MAX_MESSAGES: u32 = 20;
    /// How long an item is kept after the code expired, to tell an expired code from none.
    const KEPT_AFTER_EXPIRY: Duration = Duration::from_hours(24);

    /// A user who never asked for such a code.
    pub fn none(user_id: UserId, purpose: CodePurpose) -> Self {
        Self {
            user_id,
            purpose,
            version: 0,
            active: None,
            sent: SentMessages::default(),
        }
    }

    /// What a request for a code at `now` leads to.
    ///
    /// While a code is valid, it is the same one, and its time is renewed, but not its tries. When
    /// these are used up, a new round begins, at most once a minute: so a stranger who asks for codes
    /// and types wrong ones makes no link invalid.
    ///
    /// # Errors
    ///
    /// [`TooManyMessages`]: as many were sent as a day allows.
    pub fn issue(&self, request: CodeRequest, now: Timestamp) -> Result<Issue, TooManyMessages> {
        let valid = self.valid(&request.target, now);
        // To have a passkey registered, a code that was returned is good for more than one that was
        // sent, so neither becomes the other.
        let is_separate = self.purpose == CodePurpose::RegisterPasskey;
        let valid = valid.filter(|active| !is_separate || active.was_sent() == request.is_sent);
        let was_just_sent = self.sent.last_at.is_some_and(|at| now < at.plus(MINUTE));
        if request.is_sent && was_just_sent && valid.is_some() {
            return Ok(Issue::AlreadySent);
        }
        let sent = if request.is_sent {
            self.sent.and_one(now)?
        } else {
            self.sent
        };
        let mut active = valid.cloned().unwrap_or_else(|| ActiveCode {
            id: CodeId::generate(),
            round: 1,
            round_at: now,
            tries: 0,
            try_id: String::new(),
            target: request.target.clone(),
            expires_at: now,
            invitation: None,
        });
        if active.is_used_up() && now >= active.round_at.plus(MINUTE) {
            active.round += 1;
            active.round_at = now;
            active.tries = 0;
        }
        active.target.add(request.target);
        active.expires_at = now.plus(self.purpose.lifetime());
        active.invitation = request.invitation;
        Ok(Issue::Write(Box::new(Self {
            version: self.version + 1,
            active: Some(active),
            sent,
            ..self.clone()
        })))
    }

    /// The code, if it is valid at `now` for a target.
    pub fn valid(&self, target: &CodeTarget, now: Timestamp) -> Option<&ActiveCode> {
        let active = self.active.as_ref();
        active.filter(|active| active.is_valid(now) && active.target.agrees(target))
    }

    /// When the item may be deleted: nothing in it is needed after the code has expired and the day
    /// of the messages has ended.
    pub fn kept_until(&self) -> Timestamp {
        let expiry = self.active.as_ref().map(|active| active.expires_at);
        let expiry = expiry.map(|at| at.plus(Self::KEPT_AFTER_EXPIRY));
        let day = day_end(self.sent.day);
        expiry.map_or(day, |expiry| expiry.max(day))
    }
}

impl CodeTarget {
    /// The target of a code that is sent to `destination`.
    pub fn new(
        key: KeyName,
        destination: Destination,
        user_created_at: Option<Timestamp>,
        password_changed_at: Option<Timestamp>,
    ) -> Self {
        let (email, phone) = match destination {
            Destination::Email(address) => (Some(address), None),
            Destination::Phone(number) => (None, Some(number)),
        };
        Self {
            key,
            email,
            phone,
            user_created_at,
            password_changed_at,
        }
    }

    /// Where codes were sent to.
    pub fn destinations(&self) -> impl Iterator<Item = Destination> {
        let email = self.email.clone().map(Destination::Email);
        email
            .into_iter()
            .chain(self.phone.clone().map(Destination::Phone))
    }

    /// Whether another target is bound to the same, but for another kind of address.
    pub fn agrees(&self, other: &Self) -> bool {
        fn agree<A: Address>(one: Option<&A>, other: Option<&A>) -> bool {
            let (one, other) = (one.map(A::folded), other.map(A::folded));
            one.is_none() || other.is_none() || one == other
        }
        self.key == other.key
            && self.user_created_at == other.user_created_at
            && self.password_changed_at == other.password_changed_at
            && agree(self.email.as_ref(), other.email.as_ref())
            && agree(self.phone.as_ref(), other.phone.as_ref())
    }

    /// Adds the address of a target that agrees.
    fn add(&mut self, other: Self) {
        self.email = self.email.take().or(other.email);
        self.phone = self.phone.take().or(other.phone);
    }
}

impl ActiveCode {
    pub fn is_valid(&self, now: Timestamp) -> bool {
        now < self.expires_at
    }

    /// Whether a message had it, as far as that is stored.
    pub fn was_sent(&self) -> bool {
        let invitation = self.invitation.as_ref();
        invitation.is_none_or(|invitation| !invitation.is_returned)
    }

    pub fn is_used_up(&self) -> bool {
        self.tries >= Code::MAX_TRIES
    }
}

impl SentMessages {
    /// One message more, at `now`.
    fn and_one(self, now: Timestamp) -> Result<Self, TooManyMessages> {
        let day = day_of(now);
        let before = if self.day == day { self.count } else { 0 };
        if before >= CodeRecord::MAX_MESSAGES {
            return Err(TooManyMessages {
                retry_after: until_next_day(now),
            });
        }
        Ok(Self {
            last_at: Some(now),
            day,
            count: before + 1,
        })
    }
}

/// The day of a time, in days since 1970 in UTC.
pub fn day_of(now: Timestamp) -> i64 {
    now.as_millis().div_euclid(DAY_MILLIS)
}

/// The end of a day.
pub fn day_end(day: i64) -> Timestamp {
    Timestamp::from_millis((day + 1).saturating_mul(DAY_MILLIS))
}

/// The time until the next day begins in UTC.
pub fn until_next_day(now: Timestamp) -> Duration {
    now.until(day_end(day_of(now))).unwrap_or_default()
}

const DAY_MILLIS: i64 = 86_400_000;
