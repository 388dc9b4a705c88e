//! HTTP clients of the SDK over a network, which share their connections and their roots.
//!
//! The SDK has such a client, `aws_smithy_http_client`. It reads the roots from PEM, and once more
//! for each set of time-outs and each client, which was a quarter of a cold start. This one does
//! what that one does with its defaults: TLS by ring, no proxy, and connections that are kept for 90
//! idle seconds. It speaks HTTP/1.1 alone, which all of AWS's endpoints take: HTTP/2 would be 4 % of
//! the function.

mod connector;
mod failure;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

#[cfg(feature = "function")]
use aws_smithy_runtime_api::client::http::HttpConnector as _;
use aws_smithy_runtime_api::client::http::{SharedHttpClient, SharedHttpConnector, http_client_fn};
#[cfg(feature = "function")]
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
#[cfg(feature = "function")]
use aws_smithy_types::body::SdkBody;
use rustls::crypto::{CryptoProvider, ring};
use rustls::{CipherSuite, ClientConfig};

use self::connector::Connector;
use super::roots::Roots;
#[cfg(feature = "function")]
use crate::error::Cause;
use crate::lock::lock;

/// An HTTP client that uses the network and TLS. Its clones share their connections.
pub fn http_client(roots: Roots) -> SharedHttpClient {
    let tls = Arc::new(tls_config(roots));
    // One connector, with connections of its own, for each set of time-outs that was asked for.
    let connectors = Mutex::new(HashMap::<_, SharedHttpConnector>::new());
    http_client_fn(move |settings, _| {
        let (connect, read) = (settings.connect_timeout(), settings.read_timeout());
        let open = || SharedHttpConnector::new(Connector::new(&tls, connect, read));
        let mut connectors = lock(&connectors);
        connectors
            .entry((connect, read))
            .or_insert_with(open)
            .clone()
    })
}

/// Sends one request without a body, over a connection of its own. No redirect is followed.
#[cfg(feature = "function")]
pub async fn fetch(
    roots: Roots,
    request: http::Request<()>,
) -> Result<http::Response<SdkBody>, Cause> {
    let connector = Connector::new(&Arc::new(tls_config(roots)), None, None);
    let request = HttpRequest::try_from(request.map(|()| SdkBody::empty()))?;
    Ok(connector.call(request).await?.try_into_http1x()?)
}

/// The cipher suites that the SDK offers.
const CIPHER_SUITES: [CipherSuite; 7] = [
    CipherSuite::TLS13_AES_256_GCM_SHA384,
    CipherSuite::TLS13_AES_128_GCM_SHA256,
    CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
];

fn tls_config(roots: Roots) -> ClientConfig {
    let mut provider = ring::default_provider();
    provider
        .cipher_suites
        .retain(|suite| CIPHER_SUITES.contains(&suite.suite()));
    let mut config = ClientConfig::builder_with_provider(Arc::<CryptoProvider>::new(provider))
        .with_safe_default_protocol_versions()
        .expect("suites for both versions")
        .with_root_certificates(roots.read())
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config
}
