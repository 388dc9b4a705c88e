//! What the values of some settings look like, in words.

use super::setting::Values;
use crate::domain::RelyingParties;

pub(super) const SCOPE_PREFIX: Values = Values::Form(
    "none or what stands before session.write in scopes, such as https://api.example/: up to 256 characters without spaces, quotes and backslashes",
);
pub(super) const NETWORKS: Values = Values::Form(
    "none or up to 50 networks such as 203.0.113.0/24 with commas between, together at most 768 bytes",
);
pub(super) const BLOCKED_WORDS: Values = Values::Form(
    "none or up to 100 words of 4 to 64 characters with commas between, together at most 512 bytes",
);
pub(super) const SERVER_KEYS: Values = Values::Form(
    "none or 1 to 4 keys of at least 32 characters, with commas between and next: before one that is announced",
);
pub(super) const SENDER: Values = Values::Form(
    "none or an e-mail address of letters, digits, ., _, +, = and -, with its domain in lower case, at most 128 characters",
);
pub(super) const ORIGINATION: Values =
    Values::Form("none or the ARN of a phone number, pool or sender ID, at most 128 characters");
pub(super) const LINK_BASES: Values = Values::Form(
    "none or up to 20 URLs that end in /, https or to localhost http, with commas between, together at most 1024 bytes",
);
pub(super) const ORIGINS: Values =
    Values::Form("none, * or origins such as https://app.example.com, together at most 512 bytes");
pub(super) const BASE_PATH: Values = Values::Form(
    "none or / and one to eight segments of letters, digits, -, ., _ and ~, at most 128 characters",
);
pub(super) const SECOND_FACTORS: Values =
    Values::Form("none or totp, otp_email, otp_sms and u2f, or some of them, with commas between");
pub(super) const RP_IDS: Values = Values::Form(RelyingParties::IDS);
pub(super) const RP_ORIGINS: Values = Values::Form(RelyingParties::ORIGINS);
