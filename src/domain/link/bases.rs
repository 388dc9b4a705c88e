use super::url::Url;

/// What links may begin with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkBases(Vec<Url>);

impl LinkBases {
    const MAX_COUNT: usize = 20;
    const MAX_BYTES: usize = 1024;

    /// Reads `none`, or up to 20 URLs that end in `/` with commas between.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "none" {
            return Some(Self::default());
        }
        let bases: Option<Vec<_>> = text
            .split(',')
            .map(|base| Url::parse(base.trim_matches(' ')).filter(Url::is_folder))
            .collect();
        let bases = bases.filter(|bases| bases.len() <= Self::MAX_COUNT)?;
        (text.len() <= Self::MAX_BYTES).then_some(Self(bases))
    }

    /// The host of the first one, if that has a name.
    pub fn first_host(&self) -> Option<&str> {
        self.0.first()?.host_name()
    }

    pub(super) fn have(&self, url: &Url) -> bool {
        self.0.iter().any(|base| url.is_under(base))
    }
}
