use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::FactorKind;
use super::secret::hide_in_debug;
use super::text::{Invalid, bounded};

/// A code that is sent by e-mail or SMS to check a second factor: eight decimal digits. It is derived
/// from the server's key and never stored.
#[derive(Clone, PartialEq, Eq)]
pub struct OneTimeCode(Zeroizing<String>);

impl OneTimeCode {
    const CODES: u64 = 100_000_000;

    /// The code of a message authentication code, from its first eight bytes. Some codes are
    /// likelier than others, by less than one part in 10^11.
    pub fn from_mac(mac: &[u8; 32]) -> Self {
        let mut start = Zeroizing::new([0; 8]);
        start.copy_from_slice(&mac[..8]);
        let number = u64::from_be_bytes(*start) % Self::CODES;
        Self(Zeroizing::new(format!("{number:08}")))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Compares in constant time.
    pub fn is(&self, presented: &PresentedOtp) -> bool {
        self.0.as_bytes().ct_eq(presented.0.as_bytes()).into()
    }
}

hide_in_debug!(OneTimeCode);

/// A one-time code that somebody presents, without spaces and hyphens. It may be any text: one that
/// can't be a code is a wrong one.
#[derive(Clone, PartialEq, Eq)]
pub struct PresentedOtp(Zeroizing<String>);

impl PresentedOtp {
    /// Reads the code in the check of a kind: up to 200 characters. `None`: it is empty.
    pub fn parse(kind: FactorKind, text: String) -> Result<Option<Self>, Invalid> {
        if text.is_empty() {
            return Ok(None);
        }
        let field = match kind {
            FactorKind::OtpSms => "checks.otp_sms.code",
            _ => "checks.otp_email.code",
        };
        let text = Zeroizing::new(bounded(field, text)?);
        let mut code = Zeroizing::new(String::with_capacity(text.len()));
        code.extend(text.chars().filter(|c| !matches!(c, ' ' | '-')));
        Ok(Some(Self(code)))
    }

    /// What was typed, by which a repeated request is recognised.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

hide_in_debug!(PresentedOtp);

#[cfg(test)]
mod tests {
    use super::*;

    fn code(start: [u8; 8]) -> OneTimeCode {
        let mut mac = [0xff; 32];
        mac[..8].copy_from_slice(&start);
        OneTimeCode::from_mac(&mac)
    }

    fn presented(text: &str) -> PresentedOtp {
        let presented = PresentedOtp::parse(FactorKind::OtpEmail, text.to_owned());
        presented.unwrap().unwrap()
    }

    #[test]
    fn a_code_is_eight_digits_of_the_first_eight_bytes() {
        for (start, want) in [
            ([0; 8], "00000000"),
            ([0, 0, 0, 0, 0, 0, 0, 7], "00000007"),
            // 99,999,999 and 100,000,000.
            ([0, 0, 0, 0, 0x05, 0xf5, 0xe0, 0xff], "99999999"),
            ([0, 0, 0, 0, 0x05, 0xf5, 0xe1, 0x00], "00000000"),
            // 2^64 - 1 is 18,446,744,073,709,551,615.
            ([0xff; 8], "09551615"),
        ] {
            assert_eq!(code(start).as_str(), want, "{start:?}");
        }
    }

    #[test]
    fn a_code_is_told_from_all_others_however_it_is_typed() {
        let code = code([0xff; 8]);
        for (text, want) in [
            ("09551615", true),
            ("0955 1615", true),
            (" 0955-1615 ", true),
            ("9551615", false),
            ("09551614", false),
            ("095516150", false),
            ("٠٩٥٥١٦١٥", false),
            ("09551615\n", false),
            (" ", false),
            ("-", false),
            ("\u{a0}", false),
        ] {
            assert_eq!(code.is(&presented(text)), want, "{text:?}");
        }
    }

    #[test]
    fn an_empty_code_is_none_and_a_long_one_is_refused() {
        for (kind, field) in [
            (FactorKind::OtpEmail, "checks.otp_email.code"),
            (FactorKind::OtpSms, "checks.otp_sms.code"),
        ] {
            let parse = |text: String| PresentedOtp::parse(kind, text);
            assert!(parse(String::new()).unwrap().is_none());
            assert!(parse("ä".repeat(200)).unwrap().is_some());
            assert_eq!(parse("1".repeat(201)).unwrap_err().field, field);
        }
    }

    #[test]
    fn debug_output_hides_codes() {
        let shown = format!("{:?} {:?}", code([0xff; 8]), presented("09551615"));
        assert_eq!(shown, "OneTimeCode(…) PresentedOtp(…)");
    }
}
