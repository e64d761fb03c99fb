//! Where what calls out may call: https and a public address, looked at when connecting, so that a name that changes its mind
//! between the check and the call gains nothing; and what an operator lists beside that.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, Url};

/// How long a connection may take to be made.
pub const CONNECTING: Duration = Duration::from_secs(5);

/// Whether an address is on the public Internet.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            !(v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_broadcast()
                || v4.is_documentation()
                || v4.is_multicast()
                || a == 0
                || a >= 240
                || (a == 100 && (64..128).contains(&b))
                || (a == 198 && (b == 18 || b == 19))
                || (a == 192 && b == 0))
        }
        // What carries an IPv4 address is judged by it; of the rest only 2000::/3 is given out
        IpAddr::V6(v6) => match (v6.to_ipv4_mapped(), v6.segments()) {
            (Some(v4), _) => is_public(IpAddr::V4(v4)),
            (None, [0x2002 | 0x3fff, ..] | [0x2001, 0 | 0xdb8, ..]) => false,
            (None, [first, ..]) => first & 0xe000 == 0x2000,
        },
    }
}

/// What may be reached.
#[derive(Clone, Debug, Default)]
pub struct Reach {
    /// Whether it is everything: for demos and tests.
    anywhere: bool,
    /// Hosts, in lower case, that may be anywhere and on plain http.
    names: Vec<String>,
    /// Networks that names may lead into; by their addresses on plain http too.
    networks: Vec<Network>,
}

/// Addresses that begin alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Network {
    of: IpAddr,
    bits: u8,
}

impl Network {
    fn parse(text: &str) -> Option<Network> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u8>().ok()?)),
            None => (text, None),
        };
        let of: IpAddr = address.trim_matches(['[', ']']).parse().ok()?;
        let most = if of.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(most);
        (bits <= most).then_some(Network { of, bits })
    }

    fn has(&self, address: IpAddr) -> bool {
        let shared = |own: u128, other: u128, width: u32| {
            let tail = width.saturating_sub(u32::from(self.bits));
            own.checked_shr(tail).unwrap_or(0) == other.checked_shr(tail).unwrap_or(0)
        };
        match (self.of, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => shared(own.to_bits().into(), other.to_bits().into(), 32),
            (IpAddr::V6(own), IpAddr::V6(other)) => shared(own.to_bits(), other.to_bits(), 128),
            (IpAddr::V4(_), IpAddr::V6(other)) => other.to_ipv4_mapped().is_some_and(|other| self.has(other.into())),
            (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

impl Reach {
    /// Public addresses by https, or, for demos and tests, everything.
    pub fn public_or(anywhere: bool) -> Reach {
        Reach { anywhere, ..Reach::default() }
    }

    /// Public addresses by https, and the names and networks of a list that commas separate: what `variable` has.
    ///
    /// # Errors
    /// An entry that is neither a name nor a network.
    pub fn beside_public(variable: &str, list: &str) -> anyhow::Result<Reach> {
        let mut reach = Reach::default();
        for entry in list.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
            let is_name = |text: &str| {
                text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b)) && text.bytes().any(|b| b.is_ascii_alphabetic())
            };
            match Network::parse(entry) {
                Some(network) => reach.networks.push(network),
                None if is_name(entry) => reach.names.push(entry.to_ascii_lowercase()),
                None => None.with_context(|| format!("{variable}: '{entry}' is neither a host's name nor a network as 10.1.0.0/16"))?,
            }
        }
        Ok(reach)
    }

    fn lists(&self, host: &str) -> bool {
        self.names.iter().any(|name| name.eq_ignore_ascii_case(host.trim_end_matches('.')))
    }

    fn allows(&self, address: IpAddr) -> bool {
        self.anywhere || is_public(address) || self.is_in_a_network(address)
    }

    fn is_in_a_network(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.has(address))
    }

    /// What is wrong with a base URL, if anything. A name is looked at again when connecting.
    pub fn problem(&self, url: &str) -> Option<&'static str> {
        let Ok(url) = Url::parse(url) else { return Some("it is no URL") };
        if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
            return Some("it may have a scheme, a host, a port and a path");
        }
        let Some(host) = url.host_str() else { return Some("it has no host") };
        let literal = host.trim_matches(['[', ']']).parse::<IpAddr>().ok();
        let is_listed = self.anywhere || self.lists(host) || literal.is_some_and(|address| self.is_in_a_network(address));
        match url.scheme() {
            "https" => {}
            "http" if is_listed => {}
            _ => return Some("it must begin with https://"),
        }
        let is_private = literal.is_some_and(|address| !is_public(address)) || host == "localhost";
        (is_private && !is_listed).then_some("a private or loopback address is not allowed")
    }

    /// A client that reaches this and nothing else. Redirects are not followed, connections are kept. An address in a URL is not looked
    /// up, so whoever calls asks [`Reach::problem`] first.
    ///
    /// # Errors
    /// When TLS can't be set up.
    pub fn client(&self, timeout: Duration) -> reqwest::Result<Client> {
        let builder = Client::builder()
            .connect_timeout(CONNECTING)
            .timeout(timeout)
            .redirect(reqwest::redirect::Policy::none())
            .pool_idle_timeout(Duration::from_secs(60))
            .no_proxy()
            .user_agent(concat!("Echange/", env!("CARGO_PKG_VERSION")));
        let is_https_only = !self.anywhere && self.names.is_empty() && self.networks.is_empty();
        if self.anywhere { builder } else { builder.https_only(is_https_only).dns_resolver(Arc::new(Within(self.clone()))) }.build()
    }
}

/// Looks names up, and answers what may be reached.
struct Within(Reach);

impl Resolve for Within {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.0.clone();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let is_listed = reach.lists(name.as_str());
            let found: Vec<SocketAddr> = found.filter(|address| is_listed || reach.allows(address.ip())).collect();
            if found.is_empty() {
                return Err("the host has no public address".into());
            }
            let addresses: Addrs = Box::new(found.into_iter());
            Ok(addresses)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv6Addr;

    use super::*;

    fn public() -> Reach {
        Reach::public_or(false)
    }

    #[test]
    fn private_addresses_in_every_dress_are_refused() {
        for host in
            ["127.0.0.1", "10.1.2.3", "192.168.0.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "[::1]", "[::ffff:127.0.0.1]", "[fd00::1]"]
        {
            assert!(public().problem(&format!("https://{host}/x")).is_some(), "{host}");
        }
        // URLs' parser gives every spelling of an IPv4 address its own
        for url in ["https://0x7f.1", "https://2130706433", "https://localhost", "http://bank.example", "ftp://bank.example", "bank"] {
            assert!(public().problem(url).is_some(), "{url}");
        }
        assert_eq!(public().problem("https://bank.example:8443/hub"), None);
        assert_eq!(Reach::public_or(true).problem("http://127.0.0.1:9000"), None);
        assert!(Reach::public_or(true).problem("https://user:secret@bank.example").is_some());
    }

    #[test]
    fn public_ones_are_taken() {
        assert!(is_public(IpAddr::V6(Ipv6Addr::new(0x2a00, 1, 2, 3, 0, 0, 0, 1))) && is_public("8.8.8.8".parse().unwrap()));
    }

    #[tokio::test]
    async fn a_name_that_leads_home_is_refused_when_connecting() {
        assert!(public().client(Duration::from_secs(1)).unwrap().get("https://localhost:1/").send().await.is_err());
        assert!(Within(public()).resolve("localhost".parse().unwrap()).await.is_err());
    }

    #[test]
    fn what_is_listed_is_reached_on_plain_http_too_and_nothing_beside_it() {
        let reach = Reach::beside_public("ODOO_NETWORKS", "odoo.shop.local, 10.1.0.0/16,[fd00:1::]/32, 192.168.7.9").unwrap();
        for url in
            ["http://odoo.shop.local:8069", "http://ODOO.shop.local", "http://10.1.200.3:8069", "https://[fd00:1::5]", "http://192.168.7.9"]
        {
            assert_eq!(reach.problem(url), None, "{url}");
        }
        for url in [
            "http://other.local",
            "http://10.2.0.1",
            "https://10.2.0.1",
            "https://[fd00:2::5]",
            "http://192.168.7.10",
            "https://127.0.0.1",
            "http://odoo.example",
        ] {
            assert!(reach.problem(url).is_some(), "{url}");
        }
        assert_eq!(reach.problem("https://odoo.example"), None, "what is public stays so");
        assert!(reach.allows("10.1.9.9".parse().unwrap()) && !reach.allows("10.2.9.9".parse().unwrap()));
        assert!(Network::parse("0.0.0.0/0").unwrap().has("10.0.0.1".parse().unwrap()) && Network::parse("10.0.0.0/33").is_none());
        for wrong in ["10.1.0.0/33", "a b", "http://odoo", "1.2.3"] {
            assert!(Reach::beside_public("ODOO_NETWORKS", wrong).unwrap_err().to_string().contains(wrong), "{wrong}");
        }
    }

    #[tokio::test]
    async fn a_listed_name_may_lead_home_and_another_may_not() {
        let reach = Reach::beside_public("ODOO_NETWORKS", "localhost").unwrap();
        assert!(Within(reach.clone()).resolve("localhost".parse().unwrap()).await.is_ok());
        assert!(Within(Reach::beside_public("ODOO_NETWORKS", "10.0.0.0/8").unwrap()).resolve("localhost".parse().unwrap()).await.is_err());
    }
}
