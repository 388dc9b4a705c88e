use super::*;

/// What the tables say instead of long fields.
const FIELDS: [(&str, &str); 6] = [
    ("SALT", "AAECAwQFBgcICQoLDA0ODw"),
    ("OUTPUT", "0AuQxA+RjPiJeA19Op7DwrFxnfh9xeTU2T6mFj2wThc"),
    ("SHA256", "vc6YOOogU4kWVvwga8e9zTFgKcy4tb5LaPxIiPJzqEC"),
    (
        "BCRYPT",
        "abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e",
    ),
    ("33BYTES", "wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww"),
    (
        "65BYTES",
        "wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww",
    ),
];

/// Parses what each line of a table has behind `start`, and compares the error with the reason
/// behind the arrow. A hash without a reason is accepted.
fn assert_reasons(start: &str, table: &str) {
    for line in table.trim().lines() {
        let (fields, want) = line.split_once(" => ").unwrap_or((line, ""));
        let mut hash = format!("{start}{}", fields.trim());
        for (name, field) in FIELDS {
            hash = hash.replace(name, field);
        }
        assert_reason(&hash, want);
    }
}

fn assert_reason(hash: &str, want: &str) {
    let refused = PasswordHash::parse(hash).err();
    let got = refused.map(|unsupported| unsupported.to_string());
    assert_eq!(got.unwrap_or_default(), want, "{hash:?}");
}

#[test]
fn a_hash_is_not_shown_by_debug() {
    let text = "$argon2id$v=19$m=64,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$AAECAwQFBgcICQoLDA0ODw";
    let hash = PasswordHash::parse(text).unwrap();

    assert_eq!(format!("{hash:?}"), "PasswordHash(…)");
    assert_eq!(hash.as_str(), text);
}

#[test]
fn an_invalid_hash_is_refused_with_its_reason() {
    const NO_HASH: &str = "the string is not a PHC or modular crypt string";
    const UNKNOWN: &str = "unknown algorithm";
    const TOO_LONG: &str = "the string is over 1024 bytes long";

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
        (&format!("${}", "x".repeat(1024)), TOO_LONG),
        (&format!("${}", "x".repeat(1023)), NO_HASH),
    ] {
        assert_reason(text, want);
    }
}

#[test]
fn argon2_hashes_are_refused_beyond_their_bounds() {
    assert_reasons(
        "$argon2id$",
        "
        v=19$m=64,t=2,p=1$SALT$OUTPUT
        v=16$m=64,t=2,p=1$SALT$OUTPUT
        m=64,t=2,p=1$SALT$OUTPUT
        v=18$m=64,t=2,p=1$SALT$OUTPUT => the version is not 16 or 19
        m=64,t=2,p=1$v=19$SALT$OUTPUT => the version is not 16 or 19
        v=19$m=64,t=2,p=1$SALT => the fields are not v=…$m=…,t=…,p=…$salt$output
        v=19$m=64,t=2,p=1$SALT$OUTPUT$ => the fields are not v=…$m=…,t=…,p=…$salt$output
        v=19$m=64,t=2$SALT$OUTPUT => the fields are not v=…$m=…,t=…,p=…$salt$output
        v=19$m=64,t=2,p=1,keyid=AAAA$SALT$OUTPUT => the fields are not v=…$m=…,t=…,p=…$salt$output
        v=19$m=64,t=2,p=1,data=AAAA$SALT$OUTPUT => the fields are not v=…$m=…,t=…,p=…$salt$output
        v=19$m=064,t=2,p=1$SALT$OUTPUT => the fields are not v=…$m=…,t=…,p=…$salt$output
        v=19$m=4194304,t=1,p=1$SALT$OUTPUT => memory of 4194304 KiB is over the limit of 262144 KiB
        v=19$m=18446744073709551615,t=1,p=1$SALT$OUTPUT => memory of 18446744073709551615 KiB is over the limit of 262144 KiB
        v=19$m=64,t=4294967295,p=1$SALT$OUTPUT => time cost of 4294967295 passes is over the limit of 64 passes
        v=19$m=262144,t=8,p=1$SALT$OUTPUT => memory times passes of 2097152 KiB is over the limit of 1048576 KiB
        v=19$m=262144,t=1,p=16777215$SALT$OUTPUT => parallelism of 16777215 lanes is over the limit of 64 lanes
        v=19$m=64,t=2,p=1$AAECAwQFBg$OUTPUT => salt of 7 bytes is under the limit of 8 bytes
        v=19$m=64,t=2,p=1$65BYTES$OUTPUT => salt of 65 bytes is over the limit of 64 bytes
        v=19$m=64,t=2,p=1$$OUTPUT => salt of 0 bytes is under the limit of 8 bytes
        v=19$m=64,t=2,p=1$SALT===$OUTPUT => the salt is not base64
        v=19$m=64,t=2,p=1$SALT$_OUTPUT => the output is not base64
        v=19$m=64,t=2,p=1$SALT$GVUFGwsdbaPJyoP9 => output of 12 bytes is under the limit of 16 bytes
        v=19$m=64,t=2,p=1$SALT$65BYTES => output of 65 bytes is over the limit of 64 bytes
        ",
    );
}

#[test]
fn bcrypt_hashes_are_refused_beyond_their_bounds() {
    assert_reasons(
        "$2b$",
        "
        04$BCRYPT
        15$BCRYPT
        03$BCRYPT => bcrypt cost of 3 is under the limit of 4
        16$BCRYPT => bcrypt cost of 16 is over the limit of 15
        31$BCRYPT => bcrypt cost of 31 is over the limit of 15
        4$BCRYPT => the fields are not a cost of two digits$salt and output
        +4$BCRYPT => the fields are not a cost of two digits$salt and output
        004$BCRYPT => the fields are not a cost of two digits$salt and output
        04$BCRYPT$ => the fields are not a cost of two digits$salt and output
        04$BCRYPTA => the fields are not a cost of two digits$salt and output
        04$bcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e => the fields are not a cost of two digits$salt and output
        04$abcdefghijklmnopqrstuu => the fields are not a cost of two digits$salt and output
        04$abcdefghijklmnopqrstué => the fields are not a cost of two digits$salt and output
        04$+bcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e => the fields are not a cost of two digits$salt and output
        ",
    );
}

#[test]
fn scrypt_hashes_are_refused_beyond_their_bounds() {
    assert_reasons(
        "$scrypt$",
        "
        ln=17,r=8,p=1$SALT$OUTPUT
        ln=18,r=8,p=1$SALT$OUTPUT
        ln=13,r=8,p=10$SALT$OUTPUT
        ln=1,r=1,p=1$SALT$OUTPUT
        ln=0,r=8,p=1$SALT$OUTPUT => log2 of the scrypt cost of 0 is under the limit of 1
        ln=63,r=8,p=1$SALT$OUTPUT => log2 of the scrypt cost of 63 is over the limit of 20
        ln=4,r=0,p=1$SALT$OUTPUT => scrypt block size of 0 is under the limit of 1
        ln=4,r=65,p=1$SALT$OUTPUT => scrypt block size of 65 is over the limit of 64
        ln=4,r=8,p=0$SALT$OUTPUT => scrypt parallelism of 0 is under the limit of 1
        ln=4,r=8,p=65$SALT$OUTPUT => scrypt parallelism of 65 is over the limit of 64
        ln=19,r=8,p=1$SALT$OUTPUT => scrypt memory times parallelism of 536870912 bytes is over the limit of 268435456 bytes
        ln=17,r=8,p=3$SALT$OUTPUT => scrypt memory times parallelism of 402653184 bytes is over the limit of 268435456 bytes
        ln=4,r=8$SALT$OUTPUT => the fields are not ln=…,r=…,p=…$salt$output
        16,8,1$SALT$OUTPUT => the fields are not ln=…,r=…,p=…$salt$output
        ln=4,r=8,p=1$SALT => the fields are not ln=…,r=…,p=…$salt$output
        ln=4,r=8,p=1$SALT$AAAA => output of 3 bytes is under the limit of 16 bytes
        ln=4,r=8,p=1$AAAA$OUTPUT => salt of 3 bytes is under the limit of 8 bytes
        ",
    );
}

#[test]
fn pbkdf2_hashes_are_refused_beyond_their_bounds() {
    // Of an output of two blocks, the first is computed.
    assert_reasons(
        "$pbkdf2-sha256$",
        "
        1$SALT$OUTPUT
        2000000$SALT$OUTPUT
        2000000$SALT$33BYTES
        i=600000$SALT$OUTPUT
        i=600000,l=32$SALT$OUTPUT
        i=600000,l=20$SALT$OUTPUT => the output is not as long as the string says
        0$SALT$OUTPUT => PBKDF2 rounds of 0 is under the limit of 1
        2000001$SALT$OUTPUT => PBKDF2 rounds of 2000001 is over the limit of 2000000
        18446744073709551615$SALT$33BYTES => PBKDF2 rounds of 18446744073709551615 is over the limit of 2000000
        l=32,i=1000$SALT$OUTPUT => the fields are not rounds$salt$output or i=…,l=…$salt$output
        1000$SALT$OUTPUT$ => the fields are not rounds$salt$output or i=…,l=…$salt$output
        1000$SALT => the fields are not rounds$salt$output or i=…,l=…$salt$output
        1000$SALT===$OUTPUT => the salt is not base64
        1000$SALT==$OUTPUT=
        1000$SALT$OUTPUT== => the output is not base64
        1000$AAAA$OUTPUT => salt of 3 bytes is under the limit of 8 bytes
        1000$SALT$yRTMTwbMbo8 => output of 8 bytes is under the limit of 16 bytes
        ",
    );
}

#[test]
fn sha_crypt_hashes_are_refused_beyond_their_bounds() {
    assert_reasons(
        "$5$",
        "
        saltstring$SHA256
        rounds=1000$saltstring$SHA256
        rounds=1000000$saltstring$SHA256
        rounds=999$saltstring$SHA256 => SHA-crypt rounds of 999 is under the limit of 1000
        rounds=999999999$saltstring$SHA256 => SHA-crypt rounds of 999999999 is over the limit of 1000000
        $SHA256
        saltstringsaltstr$SHA256 => salt of 17 characters is over the limit of 16 characters
        rounds=$saltstring$SHA256 => the fields are not rounds=…$salt$output
        1000$saltstring$SHA256 => the fields are not rounds=…$salt$output
        saltstring$SHA256$$ => the fields are not rounds=…$salt$output
        saltstring => the fields are not rounds=…$salt$output
        saltstring$YOOogU4kWVvwga8e9zTFgKcy4tb5LaPxIiPJzqEC => the output is not one digest long
        saltstring$SHA256. => the output is not one digest long
        saltstring$SHA256.. => the output is not base64
        saltstring$SHA256+ => the output is not base64
        ",
    );
}
