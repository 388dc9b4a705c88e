//! What a deployment sends, and from whom.

use super::{Address as _, EmailAddress, LinkBases};

/// What a deployment sends, and how much of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessagePolicy {
    /// The sender of e-mails. `None`: no e-mail is sent.
    pub mail_from: Option<EmailAddress>,
    /// The ARN of what SMS are sent from. `None`: no SMS is sent.
    pub sms_origination: Option<String>,
    /// What links may begin with.
    pub link_bases: LinkBases,
    /// How many messages the deployment sends in a day of UTC.
    pub max_per_day: u32,
}

impl MessagePolicy {
    /// The longest address that a setting may have, since Lambda has 4 KB for all variables of a
    /// function.
    const MAX_SENDER: usize = 128;
    /// The longest ARN, for the same reason. That of a phone number or a pool has some 100
    /// characters.
    const MAX_ORIGINATION: usize = 128;

    /// Reads the sender of e-mails: `none` or a bare address.
    ///
    /// A stack's role names it and its domain, so it has nothing that is a wildcard or a variable in
    /// a policy, and the domain in one spelling.
    pub fn parse_sender(text: &str) -> Option<Option<EmailAddress>> {
        if text == "none" {
            return Some(None);
        }
        let (local, domain) = text.split_once('@')?;
        let is_plain = |c: u8| c.is_ascii_alphanumeric() || b"._+=-".contains(&c);
        let is_good = text.len() <= Self::MAX_SENDER
            && local.bytes().all(is_plain)
            && !domain.bytes().any(|c| c.is_ascii_uppercase());
        let address = EmailAddress::parse(text).ok();
        address.filter(|_| is_good).map(Some)
    }

    /// Reads what SMS are sent from: `none` or the ARN of a phone number, a pool or a sender ID of
    /// AWS End User Messaging.
    /// <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsendusermessagingsmsandvoicev2.html>
    pub fn parse_origination(text: &str) -> Option<Option<String>> {
        if text == "none" {
            return Some(None);
        }
        let parts: Vec<_> = text.splitn(6, ':').collect();
        let &["arn", partition, "sms-voice", region, account, resource] = &parts[..] else {
            return None;
        };
        let is_word = |text: &str| {
            let is_part = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
            !text.is_empty() && text.bytes().all(is_part)
        };
        let (kind, name) = resource.split_once('/')?;
        let is_name = |part: &str| {
            let is_inner = |c: u8| c.is_ascii_alphanumeric() || b"_-".contains(&c);
            !part.is_empty() && part.bytes().all(is_inner)
        };
        // The ARN of a sender ID ends in its name and its country.
        let segments = match kind {
            "phone-number" | "pool" => 1,
            "sender-id" => 2,
            _ => return None,
        };
        let is_good = text.len() <= Self::MAX_ORIGINATION
            && is_word(partition)
            && (partition == "aws" || partition.starts_with("aws-"))
            && is_word(region)
            && account.len() == 12
            && account.bytes().all(|c| c.is_ascii_digit())
            && name.split('/').count() == segments
            && name.split('/').all(is_name);
        is_good.then(|| Some(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_is_none_or_a_bare_address() {
        let long = |length: usize| format!("a@{}.example", "b".repeat(length - 10));
        for (text, want) in [
            ("none", Some(None)),
            ("login@acme.example", Some(Some("login@acme.example"))),
            (&long(73), Some(Some(&*long(73)))),
            (
                "Log-in_1.a+b=c@acme.example",
                Some(Some("Log-in_1.a+b=c@acme.example")),
            ),
            ("", None),
            ("None", None),
            ("login@Acme.example", None),
            ("*@acme.example", None),
            ("login?@acme.example", None),
            ("${aws:username}@acme.example", None),
            ("Acme <login@acme.example>", None),
            ("login@acme.example,x@y.example", None),
            ("login@acme.example\r\nBcc: x@y.example", None),
            (&long(129), None),
        ] {
            let got = MessagePolicy::parse_sender(text);
            let got = got
                .as_ref()
                .map(|from| from.as_ref().map(EmailAddress::as_str));
            assert_eq!(got, want, "{text:?}");
        }
    }

    #[test]
    fn an_origination_is_none_or_the_arn_of_what_sends_sms() {
        const NUMBER: &str = "arn:aws:sms-voice:eu-central-1:123456789012:phone-number/phone-0123456789abcdef0123456789abcdef";
        let long = |length: usize| {
            let start = "arn:aws:sms-voice:eu-central-1:123456789012:pool/";
            format!("{start}{}", "a".repeat(length - start.len()))
        };
        for (text, good) in [
            (NUMBER, true),
            (
                "arn:aws-us-gov:sms-voice:us-gov-west-1:123456789012:pool/pool-0a1b",
                true,
            ),
            (
                "arn:aws:sms-voice:eu-central-1:123456789012:sender-id/ACME/DE",
                true,
            ),
            (&*long(128), true),
            (&*long(129), false),
            ("", false),
            ("+41790000001", false),
            (
                "arn:aws:sms-voice:eu-central-1:123456789012:sender-id/ACME",
                false,
            ),
            (
                "arn:aws:sms-voice:eu-central-1:123456789012:pool/a/b",
                false,
            ),
            ("arn:aws:sms-voice:eu-central-1:123456789012:pool/", false),
            ("arn:aws:sms-voice:eu-central-1:123456789012:pool/*", false),
            (
                "arn:aws:sms-voice:eu-central-1:123456789012:opt-out-list/a",
                false,
            ),
            ("arn:aws:sms-voice:eu-central-1:12345678901:pool/a", false),
            ("arn:aws:sms-voice:*:123456789012:pool/a", false),
            (
                "arn:awsome:sms-voice:eu-central-1:123456789012:pool/a",
                false,
            ),
            ("arn:aws:sns:eu-central-1:123456789012:pool/a", false),
            ("arn:aws:sms-voice:eu-central-1:123456789012:pool", false),
        ] {
            let want = good.then(|| Some(text.to_owned()));
            assert_eq!(MessagePolicy::parse_origination(text), want, "{text:?}");
        }
        assert_eq!(MessagePolicy::parse_origination("none"), Some(None));
    }
}
