//! The client of a load balancer.

use std::net::IpAddr;

use http::HeaderMap;

use crate::domain::forwarded_entries;

/// The address that called a load balancer, which adds it to whatever the client itself has sent:
/// all entries but the last may be invented.
pub(super) fn forwarded_for(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all("x-forwarded-for").iter().next_back()?;
    forwarded_entries(last.as_bytes()).next_back()?
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
            (&["\u{e9}, 203.0.113.7"], Some("203.0.113.7")),
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
