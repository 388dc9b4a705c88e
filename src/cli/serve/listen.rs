use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

use crate::cli::failure::Failure;

/// An address and a port to listen on.
pub type Listen = SocketAddr;

pub fn address(text: &str) -> Result<Listen, &'static str> {
    text.parse()
        .map_err(|_| "must be an address and a port, such as 127.0.0.1:8080 or [::]:0")
}

/// Listens on the address that `option` gave.
pub fn bind(option: &'static str, address: Listen) -> Result<TcpListener, Failure> {
    let listen = || {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        Ok(listener)
    };
    listen().map_err(|error| Failure::Listen {
        option,
        address,
        error,
    })
}

/// Where a client on this machine reaches `listener`.
pub fn url(scheme: &str, listener: &TcpListener) -> io::Result<String> {
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
fn all_interfaces_are_reached_by_the_loopback_one() {
    for (address, host) in [
        ("127.0.0.1:0", "http://127.0.0.1:"),
        ("0.0.0.0:0", "http://127.0.0.1:"),
        ("127.0.0.2:0", "http://127.0.0.2:"),
    ] {
        let listener = TcpListener::bind(address).unwrap();

        let url = url("http", &listener).unwrap();

        let port = listener.local_addr().unwrap().port();
        assert_eq!(url, format!("{host}{port}"), "{address}");
    }
}
