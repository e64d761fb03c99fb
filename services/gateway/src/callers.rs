//! Where requests come from: the socket's peer, or whom a proxy of ours names.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use std::sync::Arc;

use actix_web::HttpRequest;
use process::{Caller, Keyring};

/// The header in which proxies name for whom they speak.
pub const FORWARDED_FOR: &str = "x-forwarded-for";
/// The header in which the console proves that it speaks: its identity, signed for the gateway.
pub const CONSOLE: &str = "x-console";
/// How often partners is told that a peer names addresses without being trusted to.
const TOLD_EVERY: Duration = Duration::from_secs(3_600);

/// Knows whom to believe where a request comes from.
pub struct Callers {
    trusted: Vec<Network>,
    keyring: Keyring,
    /// When a peer that is not trusted was last seen naming a caller's address.
    told: Mutex<Option<Instant>>,
}

impl Callers {
    /// Behind these proxies: addresses, or networks as `10.0.0.0/8`.
    ///
    /// # Errors
    /// A proxy that is neither.
    pub fn behind(proxies: &[String], keyring: Keyring) -> anyhow::Result<Callers> {
        let network = |text: &String| {
            Network::parse(text).ok_or_else(|| anyhow::anyhow!("TRUSTED_PROXIES: '{text}' is no IP address and no network"))
        };
        Ok(Callers { trusted: proxies.iter().map(network).collect::<anyhow::Result<_>>()?, keyring, told: Mutex::default() })
    }

    fn is_ours(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.has(address))
    }

    /// Whether the console sent a request, for whom it names.
    pub fn is_consoles(&self, request: &HttpRequest) -> bool {
        let token = process::http::header(request, CONSOLE).map(Arc::from);
        token.is_some_and(|token| self.keyring.verify(&token) == Ok(Caller::Service("console".to_owned())))
    }

    /// Where a request comes from: the socket's peer, or, behind proxies of ours, whom they name.
    pub fn address(&self, request: &HttpRequest) -> String {
        let mut address = request.peer_addr().map(|peer| peer.ip());
        // From the right: each of our proxies adds whom it heard, on the same line or on one of its own. What can't be read
        // ends the walk: left of it stands what nobody of ours vouches for
        let lines: Vec<_> = request.headers().get_all(FORWARDED_FOR).collect();
        let mut named = lines.into_iter().rev().flat_map(|line| line.to_str().unwrap_or("").rsplit(',')).map(forwarded);
        // The console names the one for whom it speaks, whatever stands before it
        if self.is_consoles(request) {
            address = named.next().flatten();
        }
        while address.is_some_and(|address| self.is_ours(address)) {
            let Some(Some(next)) = named.next() else { break };
            address = Some(next);
        }
        match address.map(|address| address.to_canonical()) {
            Some(IpAddr::V4(address)) => address.to_string(),
            // Whoever has one address of version 6 has its whole network of 2^64
            Some(IpAddr::V6(address)) => {
                let [a, b, c, d, ..] = address.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
            None => "unknown".to_owned(),
        }
    }

    /// The peer that names a caller's address although nobody told us to believe it, where partners is to be told: behind a
    /// proxy that is not named in TRUSTED_PROXIES all callers have one address. It is logged once.
    pub fn untrusted_forwarder(&self, request: &HttpRequest) -> Option<String> {
        let peer = request.peer_addr()?.ip();
        if !request.headers().contains_key(FORWARDED_FOR) || self.is_ours(peer) || self.is_consoles(request) {
            return None;
        }
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.is_none() {
            tracing::warn!(%peer, "X-Forwarded-For comes from a peer that is not in TRUSTED_PROXIES: all whom it speaks for count as one address");
        }
        if told.is_some_and(|told| told.elapsed() < TOLD_EVERY) {
            return None;
        }
        *told = Some(Instant::now());
        Some(peer.to_canonical().to_string())
    }
}

/// An address as proxies write it: alone, with a port, of version 6 in brackets too.
fn forwarded(item: &str) -> Option<IpAddr> {
    let item = item.trim();
    let in_brackets = || item.strip_prefix('[')?.strip_suffix(']')?.parse::<std::net::Ipv6Addr>().ok();
    let address = item.parse::<IpAddr>().ok();
    address.or_else(|| item.parse::<SocketAddr>().ok().map(|address| address.ip())).or_else(|| in_brackets().map(IpAddr::V6))
}

/// The addresses that begin with the same bits; one address is a network of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    bits: u128,
    shift: u32,
    is_v4: bool,
}

impl Network {
    /// `10.0.0.0/8`, `fd00::/8`, `10.1.2.3`.
    pub fn parse(text: &str) -> Option<Network> {
        let (address, length) = text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
        let (bits, is_v4) = bits(address.parse().ok()?);
        let most: u32 = if is_v4 { 32 } else { 128 };
        let length = length.map_or(Some(most), |length| length.parse().ok())?;
        Some(Network { bits, shift: most.checked_sub(length)?, is_v4 })
    }

    /// Whether an address is in it.
    pub fn has(&self, address: IpAddr) -> bool {
        let (bits, is_v4) = bits(address);
        is_v4 == self.is_v4 && (bits ^ self.bits).checked_shr(self.shift).unwrap_or_default() == 0
    }
}

fn bits(address: IpAddr) -> (u128, bool) {
    match address.to_canonical() {
        IpAddr::V4(address) => (u32::from(address).into(), true),
        IpAddr::V6(address) => (address.into(), false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_proxies_write_it_and_nothing_else_is_one() {
        for (item, address) in [
            ("10.0.0.1", "10.0.0.1"),
            (" 10.0.0.1:4711 ", "10.0.0.1"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:db8::1]:4711", "2001:db8::1"),
        ] {
            assert_eq!(forwarded(item), Some(address.parse().unwrap()), "{item}");
        }
        for item in
            ["", "unknown", "_hidden", "10.0.0.1:", "10.0.0.1:99999", "[10.0.0.1]", "10.0.0", "[2001:db8::1", "proxy:80", "1.2.3.4 5.6.7.8"]
        {
            assert_eq!(forwarded(item), None, "{item}");
        }
    }

    #[test]
    fn a_network_has_the_addresses_that_begin_as_it_does() {
        let has = |network: &str, address: &str| Network::parse(network).unwrap().has(address.parse().unwrap());
        assert!(
            has("10.0.0.0/8", "10.255.1.2") && has("10.1.2.3", "10.1.2.3") && has("0.0.0.0/0", "8.8.8.8") && has("fd00::/8", "fdab::1")
        );
        assert!(has("10.0.0.0/8", "::ffff:10.1.1.1"), "the same address in another dress");
        assert!(!has("10.0.0.0/8", "11.0.0.1") && !has("10.1.2.3", "10.1.2.4") && !has("0.0.0.0/0", "::1"));
        for text in ["10.0.0.0/33", "10.0.0/8", "10.0.0.0/", "proxy", "::/129"] {
            assert_eq!(Network::parse(text), None, "{text}");
        }
    }
}
