use super::limits::Limits;
use super::tls::Tls;

/// How clients are spoken with.
#[derive(Clone, Default)]
pub struct Options {
    /// None: without TLS.
    pub tls: Option<Tls>,
    pub limits: Limits,
}

impl Options {
    /// What the server's URLs begin with.
    pub fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }
}
