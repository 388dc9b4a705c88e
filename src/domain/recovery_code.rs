use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::UserId;
use super::base32::{CROCKFORD, encode};
use super::secret::hide_in_debug;
use super::text::{Invalid, bounded};

/// A code that a user keeps for the loss of a second factor, as it is shown once: 120 random bits in
/// Crockford's base32, in six groups of four with hyphens.
#[derive(Clone)]
pub struct RecoveryCode(Zeroizing<String>);

impl RecoveryCode {
    const BYTES: usize = 15;
    /// In characters.
    const GROUP: usize = 4;

    /// Generates a code.
    ///
    /// # Errors
    ///
    /// The operating system has no random numbers.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut bytes = Zeroizing::new([0; Self::BYTES]);
        getrandom::fill(&mut bytes[..])?;
        Ok(Self::from_random(&bytes))
    }

    fn from_random(bytes: &[u8; Self::BYTES]) -> Self {
        let characters = encode(bytes, CROCKFORD);
        let mut code = Zeroizing::new(String::with_capacity(2 * characters.len()));
        for (at, character) in characters.chars().enumerate() {
            if at > 0 && at % Self::GROUP == 0 {
                code.push('-');
            }
            code.push(character);
        }
        Self(code)
    }

    /// The code with its hyphens.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

hide_in_debug!(RecoveryCode);

/// A recovery code that somebody presents, in capitals, without spaces and hyphens, and with digits
/// for the letters that are taken for them. It may be any text: one that can't be a code is a wrong
/// one.
#[derive(Clone, PartialEq, Eq)]
pub struct PresentedRecoveryCode(Zeroizing<String>);

impl PresentedRecoveryCode {
    /// Reads the code in a check: up to 200 characters. `None`: it is empty.
    pub fn parse(text: String) -> Result<Option<Self>, Invalid> {
        if text.is_empty() {
            return Ok(None);
        }
        let text = Zeroizing::new(bounded("checks.recovery_code.code", text)?);
        Ok(Some(Self(normalized(&text))))
    }

    /// What was typed, by which a repeated request is recognised.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

hide_in_debug!(PresentedRecoveryCode);

fn normalized(text: &str) -> Zeroizing<String> {
    let mut code = Zeroizing::new(String::with_capacity(text.len()));
    let characters = text.chars().filter(|c| !matches!(c, ' ' | '-'));
    code.extend(characters.map(|c| match c.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        c => c,
    }));
    code
}

/// The SHA-256 of a user's recovery code, which is stored in its place.
///
/// A code has 120 random bits, so a fast hash without a salt is enough, and hashes may be looked up
/// without constant time. The user's id is in it, so that no other user can use the hash.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecoveryCodeHash([u8; 32]);

impl RecoveryCodeHash {
    pub const fn new(hash: [u8; 32]) -> Self {
        Self(hash)
    }

    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub fn of(user: &UserId, code: &PresentedRecoveryCode) -> Self {
        // Each behind its length, so that no two lists have the same bytes.
        let mut hash = Sha256::new();
        for part in ["recovery code", user.as_str(), &code.0] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }

    pub fn of_code(user: &UserId, code: &RecoveryCode) -> Self {
        Self::of(user, &PresentedRecoveryCode(normalized(&code.0)))
    }
}

hide_in_debug!(RecoveryCodeHash);

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn presented(text: &str) -> PresentedRecoveryCode {
        let presented = PresentedRecoveryCode::parse(text.to_owned());
        presented.unwrap().unwrap()
    }

    fn user(id: &str) -> UserId {
        UserId::from_stored(id.to_owned())
    }

    #[test]
    fn a_code_has_five_bits_in_each_character() {
        for (bytes, want) in [
            ([0; 15], "0000-0000-0000-0000-0000-0000"),
            ([0xff; 15], "ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ"),
            (
                // 0, 1, 2 … 23 in five bits each.
                [
                    0x00, 0x44, 0x32, 0x14, 0xc7, 0x42, 0x54, 0xb6, 0x35, 0xcf, 0x84, 0x65, 0x3a,
                    0x56, 0xd7,
                ],
                "0123-4567-89AB-CDEF-GHJK-MNPQ",
            ),
        ] {
            assert_eq!(RecoveryCode::from_random(&bytes).as_str(), want);
        }
    }

    #[test]
    fn generated_codes_differ_in_all_their_characters() {
        let codes: Vec<_> = (0..100)
            .map(|_| RecoveryCode::generate().unwrap())
            .collect();
        let places = codes[0].as_str().len();

        assert_eq!(places, 29);
        for place in 0..places {
            let at = |code: &RecoveryCode| code.as_str().as_bytes()[place];
            let found: BTreeSet<_> = codes.iter().map(at).collect();
            if place % 5 == 4 {
                assert_eq!(found, [b'-'].into());
            } else {
                // Of 32 characters, fewer than 10 in 100 draws: less than once in 10^40 runs.
                assert!(found.len() >= 10, "{place}: {found:?}");
                assert!(found.iter().all(|c| CROCKFORD.contains(c)), "{found:?}");
            }
        }
    }

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        let code = "0123-4567-89AB-CDEF-GHJK-MNPQ";
        for (text, want) in [
            (code, true),
            ("0123456789ABCDEFGHJKMNPQ", true),
            ("0123 4567 89ab cdef ghjk mnpq", true),
            (" OI23-4567-89aB-CdEf-gHjK-mNpQ ", true),
            ("oi23456789abcdefghjkmnpq", true),
            ("0l23-4567-89ab-cdef-ghjk-mnpq", true),
            ("0L23-4567-89ab-cdef-ghjk-mnpq", true),
            ("0123-4567-89AB-CDEF-GHJK-MNPR", false),
            ("0123-4567-89AB-CDEF-GHJK-MNP", false),
            ("0123-4567-89AB-CDEF-GHJK-MNPQQ", false),
            ("0123_4567_89AB_CDEF_GHJK_MNPQ", false),
            // No other letters are taken for digits or capitals.
            ("0ı23-4567-89AB-CDEF-GHJK-MNPQ", false),
            (" ", false),
            ("-", false),
        ] {
            let is_same = presented(text).as_bytes() == presented(code).as_bytes();
            assert_eq!(is_same, want, "{text:?}");
        }
    }

    #[test]
    fn an_empty_code_is_none_and_a_long_one_is_refused() {
        let parse = |text: String| PresentedRecoveryCode::parse(text);

        assert!(parse(String::new()).unwrap().is_none());
        assert!(parse("ä".repeat(200)).unwrap().is_some());
        let field = parse("A".repeat(201)).unwrap_err().field;
        assert_eq!(field, "checks.recovery_code.code");
    }

    #[test]
    fn a_hash_is_of_one_user_and_one_code() {
        let hash = RecoveryCodeHash::of(&user("ada"), &presented("0123-4567-89AB-CDEF-GHJK-MNPQ"));

        // `printf '\0\0\0\0\0\0\0\rrecovery code\0\0\0\0\0\0\0\003ada\0\0\0\0\0\0\0\0300123456789ABCDEFGHJKMNPQ' | sha256sum`
        let hex = hash.as_bytes().map(|byte| format!("{byte:02x}")).concat();
        assert_eq!(
            hex,
            "17c0e688dffde0064282a7dee977310005f7b23f4751b553add8a30427665592"
        );
        for (id, code) in [
            ("Ada", "0123-4567-89AB-CDEF-GHJK-MNPQ"),
            ("ada", "0123-4567-89AB-CDEF-GHJK-MNPR"),
            ("ada0", "123-4567-89AB-CDEF-GHJK-MNPQ"),
        ] {
            assert_ne!(
                RecoveryCodeHash::of(&user(id), &presented(code)),
                hash,
                "{id} {code}"
            );
        }
    }

    #[test]
    fn a_generated_code_has_the_hash_of_what_is_typed() {
        let code = RecoveryCode::generate().unwrap();
        let typed = presented(&code.as_str().to_lowercase().replace('-', " "));
        let user = user("ada");

        assert_eq!(
            RecoveryCodeHash::of_code(&user, &code),
            RecoveryCodeHash::of(&user, &typed)
        );
    }

    #[test]
    fn debug_output_hides_codes() {
        let (code, typed) = (RecoveryCode::generate().unwrap(), presented("0123"));
        let hash = RecoveryCodeHash::of_code(&user("ada"), &code);
        let shown = format!("{code:?} {typed:?} {hash:?}");
        assert_eq!(
            shown,
            "RecoveryCode(…) PresentedRecoveryCode(…) RecoveryCodeHash(…)"
        );
    }
}
