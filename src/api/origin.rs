//! Where a request comes from, for the log. Whatever a client can write is read strictly.

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;

/// An address, with or without a port and the brackets of one with a port.
pub fn ip_address(text: &str) -> Option<IpAddr> {
    let text = text.trim_matches([' ', '\t']);
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let address = bare.unwrap_or(text).parse::<IpAddr>();
    let address = address.or_else(|_| text.parse::<SocketAddr>().map(|with_port| with_port.ip()));
    Some(address.ok()?.to_canonical())
}

/// The last entry of `X-Forwarded-For`: what the load balancer itself has seen. Those before are
/// the client's to choose.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/x-forwarded-headers.html>
pub fn forwarded_for(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all("x-forwarded-for").iter().next_back()?;
    ip_address(last.to_str().ok()?.rsplit(',').next()?)
}

/// The id of a trace of X-Ray in a header such as `Root=1-5759e988-bd862e3fe1be46a994272793`.
/// <https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader>
pub fn trace_id(header: &str) -> Option<String> {
    let mut fields = header.split(';');
    let root = fields.find_map(|field| field.trim().strip_prefix("Root="))?;
    let is_plain = |byte: u8| byte.is_ascii_hexdigit() || byte == b'-';
    let is_id = (1..=64).contains(&root.len()) && root.bytes().all(is_plain);
    is_id.then(|| root.to_owned())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn addresses_are_read_with_and_without_a_port() {
        for (text, want) in [
            ("192.0.2.7", Some("192.0.2.7")),
            (" 192.0.2.7", Some("192.0.2.7")),
            ("192.0.2.7:443", Some("192.0.2.7")),
            ("2001:db8::7", Some("2001:db8::7")),
            ("[2001:db8::7]", Some("2001:db8::7")),
            ("[2001:db8::7]:443", Some("2001:db8::7")),
            ("::ffff:192.0.2.7", Some("192.0.2.7")),
            ("", None),
            ("unknown", None),
            ("192.0.2.7\n{}", None),
            ("example.com", None),
        ] {
            let got = ip_address(text).map(|address| address.to_string());
            assert_eq!(got.as_deref(), want, "{text:?}");
        }
    }

    #[test]
    fn what_the_load_balancer_has_seen_is_last() {
        for (values, want) in [
            (&["192.0.2.7"][..], Some("192.0.2.7")),
            (&["198.51.100.1, 192.0.2.7"], Some("192.0.2.7")),
            (
                &["198.51.100.1", "203.0.113.9,192.0.2.7"],
                Some("192.0.2.7"),
            ),
            (&["192.0.2.7, made up"], None),
            (&["192.0.2.7,"], None),
            (&[], None),
        ] {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append("x-forwarded-for", HeaderValue::from_static(value));
            }
            let got = forwarded_for(&headers).map(|address| address.to_string());
            assert_eq!(got.as_deref(), want, "{values:?}");
        }
    }

    #[test]
    fn a_trace_is_told_by_its_root() {
        const ID: &str = "1-5759e988-bd862e3fe1be46a994272793";
        for (header, want) in [
            (format!("Root={ID}"), Some(ID)),
            (
                format!("Root={ID};Parent=53995c3f42cd8ad8;Sampled=1"),
                Some(ID),
            ),
            (format!("Self=1-2-3; Root={ID}"), Some(ID)),
            ("Root=".to_owned(), None),
            ("Root=1-2 3".to_owned(), None),
            (format!("Root={}", "1".repeat(65)), None),
            (ID.to_owned(), None),
            (String::new(), None),
        ] {
            assert_eq!(trace_id(&header).as_deref(), want, "{header}");
        }
    }
}
