//! The addresses of clients, and how failed logins are counted by them.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use ipnet::IpNet;

use super::Timestamp;

/// Reads an address, with or without a port, as gateways, proxies and load balancers write it. Clients
/// send some of these texts themselves, and what is read can neither forge a line of the log nor fill
/// one.
pub fn parse_address(text: &str) -> Option<IpAddr> {
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

/// Reads the entries of a value of `X-Forwarded-For`, each by itself: what a client put in front of
/// those of proxies must not make these unreadable.
pub fn forwarded_entries(value: &[u8]) -> impl DoubleEndedIterator<Item = Option<IpAddr>> {
    let entries = value.split(|byte| *byte == b',');
    entries.map(|entry| str::from_utf8(entry).ok().and_then(parse_address))
}

/// The addresses that are counted as one: an IPv4 address, or all IPv6 addresses with the same first
/// 64 bits, which is what a single subscriber has. An IPv4 address in IPv6's form is that address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AddressGroup(IpAddr);

impl AddressGroup {
    pub fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(address) => {
                let network = u128::from(address) >> 64 << 64;
                IpAddr::V6(Ipv6Addr::from(network))
            }
            address @ IpAddr::V4(_) => address,
        })
    }
}

impl fmt::Display for AddressGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(address) => write!(f, "{address}"),
            IpAddr::V6(network) => write!(f, "{network}/64"),
        }
    }
}

/// A span of time in which failures are counted together. Each begins when the last one ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FailureWindow {
    start: Timestamp,
}

impl FailureWindow {
    pub const LENGTH: Duration = Duration::from_mins(15);

    /// The window that `now` is in.
    pub fn at(now: Timestamp) -> Self {
        let length = i64::try_from(Self::LENGTH.as_millis()).unwrap_or(i64::MAX);
        let start = now.as_millis().div_euclid(length) * length;
        Self {
            start: Timestamp::from_millis(start),
        }
    }

    pub fn start(self) -> Timestamp {
        self.start
    }

    pub fn end(self) -> Timestamp {
        self.start.plus(Self::LENGTH)
    }
}

/// How many logins may fail from an address in a window, and for which addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressPolicy {
    /// `None`: failures are not counted.
    pub max_failures: Option<u32>,
    /// Whether a login over the limit is carried out, and only reported.
    pub only_reports: bool,
    pub unlimited: Networks,
}

impl AddressPolicy {
    /// The group in which a client's failures are counted. `None`: they are not counted. Behind a
    /// proxy on the same machine, a loopback address would be everybody's.
    pub fn group(&self, address: IpAddr) -> Option<AddressGroup> {
        self.max_failures?;
        let address = address.to_canonical();
        let is_limited = !address.is_loopback() && !self.unlimited.contain(address);
        is_limited.then(|| AddressGroup::of(address))
    }
}

/// Networks of IPv4 and IPv6.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(Vec<IpNet>);

impl Networks {
    const MAX: usize = 50;
    /// In bytes. Lambda has 4 KB for all variables of a function.
    const MAX_BYTES: usize = 768;

    /// Reads `none` or networks with commas between, each an address or in the form of CIDR. White
    /// space around them is dropped. Bits behind the prefix are a fault, because one of the two was
    /// mistyped.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "none" {
            return Some(Self::default());
        }
        let networks = text.split(',').map(|text| network(text.trim()));
        let networks: Vec<_> = networks.collect::<Option<_>>()?;
        let is_list = text.len() <= Self::MAX_BYTES && networks.len() <= Self::MAX;
        is_list.then_some(Self(networks))
    }

    fn contain(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

fn network(text: &str) -> Option<IpNet> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(address.to_canonical().into());
    }
    let (address, prefix) = text.split_once('/')?;
    let address: IpAddr = address.parse().ok()?;
    // What contains IPv4 addresses in IPv6's form would contain none: addresses are compared in
    // their own.
    let is_plain = prefix == "0" || !prefix.starts_with(['0', '+']);
    let network = IpNet::new(address, prefix.parse().ok()?).ok()?;
    (is_plain && address.to_canonical() == address && network == network.trunc()).then_some(network)
}

/// Whether an address is of a private network (RFC 1918, 4193 and 6598) or link-local. The peer of a
/// server with such an address often is a load balancer.
pub fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [first, second, ..] = address.octets();
            let is_shared = first == 100 && (64..128).contains(&second);
            address.is_private() || address.is_link_local() || is_shared
        }
        IpAddr::V6(address) => address.is_unique_local() || address.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn addresses_of_one_subscriber_are_one_group() {
        for (text, group) in [
            ("203.0.113.7", "203.0.113.7"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2::", "2001:db8:1:2::/64"),
            ("2001:db8:1:3::", "2001:db8:1:3::/64"),
        ] {
            assert_eq!(AddressGroup::of(address(text)).to_string(), group);
        }
    }

    #[test]
    fn windows_are_fixed_and_follow_each_other() {
        for (now, start) in [
            (0, 0),
            (1, 0),
            (899_999, 0),
            (900_000, 900_000),
            (1_800_000_000_123, 1_800_000_000_000),
            (-1, -900_000),
        ] {
            let window = FailureWindow::at(Timestamp::from_millis(now));
            assert_eq!(window.start().as_millis(), start, "{now}");
            assert_eq!(window.end().as_millis(), start + 900_000, "{now}");
        }
    }

    #[test]
    fn loopback_and_unlimited_addresses_are_not_counted() {
        let policy = AddressPolicy {
            max_failures: Some(5),
            only_reports: false,
            unlimited: Networks::parse("198.51.100.0/24, 203.0.113.9,2001:db8:1::/48").unwrap(),
        };
        for (text, counted) in [
            ("203.0.113.7", true),
            ("203.0.113.9", false),
            ("::ffff:203.0.113.9", false),
            ("198.51.100.255", false),
            ("198.51.101.0", true),
            ("2001:db8:1:ffff::1", false),
            ("2001:db8:2::1", true),
            ("127.0.0.1", false),
            ("127.9.9.9", false),
            ("::1", false),
            ("::ffff:127.0.0.1", false),
            ("10.0.0.1", true),
        ] {
            assert_eq!(policy.group(address(text)).is_some(), counted, "{text}");
        }
    }

    #[test]
    fn networks_are_exact() {
        let many = |count: usize| vec!["10.0.0.0/8"; count].join(",");
        for (text, good) in [
            ("none", true),
            ("10.0.0.0/8", true),
            ("10.0.0.1", true),
            ("::ffff:10.0.0.1", true),
            ("2001:db8::/32 , 10.0.0.0/8", true),
            ("0.0.0.0/0,::/0", true),
            ("10.0.0.1/8", false),
            ("2001:db8::1/32", false),
            ("10.0.0.0/33", false),
            ("10.0.0.0/08", false),
            ("10.0.0.0/+8", false),
            ("010.0.0.0/8", false),
            ("::ffff:10.0.0.0/104", false),
            (
                &*vec!["2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"; 27].join(","),
                false,
            ),
            ("10.0.0/8", false),
            ("10.0.0.0/", false),
            ("10.0.0.0/8,", false),
            ("", false),
            ("none,10.0.0.0/8", false),
            ("localhost", false),
            (&*many(50), true),
            (&*many(51), false),
        ] {
            assert_eq!(Networks::parse(text).is_some(), good, "{text}");
        }
    }

    #[test]
    fn private_networks_are_those_of_the_rfcs() {
        for (text, want) in [
            ("10.1.2.3", true),
            ("172.16.0.1", true),
            ("172.32.0.1", false),
            ("192.168.9.9", true),
            ("100.64.0.1", true),
            ("100.127.255.255", true),
            ("100.128.0.0", false),
            ("169.254.1.1", true),
            ("fd00::1", true),
            ("fe80::1", true),
            ("::ffff:10.0.0.1", true),
            ("203.0.113.7", false),
            ("2001:db8::1", false),
        ] {
            assert_eq!(is_private(address(text)), want, "{text}");
        }
    }
}
