//! What passkeys are bound to while pages are developed.

/// The domain, unless that is set. Browsers take no address for one.
pub const RP_ID: &str = "localhost";

/// The ports at which ZITADEL's login and `examples/login` listen by themselves.
const LOGIN_PORTS: [u16; 2] = [3000, 3001];

/// The origins of those, and of the service that is at `url`, under that domain.
pub fn origins(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let port = rest.rsplit_once(':').map_or("", |(_, port)| port);
    // Browsers leave out a default port.
    let own = match (scheme, port) {
        ("http", "80") | ("https", "443") | (_, "") => format!("{scheme}://{RP_ID}"),
        _ => format!("{scheme}://{RP_ID}:{port}"),
    };
    let of_login = LOGIN_PORTS.map(|port| format!("http://{RP_ID}:{port}"));
    let others = of_login.into_iter().filter(|origin| *origin != own);
    let origins: Vec<_> = others.chain([own.clone()]).collect();
    origins.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::RelyingParties;

    #[test]
    fn login_pages_and_the_service_itself_may_use_passkeys_of_localhost() {
        const LOGIN: [&str; 2] = ["http://localhost:3000", "http://localhost:3001"];
        for (url, own) in [
            ("http://127.0.0.1:8080", "http://localhost:8080"),
            ("https://[::1]:8443", "https://localhost:8443"),
            ("http://127.0.0.1:80", "http://localhost"),
            ("https://127.0.0.1:443", "https://localhost"),
            ("https://127.0.0.1:80", "https://localhost:80"),
            ("http://127.0.0.1:3001", "http://localhost:3001"),
        ] {
            let parties = RelyingParties::parse(RP_ID, &origins(url))
                .unwrap()
                .unwrap();
            for origin in LOGIN.into_iter().chain([own]) {
                assert!(parties.allows(origin, parties.first()), "{url} {origin}");
            }
        }
    }
}
