use std::ffi::OsString;
use std::path::Path;

use crate::cli::failure::Failure;
use crate::transport::http::Tls;

/// The options for the certificate and its key.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "TLS")]
pub struct TlsOptions {
    /// The certificate in PEM, followed by the intermediate certificates; clients then have to use
    /// TLS
    #[arg(long, env, value_name = "FILE")]
    tls_cert: Option<OsString>,
    /// The certificate's private key, in PEM
    #[arg(long, env, value_name = "FILE")]
    tls_key: Option<OsString>,
}

impl TlsOptions {
    /// Reads both files. `None`: the service has no TLS.
    pub fn read(&self) -> Result<Option<Tls>, Failure> {
        match (self.certificate(), non_empty(self.tls_key.as_ref())) {
            (None, None) => Ok(None),
            (Some(_), None) => Err(Failure::HalfOfTls("--tls-key")),
            (None, Some(_)) => Err(Failure::HalfOfTls("--tls-cert")),
            (Some(certificate), Some(key)) => {
                let certificates = read("--tls-cert", certificate)?;
                Ok(Some(Tls::new(&certificates, &read("--tls-key", key)?)?))
            }
        }
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
