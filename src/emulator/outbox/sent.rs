use serde::Serialize;

use crate::domain::{Timestamp, hide_in_debug};

/// A message that a request sends. What doesn't apply to its channel is empty.
pub struct Draft {
    /// `email` or `sms`.
    pub channel: &'static str,
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// A message that was sent. What doesn't apply to its channel is empty.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SentMessage {
    /// In RFC 3339.
    pub sent_at: String,
    /// `email` or `sms`.
    pub channel: &'static str,
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: String,
}

hide_in_debug!(SentMessage);

impl Draft {
    pub fn sent_at(self, now: Timestamp) -> SentMessage {
        let Self {
            channel,
            to,
            subject,
            text,
            html,
        } = self;
        SentMessage {
            sent_at: now.to_rfc3339(),
            channel,
            to,
            subject,
            text,
            html,
        }
    }
}
