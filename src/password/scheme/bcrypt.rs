use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::super::bounds::Bounds;
use super::super::encoding::from_bcrypt_base64;
use super::super::hash::Unsupported;

/// ZITADEL makes 14, which takes a second; each step doubles it.
const COST: Bounds = Bounds {
    what: "bcrypt cost",
    unit: "",
    least: 4,
    most: 15,
};

/// In characters; the rest of the last field is the output.
const SALT_LENGTH: usize = 22;

/// In bytes: what the key schedule of Blowfish takes.
const KEY_LENGTH: usize = 72;

/// bcrypt.
///
/// Its versions differ in the faults that they tell apart. `2a`, `2b` and `2y` are computed
/// alike, as correct implementations do. So is `2x`, which marks hashes of an
/// implementation that mixed up characters beyond ASCII: they match for passwords in ASCII
/// and for no others. <https://www.openwall.com/lists/announce/2011/07/17/1>
#[derive(Clone)]
pub struct BcryptHash {
    cost: u32,
    salt: [u8; 16],
    output: [u8; 23],
}

impl BcryptHash {
    pub fn parse(fields: &[&str]) -> Result<Self, Unsupported> {
        const FIELDS: Unsupported =
            Unsupported::Malformed("the fields are not a cost of two digits$salt and output");

        let [cost, rest] = *fields else {
            return Err(FIELDS);
        };
        let &[tens @ b'0'..=b'9', ones @ b'0'..=b'9'] = cost.as_bytes() else {
            return Err(FIELDS);
        };
        let cost = COST.check(u64::from(tens - b'0') * 10 + u64::from(ones - b'0'))?;
        let (salt, output) = rest.split_at_checked(SALT_LENGTH).ok_or(FIELDS)?;
        let decode = |text| from_bcrypt_base64(text).ok_or(FIELDS);

        Ok(Self {
            cost,
            salt: decode(salt)?.try_into().map_err(|_| FIELDS)?,
            output: decode(output)?.try_into().map_err(|_| FIELDS)?,
        })
    }

    /// A password of over 72 bytes matches nothing, rather than everything that starts like
    /// it. The same goes for one with a NUL: the key is the password and a NUL, over and
    /// over, so that `a`, `a␀a` and `a␀a␀a` are one key.
    pub fn matches(&self, password: &[u8]) -> bool {
        let distinct = password.len() <= KEY_LENGTH && !password.contains(&0);

        let length = password.len().min(KEY_LENGTH);
        let mut key = Zeroizing::new([0; KEY_LENGTH]);
        key[..length].copy_from_slice(&password[..length]);
        let with_nul = (length + 1).min(KEY_LENGTH);
        let output = bcrypt::bcrypt(self.cost, self.salt, &key[..with_nul]);

        // The last of the 24 bytes is not in the string.
        bool::from(output[..23].ct_eq(&self.output)) & distinct
    }
}
