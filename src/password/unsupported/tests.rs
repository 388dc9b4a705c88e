use crate::password::PasswordHash;

const S: &str = "AAECAwQFBgcICQoLDA0ODw";
const BCRYPT: &str = "$2y$10$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e";
const SHADOW: &str = "$6$saltstring$.r0X7ub5wGR2v4Xz7svCIozfnlorFh19V89t8KC9Umd81uGhFgsyTRNyzQDXDIm17fFcR9z3z7oBNdsyYBbtm/";
const O: &str = "0AuQxA+RjPiJeA19Op7DwrFxnfh9xeTU2T6mFj2wThc";

/// The message of the error, or an empty text without one.
fn refusal(text: &str) -> String {
    let unsupported = PasswordHash::parse(text).err();
    unsupported.map_or_else(String::new, |unsupported| unsupported.to_string())
}

#[test]
fn hexadecimal_is_refused_where_base64_is_expected() {
    const FIELDS: [&str; 2] = ["salt", "output"];
    const FIREBASE: &str = "$fbscrypt$v=1,n=14,r=8,p=1,ss=,sk=SALT$AAAAAA$OUTPUT";
    const FIREBASE_IN_ZITADEL: &str = "$firebasescrypt$ln=14,r=8$SALT$OUTPUT$$x";

    let digits = "0123456789abcdef".repeat(4);
    let upper = digits.to_uppercase();
    let few = &digits[..24];
    // Each form with hexadecimal in the place of a salt, then of an output.
    for (form, [salt, output]) in [
        ("$argon2id$v=19$m=64,t=2,p=1$SALT$OUTPUT", FIELDS),
        ("$scrypt$ln=4,r=8,p=1$SALT$OUTPUT", FIELDS),
        ("$scrypt$ln=16384,r=8,p=1$SALT$OUTPUT", FIELDS),
        ("$7$ln=4,r=8,p=1$SALT$OUTPUT", FIELDS),
        ("$pbkdf2-sha256$1000$SALT$OUTPUT", FIELDS),
        ("$pbkdf2$i=1000$SALT$OUTPUT", FIELDS),
        ("$pbkdf2$f=SHA256,w=1000,l=32$SALT$OUTPUT", FIELDS),
        (FIREBASE, ["signer key", "output"]),
        (FIREBASE_IN_ZITADEL, ["salt", "signer key"]),
        ("{PBKDF2-SHA512}1000$SALT$OUTPUT", FIELDS),
        ("{scrypt}$a0801$SALT$OUTPUT", FIELDS),
        (":pbkdf2:sha512:1000:32:SALT:OUTPUT", FIELDS),
        ("2|$argon2id$v=19$m=64,t=2,p=1$SALT$OUTPUT", FIELDS),
        ("argon2$argon2id$v=19$m=64,t=2,p=1$SALT$OUTPUT", FIELDS),
    ] {
        for digits in [&digits[..32], &upper, &"7".repeat(40)] {
            let with_digits = form.replace("SALT", digits).replace("OUTPUT", O);
            let want = |name| format!("the {name} is hexadecimal, where base64 is expected");
            assert_eq!(refusal(&with_digits), want(salt), "{with_digits}");
            if output == "output" {
                let with_digits = form.replace("SALT", S).replace("OUTPUT", digits);
                assert_eq!(refusal(&with_digits), want(output), "{with_digits}");
            }
        }
    }
    // Fields that are hexadecimal or text, and base64 that has few characters.
    for text in [
        format!("pbkdf2:sha256:1000${digits}${digits}"),
        format!("scrypt:1024:8:1${digits}${digits}"),
        format!("pbkdf2_sha256$1000${}${O}=", &digits[..32]),
        format!("scrypt$1024${}$8$1${O}=", &digits[..32]),
        format!("{}:{digits}{digits}", &digits[..32]),
        format!("{{pbkdf2}}{}", &digits.repeat(2)[..96]),
        format!("$pbkdf2-sha256$1000${few}${O}"),
    ] {
        assert_eq!(refusal(&text), "", "{text}");
    }
}

#[test]
fn a_string_that_is_known_from_elsewhere_is_named() {
    const GRAFANA: &str = "Grafana's PBKDF2, whose salt is in another column";
    const ASPNET: &str = "AABCNjEyRUI1RjhGOEU0N0Q5ODU3MjVEMkI2QzE4RTQ5NUY4RDg0RTc5QTg0RTc5QQ==";

    let digits = "0123456789abcdef".repeat(8);
    let of_both = format!("{}:{}", &digits[..32], &digits[..64]);
    for (text, want) in [
        (&digits[..32], "MD5"),
        (&digits[..32].to_uppercase(), "MD5"),
        (&format!("{}:salt", &digits[..32]), "MD5"),
        (&format!("salt:{}", &digits[..64]), "SHA-256"),
        ("ISIjJFBCSjlzbGFtZUxvZw==", "MD5"),
        (&of_both, "SHA-256"),
        (&digits[..40], "SHA-1"),
        ("W6ph5Mm5Pz8GgiULbPgzG37mj9g=", "SHA-1"),
        (&digits[..64], "SHA-256"),
        (&digits, "SHA-512"),
        (&digits[..100], GRAFANA),
        (ASPNET, "version 2 of ASP.NET Core Identity"),
        ("$1$saltstrin$AAAAAAAAAAAAAAAAAAAAAA", "MD5-crypt"),
        (
            "$apr1$saltstri$AAAAAAAAAAAAAAAAAAAAAA",
            "Apache's MD5-crypt",
        ),
        ("$S$DabcdefghAAAA", "Drupal 7's SHA-512"),
        ("$7$CU..../....salt$output", "crypt's own scrypt"),
        ("$y$j9T$salt$output", "yescrypt"),
        ("md5$salt$0123", "Django's MD5"),
        (":B:salt:0123", "MediaWiki's MD5"),
        ("SCRAM-SHA-256$4096:salt$stored:server", "SCRAM"),
    ] {
        let want = format!("it looks like {want}, which is not supported");
        assert_eq!(refusal(text), want, "{text}");
    }
}

#[test]
fn what_stands_in_front_of_a_hash_is_named() {
    const NAME: &str = "a name and a colon";
    const LOCKED: &str = "! or *, the mark of a user who is locked";

    for (text, want) in [
        (format!("ada:{BCRYPT}"), NAME),
        (format!("root:{SHADOW}:19000:0:99999:7:::"), NAME),
        ("ada:$apr1$saltstri$AAAA".to_owned(), NAME),
        ("ada:{SSHA}5en6G6MezRroT3XKqkdPOmY/BfQ=".to_owned(), NAME),
        (format!("!{SHADOW}"), LOCKED),
        (format!("!!{SHADOW}"), LOCKED),
        (format!("*{BCRYPT}"), LOCKED),
        (format!(" {BCRYPT}"), "white space"),
        (format!("\u{feff}{BCRYPT}"), "something else"),
        (format!("hash={BCRYPT}"), "something else"),
    ] {
        let want = format!("in front of the hash stands {want}");
        assert_eq!(refusal(&text), want, "{text}");
    }
}

#[test]
fn what_is_no_hash_is_taken_for_none() {
    for text in [
        "pa$$word",
        "ada:pa$$word",
        "!",
        "*",
        "{",
        "0123456789abcdef",
        "MTIzNDU2Nzg5MA==",
    ] {
        let want = "the string is not a PHC or modular crypt string";
        assert_eq!(refusal(text), want, "{text}");
    }
}
