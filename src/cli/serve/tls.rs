use std::ffi::OsString;
use std::path::Path;

use crate::cli::failure::Failure;
use crate::transport::http::Tls;

/// What the service shows to clients, if they are to speak TLS.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "TLS")]
pub struct TlsOptions {
    /// The certificate in PEM, and after it those between it and a root; clients then speak
    /// TLS, and no other
    #[arg(long, env, value_name = "FILE")]
    tls_cert: Option<OsString>,
    /// The certificate's private key, in PEM
    #[arg(long, env, value_name = "FILE")]
    tls_key: Option<OsString>,
}

impl TlsOptions {
    /// Reads both files. None: without TLS.
    pub fn read(&self) -> Result<Option<Tls>, Failure> {
        match (self.certificate(), given(self.tls_key.as_ref())) {
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
        given(self.tls_cert.as_ref())
    }
}

/// An empty variable of the environment is none.
fn given(path: Option<&OsString>) -> Option<&Path> {
    path.filter(|path| !path.is_empty()).map(Path::new)
}

fn read(option: &str, path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| Failure::Input {
        what: format!("{}, which is what {option} says,", path.display()),
        error,
    })
}
