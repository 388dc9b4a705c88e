use minicbor::Decoder;
use minicbor::data::Type;

/// A value in CBOR, of which nothing is copied. Lengths are definite, as authenticators must write
/// them, so that none reaches beyond the bytes that are there.
/// <https://fidoalliance.org/specs/fido-v2.1-ps-20210615/fido-client-to-authenticator-protocol-v2.1-ps-errata-20220621.html#ctap2-canonical-cbor-encoding-form>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value<'a> {
    Integer(i64),
    Bytes(&'a [u8]),
    Text(&'a str),
    /// All of its bytes.
    Map(&'a [u8]),
    Other,
}
use Value::{Bytes, Integer, Map, Other, Text};

/// Values in one another. Authenticators nest four maps and arrays at most.
const MAX_DEPTH: u8 = 8;

/// The value at the beginning of the bytes, and what follows it.
pub(super) fn split_first(bytes: &[u8]) -> Option<(Value<'_>, &[u8])> {
    let mut decoder = Decoder::new(bytes);
    let value = read(&mut decoder, MAX_DEPTH)?;
    Some((value, bytes.get(decoder.position()..)?))
}

/// The members of a map that have these labels, and `None` for each that is not there. `None` in
/// their place: the bytes are no map, or more than one, or it has one of the members twice.
pub(super) fn members<'a, const N: usize>(
    bytes: &'a [u8],
    labels: [Value; N],
) -> Option<[Option<Value<'a>>; N]> {
    let mut decoder = Decoder::new(bytes);
    let mut members = [None; N];
    for _ in 0..decoder.map().ok()?? {
        let label = read(&mut decoder, MAX_DEPTH)?;
        let value = read(&mut decoder, MAX_DEPTH)?;
        let at = labels.iter().position(|known| *known == label);
        if at.is_some_and(|at| members[at].replace(value).is_some()) {
            return None;
        }
    }
    (decoder.position() == bytes.len()).then_some(members)
}

/// Reads a value. The decoder's own `skip` neither bounds the depth nor refuses an end of nothing.
fn read<'a>(decoder: &mut Decoder<'a>, depth: u8) -> Option<Value<'a>> {
    let start = decoder.position();
    let (is_map, within) = match decoder.datatype().ok()? {
        // Of those without a length, the decoder returns none.
        Type::Bytes | Type::BytesIndef => return decoder.bytes().ok().map(Bytes),
        Type::String | Type::StringIndef => return decoder.str().ok().map(Text),
        Type::Map | Type::MapIndef => (true, decoder.map().ok()??.checked_mul(2)?),
        Type::Array | Type::ArrayIndef => (false, decoder.array().ok()??),
        Type::Tag => (false, decoder.tag().ok().map(|_| 1)?),
        Type::Break | Type::Unknown(_) => return None,
        _ => {
            let number = decoder.probe().i64();
            decoder.skip().ok()?;
            return Some(number.map_or(Other, Integer));
        }
    };
    let depth = depth.checked_sub(1)?;
    for _ in 0..within {
        read(decoder, depth)?;
    }
    let read = decoder.input().get(start..decoder.position())?;
    Some(if is_map { Map(read) } else { Other })
}
