use std::io::Read as _;

use bytes::Bytes;
use flate2::bufread::GzDecoder;
use http::{HeaderMap, HeaderName};

use crate::error::Error;

/// The compression of a request's message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    Identity,
    Gzip,
}

impl Compression {
    /// Reads the compression that the header `name` names.
    ///
    /// # Errors
    ///
    /// [`Error::UnsupportedEncoding`]: any but gzip, or several.
    pub(in crate::api) fn from_headers(
        headers: &HeaderMap,
        name: &HeaderName,
    ) -> Result<Self, Error> {
        let mut values = headers.get_all(name).iter();
        let (said, more) = (values.next(), values.next());
        let said = said.map(|value| value.as_bytes().trim_ascii().to_ascii_lowercase());
        match (said.as_deref(), more) {
            (None | Some(b"" | b"identity"), None) => Ok(Self::Identity),
            (Some(b"gzip"), None) => Ok(Self::Gzip),
            _ => Err(Error::UnsupportedEncoding),
        }
    }

    /// Decompresses a body.
    ///
    /// # Errors
    ///
    /// - [`Error::Malformed`]: it isn't compressed so, or is cut off.
    /// - [`Error::BodyTooLarge`]: there is more than `max` bytes in it.
    pub(in crate::api) fn decompress(self, body: &Bytes, max: usize) -> Result<Bytes, Error> {
        match self {
            Self::Identity if body.len() > max => Err(Error::BodyTooLarge),
            Self::Identity => Ok(body.clone()),
            Self::Gzip => decompress(body, max),
        }
    }
}

/// Decompresses gzip of one member: many empty members would cost more than their bytes. An
/// empty body is an empty message, which clients don't compress. Decompression stops one byte
/// after `max`.
pub fn decompress(body: &[u8], max: usize) -> Result<Bytes, Error> {
    if body.is_empty() {
        return Ok(Bytes::new());
    }
    let mut message = Vec::new();
    let more = u64::try_from(max).unwrap_or(u64::MAX).saturating_add(1);
    let mut decoder = GzDecoder::new(body).take(more);
    let read = decoder.read_to_end(&mut message);
    if message.len() > max {
        return Err(Error::BodyTooLarge);
    }
    match read {
        Ok(_) if decoder.into_inner().into_inner().is_empty() => Ok(message.into()),
        _ => Err(Error::Malformed("the body is not gzip".to_owned())),
    }
}

#[cfg(test)]
pub(in crate::api) fn gzip(plain: &[u8]) -> Vec<u8> {
    use std::io::Write as _;

    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_compressed_is_held_to_its_limit() {
        let bomb = gzip(&vec![0; 64 * 1024 * 1024]);
        assert!(bomb.len() < 128 * 1024);
        let two = [gzip(b"abc"), gzip(b"def")].concat();
        let cut = &gzip(b"abc")[..10];
        let mut wrong = gzip(b"abc");
        let last = wrong.len() - 5;
        wrong[last] ^= 1;
        for (name, body, want) in [
            ("16 bytes", &gzip(&[b'x'; 16])[..], Ok(16)),
            ("17 bytes", &gzip(&[b'x'; 17]), Err("body_too_large")),
            ("64 MiB of nothing", &bomb, Err("body_too_large")),
            ("two members", &two, Err("malformed")),
            ("cut off", cut, Err("malformed")),
            ("a wrong checksum", &wrong, Err("malformed")),
            ("something else", b"abc", Err("malformed")),
            ("nothing", b"", Ok(0)),
        ] {
            let got = decompress(body, 16);
            let got = got
                .map(|message| message.len())
                .map_err(|error| error.kind());
            assert_eq!(got, want, "{name}");
        }
    }

    #[test]
    fn only_gzip_is_known() {
        use Compression::{Gzip, Identity};
        const NAME: HeaderName = HeaderName::from_static("grpc-encoding");

        for (values, want) in [
            (&[][..], Some(Identity)),
            (&["identity"], Some(Identity)),
            (&[""], Some(Identity)),
            (&["gzip"], Some(Gzip)),
            (&[" GZIP "], Some(Gzip)),
            (&["br"], None),
            (&["deflate"], None),
            (&["gzip, gzip"], None),
            (&["gzip", "gzip"], None),
            (&["identity", "gzip"], None),
        ] {
            let values = values.iter().map(|value| (NAME, value.parse().unwrap()));
            let headers: HeaderMap = values.fold(HeaderMap::new(), |mut headers, (name, value)| {
                headers.append(name, value);
                headers
            });
            assert_eq!(
                Compression::from_headers(&headers, &NAME).ok(),
                want,
                "{headers:?}"
            );
        }
    }
}
