use zeroize::Zeroizing;

use super::secret::hide_in_debug;

/// A one-time code: eight decimal digits.
#[derive(Clone)]
pub struct OneTimeCode(Zeroizing<String>);

impl OneTimeCode {
    /// The code of a message authentication code. No digit is likelier than another by more than one
    /// in 10^11.
    pub fn from_mac(mac: &[u8; 32]) -> Self {
        let mut first = [0; 8];
        first.copy_from_slice(&mac[..8]);
        let number = u64::from_be_bytes(first) % 100_000_000;
        Self(Zeroizing::new(format!("{number:08}")))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

hide_in_debug!(OneTimeCode);
