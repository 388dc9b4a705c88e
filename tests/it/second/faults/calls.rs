//! The calls that check codes, and those that have one sent or returned.

use serde_json::{Value, json};
use sesame::domain::{FactorKind, Operation};

use crate::second::uses::Code;

/// How a code is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    Sent,
    Returned,
}

#[derive(Clone, Copy, Debug)]
pub struct Call {
    pub operation: Operation,
    /// The code that it checks.
    pub code: Option<Code>,
    /// The code that it asks for.
    pub challenge: Option<(Code, Asked)>,
    pub is_keyed: bool,
}

const CHALLENGES: [(Code, Asked); 3] = [
    (Code::Email, Asked::Sent),
    (Code::Sms, Asked::Sent),
    (Code::Email, Asked::Returned),
];

impl Call {
    const CREATE: Self = Self {
        operation: Operation::CreateSession,
        code: None,
        challenge: None,
        is_keyed: false,
    };
    const SET: Self = Self {
        operation: Operation::SetSession,
        ..Self::CREATE
    };

    pub fn creates_with_codes() -> Vec<Self> {
        let codes = [Code::Totp, Code::Recovery];
        let calls = codes.into_iter().flat_map(|code| {
            [false, true].map(|is_keyed| Self {
                code: Some(code),
                is_keyed,
                ..Self::CREATE
            })
        });
        calls.collect()
    }

    pub fn creates_with_challenges() -> Vec<Self> {
        let with_code = Self {
            code: Some(Code::Totp),
            challenge: Some((Code::Email, Asked::Sent)),
            is_keyed: true,
            ..Self::CREATE
        };
        let calls = CHALLENGES.into_iter().flat_map(|challenge| {
            [false, true].map(|is_keyed| Self {
                challenge: Some(challenge),
                is_keyed,
                ..Self::CREATE
            })
        });
        calls.chain([with_code]).collect()
    }

    pub fn sets_with_codes() -> Vec<Self> {
        let calls = Code::ALL.into_iter().map(|code| Self {
            code: Some(code),
            ..Self::SET
        });
        calls.collect()
    }

    pub fn sets_with_challenges() -> Vec<Self> {
        let with_code = Self {
            code: Some(Code::Recovery),
            challenge: Some((Code::Sms, Asked::Sent)),
            ..Self::SET
        };
        let calls = CHALLENGES.into_iter().map(|challenge| Self {
            challenge: Some(challenge),
            ..Self::SET
        });
        calls.chain([with_code]).collect()
    }

    /// The challenges that it asks for.
    pub fn challenges(self) -> Option<Value> {
        let (code, asked) = self.challenge?;
        Some(match asked {
            Asked::Sent => json!({ code.name(): {} }),
            Asked::Returned => code.returned(),
        })
    }

    /// The kinds of factors that the call needs.
    pub fn kinds(self) -> Vec<FactorKind> {
        let codes = self.code.into_iter();
        let all = codes.chain(self.challenge.map(|(code, _)| code));
        all.map(Code::kind).collect()
    }
}
