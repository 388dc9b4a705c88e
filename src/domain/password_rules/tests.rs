use super::*;

fn judge(password: &str, min_length: usize, words: &str, names: [&str; 2]) -> Result<(), Weakness> {
    let rules = PasswordRules {
        min_length,
        blocked_words: BlockedWords::parse(words).unwrap(),
    };
    let password = Password::new(password.to_owned());
    rules.judge(&password)?;
    rules.judge_names(&password, names)
}

const ADA: [&str; 2] = ["ada.lovelace@x.org", "Lady Ada"];

/// ASVS V6.2.1: at least 8 characters, and 15 are recommended. V6.2.9: 64 are permitted.
#[test]
fn a_password_has_at_least_as_many_characters_as_the_rules_say() {
    let short = |n| Err(Weakness::TooShort(n));
    for (password, min, want) in [
        ("k7#wq2x", 8, short(8)),
        ("k7#wq2xz", 8, Ok(())),
        ("k7#wq2xzk7#wq2", 15, short(15)),
        ("k7#wq2xzk7#wq2x", 15, Ok(())),
        (&*"k7#wq2xz".repeat(25), 64, Ok(())),
        ("ßüßüßüßü", 8, Ok(())),
        // Seven characters in NFC.
        ("u\u{308}u\u{308}u\u{308}u\u{308}xyz", 8, short(8)),
        ("u\u{308}u\u{308}u\u{308}u\u{308}xyzw", 8, Ok(())),
    ] {
        assert_eq!(judge(password, min, "none", ADA), want, "{password}");
    }
}

/// ASVS V6.2.4, NIST 3.1.1.2: a common password is refused.
#[test]
fn a_common_password_is_refused_in_any_case() {
    for password in [
        "password",
        "PASSWORD",
        "Passw0rd",
        "1234567890",
        "qwertyuiop12345",
    ] {
        assert_eq!(
            judge(password, 8, "none", ADA),
            Err(Weakness::Common),
            "{password}"
        );
    }
    assert_eq!(judge("correct horse battery", 8, "none", ADA), Ok(()));
}

/// ASVS V6.2.5: no composition is asked for.
#[test]
fn characters_of_one_kind_are_enough() {
    for password in ["wqkzjvxy", "83920175", "#%&!?*+=", "語語語語語語語語"] {
        assert_eq!(judge(password, 8, "none", ADA), Ok(()), "{password}");
    }
}

/// ASVS V6.2.11 and V6.1.2, NIST 3.1.1.2: words of the context are blocked.
#[test]
fn what_is_in_no_blocked_word_must_be_long_enough() {
    let words = " Acme ,straße,lovel,ovelace99";
    for (password, good) in [
        ("acme-corp-1", false),
        ("ACME-corp-1", false),
        ("acme-corp-12", true),
        ("acmeacmeacmeacme", false),
        ("STRASSE-12345", false),
        ("strasse-k7#wq2x", true),
        // Parts of the user's names count as words.
        ("ada.lovelace@x.org", false),
        ("ada.lovelace2026", false),
        ("lady ada2026", false),
        ("k7#wq2x ada.lovelace", true),
        // Places overlap: `lovelace99` is covered by two words.
        ("lovelace99k7#wq2x", false),
        ("lovelace99k7#wq2xz", true),
        // What is left is not searched again: `ac` and `me` were apart.
        ("acacmeme-k7#wq", true),
        // Words of three characters are in many passwords.
        ("adaadaada", true),
    ] {
        let want = if good {
            Ok(())
        } else {
            Err(Weakness::BlockedWords(8))
        };
        assert_eq!(judge(password, 8, words, ADA), want, "{password}");
    }
    assert_eq!(judge("ada12345k", 8, "none", ["ada@x.org", "Ada"]), Ok(()));
    let overlap = judge("ananananas-k7#w", 8, "nana", ADA);
    assert_eq!(overlap, Err(Weakness::BlockedWords(8)));
}

/// Names and blocked words are taken together, and blocked words are found without a user too.
#[test]
fn names_and_blocked_words_are_judged_apart_and_together() {
    let rules = PasswordRules {
        min_length: 8,
        blocked_words: BlockedWords::parse("acme").unwrap(),
    };
    let weak = Err(Weakness::BlockedWords(8));
    for (password, alone, with_names) in [
        ("acme-k7#wq", weak, weak),
        ("lovelace-k7#w", Ok(()), weak),
        ("lovelaceacme-k7#w", Ok(()), weak),
        ("countess-k7#w", Ok(()), weak),
        ("acme-k7#wq2x", Ok(()), Ok(())),
    ] {
        let text = Password::new(password.to_owned());
        assert_eq!(rules.judge(&text), alone, "{password}");
        let names = ["Ada", "Lovelace", "countess@x.org"];
        assert_eq!(rules.judge_names(&text, names), with_names, "{password}");
    }
}

#[test]
fn a_list_of_blocked_words_has_its_limits() {
    let many = |count: usize| vec!["acme"; count].join(",");
    let long = |length: usize| "w".repeat(length);
    let of_bytes = |length: usize| {
        let words = vec![long(64); 7].join(",");
        format!("{words},{}", long(length - words.len() - 1))
    };
    for (text, good) in [
        ("none", true),
        ("acme", true),
        (" acme , Größe ", true),
        ("none,acme", true),
        ("", false),
        ("abc", false),
        ("acme,", false),
        ("acme,,corp", false),
        (&*many(100), true),
        (&*many(101), false),
        (&*long(64), true),
        (&*long(65), false),
        (&*of_bytes(512), true),
        (&*of_bytes(513), false),
    ] {
        assert_eq!(BlockedWords::parse(text).is_some(), good, "{text}");
    }
}

proptest::proptest! {
    #[test]
    fn a_password_with_no_word_is_as_long_as_it_is(password in "[a-d]{0,30}") {
        proptest::prop_assert_eq!(length_besides(&password, ["wxyz"].into_iter()), None);
    }

    #[test]
    fn places_and_what_is_besides_are_the_whole(password in "[ab]{0,30}", word in "[ab]{4,6}") {
        let mut covered = std::collections::BTreeSet::new();
        for start in 0..password.len() {
            if password[start..].starts_with(&word) {
                covered.extend(start..start + word.len());
            }
        }
        let want = (!covered.is_empty()).then(|| password.len() - covered.len());
        proptest::prop_assert_eq!(length_besides(&password, [&*word].into_iter()), want);
    }
}
