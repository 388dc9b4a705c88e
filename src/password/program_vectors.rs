//! Hashes in the forms of other programs, which these programs made themselves or whose published
//! tests have them.

use super::PasswordHash;
use super::foreign_vectors::{matches, pool};

pub(super) const VECTORS: [(&str, &str); 25] = include!("program_vectors.in");

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

/// The beginning of a vector, a part of it, what replaces the part, and why the result is refused.
const REFUSED: &str = "
    $7$ ln=16 ln=21 => log2 of the scrypt cost of 21 is over the limit of 20
    $scrypt$ ln=16384 ln=1048576 => scrypt memory times parallelism of 1073741824 bytes is over the limit of 268435456 bytes
    $scrypt$ ln=16384 ln=16385 => log2 of the scrypt cost of 16385 is over the limit of 20
    $scrypt$ ln=16384 ln=63 => log2 of the scrypt cost of 63 is over the limit of 20
    $firebasescrypt$ ln=14 ln=18 => Firebase's mem_cost of 18 is over the limit of 17
    $firescrypt$ r=8 r=17 => Firebase's rounds of 17 is over the limit of 16
    $firescrypt$ p=1 p=2 => the fields are not ln=…,r=…$salt$output$salt separator$signer key
    $firebase-scrypt$ $m=14 $m=18 => Firebase's mem_cost of 18 is over the limit of 17
    $firebase-scrypt$ $m=14  => the fields are not hash=…$salt=…$sk=…$ss=…$r=…$m=…
    $sha512-crypt$ 656000 1000001 => SHA-crypt rounds of 1000001 is over the limit of 1000000
    1| $05$ $16$ => bcrypt cost of 16 is over the limit of 15
    {PBKDF2_SHA256} AAAg AP// => PBKDF2 rounds of 16776960 is over the limit of 2000000
    {PBKDF2_SHA256} AAAg AAA => the hash is not base64 of 324 bytes, as 389 Directory Server has it
    :pbkdf2:sha512: :1000: :2000001: => PBKDF2 rounds of 2000001 is over the limit of 2000000
    :pbkdf2:sha512: :64: :32: => the output is not as long as the string says
    :pbkdf2:sha512: :64: : => the fields are not :pbkdf2:digest:rounds:length:salt:output
    $bcrypt-sha256$v=2 r=5 r=16 => bcrypt cost of 16 is over the limit of 15
    $bcrypt-sha256$v=2 v=2 v=3 => the fields are not v=2,t=2b,r=…$salt$output or 2b,cost$salt$output
    $bcrypt-sha256$2b 2b 2x => the fields are not v=2,t=2b,r=…$salt$output or 2b,cost$salt$output
    $pbkdf2$f= w=600000 w=2000001 => PBKDF2 rounds of 2000001 is over the limit of 2000000
    $pbkdf2$f= SHA256,w SHA512,w => the fields are not rounds$salt$output or i=…,l=…$salt$output
    $pbkdf2$f= l=32 l=16 => the output is not as long as the string says
";

/// The checks of costs are those of each scheme: a form can't bring a hash past them.
#[test]
fn costs_in_the_forms_that_other_programs_made_are_bounded() {
    for line in REFUSED.trim().lines() {
        let (change, want) = line.split_once(" => ").unwrap();
        let (start, change) = change.trim_start().split_once(' ').unwrap();
        let (from, to) = change.split_once(' ').unwrap();
        let mut hashes = VECTORS.iter().map(|(_, hash)| hash);
        let hash = hashes.find(|hash| hash.starts_with(start)).unwrap();
        let hash = hash.replacen(from, to, 1);
        let error = PasswordHash::parse(&hash).unwrap_err().to_string();
        assert_eq!(error, want, "{hash}");
    }
}
