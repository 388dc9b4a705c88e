use std::sync::Arc;

use http::HeaderValue;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject as _};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{self, ServerConfig};

/// Tells browsers to use nothing but TLS with this host for a year.
/// <https://www.rfc-editor.org/rfc/rfc6797#section-6.1>
pub const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// The certificate and the settings of TLS 1.2 and 1.3.
#[derive(Clone)]
pub struct Tls(pub(super) TlsAcceptor);

/// Why the certificate or its key can't be used. The error shows nothing of the files.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("the certificate file is not in PEM, or has no certificate in it")]
    NoCertificate,
    #[error("the key file is not in PEM, or has no private key in it that is not encrypted")]
    NoKey,
    #[error("the key does not belong to the certificate")]
    OtherKey,
    #[error("the certificate and its key can't be used")]
    Unusable(#[source] rustls::Error),
}

impl Tls {
    /// Reads the certificate with its intermediate certificates, and its key, all in PEM.
    pub fn new(certificates: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        let certificates: Result<Vec<_>, pem::Error> =
            CertificateDer::pem_slice_iter(certificates).collect();
        let certificates = certificates
            .ok()
            .filter(|certificates| !certificates.is_empty())
            .ok_or(TlsError::NoCertificate)?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| TlsError::NoKey)?;

        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[&TLS12, &TLS13])
            .map_err(TlsError::Unusable)?
            .with_no_client_auth()
            .with_single_cert(certificates, key)
            .map_err(|error| match error {
                rustls::Error::InconsistentKeys(_) => TlsError::OtherKey,
                error => TlsError::Unusable(error),
            })?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self(TlsAcceptor::from(Arc::new(config))))
    }
}
