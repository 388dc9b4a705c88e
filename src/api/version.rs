/// A version of the API. A later version has all fields of an earlier one. Only in v2 may a Set
/// lack the session token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    V2alpha,
    V2beta,
    V2,
}

impl Version {
    pub const ALL: [Self; 3] = [Self::V2alpha, Self::V2beta, Self::V2];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::V2alpha => "v2alpha",
            Self::V2beta => "v2beta",
            Self::V2 => "v2",
        }
    }
}
