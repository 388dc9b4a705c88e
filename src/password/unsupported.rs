use super::bounds::OutOfBounds;

/// The length in bytes of the longest hash string that is accepted.
///
/// The longest string within all other bounds has about 900: PBKDF2 with an output of 512 bytes
/// and a salt of 128.
pub const MAX_LENGTH: usize = 1024;

/// Why no password can be checked against a hash string.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsupported {
    #[error("the string is over {MAX_LENGTH} bytes long")]
    TooLong,
    #[error("the string is not a PHC or modular crypt string")]
    NotAHash,
    #[error("unknown algorithm")]
    UnknownAlgorithm,
    /// A known prefix in braces, whose scheme is not supported.
    #[error("{{{0}}} hashes are not supported")]
    Prefix(String),
    #[error("{{CRYPT}} hashes of this kind are not supported")]
    Crypt,
    #[error("the prefix in braces is not known")]
    UnknownPrefix,
    /// A string or a part of it that is known from elsewhere.
    #[error("it looks like {0}, which is not supported")]
    LooksLike(&'static str),
    #[error("in front of the hash stands {0}")]
    InFront(&'static str),
    #[error("the {0} is not base64")]
    NotBase64(&'static str),
    #[error("the {0} is hexadecimal, where base64 is expected")]
    Hexadecimal(&'static str),
    /// A part of the string is missing, superfluous or malformed.
    #[error("{0}")]
    Malformed(&'static str),
    #[error(transparent)]
    OutOfBounds(#[from] OutOfBounds),
}

#[cfg(test)]
mod tests;
