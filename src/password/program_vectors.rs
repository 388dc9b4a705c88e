//! Hashes in the forms of other programs, which these programs made themselves or whose published
//! tests have them.

use super::PasswordHash;
use super::foreign_vectors::{matches, pool};

const PLAIN: &str = "correct horse";
/// The key and the other parameters of the example of <https://github.com/firebase/scrypt>, of which
/// several programs have a form.
const FIREBASE: &str = "user1password";

#[rustfmt::skip]
pub(super) const VECTORS: [(&str, &str); 24] = [
    // `hashPassword` of better-auth 1.7.25.
    (PLAIN, "ed73c9fbb7ee2fc0c7d2d4de8499f67b:8c61cf4facd51471973765b61f4216aaf9027cf271896ef07f1fb63b7c69ee6b2a78c96ba783b97f1642f7825c964a1edaf2fd0bf72b07f25820f99f5abc7b6b"),
    // The tests of passwap, ZITADEL's library, with and without padding.
    ("password", "$7$ln=16,r=8,p=1$cmFuZG9tc2FsdGlzaGFyZA$Rh+NnJNo1I6nRwaNqbDm6kmADswD1+7FTKZ7Ln9D8nQ"),
    ("password", "$7$ln=16,r=8,p=1$cmFuZG9tc2FsdGlzaGFyZA==$Rh+NnJNo1I6nRwaNqbDm6kmADswD1+7FTKZ7Ln9D8nQ="),
    (FIREBASE, "$firebasescrypt$ln=14,r=8$42xEC+ixf3L2lw==$lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==$Bw==$jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA=="),
    (FIREBASE, "$firebasescrypt$ln=14,r=8$42xEC+ixf3L2lw$lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ$Bw$jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA"),
    (FIREBASE, "$firebasescrypt$ln=14,r=8$42xEC+ixf3L2lw==$NohHtJ2FmkEqzefZ0IHnOlqTzFN8n6vXXd0EW2OIGuUh4rcwvVh7XVRDVs5yOrueoudRPIoimS6jIwf4pMW3rg==$$jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA=="),
    // The tests of Ory Kratos.
    ("test", "$scrypt$ln=16384,r=8,p=1$2npRo7P03Mt8keSoMbyD/tKFWyUzjiQf2svUaNDSrhA=$MiCzNcIplSMqSBrm4HckjYqYhaVPPjTARTzwB1cVNYE="),
    ("8x4WjoDbSxJZdR", "$firescrypt$ln=14,r=8,p=1$sPtDhWcd1MfdAw==$xbSou7FOl6mChCyzpCPIQ7tku7nsQMTFtyOZSXXd7tjBa4NtimOx7v42Gv2SfzPQu1oxM2/k4SsbOu73wlKe1A==$Bw==$YE0dO4bwD4JnJafh6lZZfkp1MtKzuKAXQcDCJNJNyeCHairWHKENOkbh3dzwaCdizzOspwr/FITUVlnOAwPKyw=="),
    ("test", "$sha256-crypt$rounds=535000$05R.9KB6UC2kLI3w$Q/zslzx./JjkAVPTwp6th7nW5l7JU91Gte/UmIh.U78"),
    ("test", "$sha512-crypt$rounds=656000$3LVbIAVxR//cRajw$uuNasMW.RYxlGzIRFU1Was70BPSa933AjxhZIGJdJBOlqJAHlgqa0yuiuq5JHF/ryNGryJkj87G9i3G2HPSXg1"),
    // The export of `workos-migrations` (257c5a6), for Firebase's example.
    (FIREBASE, "$firebase-scrypt$hash=lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==$salt=42xEC+ixf3L2lw==$sk=jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==$ss=Bw==$r=8$m=14"),
    // The tests of Nextcloud; the last is made as they make it, by PHP's `password_hash`.
    ("password", "1|$2a$05$ezAE0dkwk57jlfo6z5Pql.gcIK3ReXT15W7ITNxVS0ksfhO/4E4Kq"),
    ("password", "2|$argon2i$v=19$m=1024,t=2,p=2$T3JGcEkxVFNOVktNSjZUcg$4/hyLtSejxNgAuzSFFV/HLM3qRQKBwEtKw61qPN4zWA"),
    (PLAIN, "3|$argon2id$v=19$m=1024,t=2,p=1$WFpSdS5pQmdHcVdaOUZkQQ$HaA5DxChE/SMhcTeU8MPbgfrGlSpRVq2QjoCbExSV+I"),
    // `pwdhash` of 389 Directory Server 2.3.1.
    (PLAIN, "{PBKDF2_SHA256}AAAgAIIx5jJjefQfgeQpQoxKlfrmJDBkWWIX0bsaAXh0H86RyZNcCq95pqyskfJlbbsVJkxAxHHFuYQrjnkPuQs2MgI9bImUWd+sdeN1V1YmvkMEbqJgEuHBxNCTT1BxGFO0iLnY8BI939cXPFeWZ3HItUTqznGyv4St9E4R22n64/hmjVzTKjATBptJkFdyiEM1ur96aVLDbIzA0YN1cHwHNjXkJOQGWSOEYFEuo7U899hDXi3FbyKQXxAPo2PD23I8JgsXOHGtf+6/vtDJjUj+rirGa1ei15Tafh9zSQyImbUqas800IM7HsAXW1OugxZXGkjCeGCmHh1dPxf4Gspx10/WA+AA1SpmwYoCncHUiQvcWFbX6ASZlb5WHpXfg24MTZOXhOeL085ZKqma84jZJ8ZrrrqnvGwkmZlD4vf844Vi"),
    (PLAIN, "{PBKDF2-SHA256}10000$dpY1iSmbWBEWmaw4ALN1Jqh1gs9YApOW$7M8e3zq3VAXCOP9+XSKSuByyWdYWQKrF5mk9VqCWPIA="),
    // The tests of Kanidm.
    ("password", "{PBKDF2-SHA256}10000$henZGfPWw79Cs8ORDeVNrQ$1dTJy73v6n3bnTmTZFghxHXHLsAzKaAy8SksDfZBPIw"),
    // `Pbkdf2Password` of MediaWiki 1.39.17, with fewer rounds.
    (PLAIN, ":pbkdf2:sha512:1000:64:fRThg8yJsLz/DUnmTzk6NQ==:9ajaOZJspIEL3AKVafcJ36N1tjDYx0Cm0hqCopbYcn2rpBbmbLy8pJlpa/WgMx2pPw0yy12JzbZicjUA/VamLw=="),
    (PLAIN, ":pbkdf2:sha256:1000:128:fbkgU7j1XmfX4SZ/LeEz+Q==:Gagbe6nugJyTQzuNeKF2RkGiitE/Kg7qMFgZDFBMzG/ypgyP/Qt5x0D2JoFI+LCA1W3+1DCLNMzqWI4zyXZNkpQO6ZtfanGcC1AJgrm19WEjQohWXJv6mqpofAvo5yVWfoNR609lS0Qz9Dvq9IA/fFyrhAK+AMA7+R0MwogXlK4="),
    // The tests of Passlib, and Passlib 1.7.4 itself.
    ("password", "$bcrypt-sha256$2a,5$5Hg1DKFqPE8C2aflZ5vVoe$12BjNE0p7axMg55.Y/mHsYiVuFBDQyu"),
    ("password", "$bcrypt-sha256$2b,5$5Hg1DKFqPE8C2aflZ5vVoe$12BjNE0p7axMg55.Y/mHsYiVuFBDQyu"),
    ("password", "$bcrypt-sha256$v=2,t=2b,r=5$5Hg1DKFqPE8C2aflZ5vVoe$wOK1VFFtS8IGTrGa7.h5fs0u84qyPbS"),
    (PLAIN, "$bcrypt-sha256$v=2,t=2b,r=4$UuXPmEGWJ/6.B.xZwjdlHu$3x42Wam1a2Iy.3oprV4C9bjpivfNUke"),
    // The tests of Mattermost.
    ("^a v3ery c0mp_ex Passw∙rd$", "$pbkdf2$f=SHA256,w=600000,l=32$5Zq8TvET7nMrXof49Rp4Sw$d0Mx8467kv+3ylbGrkyu4jTd8O8SP51k4s1RuWb9S/o"),
];

#[tokio::test]
async fn hashes_that_other_programs_made_match_their_password_and_no_other() {
    let pool = pool();
    for (password, hash) in VECTORS {
        assert!(matches(&pool, password, hash).await, "{hash}");
        let other = format!("{password}x");
        assert!(!matches(&pool, &other, hash).await, "{hash}");
    }
}

/// Passlib's pre-hash has all of the password, of which bcrypt by itself reads 72 bytes.
#[tokio::test]
async fn all_of_a_long_password_matters_to_passlibs_bcrypt_of_a_sha_256() {
    const VERSION_1: &str = "$bcrypt-sha256$2b,5$X1g1nh3g0v4h6970O68cxe$";
    const VERSION_2: &str = "$bcrypt-sha256$v=2,t=2b,r=5$X1g1nh3g0v4h6970O68cxe$";

    let pool = pool();
    let start = "abc123".repeat(12);
    for (head, outputs) in [
        (
            VERSION_1,
            [
                ("", "r/hyEtqJ0teqPEmfTLoZ83ciAI1Q74."),
                ("qwr", "021KLEif6epjot5yoxk0m8I0929ohEa"),
                ("xyz", "7.1kgpHduMGEjvM3fX6e/QCvfn6OKja"),
            ],
        ),
        (
            VERSION_2,
            [
                ("", "zu1cloESVFIOsUIo7fCEgkdHaI9SSue"),
                ("qwr", "CBF9csfEdW68xv3DwE6xSULXMtqEFP."),
                ("xyz", "zC/1UDUG2ofEXB6Onr2vvyFzfhEOS3S"),
            ],
        ),
    ] {
        for (end, output) in outputs {
            let hash = format!("{head}{output}");
            for (other, _) in outputs {
                let password = format!("{start}{other}");
                let want = end == other;
                assert_eq!(matches(&pool, &password, &hash).await, want, "{hash}");
            }
        }
    }
}

/// The checks of costs are those of each scheme: a form can't bring a hash past them.
#[test]
fn costs_in_the_forms_that_other_programs_made_are_bounded() {
    let vector = |start: &str| {
        let mut hashes = VECTORS.iter().map(|(_, hash)| *hash);
        hashes.find(|hash| hash.starts_with(start)).unwrap()
    };
    for (start, from, to, want) in [
        (
            "$7$",
            "ln=16",
            "ln=21",
            "log2 of the scrypt cost of 21 is over the limit of 20",
        ),
        (
            "$scrypt$",
            "ln=16384",
            "ln=1048576",
            "scrypt memory times parallelism of 1073741824 bytes is over the limit of 268435456 bytes",
        ),
        (
            "$scrypt$",
            "ln=16384",
            "ln=16385",
            "log2 of the scrypt cost of 16385 is over the limit of 20",
        ),
        (
            "$scrypt$",
            "ln=16384",
            "ln=63",
            "log2 of the scrypt cost of 63 is over the limit of 20",
        ),
        (
            "$firebasescrypt$",
            "ln=14",
            "ln=18",
            "Firebase's mem_cost of 18 is over the limit of 17",
        ),
        (
            "$firescrypt$",
            "r=8",
            "r=17",
            "Firebase's rounds of 17 is over the limit of 16",
        ),
        (
            "$firescrypt$",
            "p=1",
            "p=2",
            "the fields are not ln=…,r=…$salt$output$salt separator$signer key",
        ),
        (
            "$firebase-scrypt$",
            "$m=14",
            "$m=18",
            "Firebase's mem_cost of 18 is over the limit of 17",
        ),
        (
            "$firebase-scrypt$",
            "$m=14",
            "",
            "the fields are not hash=…$salt=…$sk=…$ss=…$r=…$m=…",
        ),
        (
            "$sha512-crypt$",
            "656000",
            "1000001",
            "SHA-crypt rounds of 1000001 is over the limit of 1000000",
        ),
        (
            "1|",
            "$05$",
            "$16$",
            "bcrypt cost of 16 is over the limit of 15",
        ),
        (
            "{PBKDF2_SHA256}",
            "AAAg",
            "AP//",
            "PBKDF2 rounds of 16776960 is over the limit of 2000000",
        ),
        (
            "{PBKDF2_SHA256}",
            "AAAg",
            "AAA",
            "the hash is not base64 of 324 bytes, as 389 Directory Server has it",
        ),
        (
            ":pbkdf2:sha512:",
            ":1000:",
            ":2000001:",
            "PBKDF2 rounds of 2000001 is over the limit of 2000000",
        ),
        (
            ":pbkdf2:sha512:",
            ":64:",
            ":32:",
            "the output is not as long as the string says",
        ),
        (
            ":pbkdf2:sha512:",
            ":64:",
            ":",
            "the fields are not :pbkdf2:digest:rounds:length:salt:output",
        ),
        (
            "$bcrypt-sha256$v=2",
            "r=5",
            "r=16",
            "bcrypt cost of 16 is over the limit of 15",
        ),
        (
            "$bcrypt-sha256$v=2",
            "v=2",
            "v=3",
            "the fields are not v=2,t=2b,r=…$salt$output or 2b,cost$salt$output",
        ),
        (
            "$bcrypt-sha256$2b",
            "2b",
            "2x",
            "the fields are not v=2,t=2b,r=…$salt$output or 2b,cost$salt$output",
        ),
        (
            "$pbkdf2$f=",
            "w=600000",
            "w=2000001",
            "PBKDF2 rounds of 2000001 is over the limit of 2000000",
        ),
        (
            "$pbkdf2$f=",
            "SHA256,w",
            "SHA512,w",
            "the fields are not rounds$salt$output or i=…,l=…$salt$output",
        ),
        (
            "$pbkdf2$f=",
            "l=32",
            "l=16",
            "the output is not as long as the string says",
        ),
    ] {
        let hash = vector(start).replacen(from, to, 1);
        let error = PasswordHash::parse(&hash).unwrap_err().to_string();
        assert_eq!(error, want, "{hash}");
    }
}
