/// A version of the API. Later versions add to the earlier ones, and change nothing.
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

    pub(super) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == text)
    }
}
