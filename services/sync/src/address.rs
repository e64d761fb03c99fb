//! Where a platform may be: https and a public address, looked at when connecting, so that a name that changes its mind
//! between the check and the call gains nothing.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

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

/// What is wrong with a base URL, if anything. A name is looked at again when connecting.
pub fn problem(url: &str, allow_private: bool) -> Option<&'static str> {
    let Ok(url) = Url::parse(url) else { return Some("it is no URL") };
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        return Some("it may have a scheme, a host, a port and a path");
    }
    let Some(host) = url.host_str() else { return Some("it has no host") };
    match (url.scheme(), allow_private) {
        ("https", _) | ("http", true) => {}
        _ => return Some("it must begin with https://"),
    }
    let literal = host.trim_matches(['[', ']']).parse::<IpAddr>();
    let is_private = literal.is_ok_and(|address| !is_public(address)) || host == "localhost";
    (is_private && !allow_private).then_some("a private or loopback address is not allowed")
}

struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let found: Vec<SocketAddr> = found.filter(|address| is_public(address.ip())).collect();
            if found.is_empty() {
                return Err("the host has no public address".into());
            }
            let addresses: Addrs = Box::new(found.into_iter());
            Ok(addresses)
        })
    }
}

/// The one client for all platforms. Redirects are not followed, connections are kept.
///
/// # Errors
/// When TLS can't be set up.
pub fn client(allow_private: bool, timeout: Duration) -> reqwest::Result<Client> {
    let builder = Client::builder()
        .connect_timeout(CONNECTING)
        .timeout(timeout)
        .redirect(reqwest::redirect::Policy::none())
        .pool_idle_timeout(Duration::from_secs(60))
        .no_proxy()
        .user_agent(concat!("Echange/", env!("CARGO_PKG_VERSION")));
    if allow_private { builder } else { builder.https_only(true).dns_resolver(Arc::new(PublicOnly)) }.build()
}

#[cfg(test)]
mod tests {
    use std::net::Ipv6Addr;

    use super::*;

    #[test]
    fn private_addresses_in_every_dress_are_refused() {
        for host in
            ["127.0.0.1", "10.1.2.3", "192.168.0.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "[::1]", "[::ffff:127.0.0.1]", "[fd00::1]"]
        {
            assert!(problem(&format!("https://{host}/x"), false).is_some(), "{host}");
        }
        // URLs' parser gives every spelling of an IPv4 address its own
        for url in ["https://0x7f.1", "https://2130706433", "https://localhost", "http://bank.example", "ftp://bank.example", "bank"] {
            assert!(problem(url, false).is_some(), "{url}");
        }
        assert_eq!(problem("https://bank.example:8443/hub", false), None);
        assert_eq!(problem("http://127.0.0.1:9000", true), None);
        assert!(problem("https://user:secret@bank.example", true).is_some());
    }

    #[test]
    fn public_ones_are_taken() {
        assert!(is_public(IpAddr::V6(Ipv6Addr::new(0x2a00, 1, 2, 3, 0, 0, 0, 1))) && is_public("8.8.8.8".parse().unwrap()));
    }

    #[tokio::test]
    async fn a_name_that_leads_home_is_refused_when_connecting() {
        assert!(client(false, Duration::from_secs(1)).unwrap().get("https://localhost:1/").send().await.is_err());
        assert!(PublicOnly.resolve("localhost".parse().unwrap()).await.is_err());
    }
}
