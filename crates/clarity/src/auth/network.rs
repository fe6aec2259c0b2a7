//! The network that a request comes from, as far as it matters for limits.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The network of a client: an IPv4 address, or the /64 of an IPv6 address, which is what one
/// household or machine gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Network([u8; 8]);

impl Network {
    /// Requests that did not come through a socket.
    pub const UNKNOWN: Self = Self([0; 8]);

    /// The network of an address.
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => {
                let [a, b, c, d] = v4.octets();
                Self([0, 0, 0, 4, a, b, c, d])
            }
            IpAddr::V6(v6) => {
                let mut network = [0; 8];
                for (to, from) in network.iter_mut().zip(v6.octets()) {
                    *to = from;
                }
                Self(network)
            }
        }
    }

    /// As people write it; `None` for requests that did not come through a socket.
    pub fn text(self) -> Option<String> {
        if self == Self::UNKNOWN {
            return None;
        }
        Some(match self.0 {
            [0, 0, 0, 4, a, b, c, d] => Ipv4Addr::new(a, b, c, d).to_string(),
            bytes => {
                let mut octets = [0; 16];
                for (to, from) in octets.iter_mut().zip(bytes) {
                    *to = from;
                }
                format!("{}/64", Ipv6Addr::from(octets))
            }
        })
    }

    /// The bytes, for hashing.
    pub const fn bytes(self) -> [u8; 8] {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_household_is_one_network() {
        let network = |text: &str| Network::of(text.parse().expect("an address"));
        assert_eq!(
            network("2001:db8:1:2:3::4"),
            network("2001:db8:1:2:ffff::1")
        );
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_eq!(network("::ffff:1.2.3.4"), network("1.2.3.4"));
        assert_ne!(network("1.2.3.4"), network("1.2.3.5"));
    }

    #[test]
    fn networks_are_written_as_people_know_them() {
        let check = |address: &str, expect: &str| {
            let network = Network::of(address.parse().expect("an address"));
            assert_eq!(network.text().as_deref(), Some(expect));
        };
        check("203.0.113.7", "203.0.113.7");
        check("2001:db8:1:2:3::4", "2001:db8:1:2::/64");
        assert_eq!(Network::UNKNOWN.text(), None);
    }
}
