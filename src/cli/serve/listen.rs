use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

use crate::cli::failure::Failure;

pub fn parse_address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse()
        .map_err(|_| "must be an address and a port, such as 127.0.0.1:8080 or [::]:0")
}

/// Listens on the address that `option` gives.
pub fn bind(option: &'static str, address: SocketAddr) -> Result<TcpListener, Failure> {
    let listen = || {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        Ok(listener)
    };
    listen().map_err(|error: io::Error| match error.kind() {
        io::ErrorKind::AddrInUse => Failure::PortInUse { option, address },
        _ => Failure::Listen {
            option,
            address,
            error,
        },
    })
}

/// Whether other machines can reach what listens on this address.
pub fn is_public(address: SocketAddr) -> bool {
    !address.ip().to_canonical().is_loopback()
}

/// The URL at which clients on this machine reach `listener`.
pub fn local_url(scheme: &str, listener: &TcpListener) -> io::Result<String> {
    let address = listener.local_addr()?;
    let host = match address.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
        host => host,
    };
    let address = SocketAddr::new(host, address.port());
    Ok(format!("{scheme}://{address}"))
}

#[test]
fn what_listens_beyond_the_loopback_is_public() {
    for (address, want) in [
        ("127.0.0.1:80", false),
        ("127.9.9.9:80", false),
        ("[::1]:80", false),
        ("[::ffff:127.0.0.1]:80", false),
        ("0.0.0.0:80", true),
        ("[::]:80", true),
        ("192.168.1.7:80", true),
        ("[2001:db8::7]:80", true),
    ] {
        assert_eq!(is_public(address.parse().unwrap()), want, "{address}");
    }
}

#[test]
fn the_url_of_all_interfaces_is_that_of_the_loopback() {
    for (address, host) in [
        ("127.0.0.1:0", "http://127.0.0.1:"),
        ("0.0.0.0:0", "http://127.0.0.1:"),
        ("127.0.0.2:0", "http://127.0.0.2:"),
    ] {
        let listener = TcpListener::bind(address).unwrap();

        let url = local_url("http", &listener).unwrap();

        let port = listener.local_addr().unwrap().port();
        assert_eq!(url, format!("{host}{port}"), "{address}");
    }
}
