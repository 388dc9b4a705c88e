use std::ffi::OsString;
use std::path::Path;

use super::limits::LimitOptions;
use crate::cli::failure::Failure;
use crate::transport::http::{Options, Tls};

/// The options for TLS and the limits on clients.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "TLS")]
pub struct ServerOptions {
    /// The certificate in PEM, followed by the intermediate certificates; clients then have to use
    /// TLS
    #[arg(long, env, value_name = "FILE")]
    tls_cert: Option<OsString>,
    /// The certificate's private key, in PEM
    #[arg(long, env, value_name = "FILE")]
    tls_key: Option<OsString>,
    #[command(flatten)]
    limits: LimitOptions,
}

impl ServerOptions {
    /// Reads the files of the certificate and its key, if they are given.
    pub fn read(&self) -> Result<Options, Failure> {
        let tls = match (self.certificate(), non_empty(self.tls_key.as_ref())) {
            (None, None) => None,
            (Some(_), None) => return Err(Failure::HalfOfTls("--tls-key")),
            (None, Some(_)) => return Err(Failure::HalfOfTls("--tls-cert")),
            (Some(certificate), Some(key)) => {
                let certificates = read("--tls-cert", certificate)?;
                Some(Tls::new(&certificates, &read("--tls-key", key)?)?)
            }
        };
        Ok(Options {
            tls,
            limits: self.limits.into(),
            pages: None,
            page_guard: None,
            hsts: false,
        })
    }

    pub fn certificate(&self) -> Option<&Path> {
        non_empty(self.tls_cert.as_ref())
    }
}

/// The path, unless it is empty, as an environment variable may be.
fn non_empty(path: Option<&OsString>) -> Option<&Path> {
    path.filter(|path| !path.is_empty()).map(Path::new)
}

fn read(option: &str, path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| Failure::Input {
        what: format!("{}, which is what {option} says,", path.display()),
        error,
    })
}
