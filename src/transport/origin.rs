//! The addresses of clients, for the log.
//!
//! They are read into types of few characters: clients send some of these texts themselves, and
//! must neither forge a line of the log nor fill one.

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;

/// Reads an address, with or without a port, as gateways and load balancers write it.
pub(crate) fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    let alone = bare.unwrap_or(text).parse().ok();
    let with_port = || text.parse().map(|address: SocketAddr| address.ip()).ok();
    // IPv6 sockets write an IPv4 address in a form of their own.
    alone
        .or_else(with_port)
        .map(|address: IpAddr| address.to_canonical())
}

/// The client of a load balancer, which adds the address to whatever the client itself has sent:
/// all entries but the last may be invented.
pub(super) fn forwarded_for(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all("x-forwarded-for").iter().next_back()?;
    address(last.to_str().ok()?.rsplit(',').next()?)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn the_last_entry_is_the_client_of_a_load_balancer() {
        for (values, want) in [
            (&["203.0.113.7"][..], Some("203.0.113.7")),
            (&["203.0.113.7:49152"], Some("203.0.113.7")),
            (&["2001:db8::7"], Some("2001:db8::7")),
            (&["2001:DB8:0:0::7"], Some("2001:db8::7")),
            (&["[2001:db8::7]:8080"], Some("2001:db8::7")),
            (&["[2001:db8::7]"], Some("2001:db8::7")),
            (&["::ffff:203.0.113.7"], Some("203.0.113.7")),
            (&["198.51.100.1, 203.0.113.7"], Some("203.0.113.7")),
            (&["198.51.100.1,203.0.113.7 "], Some("203.0.113.7")),
            (
                &["x\"},{\"level\":\"error, 203.0.113.7"],
                Some("203.0.113.7"),
            ),
            (&["198.51.100.1", "203.0.113.7"], Some("203.0.113.7")),
            (&["203.0.113.7, \u{e9}"], None),
            (&["203.0.113.7, unknown"], None),
            (&["203.0.113.7,"], None),
            (&["203.0.113.7", ""], None),
            (&["203.0.113.7:port"], None),
            (&["203.0.113.7\"}"], None),
            (&["203.0.113"], None),
            (&["[203.0.113.7"], None),
            (&[""], None),
            (&[], None),
        ] {
            let mut headers = HeaderMap::new();
            for value in values {
                let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
                headers.append("x-forwarded-for", value);
            }
            let got = forwarded_for(&headers).map(|address| address.to_string());
            assert_eq!(got.as_deref(), want, "{values:?}");
        }
    }
}
