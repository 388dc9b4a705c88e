//! Hashes that other implementations made: the C reference of argon2, libxcrypt (bcrypt,
//! SHA-crypt), and Passlib over OpenSSL (PBKDF2, scrypt).

use std::num::NonZeroUsize;
use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::select;

use super::{Kernel, Params, PasswordHash, PasswordPool};
use crate::domain::Password;

const PLAIN: &str = "correct horse";
const BEYOND_ASCII: &str = "pässwörd ✓";
const PHRASE: &str = "a long pass phrase of words a long pass phrase of words a long pass phrase of words \
    a long pass phrase of words a long pass phrase of words a long pass phrase of words a long pass phrase of words ";
const X72: &str = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";

/// The hash of [`X72`] and of each password that starts with it.
const BCRYPT_OF_72: &str = "$2b$10$abcdefghijklmnopqrstuuhBb/0dYbuuS1CS8hp30IXhlFBW2VAWG";

#[rustfmt::skip]
pub(super) const VECTORS: [(&str, &str); 44] = [
    (PLAIN, "$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$0AuQxA+RjPiJeA19Op7DwrFxnfh9xeTU2T6mFj2wThc"),
    (BEYOND_ASCII, "$argon2id$v=19$m=65536,t=3,p=4$AAECAwQFBgcICQoLDA0ODw$dAOkfX0ugEimyAXWNRCs0kFPs6atGjq+hrGHG4NxxV8"),
    (PLAIN, "$argon2id$v=19$m=64,t=1,p=1$AAECAwQFBgcICQoLDA0ODw$Jc5SM8weTTfpvKMb/vQXEOQERs0ctXWTJ5HF/TeAvTw"),
    (PLAIN, "$argon2i$v=19$m=256,t=3,p=2$AAECAwQFBgcICQoLDA0ODw$6nW7U8U7CdUpoJ+TDMP/z2ub6f/yzRkw0PW50V2P/Ck"),
    (PLAIN, "$argon2d$v=19$m=256,t=3,p=2$AAECAwQFBgcICQoLDA0ODw$ijCfYoCtIKN5RLvu4vZau0DYO5WewqfG"),
    (PLAIN, "$argon2i$v=16$m=256,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$4hN7hH5qQKRCiNiZ2z3W4w"),
    (PLAIN, "$argon2i$m=256,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$4hN7hH5qQKRCiNiZ2z3W4w"),
    (PLAIN, "$argon2id$v=19$m=256,t=2,p=1$AAECAwQFBgc$T/H4gT87VszeLjz8K7TIYVHdtMqybXFWfUfuqNo2EEHJQeo7IJc/kCKpzpdORiuwjni8tXbKdqjvDhnohoLfNA"),
    (PLAIN, "$argon2id$v=16$m=257,t=2,p=3$AAECAwQFBgcICQoLDA0ODw$ZvQjqJ1frWcUZwHCVveFGHRgOWFusKZwjKsNQHLwRJ8"),
    ("", "$argon2id$v=19$m=64,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$J9Y1+DPJGXbwHM6YizAZ47mIn2b+a578eg7GY8YFnQc"),
    ("nul\0nul", "$argon2id$v=19$m=64,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$7dv8M33OL5t2bXlbgDOLCPiblxQ7F3bu+3zoQRVVyo0"),
    (PLAIN, "$2a$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e"),
    (PLAIN, "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e"),
    (PLAIN, "$2y$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e"),
    (PLAIN, "$2x$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e"),
    // The same salt with its unused bits set.
    (PLAIN, "$2b$04$abcdefghijklmnopqrstuvjydOTSfIH/d5oUHpsygqV5X9xJLQc6e"),
    (PLAIN, "$2b$10$abcdefghijklmnopqrstuu23JPZtHcGhwXSF41f93o/7vBdDut3Xu"),
    (BEYOND_ASCII, "$2b$05$abcdefghijklmnopqrstuucXzl.EdFiYZ8M9ef3QFcQ5vnOe67Nqe"),
    ("", "$2b$04$abcdefghijklmnopqrstuubyCG3zY1GIXMyxfivm.ClDiInHzxjiq"),
    (X72, BCRYPT_OF_72),
    (X72, "$2b$04$abcdefghijklmnopqrstuubzadhGtS2zEF.gu0yd0opP6cVzb.e0i"),
    ("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "$2b$04$abcdefghijklmnopqrstuu.gc7UY/21CSNJGJg21jJzx9QiOpJ9bO"),
    (PLAIN, "$5$saltstring$vc6YOOogU4kWVvwga8e9zTFgKcy4tb5LaPxIiPJzqEC"),
    (PLAIN, "$6$saltstring$.r0X7ub5wGR2v4Xz7svCIozfnlorFh19V89t8KC9Umd81uGhFgsyTRNyzQDXDIm17fFcR9z3z7oBNdsyYBbtm/"),
    (PLAIN, "$5$rounds=1000$saltstringsaltst$q9YlbkuMoociauONftd2e5Ed6VxRd/LLwz2oOt1AaW3"),
    (PLAIN, "$6$rounds=1000$saltstringsaltst$k9PULBHOh74am.xc9x/NZqf/NmDrZHtYx3RBBz5bHtGfWF0tHkpnvrjVVciI1oJwnqecVYbKeJQZ2WuOsEHDD0"),
    (PLAIN, "$5$rounds=77777$anotherlongsa$AGu4Z8qSTxnrB.spk6vhMgPXPfbeCinYIrpxBtZ3cs5"),
    (BEYOND_ASCII, "$6$rounds=5000$saltstring$15jqUSAswZWfOjNLJROBwo6iBdXG4tHikTwNPTMhEM/vwVC6Z5Xj9XHAWoE54dlBb8WNOt4yAt0rBUAeeYFFv."),
    ("", "$5$saltstring$FdNfA4gXqvCeO6iZs7G/.wwwoywYZqo0l1pwmfWaBA7"),
    (PHRASE, "$6$saltstring$VE.41ntJXOpIbd3mbNToqfCJqt8ANTo/jfzHlsub/UEu3QjeEceWO1TfO.hK9J09q/8FOKflHmiM/h1iMoPcx/"),
    (PHRASE, "$5$saltstring$OOcNBwurU9stCABfR6rUpdO2r1v5Rm9m8BghmFkHys4"),
    (PLAIN, "$pbkdf2-sha256$1200$./.../.../.../.../...w$oyZJ7cmBjm5BG2T3nggaIPGr6VfGbEWGIwqVJYoCtLk"),
    (BEYOND_ASCII, "$pbkdf2-sha256$1000$./.../.../.../.../...w$f.dw6u3fYjLx0V9y4u/GUrn/C0dO8MEFiwb1tN2pmPU"),
    (PLAIN, "$pbkdf2-sha512$1200$./.../.../.../.../...w$DxYHQgmbluxdrtrHwNNt3.MlFa9HoEYsEPzjOVCpCWb2SxgH.Ne0..CRlH88N9I57j/EnVyZUi.V23WfIyNd0Q"),
    (PLAIN, "$pbkdf2$1200$./.../.../.../.../...w$u7NFy/WNf1t6mKgnD7Kr0Pqfc1w"),
    (PLAIN, "$pbkdf2-sha256$i=1500,l=32$+/+++/+++/+++/+++/+++w$+SNy65iv3ZXc8IhnwdxF2XMZBFMO7yCdYTkFDujXXP0"),
    (PLAIN, "$pbkdf2-sha512$i=1500,l=64$+/+++/+++/+++/+++/+++w$ne79+85Y3jLAcIcaFySlPba4UcXfU6+9VGrPHrQiOATxB1MgL5n/OMX8mxryg/ckiH+gDCtVRjnuBz7/mM8u6g"),
    (PLAIN, "$pbkdf2-sha512$i=1500,l=32$+/+++/+++/+++/+++/+++w$ne79+85Y3jLAcIcaFySlPba4UcXfU6+9VGrPHrQiOAQ"),
    (PLAIN, "$pbkdf2-sha256$i=1500,l=48$+/+++/+++/+++/+++/+++w$+SNy65iv3ZXc8IhnwdxF2XMZBFMO7yCdYTkFDujXXP1RV0PufKTwaiLjG0pQA+aR"),
    (PLAIN, "$pbkdf2-sha256$i=1500$+/+++/+++/+++/+++/+++w$+SNy65iv3ZXc8IhnwdxF2XMZBFMO7yCdYTkFDujXXP0"),
    (PLAIN, "$scrypt$ln=4,r=8,p=1$+/+++/+++/+++/+++/+++w$7JtBIK521ROChmEsy0SaXqcspZocSwPZcLtrM3AuVIY"),
    (BEYOND_ASCII, "$scrypt$ln=10,r=4,p=3$+/+++/+++/+++/+++/+++w$yx7qRpc3jicQHJW5QyTZm7yHZm6gXS7QiRuB0oEEsRI"),
    (PLAIN, "$scrypt$ln=16,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$AEdilbUUghuzO9l/XjztzHn0E0plniwgnETbi2/m6IM"),
    (PLAIN, "$scrypt$ln=5,r=8,p=2$AAECAwQFBgcICQoLDA0ODw$u/ZiUNWnprF/A/Yp6oMc5k887XKEYLbl/Ua41wN/8mm5OHms2CqF1LFSB38dQ28fq+hxljTOf5VOqGoNJV+2jw"),
];

fn pool() -> PasswordPool {
    pool_with(Kernel::detect())
}

fn pool_with(kernel: Kernel) -> PasswordPool {
    let params = Params::new(256, 2, 1).unwrap();
    PasswordPool::new(params, kernel, NonZeroUsize::MIN, 0)
}

async fn matches(pool: &PasswordPool, password: &str, hash: &str) -> bool {
    let password = Password::new(password.into());
    let hash = PasswordHash::parse(hash).unwrap();
    pool.verify(password, hash).await.unwrap().matched
}

#[tokio::test]
async fn hashes_of_other_implementations_match_their_password_and_no_other() {
    for kernel in [Kernel::Portable, Kernel::detect()] {
        let pool = pool_with(kernel);
        for (password, hash) in VECTORS {
            assert!(matches(&pool, password, hash).await, "{hash} {kernel:?}");
            let other = format!(".{password}");
            assert!(!matches(&pool, &other, hash).await, "{hash} {kernel:?}");
            if !password.is_empty() {
                assert!(!matches(&pool, "", hash).await, "{hash} {kernel:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_hash_with_one_changed_byte_does_not_match() {
    let pool = pool();

    for (password, hash) in VECTORS {
        // The last character may have unused bits, so the one before it is changed.
        let start = match hash.as_bytes()[1] {
            b'2' => hash.len() - 31,
            _ => hash.rfind('$').unwrap() + 1,
        };
        // Of two blocks of PBKDF2, the first is compared.
        let end = hash.len() - if hash.contains(",l=48$") { 22 + 2 } else { 2 };
        for at in [start, end] {
            let mut bytes = hash.as_bytes().to_vec();
            bytes[at] = if bytes[at] == b'B' { b'C' } else { b'B' };
            let changed = String::from_utf8(bytes).unwrap();
            assert!(!matches(&pool, password, &changed).await, "{changed}");
        }
    }

    // The last character of a bcrypt output holds bits of its last byte, and two unused ones.
    let (rest, last) = BCRYPT_OF_72.split_at(BCRYPT_OF_72.len() - 1);
    assert_eq!(last, "G");
    assert!(!matches(&pool, X72, &format!("{rest}u")).await);
}

/// Each block of PBKDF2's output takes all rounds.
#[tokio::test]
async fn of_a_long_output_of_pbkdf2_the_first_block_is_compared() {
    let mut vectors = VECTORS.into_iter();
    let (password, hash) = vectors.find(|(_, hash)| hash.contains(",l=48$")).unwrap();
    let pool = pool();

    // The output has 64 characters, of which the first 43 hold the first block.
    for (from_the_end, want) in [(2, true), (20, true), (23, false), (64, false)] {
        let mut bytes = hash.as_bytes().to_vec();
        let at = hash.len() - from_the_end;
        bytes[at] = if bytes[at] == b'B' { b'C' } else { b'B' };
        let changed = String::from_utf8(bytes).unwrap();
        let got = matches(&pool, password, &changed).await;
        assert_eq!(got, want, "{changed}");
    }
}

#[tokio::test]
async fn passwords_that_an_algorithm_cannot_tell_apart_do_not_match() {
    const BCRYPT: &str = "$2b$04$abcdefghijklmnopqrstuuCi15uRb1eH7NAlJ/TgeJertyknQpYn2";
    const SHA_CRYPT: &str = "$5$saltstring$tDHA0KPsYQ8V.LDB1/fgW7cvROod5ZajSrx1tZU2JG9";
    const SHA_CRYPT_OF_511: &str = "$5$saltstring$WzIlhqDNDfxpOJWvm4213RYqQbprNRO5zLc6elfMlO/";
    const PBKDF2: &str =
        "$pbkdf2-sha256$1000$AAECAwQFBgcICQoLDA0ODw$0EOJLIgDEvPpyqjXh/AaOWDLfOGa+wEJPasi2gajFlA";
    const SCRYPT: &str =
        "$scrypt$ln=4,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$e6tmleIuNnIC8YkRexG9VxXW5VM9GOGiNV3M1StuJVU";
    const FAULTY: &str = "$2x$04$abcdefghijklmnopqrstuug6Vnk/ozpZgn0gPCiFLs1H8Zki0NJ62";
    let pool = pool();

    for (hash, password, want) in [
        (BCRYPT, "abc", true),
        (BCRYPT, "abc\0", false),
        (BCRYPT, "abc\0abc", false),
        (BCRYPT, "abc\0d", false),
        (BCRYPT_OF_72, X72, true),
        // bcrypt reads the first 72 bytes, as it did when the hash was made.
        (BCRYPT_OF_72, &format!("{X72}x"), true),
        (BCRYPT_OF_72, &format!("{X72}{X72}"), true),
        (BCRYPT_OF_72, &X72[1..], false),
        (FAULTY, BEYOND_ASCII, true),
        (SHA_CRYPT, "abc", true),
        (SHA_CRYPT, "abc\0", false),
        (SHA_CRYPT_OF_511, &"y".repeat(511), true),
        (SHA_CRYPT_OF_511, &"y".repeat(512), false),
        (PBKDF2, "abc", true),
        (PBKDF2, "abc\0", false),
        (SCRYPT, "abc", true),
        (SCRYPT, "abc\0", false),
    ] {
        let got = matches(&pool, password, hash).await;
        assert_eq!(got, want, "{hash} {password:?}");
    }
}

/// The rounds times the password's bytes and 64 are bounded. The hashes are of passwords of the
/// longest length and of one byte more.
#[tokio::test]
async fn a_password_that_takes_too_long_with_the_rounds_of_a_hash_does_not_match() {
    const PHPASS_126: &str = "$P$IabcdefghEqTarV.XdpxAgbFdphNQ8.";
    const PHPASS_127: &str = "$P$IabcdefghU1.0me8a/s203YAyOVH050";
    const SHA_256_448: &str =
        "$5$rounds=390000$saltstring$lMhzEen.Q2DX1HXCv1D2lnUV4DffVbDua4m5o0PuO5/";
    const SHA_256_449: &str =
        "$5$rounds=390000$saltstring$s6Ym2Mbpw/RdnsCRzwsZpq1sVe6kRv.8h3GPWognwc8";
    const SHA_512_136: &str = "$6$rounds=1000000$saltstring$uj1V46zfPRzXz58zXljB2bKjlNxrC6G1XbpYUKNuIDLmd8pvCKEkh9esU66mqixTm/0Z5f7Pnad/n193tBnf80";
    const SHA_512_137: &str = "$6$rounds=1000000$saltstring$j.sUZbEDcuyW3ko8Sv7Mg.VPRmjKsDrHYbmdfOwQlCAPH6t4EFkTFr.8HaptN7dWbEwT5EC2knN4BuJ8Wz77d1";
    let pool = pool();

    for (hash, length, want) in [
        (PHPASS_126, 126, true),
        (PHPASS_127, 127, false),
        // What is hashed of a longer password matches; the password doesn't.
        (PHPASS_126, 127, false),
        (SHA_256_448, 448, true),
        (SHA_256_449, 449, false),
        (SHA_512_136, 136, true),
        (SHA_512_137, 137, false),
        (SHA_512_136, 800, false),
    ] {
        let got = matches(&pool, &"x".repeat(length), hash).await;
        assert_eq!(got, want, "{hash} {length}");
    }
}

#[tokio::test]
async fn a_password_longer_than_bcrypt_reads_takes_as_long_to_check() {
    let password = Password::new(format!("{X72}x"));
    let hash = PasswordHash::parse(BCRYPT_OF_72).unwrap();

    let checked = pool().verify(password, hash).await.unwrap();

    // A thousand key schedules take tens of milliseconds, and never less than one.
    assert!(checked.took > Duration::from_millis(1), "{checked:?}");
    assert!(checked.matched);
}

fn any_vector() -> impl Strategy<Value = &'static str> {
    select(VECTORS.to_vec()).prop_map(|(_, hash)| hash)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn parsing_any_text_never_panics(text in any::<String>()) {
        let _ = PasswordHash::parse(&text);
    }

    #[test]
    fn parsing_almost_a_hash_never_panics(
        text in "\\$(argon2(id|i|d)|2[abxy]|scrypt|pbkdf2(-sha256|-sha512)?|5|6)(\\$(v|m|t|p|ln|r|i|l|rounds)?=?[0-9]{0,22}(,[mtprl]=[0-9]{0,12}){0,3}){0,3}(\\$[A-Za-z0-9+/.é]{0,90}){0,3}"
    ) {
        let _ = PasswordHash::parse(&text);
    }

    #[test]
    fn parsing_a_changed_hash_never_panics_and_keeps_its_text(
        hash in any_vector(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<Option<char>>(), any::<bool>()), 1..4),
    ) {
        let mut text: Vec<char> = hash.chars().collect();
        for (at, character, replace) in changes {
            let at = at.index(text.len() + 1);
            if replace && at < text.len() {
                text.remove(at);
            }
            if let Some(character) = character {
                text.insert(at, character);
            }
        }
        let text = text.into_iter().collect::<String>();

        if let Ok(hash) = PasswordHash::parse(&text) {
            prop_assert_eq!(hash.as_str(), text);
        }
    }
}
