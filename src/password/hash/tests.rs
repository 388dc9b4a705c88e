use super::*;

const S: &str = "AAECAwQFBgcICQoLDA0ODw";
const O: &str = "0AuQxA+RjPiJeA19Op7DwrFxnfh9xeTU2T6mFj2wThc";

/// The message of the error, or an empty text without one.
fn refusal(text: &str) -> String {
    PasswordHash::parse(text)
        .err()
        .map(|unsupported| unsupported.to_string())
        .unwrap_or_default()
}

#[test]
fn a_hash_is_not_shown_by_debug() {
    let text = format!("$argon2id$v=19$m=64,t=2,p=1${S}${O}");
    let hash = PasswordHash::parse(&text).unwrap();

    assert_eq!(format!("{hash:?}"), "PasswordHash(…)");
    assert_eq!(hash.as_str(), text);
}

#[test]
fn an_invalid_hash_is_refused_with_its_reason() {
    const NO_HASH: &str = "the string is not a PHC or modular crypt string";
    const UNKNOWN: &str = "unknown algorithm";

    for (text, want) in [
        ("", NO_HASH),
        ("$", NO_HASH),
        ("V3ryS3cure!", NO_HASH),
        ("argon2id$v=19$m=64,t=2,p=1$s$o", NO_HASH),
        ("$argon2id", NO_HASH),
        ("$$", UNKNOWN),
        ("$2$04$abcdefghijklmnopqrstuujydOTSfIH", UNKNOWN),
        ("$argon2$v=19$m=64,t=2,p=1$s$o", UNKNOWN),
        ("$ARGON2ID$v=19$m=64,t=2,p=1$s$o", UNKNOWN),
        (
            &format!("${}", "x".repeat(1024)),
            "the string is over 1024 bytes long",
        ),
        (&format!("${}", "x".repeat(1023)), NO_HASH),
    ] {
        assert_eq!(refusal(text), want, "{text:?}");
    }
}

#[test]
fn argon2_hashes_are_refused_beyond_their_bounds() {
    const FIELDS: &str = "the fields are not v=…$m=…,t=…,p=…$salt$output";
    const VERSION: &str = "the version is not 16 or 19";

    for (fields, want) in [
        (format!("v=19$m=64,t=2,p=1${S}${O}"), ""),
        (format!("v=16$m=64,t=2,p=1${S}${O}"), ""),
        (format!("m=64,t=2,p=1${S}${O}"), ""),
        (format!("v=18$m=64,t=2,p=1${S}${O}"), VERSION),
        (format!("m=64,t=2,p=1$v=19${S}${O}"), VERSION),
        (format!("v=19$m=64,t=2,p=1${S}"), FIELDS),
        (format!("v=19$m=64,t=2,p=1${S}${O}$"), FIELDS),
        (format!("v=19$m=64,t=2${S}${O}"), FIELDS),
        (format!("v=19$m=64,t=2,p=1,keyid=AAAA${S}${O}"), FIELDS),
        (format!("v=19$m=64,t=2,p=1,data=AAAA${S}${O}"), FIELDS),
        (format!("v=19$m=064,t=2,p=1${S}${O}"), FIELDS),
        (
            format!("v=19$m=4194304,t=1,p=1${S}${O}"),
            "memory of 4194304 KiB is over the limit of 262144 KiB",
        ),
        (
            format!("v=19$m=18446744073709551615,t=1,p=1${S}${O}"),
            "memory of 18446744073709551615 KiB is over the limit of 262144 KiB",
        ),
        (
            format!("v=19$m=64,t=4294967295,p=1${S}${O}"),
            "time cost of 4294967295 passes is over the limit of 64 passes",
        ),
        (
            format!("v=19$m=262144,t=8,p=1${S}${O}"),
            "memory times passes of 2097152 KiB is over the limit of 1048576 KiB",
        ),
        (
            format!("v=19$m=262144,t=1,p=16777215${S}${O}"),
            "parallelism of 16777215 lanes is over the limit of 64 lanes",
        ),
        (
            format!("v=19$m=64,t=2,p=1$AAECAwQFBg${O}"),
            "salt of 7 bytes is under the limit of 8 bytes",
        ),
        (
            format!("v=19$m=64,t=2,p=1${}${O}", "w".repeat(87)),
            "salt of 65 bytes is over the limit of 64 bytes",
        ),
        (
            format!("v=19$m=64,t=2,p=1$${O}"),
            "salt of 0 bytes is under the limit of 8 bytes",
        ),
        (
            format!("v=19$m=64,t=2,p=1${S}===${O}"),
            "the salt is not base64",
        ),
        (
            format!("v=19$m=64,t=2,p=1${S}$_{O}"),
            "the output is not base64",
        ),
        // An output that is cut to its first twelve bytes.
        (
            format!("v=19$m=64,t=2,p=1${S}$GVUFGwsdbaPJyoP9"),
            "output of 12 bytes is under the limit of 16 bytes",
        ),
        (
            format!("v=19$m=64,t=2,p=1${S}${}", "w".repeat(87)),
            "output of 65 bytes is over the limit of 64 bytes",
        ),
    ] {
        assert_eq!(refusal(&format!("$argon2id${fields}")), want, "{fields}");
    }
}

#[test]
fn bcrypt_hashes_are_refused_beyond_their_bounds() {
    const FIELDS: &str = "the fields are not a cost of two digits$salt and output";
    const REST: &str = "abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e";

    for (fields, want) in [
        (format!("04${REST}"), ""),
        (format!("15${REST}"), ""),
        (
            format!("03${REST}"),
            "bcrypt cost of 3 is under the limit of 4",
        ),
        (
            format!("16${REST}"),
            "bcrypt cost of 16 is over the limit of 15",
        ),
        (
            format!("31${REST}"),
            "bcrypt cost of 31 is over the limit of 15",
        ),
        (format!("4${REST}"), FIELDS),
        (format!("+4${REST}"), FIELDS),
        (format!("004${REST}"), FIELDS),
        (format!("04${REST}$"), FIELDS),
        (format!("04${REST}A"), FIELDS),
        (format!("04${}", &REST[1..]), FIELDS),
        (format!("04${}", &REST[..22]), FIELDS),
        (format!("04${}é", &REST[..21]), FIELDS),
        (format!("04$+{}", &REST[1..]), FIELDS),
    ] {
        assert_eq!(refusal(&format!("$2b${fields}")), want, "{fields}");
    }
}

#[test]
fn scrypt_hashes_are_refused_beyond_their_bounds() {
    const FIELDS: &str = "the fields are not ln=…,r=…,p=…$salt$output";

    for (costs, want) in [
        ("ln=17,r=8,p=1", ""),
        ("ln=18,r=8,p=1", ""),
        ("ln=13,r=8,p=10", ""),
        ("ln=1,r=1,p=1", ""),
        (
            "ln=0,r=8,p=1",
            "log2 of the scrypt cost of 0 is under the limit of 1",
        ),
        (
            "ln=63,r=8,p=1",
            "log2 of the scrypt cost of 63 is over the limit of 20",
        ),
        (
            "ln=4,r=0,p=1",
            "scrypt block size of 0 is under the limit of 1",
        ),
        (
            "ln=4,r=65,p=1",
            "scrypt block size of 65 is over the limit of 64",
        ),
        (
            "ln=4,r=8,p=0",
            "scrypt parallelism of 0 is under the limit of 1",
        ),
        (
            "ln=4,r=8,p=65",
            "scrypt parallelism of 65 is over the limit of 64",
        ),
        (
            "ln=19,r=8,p=1",
            "scrypt memory times parallelism of 536870912 bytes is over the limit of 268435456 bytes",
        ),
        (
            "ln=17,r=8,p=3",
            "scrypt memory times parallelism of 402653184 bytes is over the limit of 268435456 bytes",
        ),
        ("ln=4,r=8", FIELDS),
        ("16,8,1", FIELDS),
    ] {
        assert_eq!(
            refusal(&format!("$scrypt${costs}${S}${O}")),
            want,
            "{costs}"
        );
    }
    assert_eq!(refusal(&format!("$scrypt$ln=4,r=8,p=1${S}")), FIELDS);
    assert_eq!(
        refusal(&format!("$scrypt$ln=4,r=8,p=1${S}$AAAA")),
        "output of 3 bytes is under the limit of 16 bytes"
    );
    assert_eq!(
        refusal(&format!("$scrypt$ln=4,r=8,p=1$AAAA${O}")),
        "salt of 3 bytes is under the limit of 8 bytes"
    );
}

#[test]
fn pbkdf2_hashes_are_refused_beyond_their_bounds() {
    const FIELDS: &str = "the fields are not rounds$salt$output or i=…,l=…$salt$output";
    const OTHER_LENGTH: &str = "the output is not as long as the string says";

    for (fields, want) in [
        (format!("1${S}${O}"), ""),
        (format!("2000000${S}${O}"), ""),
        (format!("i=600000${S}${O}"), ""),
        (format!("i=600000,l=32${S}${O}"), ""),
        (format!("i=600000,l=20${S}${O}"), OTHER_LENGTH),
        (
            format!("0${S}${O}"),
            "PBKDF2 rounds of 0 is under the limit of 1",
        ),
        (
            format!("2000001${S}${O}"),
            "PBKDF2 rounds of 2000001 is over the limit of 2000000",
        ),
        // Of two blocks, one is computed.
        (format!("2000000${S}${}", "w".repeat(44)), ""),
        (
            format!("18446744073709551615${S}${}", "w".repeat(86)),
            "PBKDF2 rounds of 18446744073709551615 is over the limit of 2000000",
        ),
        (format!("l=32,i=1000${S}${O}"), FIELDS),
        (format!("1000${S}${O}$"), FIELDS),
        (format!("1000${S}"), FIELDS),
        (format!("1000${S}===${O}"), "the salt is not base64"),
        (format!("1000${S}==${O}="), ""),
        (format!("1000${S}${O}=="), "the output is not base64"),
        (
            format!("1000$AAAA${O}"),
            "salt of 3 bytes is under the limit of 8 bytes",
        ),
        // An output that is cut to its first eight bytes.
        (
            format!("1000${S}$yRTMTwbMbo8"),
            "output of 8 bytes is under the limit of 16 bytes",
        ),
    ] {
        assert_eq!(
            refusal(&format!("$pbkdf2-sha256${fields}")),
            want,
            "{fields}"
        );
    }
}

#[test]
fn sha_crypt_hashes_are_refused_beyond_their_bounds() {
    const FIELDS: &str = "the fields are not rounds=…$salt$output";
    const OUT: &str = "vc6YOOogU4kWVvwga8e9zTFgKcy4tb5LaPxIiPJzqEC";
    const LENGTH: &str = "the output is not one digest long";

    for (fields, want) in [
        (format!("saltstring${OUT}"), ""),
        (format!("rounds=1000$saltstring${OUT}"), ""),
        (format!("rounds=1000000$saltstring${OUT}"), ""),
        (
            format!("rounds=999$saltstring${OUT}"),
            "SHA-crypt rounds of 999 is under the limit of 1000",
        ),
        (
            format!("rounds=999999999$saltstring${OUT}"),
            "SHA-crypt rounds of 999999999 is over the limit of 1000000",
        ),
        (format!("${OUT}"), ""),
        (
            format!("saltstringsaltstr${OUT}"),
            "salt of 17 characters is over the limit of 16 characters",
        ),
        (format!("rounds=$saltstring${OUT}"), FIELDS),
        (format!("1000$saltstring${OUT}"), FIELDS),
        (format!("saltstring${OUT}$$"), FIELDS),
        ("saltstring".to_owned(), FIELDS),
        (format!("saltstring${}", &OUT[4..]), LENGTH),
        (format!("saltstring${OUT}."), LENGTH),
        (format!("saltstring${OUT}.."), "the output is not base64"),
        (format!("saltstring${OUT}+"), "the output is not base64"),
    ] {
        assert_eq!(refusal(&format!("$5${fields}")), want, "{fields}");
    }
}
