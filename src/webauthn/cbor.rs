use minicbor::Decoder;
use minicbor::data::Type;

use super::{Fault, require};

/// Reads CBOR of which nothing is copied. Lengths are definite, as authenticators must write them, so
/// that none reaches beyond the bytes that are there.
/// <https://fidoalliance.org/specs/fido-v2.1-ps-20210615/fido-client-to-authenticator-protocol-v2.1-ps-errata-20220621.html#ctap2-canonical-cbor-encoding-form>
pub(super) struct Reader<'a> {
    decoder: Decoder<'a>,
    /// What is wrong with whatever can't be read.
    fault: Fault,
}

impl<'a> Reader<'a> {
    /// Maps and arrays in one another. Authenticators may nest four.
    const MAX_DEPTH: u8 = 8;

    pub(super) fn new(bytes: &'a [u8], fault: Fault) -> Self {
        let decoder = Decoder::new(bytes);
        Self { decoder, fault }
    }

    /// How many members a map has, which follow.
    pub(super) fn map(&mut self) -> Result<u64, Fault> {
        self.decoder.map().ok().flatten().ok_or(self.fault)
    }

    pub(super) fn integer(&mut self) -> Result<i64, Fault> {
        self.decoder.i64().map_err(|_| self.fault)
    }

    pub(super) fn bytes(&mut self) -> Result<&'a [u8], Fault> {
        self.decoder.bytes().map_err(|_| self.fault)
    }

    pub(super) fn text(&mut self) -> Result<&'a str, Fault> {
        self.decoder.str().map_err(|_| self.fault)
    }

    /// Whether a byte string is next.
    pub(super) fn is_at_bytes(&self) -> bool {
        self.decoder
            .datatype()
            .is_ok_and(|next| next == Type::Bytes)
    }

    /// The bytes of the next value, whatever it is.
    pub(super) fn value(&mut self) -> Result<&'a [u8], Fault> {
        let start = self.decoder.position();
        self.skip(Self::MAX_DEPTH)?;
        let read = start..self.decoder.position();
        self.decoder.input().get(read).ok_or(self.fault)
    }

    /// That nothing follows.
    pub(super) fn end(&self) -> Result<(), Fault> {
        require(
            self.decoder.position() == self.decoder.input().len(),
            self.fault.0,
        )
    }

    /// Reads over a value. The decoder's own `skip` neither bounds the depth nor refuses an end of
    /// nothing.
    fn skip(&mut self, depth: u8) -> Result<(), Fault> {
        let decoder = &mut self.decoder;
        let within = match decoder.datatype().map_err(|_| self.fault)? {
            Type::Bytes => return self.bytes().map(drop),
            Type::String => return self.text().map(drop),
            Type::Array => decoder.array().ok().flatten(),
            Type::Map => self.map()?.checked_mul(2),
            Type::Tag => decoder.tag().ok().map(|_| 1),
            Type::BytesIndef | Type::StringIndef | Type::ArrayIndef | Type::MapIndef => None,
            Type::Break | Type::Unknown(_) => None,
            _ => return decoder.skip().map_err(|_| self.fault),
        };
        let within = within.zip(depth.checked_sub(1));
        let (values, depth) = within.ok_or(self.fault)?;
        (0..values).try_for_each(|_| self.skip(depth))
    }
}
