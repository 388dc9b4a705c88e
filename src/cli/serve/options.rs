use super::limits::LimitOptions;
use super::tls::TlsOptions;
use crate::cli::failure::Failure;
use crate::transport::http::Options;

/// The options for TLS and the limits on clients.
#[derive(Debug, clap::Args)]
pub struct ServerOptions {
    #[command(flatten)]
    tls: TlsOptions,
    #[command(flatten)]
    limits: LimitOptions,
}

impl ServerOptions {
    pub fn read(&self) -> Result<Options, Failure> {
        Ok(Options {
            tls: self.tls.read()?,
            limits: self.limits.into(),
            ..Options::default()
        })
    }

    #[cfg(feature = "dev")]
    pub fn certificate(&self) -> Option<&std::path::Path> {
        self.tls.certificate()
    }
}
