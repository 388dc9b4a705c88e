//! The types and rules of the service: users, credentials, principals and sessions.
//!
//! There is no I/O and no clock here. Input is checked when it is parsed into these types, and
//! what is wrong is named as clients know it: an [`Invalid`] has the name of the field on the wire,
//! and [`Precondition`] reads the value of a header. Stored login names and hash strings are not: they may have been stored under other rules.

mod access;
#[cfg(feature = "function")]
mod address;
mod attempts;
#[cfg(feature = "function")]
mod base32;
mod challenge;
#[cfg(feature = "function")]
mod code;
mod code_purpose;
mod credential;
mod credentials;
mod factor_kinds;
mod factors;
mod id;
mod idempotency;
mod jwt;
#[cfg(feature = "function")]
mod link;
mod list;
#[cfg(feature = "function")]
mod message;
#[cfg(feature = "function")]
mod message_policy;
mod metadata;
mod named;
mod named_session;
#[cfg(feature = "function")]
mod one_time_code;
mod operation;
#[cfg(feature = "function")]
mod password_rules;
mod permit;
mod precondition;
mod principal;
#[cfg(feature = "function")]
mod printable;
#[cfg(feature = "function")]
mod recovery_code;
mod relying_party;
#[cfg(feature = "function")]
mod sealed;
#[cfg(feature = "function")]
mod second_factor_set;
#[cfg(feature = "function")]
mod second_factors;
mod secret;
mod service_account;
mod session;
mod strength;
mod text;
mod time;
#[cfg(feature = "function")]
mod totp;
mod unicode;
mod user;
mod user_agent;
mod write;

pub use access::{Access, Permission, Permissions, Rule};
#[cfg(feature = "function")]
pub use address::{
    AddressGroup, AddressPolicy, FailureWindow, Networks, forwarded_entries, is_private,
    parse_address,
};
pub use attempts::{AttemptPolicy, AttemptWindow, Attempts};
pub use challenge::{Challenges, OtpChallenge, OtpMethod};
#[cfg(feature = "function")]
pub use code::{
    ActiveCode, Code, CodeRecord, CodeRequest, CodeTarget, Destination, Invitation, Issue,
    PresentedCode, SentMessages, TooManyMessages, day_end, day_of, until_next_day,
};
pub use code_purpose::CodePurpose;
pub use credential::{
    Backup, Challenge, CoseKey, Credential, CredentialHash, CredentialId, CredentialKind,
    ListedCredential, PendingCredential, RegistrationId, SignCount, SignatureAlgorithm, UserHandle,
    UserVerification, WebAuthnChallenge,
};
pub use credentials::Credentials;
pub use factor_kinds::{FactorKind, FactorKinds};
pub use factors::{Factor, FactorSet, Factors, PassedChecks, UserFactor};
pub use id::{
    CodeId, KeyName, SessionGeneration, SessionId, UserId, UserRef, WriteId, generate_uuid,
};
pub use idempotency::IdempotencyKey;
pub use jwt::{JwtName, JwtPrincipal, ScopePrefix};
#[cfg(feature = "function")]
pub use link::{LinkBases, LinkFault, LinkValues, UrlTemplate};
pub use list::{Compare, Filter, Page};
#[cfg(feature = "function")]
pub use message::{EmailMessage, TextMessage};
#[cfg(feature = "function")]
pub use message_policy::MessagePolicy;
pub use metadata::{Metadata, MetadataChanges};
pub use named_session::{NamedSession, SessionUser};
#[cfg(feature = "function")]
pub use one_time_code::{OneTimeCode, PresentedOtp};
#[cfg(feature = "function")]
pub(crate) use operation::operations;
pub use operation::{OpenToWeak, Operation};
#[cfg(feature = "function")]
pub use password_rules::{BlockedWords, PasswordRules, Weakness};
pub use permit::{Denial, Permit, SessionScope, UserScope};
pub use precondition::Precondition;
pub use principal::{Principal, Proof};
#[cfg(feature = "function")]
pub use printable::{printable, quote};
#[cfg(feature = "function")]
pub use recovery_code::{PresentedRecoveryCode, RecoveryCode, RecoveryCodeHash};
pub use relying_party::{CounterPolicy, RelyingParties, RelyingPartyFault, RpId};
#[cfg(feature = "function")]
pub use sealed::SealedSecret;
#[cfg(feature = "function")]
pub use second_factor_set::SecondFactorSet;
#[cfg(feature = "function")]
pub use second_factors::{FactorChanges, PendingTotp, SecondFactors, SentCodes, SentOnDay, Totp};
pub(crate) use secret::hide_in_debug;
pub use secret::{HashString, NotASessionToken, Password, TokenHash};
pub use service_account::{ServiceAccount, ServiceAccountName};
pub use session::{
    IdempotentCreate, NewSession, ReplacedToken, Session, SessionChanges, SessionState,
    TokenRotation, TokenValidity, check_lifetime,
};
pub use strength::{Lacking, MfaPolicy, MinAcr, RequiredStrength, Strength};
pub use text::Invalid;
pub use time::Timestamp;
#[cfg(feature = "function")]
pub use totp::{TotpCode, TotpSecret};
#[cfg(feature = "function")]
pub use user::{
    Account, Address, AddressFault, Contact, EmailAddress, Gender, Language, NewUser, PersonName,
    PhoneNumber, Profile, TextMatch, TextMethod, UserEntry, UserField, UserKeys, UserOrder,
    UserQuery, one_line,
};
pub use user::{
    DisplayName, FoldedName, LoginName, StateChange, User, UserPointer, UserSearch, UserState,
};
pub use user_agent::UserAgent;
pub use write::{Sequence, Write, WriteOutcome, Writes};
