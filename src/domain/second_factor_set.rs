use super::{FactorKind, FactorKinds};

/// The second factors that users may set up in a deployment. What a user has already stays good and
/// demanded, whatever is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecondFactorSet(FactorKinds);

impl SecondFactorSet {
    /// Recovery codes are not among them, because they only stand in for one, and neither are
    /// passkeys, which take the place of the password as well.
    const ALL: [FactorKind; 4] = [
        FactorKind::Totp,
        FactorKind::OtpEmail,
        FactorKind::OtpSms,
        FactorKind::U2f,
    ];

    /// Reads `none`, or names with commas between, each at most once.
    pub fn parse(text: &str) -> Option<Self> {
        let mut kinds = FactorKinds::default();
        if text == "none" {
            return Some(Self(kinds));
        }
        for name in text.split(',') {
            let kind = FactorKind::named(name).filter(|kind| Self::ALL.contains(kind))?;
            if kinds.has(kind) {
                return None;
            }
            kinds = kinds.with(kind);
        }
        Some(Self(kinds))
    }

    pub fn has(self, kind: FactorKind) -> bool {
        self.0.has(kind)
    }

    pub fn iter(self) -> impl Iterator<Item = FactorKind> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_names_each_second_factor_at_most_once() {
        use FactorKind::{OtpEmail, OtpSms, Totp, U2f};
        for (text, want) in [
            ("none", Some(&[][..])),
            ("totp", Some(&[Totp])),
            ("otp_sms,totp", Some(&[Totp, OtpSms])),
            ("u2f", Some(&[U2f])),
            (
                "totp,otp_email,otp_sms,u2f",
                Some(&[Totp, OtpEmail, OtpSms, U2f]),
            ),
            ("", None),
            ("totp,", None),
            ("totp,totp", None),
            ("totp, otp_sms", None),
            ("TOTP", None),
            ("none,totp", None),
            ("u2f,u2f", None),
            ("passkey", None),
            ("totp,passkey", None),
            ("recovery_codes", None),
        ] {
            let set = SecondFactorSet::parse(text);
            let kinds = set.map(|set| set.iter().collect::<Vec<_>>());
            assert_eq!(kinds.as_deref(), want, "{text:?}");
        }
    }
}
