//! Where a request comes from, for the log.
//!
//! All of it is read into types of few characters: some of these texts are their senders' own,
//! and neither forge a line nor fill one.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;

/// Names a request across AWS's services, such as `1-5759e988-bd862e3fe1be46a994272793`.
/// <https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html#xray-api-traceids>
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceId(String);

impl TraceId {
    /// In a header, and so in a variable of the same form. A load balancer may put fields
    /// before the root.
    ///
    /// `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1`
    pub fn parse(header: &str) -> Option<Self> {
        let mut fields = header.split(';').map(str::trim);
        let id = fields.find_map(|field| field.strip_prefix("Root="))?;
        let is_hex = |part: &str, length: usize| {
            part.len() == length && part.bytes().all(|byte| byte.is_ascii_hexdigit())
        };
        let (time, random) = id.strip_prefix("1-")?.split_once('-')?;
        (is_hex(time, 8) && is_hex(random, 24)).then(|| Self(id.to_owned()))
    }

    /// In the header that AWS's gateways and load balancers add.
    pub(crate) fn of_headers(headers: &HeaderMap) -> Option<Self> {
        Self::parse(headers.get("x-amzn-trace-id")?.to_str().ok()?)
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An address, with a port behind it or not, as gateways and load balancers write them.
pub(crate) fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    let alone = bare.unwrap_or(text).parse().ok();
    let with_port = || text.parse().map(|address: SocketAddr| address.ip()).ok();
    // An IPv4 address as IPv6 sockets write it is the same address.
    alone
        .or_else(with_port)
        .map(|address: IpAddr| address.to_canonical())
}

/// The client of a load balancer, which adds it to whatever the client itself has sent: all
/// but the last entry may be made up.
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

    #[test]
    fn a_trace_id_is_a_root() {
        let id = "1-5759e988-bd862e3fe1be46a994272793";
        for (header, want) in [
            (format!("Root={id}"), true),
            (format!("Root={id};Parent=53995c3f42cd8ad8;Sampled=1"), true),
            (
                format!("Self=1-67891234-12456789abcdef012345678;Root={id}"),
                true,
            ),
            (format!("Self={id}; Root={id}"), true),
            (format!("Self={id}"), false),
            (format!("Root={id}0"), false),
            (format!("Root={id}\""), false),
            (format!("Root=2{}", &id[1..]), false),
            ("Root=1-5759e988-bd862e3fe1be46a99427279g".to_owned(), false),
            ("Root=1-5759e988bd862e3fe1be46a994272793".to_owned(), false),
            ("Root=".to_owned(), false),
            (String::new(), false),
        ] {
            let got = TraceId::parse(&header).map(|id| id.to_string());
            assert_eq!(got.as_deref(), want.then_some(id), "{header}");
        }
    }
}
