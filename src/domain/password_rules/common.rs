//! The common passwords, as a filter that the build makes of `build/common_passwords`.

use xorf::{BinaryFuse16Ref, Filter as _, FilterRef as _};

#[path = "key.rs"]
mod key;

/// Bytes at an address at which pairs of them can be read.
#[repr(align(2))]
struct Aligned<T: ?Sized>(T);

static DESCRIPTOR: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/common_passwords.descriptor"));
static FINGERPRINTS: &Aligned<[u8]> = &Aligned(*include_bytes!(concat!(
    env!("OUT_DIR"),
    "/common_passwords.fingerprints"
)));

/// Whether a folded password is one of the common ones. Of other texts, one in 65,536 is taken for
/// one of them.
pub fn is_common(folded: &str) -> bool {
    BinaryFuse16Ref::from_dma(DESCRIPTOR, &FINGERPRINTS.0).contains(&key::key(folded))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWORDS: &str = include_str!("../../../build/common_passwords/passwords.txt");

    #[test]
    fn each_entry_of_the_list_is_common() {
        assert_eq!(PASSWORDS.lines().count(), 46_948);
        for password in PASSWORDS.lines() {
            assert!(is_common(password), "{password}");
        }
    }

    #[test]
    fn few_other_passwords_are_taken_for_common_ones() {
        let others = (0..200_000).map(|n| format!("one of many passwords: {n}"));
        // Three are to be expected.
        let mistaken = others.filter(|password| is_common(password)).count();
        assert!(mistaken <= 10, "{mistaken}");
    }

    #[test]
    fn the_filter_takes_at_most_120_kilobytes() {
        assert!(size_of_val(&FINGERPRINTS.0) + size_of_val(DESCRIPTOR) <= 120_000);
    }
}
