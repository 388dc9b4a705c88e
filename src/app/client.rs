//! Who the client of a request is.

use std::net::IpAddr;

use http::HeaderMap;

use crate::api::{Platform, Request};
use crate::domain::{forwarded_entries, is_private};
use crate::service::Client;

/// How the addresses of clients are found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClientAddresses {
    /// How many proxies in front of the platform are trusted. Each adds the address that called it to
    /// `X-Forwarded-For`.
    pub trusted_proxies: usize,
    /// Whether a private address is that of one client, and not of a load balancer.
    pub private_is_one: bool,
}

impl ClientAddresses {
    pub(super) fn client(self, request: &Request) -> Client {
        let context = &request.context;
        self.of(&request.headers, context.platform, context.client_ip)
    }

    fn of(self, headers: &HeaderMap, platform: Platform, peer: Option<IpAddr>) -> Client {
        let ip = behind(headers, platform, peer, self.trusted_proxies);
        let is_unknown = platform == Platform::Socket && !self.private_is_one;
        Client {
            ip,
            may_be_many: is_unknown && ip.is_some_and(is_private),
        }
    }
}

/// The address of the client behind so many `proxies`. It is `peer`, which called the platform, if
/// there are none, and if the entry is missing or malformed: then the request came past them.
fn behind(
    headers: &HeaderMap,
    platform: Platform,
    peer: Option<IpAddr>,
    proxies: usize,
) -> Option<IpAddr> {
    let Some(at) = proxies.checked_sub(1) else {
        return peer;
    };
    let values = headers.get_all("x-forwarded-for").iter();
    let entries = values.flat_map(|value| forwarded_entries(value.as_bytes()));
    let entries: Vec<_> = entries.collect();
    let own = match platform {
        Platform::Socket => 0,
        Platform::LoadBalancer => 1,
        Platform::Gateway => {
            let is_peer = |entry: &Option<IpAddr>| entry.is_some() && *entry == peer;
            let last = entries.iter().rposition(is_peer);
            last.map_or(0, |last| entries.len() - last)
        }
    };
    let entry = entries.iter().rev().nth(own + at);
    entry.copied().flatten().or(peer)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;
    use Platform::{Gateway, LoadBalancer, Socket};

    const PEER: &str = "203.0.113.1";

    /// The entries of the header, at whose end is what the platform adds, with the client behind one
    /// proxy and behind two.
    type Case = (
        Platform,
        &'static [&'static str],
        &'static str,
        &'static str,
    );

    const CASES: &[Case] = &[
        (Socket, &[], PEER, PEER),
        (Socket, &["198.51.100.7"], "198.51.100.7", PEER),
        (
            Socket,
            &["198.51.100.7, 192.0.2.9"],
            "192.0.2.9",
            "198.51.100.7",
        ),
        (
            Socket,
            &["198.51.100.7", "192.0.2.9:4711"],
            "192.0.2.9",
            "198.51.100.7",
        ),
        (Socket, &["198.51.100.7, unknown"], PEER, "198.51.100.7"),
        (Socket, &["198.51.100.7,"], PEER, "198.51.100.7"),
        (
            Socket,
            &["198.51.100.7, 192.0.2.\u{e9}"],
            PEER,
            "198.51.100.7",
        ),
        (Socket, &["\u{e9}, 198.51.100.7"], "198.51.100.7", PEER),
        (Socket, &["[2001:db8::7]:80"], "2001:db8::7", PEER),
        (LoadBalancer, &[PEER], PEER, PEER),
        (
            LoadBalancer,
            &["198.51.100.7, 203.0.113.1"],
            "198.51.100.7",
            PEER,
        ),
        (
            LoadBalancer,
            &["198.51.100.7, 192.0.2.9", PEER],
            "192.0.2.9",
            "198.51.100.7",
        ),
        (LoadBalancer, &["forged, 203.0.113.1"], PEER, PEER),
        (Gateway, &[], PEER, PEER),
        (Gateway, &[PEER], PEER, PEER),
        (
            Gateway,
            &["198.51.100.7, 203.0.113.1"],
            "198.51.100.7",
            PEER,
        ),
        // CloudFront stands behind what called it.
        (
            Gateway,
            &["198.51.100.7, 203.0.113.1, 130.176.1.1"],
            "198.51.100.7",
            PEER,
        ),
        (
            Gateway,
            &["198.51.100.7, 192.0.2.9", "203.0.113.1", "130.176.1.1"],
            "192.0.2.9",
            "198.51.100.7",
        ),
        // Whoever forges the peer's address stands before what the gateway adds.
        (
            Gateway,
            &["203.0.113.1, 198.51.100.7, 203.0.113.1"],
            "198.51.100.7",
            PEER,
        ),
        (
            Gateway,
            &["198.51.100.7, ::ffff:203.0.113.1"],
            "198.51.100.7",
            PEER,
        ),
    ];

    #[test]
    fn the_client_is_behind_the_trusted_proxies() {
        for &(platform, values, of_one, of_two) in CASES {
            let mut headers = HeaderMap::new();
            for value in values {
                let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
                headers.append("x-forwarded-for", value);
            }
            let peer = PEER.parse().ok();
            for (proxies, want) in [(0, PEER), (1, of_one), (2, of_two)] {
                let got = behind(&headers, platform, peer, proxies);
                assert_eq!(got, want.parse().ok(), "{platform:?} {values:?} {proxies}");
            }
        }
    }

    /// A private peer of a server often is a load balancer, and so many clients.
    #[test]
    fn a_private_peer_of_a_server_is_one_client_on_request_alone() {
        for (platform, peer, private_is_one, many) in [
            (Platform::Socket, "10.0.0.7", false, true),
            (Platform::Socket, "::ffff:10.0.0.7", false, true),
            (Platform::Socket, "fe80::1", false, true),
            (Platform::Socket, "10.0.0.7", true, false),
            (Platform::Socket, PEER, false, false),
            (Platform::Gateway, "10.0.0.7", false, false),
            (Platform::LoadBalancer, "10.0.0.7", false, false),
        ] {
            let addresses = ClientAddresses {
                trusted_proxies: 0,
                private_is_one,
            };
            let ip = peer.parse().ok();
            let client = addresses.of(&HeaderMap::new(), platform, ip);
            assert_eq!(
                client.counted_ip(),
                ip.filter(|_| !many),
                "{platform:?} {peer}"
            );
            assert_eq!(client.ip, ip);
        }
    }

    #[test]
    fn without_a_peer_a_gateway_has_added_nothing() {
        let headers = [(
            "x-forwarded-for".parse().unwrap(),
            HeaderValue::from_static("unknown"),
        )];
        let headers = HeaderMap::from_iter(headers);
        for platform in [Platform::Socket, Platform::Gateway, Platform::LoadBalancer] {
            assert_eq!(behind(&headers, platform, None, 1), None);
        }
    }
}
