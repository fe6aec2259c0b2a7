//! Where a request comes from: the socket's address, or what a trusted proxy says.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, header};

use crate::app::App;
use crate::auth::account::Arrival;
use crate::auth::network::Network;

const FORWARDED_FOR: &str = "x-forwarded-for";
/// Entries of `X-Forwarded-For` that are looked at, from the right.
const HOPS_MAX: usize = 16;

/// The device that asks: where it is and what it calls itself.
#[derive(Debug, Clone)]
pub struct Client {
    /// Its network.
    pub network: Network,
    /// Its `User-Agent`, for the list of sessions.
    pub label: String,
}

impl Client {
    /// That a session begins here; `by` is the name in the audit log of what begins it.
    pub fn arrives<'a>(&'a self, by: &'a str) -> Arrival<'a> {
        Arrival {
            by,
            label: &self.label,
            network: self.network,
        }
    }
}

impl FromRequestParts<Arc<App>> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Infallible> {
        let trusted = &app.config.proxy.trusted;
        let agent = parts.headers.get(header::USER_AGENT);
        let agent = agent.and_then(|value| value.to_str().ok());
        Ok(Self {
            network: network(&parts.extensions, &parts.headers, trusted),
            label: agent.unwrap_or_default().to_owned(),
        })
    }
}

/// The client of a request. `X-Forwarded-For` is read from the right, and only as far as the
/// addresses are trusted proxies: anything further left may be invented.
pub fn network(extensions: &Extensions, headers: &HeaderMap, trusted: &[IpAddr]) -> Network {
    let Some(ConnectInfo(peer)) = extensions.get::<ConnectInfo<SocketAddr>>() else {
        return Network::UNKNOWN;
    };
    Network::of(client(peer.ip(), headers, trusted))
}

fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[IpAddr]) -> IpAddr {
    let is_trusted = |address: &IpAddr| {
        trusted
            .iter()
            .any(|proxy| proxy.to_canonical() == address.to_canonical())
    };
    let mut address = peer;
    let lines: Vec<&str> = headers
        .get_all(FORWARDED_FOR)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    let hops = lines.iter().rev().flat_map(|line| line.rsplit(','));
    for hop in hops.take(HOPS_MAX) {
        if !is_trusted(&address) {
            break;
        }
        let Ok(next) = hop.trim().parse() else { break };
        address = next;
    }
    address
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn forwarded_addresses_count_only_behind_trusted_proxies() {
        let trusted: Vec<IpAddr> = vec!["10.0.0.1".parse().expect("an address")];
        let check = |peer: &str, forwarded: &'static str, expect: &str| {
            let headers = HeaderMap::from_iter([(
                FORWARDED_FOR.parse().expect("a name"),
                HeaderValue::from_static(forwarded),
            )]);
            let address = client(peer.parse().expect("an address"), &headers, &trusted);
            assert_eq!(address.to_string(), expect, "{peer} {forwarded}");
        };
        check("10.0.0.1", "1.2.3.4", "1.2.3.4");
        check("10.0.0.1", "6.6.6.6, 1.2.3.4", "1.2.3.4");
        check("10.0.0.1", "6.6.6.6, 1.2.3.4, 10.0.0.1", "1.2.3.4");
        check("9.9.9.9", "1.2.3.4", "9.9.9.9");
        check("10.0.0.1", "rubbish", "10.0.0.1");
    }
}
