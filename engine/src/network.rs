//! What is counted by address is counted by network: of IPv6, whoever has one address has its whole /64.

use std::net::{IpAddr, Ipv6Addr};

/// Whom an address stands for.
pub fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & !u128::from(u64::MAX))),
        ip => ip,
    }
}
