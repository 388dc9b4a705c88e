//! The parts of answers that are not JSON.

use std::iter::repeat_n;

use super::hex;
use crate::domain::{SignCount, SignatureAlgorithm};
use crate::webauthn::{AttestationObject, AuthenticatorData, PublicKey};

/// The bytes of a text in hexadecimal in which `<N>` is the byte `aa` N times.
fn bytes(text: &str) -> Vec<u8> {
    let mut parts = text.split('<');
    let mut all = hex(parts.next().unwrap());
    for part in parts {
        let (count, rest) = part.split_once('>').unwrap();
        all.extend(repeat_n(0xaa, count.parse().unwrap()));
        all.extend(hex(rest));
    }
    all
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn keys_are_of_the_three_kinds_and_have_what_those_need_once() {
    use SignatureAlgorithm::{EdDsa, Es256, Rs256};

    for (text, want) in [
        ("a5 0102 0326 2001 215820<32> 225820<32>", Some(Es256)),
        // In another order, and with longer forms of the same numbers.
        ("a5 225820<32> 215820<32> 2001 0326 0102", Some(Es256)),
        (
            "a5 180102 033806 3800 1801 21590020<32> 225820<32>",
            Some(Es256),
        ),
        // With a key id (2), which no kind needs.
        (
            "a6 0102 0241ff 0326 2001 215820<32> 225820<32>",
            Some(Es256),
        ),
        ("a4 0101 0327 2006 215820<32>", Some(EdDsa)),
        ("a4 0103 03390100 20590100<256> 2143010001", Some(Rs256)),
        ("a4 0103 03390100 20590200<512> 2143010001", Some(Rs256)),
        // 2,047 and 4,104 bits, and 2,048 with a zero before.
        ("a4 0103 03390100 2059010071<255> 2143010001", None),
        ("a4 0103 03390100 20590201<513> 2143010001", None),
        ("a4 0103 03390100 2059010100<256> 2143010001", None),
        ("a4 0103 03390100 20590100<256> 2144 00010001", None),
        ("a4 0103 03390100 20590100<256> 2140", None),
        ("a4 0103 03390100 2040 2143010001", None),
        // Coordinates that are too short or too long, compressed, missing, or more than there are.
        ("a5 0102 0326 2001 21581f<31> 225820<32>", None),
        ("a5 0102 0326 2001 215820<32> 225821<33>", None),
        ("a5 0102 0326 2001 215820<32> 22f5", None),
        ("a4 0102 0326 2001 215820<32>", None),
        ("a5 0101 0327 2006 215820<32> 225820<32>", None),
        ("a4 0101 0327 2006 21581f<31>", None),
        // Other curves, other algorithms, and those of another kind.
        ("a5 0102 0326 2002 215820<32> 225820<32>", None),
        ("a5 0102 0326 2006 215820<32> 225820<32>", None),
        ("a5 0102 033822 2002 215830<48> 225830<48>", None),
        ("a5 0102 0327 2001 215820<32> 225820<32>", None),
        ("a5 0102 0328 2001 215820<32> 225820<32>", None),
        ("a5 0101 0326 2001 215820<32> 225820<32>", None),
        ("a4 0101 0327 2004 215820<32>", None),
        ("a4 0101 0327 2007 215820<32>", None),
        ("a4 0101 0326 2006 215820<32>", None),
        ("a4 0103 033824 20590100<256> 2143010001", None),
        ("a4 0103 0326 20590100<256> 2143010001", None),
        ("a5 0104 0326 2001 215820<32> 225820<32>", None),
        // Without kind, algorithm or curve; with one of them twice.
        ("a4 0326 2001 215820<32> 225820<32>", None),
        ("a4 0102 2001 215820<32> 225820<32>", None),
        ("a4 0102 0326 215820<32> 225820<32>", None),
        ("a6 0102 0102 0326 2001 215820<32> 225820<32>", None),
        ("a6 0102 0326 2001 215820<32> 215820<32> 225820<32>", None),
        ("a6 0102 180102 0326 2001 215820<32> 225820<32>", None),
        // Texts for numbers.
        ("a5 0102 036545533235 36 2001 215820<32> 225820<32>", None),
        ("a5 613102 0326 2001 215820<32> 225820<32>", None),
        // Too few members, too many, something after them, no length, no map.
        ("a5 0102 0326 2001 215820<32>", None),
        ("a4 0102 0326 2001 215820<32> 225820<32>", None),
        ("a5 0102 0326 2001 215820<32> 225820<32> 00", None),
        ("bf 0102 0326 2001 215820<32> 225820<32> ff", None),
        ("a5 0102 0326 2001 5f5820<32>ff 225820<32>", None),
        ("8a 0102 0326 2001 215820<32> 225820<32>", None),
        (
            "bb ffffffffffffffff 0102 0326 2001 215820<32> 225820<32>",
            None,
        ),
        (
            "a5 0102 0326 2001 215b7fffffffffffffff<32> 225820<32>",
            None,
        ),
        ("a0", None),
        ("", None),
        // 1,024 and 1,025 bytes.
        (
            "a6 0102 0241ff 0326 2001 215820<32> 225820<32>",
            Some(Es256),
        ),
        (
            "a6 0102 025903af<943> 0326 2001 215820<32> 225820<32>",
            Some(Es256),
        ),
        (
            "a6 0102 025903b0<944> 0326 2001 215820<32> 225820<32>",
            None,
        ),
    ] {
        let key = bytes(text);
        let algorithm = PublicKey::parse(&key).ok().map(|key| key.algorithm());
        assert_eq!(algorithm, want, "{text}, {} bytes", key.len());
    }
}

#[test]
fn authenticator_data_is_read_to_its_end() {
    for (text, credential, is_read) in [
        ("<32> 01 00000102", None, true),
        // A reserved flag.
        ("<32> 23 00000102", None, true),
        ("<32> 41 00000102 <16> 0002 0102 a0", Some((2, 1)), true),
        (
            "<32> c1 00000102 <16> 0002 0102 a10102 a161612001",
            None,
            false,
        ),
        (
            "<32> c1 00000102 <16> 0002 0102 a10102 a1616120",
            Some((2, 3)),
            true,
        ),
        (
            "<32> 41 00000102 <16> 03ff <1023> a0",
            Some((1023, 1)),
            true,
        ),
        ("<32> 41 00000102 <16> 0000 a0", Some((0, 1)), true),
        // Extensions: a map, and nothing after it.
        ("<32> 81 00000102 a16375766d81830102 03", None, true),
        ("<32> 81 00000102 a0", None, true),
        ("<32> 81 00000102", None, false),
        ("<32> 81 00000102 a0 00", None, false),
        ("<32> 81 00000102 80", None, false),
        ("<32> 81 00000102 bf ff", None, false),
        ("<32> 81 00000102 a1 6161 ff", None, false),
        ("<32> 81 00000102 a1 6161", None, false),
        // The flags say nothing of what follows.
        ("<32> 01 00000102 a0", None, false),
        ("<32> 01 00000102 <16> 0002 0102 a0", None, false),
        ("<32> 41 00000102 <16> 0002 0102 a0 a0", None, false),
        // Too short, everywhere.
        ("", None, false),
        ("<31>", None, false),
        ("<32>", None, false),
        ("<32> 01", None, false),
        ("<32> 01 000001", None, false),
        ("<32> 41 00000102", None, false),
        ("<32> 41 00000102 <15>", None, false),
        ("<32> 41 00000102 <16> 00", None, false),
        ("<32> 41 00000102 <16> 0002 01", None, false),
        ("<32> 41 00000102 <16> ffff 0102 a0", None, false),
        ("<32> 41 00000102 <16> 0002 0102", None, false),
        ("<32> 41 00000102 <16> 0002 0102 80", None, false),
    ] {
        let data = bytes(text);
        let read = AuthenticatorData::parse(&data);
        assert_eq!(read.is_ok(), is_read, "{text}");
        let Ok(read) = read else { continue };
        assert_eq!(read.sign_count, SignCount(258), "{text}");
        assert_eq!(*read.rp_id_hash, [0xaa; 32], "{text}");
        assert!(read.user_present && !read.user_verified, "{text}");
        let sizes = read
            .attested
            .map(|attested| (attested.id.len(), attested.key.len()));
        assert_eq!(sizes, credential, "{text}");
    }
}

#[test]
fn attestation_objects_have_three_members_and_bounded_others() {
    // 63666d74 is fmt, 6761747453746d74 is attStmt, 686175746844617461 is authData.
    const REST: &str = "6761747453746d74 a0 686175746844617461 41aa";

    // What follows fmt, and the same in another order.
    let with = |members: u8, more: &str| format!("{members:02x} 63666d74 646e6f6e65 {REST} {more}");
    let array = |depth: usize| "81".repeat(depth) + "00";
    for (text, is_read) in [
        (with(0xa3, ""), true),
        (format!("a3 {REST} 63666d74 646e6f6e65"), true),
        (with(0xa4, "65657041747 4f5"), true),
        (with(0xa4, "00 f5"), true),
        (with(0xa4, "6161 c1 1a5be0cd19"), true),
        (with(0xa4, "6161 f97e00"), true),
        (with(0xa4, "6161 fb7e00000000000000"), true),
        (with(0xa4, "6161 1bffffffffffffffff"), true),
        (with(0xa4, &format!("6161 {}", array(8))), true),
        (with(0xa4, &format!("6161 {}", array(9))), false),
        (with(0xa4, &format!("6161 {}", array(30_000))), false),
        (
            with(0xa4, &format!("6161 {}00", "c1".repeat(30_000))),
            false,
        ),
        (with(0xa4, &format!("6161 {}", "a1".repeat(30_000))), false),
        (with(0xa4, &format!("6161 {}", "9f".repeat(30_000))), false),
        // Lengths that nothing has.
        (with(0xa4, "6161 9bffffffffffffffff"), false),
        (with(0xa4, "6161 bb8000000000000000"), false),
        (with(0xa4, "6161 5bffffffffffffffff"), false),
        (with(0xa4, "6161 7b7fffffffffffffff"), false),
        (with(0xa4, "6161 9a00010000"), false),
        (
            format!("bb ffffffffffffffff 63666d74 646e6f6e65 {REST}"),
            false,
        ),
        // No lengths, ends of nothing, numbers that aren't defined.
        (format!("bf 63666d74 646e6f6e65 {REST} ff"), false),
        (with(0xa4, "6161 9fff"), false),
        (with(0xa4, "6161 5f41aaff"), false),
        (with(0xa4, "6161 7f6161ff"), false),
        (with(0xa4, "6161 ff"), false),
        (with(0xa4, "6161 1c"), false),
        (with(0xa4, "6161 fe"), false),
        (with(0xa4, "6161 61ff"), false),
        // A member that is missing, of another form, or there twice; something after them.
        (format!("a2 {REST}"), false),
        (with(0xa4, "63666d74 646e6f6e65"), false),
        (with(0xa4, "6761747453746d74 a0"), false),
        (with(0xa4, "686175746844617461 41aa"), false),
        (with(0xa3, "00"), false),
        (with(0xa4, ""), false),
        (with(0xa3, "").replace("646e6f6e65", "446e6f6e65"), false),
        (with(0xa3, "").replace("74 a0", "74 80"), false),
        (with(0xa3, "").replace("41aa", "61 61"), false),
        ("80".to_owned(), false),
        (String::new(), false),
    ] {
        let object = hex(&text);
        let read = AttestationObject::parse(&object);
        assert_eq!(read.is_ok(), is_read, "{text:.200}");
        if let Ok(read) = read {
            assert_eq!((read.format, read.statement), ("none", &[0xa0][..]));
            assert_eq!(read.authenticator_data, [0xaa]);
        }
    }
}
