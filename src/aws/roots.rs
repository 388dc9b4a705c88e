use std::sync::{Arc, OnceLock};

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;

/// The root certificates that a client trusts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Roots {
    /// Amazon's five roots alone. A machine has over a hundred, and reading those would be most of
    /// a cold start.
    Amazon,
    /// The roots that the machine trusts, for endpoints that aren't Amazon's.
    System,
}

/// Amazon Root CA 1 to 4, and Starfield Services Root Certificate Authority - G2, in DER,
/// which needs no decoding. <https://www.amazontrust.com/repository/>
const AMAZON: [&[u8]; 5] = [
    include_bytes!("roots/amazon-root-ca-1.der"),
    include_bytes!("roots/amazon-root-ca-2.der"),
    include_bytes!("roots/amazon-root-ca-3.der"),
    include_bytes!("roots/amazon-root-ca-4.der"),
    include_bytes!("roots/starfield-services-root-ca-g2.der"),
];

impl Roots {
    /// Reads the certificates; the machine's once for all clients of the process. Those that can't
    /// be read are left out.
    pub(super) fn read(self) -> Arc<RootCertStore> {
        static SYSTEM: OnceLock<Arc<RootCertStore>> = OnceLock::new();
        match self {
            Self::Amazon => store(AMAZON.map(CertificateDer::from)),
            Self::System => {
                let read = || store(rustls_native_certs::load_native_certs().certs);
                Arc::clone(SYSTEM.get_or_init(read))
            }
        }
    }
}

fn store(certificates: impl IntoIterator<Item = CertificateDer<'static>>) -> Arc<RootCertStore> {
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(certificates);
    Arc::new(store)
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn amazons_roots_are_those_that_amazon_publishes() {
        // The fingerprints on <https://www.amazontrust.com/repository/>.
        let published = [
            "8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e",
            "1ba5b2aa8c65401a82960118f80bec4f62304d83cec4713a19c39c011ea46db4",
            "18ce6cfe7bf14e60b2e347b8dfe868cb31d02ebb3ada271569f50343b46db3a4",
            "e35d28419ed02025cfa69038cd623962458da5c695fbdea3c22b0bfb25897092",
            "568d6905a2c88708a4b3025190edcfedb1974a606a13c6e5290fcb2ae63edab5",
        ];

        let fingerprints = AMAZON.map(|der| {
            let digits = Sha256::digest(der).into_iter();
            digits.fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
        });

        assert_eq!(fingerprints, published);
    }

    #[test]
    fn all_of_amazons_roots_are_trusted() {
        assert_eq!(Roots::Amazon.read().len(), AMAZON.len());
    }
}
