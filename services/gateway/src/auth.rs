//! From what a request carries to who asks: a session's id or an API key becomes a signed identity.
//!
//! What partners said of a session is kept for [`KEPT`]: longer would keep a session alive that was ended elsewhere.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::http::header::{self, HOST, ORIGIN};
use jsonrpc::Fault;
use moka::future::Cache;
use partners_contract::{LoggedIn, OfKey, OfSession};
use service::ask;
use service::http::bearer;
use sha2::{Digest, Sha256};

use crate::Gateway;
use crate::doors::pairs;

/// How long a session's owner is remembered: a withdrawal holds everywhere after that.
const KEPT: Duration = Duration::from_secs(20);
/// How long it is remembered that there is no such session.
const KEPT_NONE: Duration = Duration::from_secs(3);
/// How many of either.
const MOST: u64 = 50_000;
/// Longer than any id or key of ours.
const MAX_ID: usize = 256;

/// How many sessions and keys are looked for at a time, and how many of them for one address: strangers make up new ones.
pub const LOOKUPS: (usize, usize) = (64, 16);
/// How long one waits for such a look.
const LOOKUP_WAITS: Duration = Duration::from_secs(5);
/// How often partners is told that a peer names addresses without being trusted to.
const TOLD_EVERY: Duration = Duration::from_secs(3_600);

/// When a peer that is not trusted was last seen naming a caller's address.
#[derive(Default)]
pub struct Forwarders {
    told: Mutex<Option<Instant>>,
}

/// Sessions and keys as they were last seen, by the hash of what the request carried.
pub struct Sessions {
    known: Cache<[u8; 32], Arc<Session>>,
    none: Cache<[u8; 32], ()>,
}

/// Someone who is logged in.
pub struct Session {
    /// Who.
    pub who: LoggedIn,
    /// Their identity as signed for each service so far.
    tokens: Mutex<Vec<(&'static str, Arc<str>)>>,
}

/// What a request carried to say who it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Carried {
    /// `Authorization: Bearer`
    Key(String),
    /// A session's id; whether it came as nothing but a cookie, which browsers send by themselves.
    Session {
        /// 40 hex digits.
        id: String,
        /// See above.
        by_cookie: bool,
    },
}

impl Session {
    /// Theirs, with no identity signed yet.
    pub(crate) fn of(who: LoggedIn) -> Session {
        Session { who, tokens: Mutex::default() }
    }
}

impl Sessions {
    /// None seen yet.
    pub fn new() -> Sessions {
        let cache = |kept| Cache::builder().max_capacity(MOST).time_to_live(kept);
        Sessions { known: cache(KEPT).build(), none: Cache::builder().max_capacity(MOST).time_to_live(KEPT_NONE).build() }
    }
}

impl Default for Sessions {
    fn default() -> Sessions {
        Sessions::new()
    }
}

/// The cookie that holds the session's id.
pub const COOKIE: &str = "session_id";

impl Gateway {
    /// What the request carries, in the order of the contract: key, header, the two parameters, cookie. What is empty carries
    /// nothing, and hides nothing that comes after it.
    pub fn carried(&self, request: &HttpRequest, in_params: Option<&str>) -> Option<Carried> {
        if let Some(key) = bearer(request).filter(|key| !key.is_empty()) {
            return Some(Carried::Key(key.to_owned()));
        }
        let in_header = service::http::header(request, "x-openerp-session-id").map(str::to_owned);
        let in_query = || pairs(request.query_string()).filter(|(name, _)| name == COOKIE).find_map(|(_, id)| id.ok().and_then(there));
        let by_parameter = || in_params.map(str::to_owned).and_then(there).or_else(in_query).filter(|_| self.config.session_param);
        match in_header.and_then(there).or_else(by_parameter) {
            Some(id) => Some(Carried::Session { id, by_cookie: false }),
            None => cookie(request).map(|id| Carried::Session { id, by_cookie: true }),
        }
    }

    /// Who asks.
    ///
    /// # Errors
    /// 401 without a live session or key; 403 for a change that a page of another site may have had a browser send.
    pub async fn session(&self, request: &HttpRequest, in_params: Option<&str>) -> Result<Arc<Session>, Fault> {
        let carried = self.carried(request, in_params).ok_or_else(Fault::session_expired)?;
        if matches!(carried, Carried::Session { by_cookie: true, .. }) {
            self.refuse_foreign(request)?;
        }
        let session = self.look_up(request, &carried).await?;
        service::http::note_user(request, session.who.identity.uid);
        Ok(session)
    }

    /// Whose a session or key is.
    ///
    /// # Errors
    /// 401 where it is nobody's, 429 and 503 where too many are looked for.
    pub async fn look_up(&self, request: &HttpRequest, carried: &Carried) -> Result<Arc<Session>, Fault> {
        let (Carried::Key(text) | Carried::Session { id: text, .. }) = carried;
        if text.is_empty() || text.len() > MAX_ID || text.contains('\0') {
            return Err(Fault::session_expired());
        }
        let digest = digest(carried);
        if let Some(session) = self.sessions.known.get(&digest).await {
            return Ok(session);
        }
        if self.sessions.none.contains_key(&digest) {
            return Err(Fault::session_expired());
        }
        let seen = self.sessions.known.try_get_with(digest, async {
            let _place = self.lookups.take(self.address(request), LOOKUP_WAITS).await?;
            let (text, forwarder) = (text.clone(), self.untrusted_forwarder(request));
            let who = match carried {
                Carried::Key(_) => ask(&self.router, &self.keyring, &OfKey { key: text, forwarder }, None).await?,
                Carried::Session { .. } => ask(&self.router, &self.keyring, &OfSession { session_id: text, forwarder }, None).await?,
            };
            Ok::<_, Fault>(Arc::new(Session::of(who)))
        });
        match seen.await {
            Ok(session) => Ok(session),
            Err(fault) => {
                if fault.status == 401 {
                    self.sessions.none.insert(digest, ()).await;
                }
                Err(Fault::clone(&fault))
            }
        }
    }

    /// Forgets a session that has ended here.
    pub async fn forget(&self, carried: &Carried) {
        self.sessions.known.invalidate(&digest(carried)).await;
    }

    /// The identity for the service that keeps a model.
    ///
    /// # Errors
    /// 404 for a model that nobody keeps.
    pub fn token(&self, session: &Session, model: &str) -> Result<Arc<str>, Fault> {
        let service =
            service::directory::owner_of(model).ok_or_else(|| Fault::no_such_model(&model.chars().take(80).collect::<String>()))?;
        let Ok(mut tokens) = session.tokens.lock() else { return self.keyring.user_token(service, &session.who.identity) };
        if let Some((_, token)) = tokens.iter().find(|(of, _)| *of == service) {
            return Ok(token.clone());
        }
        let token = self.keyring.user_token(service, &session.who.identity)?;
        tokens.push((service, token.clone()));
        Ok(token)
    }

    /// A cookie goes along with whatever a browser sends, also for another site's page: then it must not change anything.
    pub fn refuse_foreign(&self, request: &HttpRequest) -> Result<(), Fault> {
        if matches!(*request.method(), Method::GET | Method::HEAD) {
            return Ok(());
        }
        let site = service::http::header(request, "sec-fetch-site");
        let origin = request.headers().get(ORIGIN).and_then(|origin| origin.to_str().ok());
        let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let listed = origin.is_some_and(|origin| self.config.cors_origins.iter().any(|known| known == origin));
        let own = origin.is_none_or(|origin| origin.split_once("://").is_some_and(|(_, authority)| authority == host));
        let near = site.is_none_or(|site| matches!(site, "same-origin" | "none"));
        if listed || (own && near) {
            Ok(())
        } else {
            Err(Fault::access_error("A session in a cookie alone can't change anything for a page of another site."))
        }
    }

    fn is_ours(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.has(address))
    }

    /// Where a request comes from: the socket's peer, or, behind proxies of ours, whom they name.
    pub fn address(&self, request: &HttpRequest) -> String {
        let mut address = request.peer_addr().map(|peer| peer.ip());
        // From the right: each of our proxies adds whom it heard, on the same line or on one of its own. What can't be read
        // ends the walk: left of it stands what nobody of ours vouches for
        let lines: Vec<_> = request.headers().get_all(FORWARDED_FOR).collect();
        let mut named = lines.into_iter().rev().flat_map(|line| line.to_str().unwrap_or_default().rsplit(',')).map(forwarded);
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
        if !request.headers().contains_key(FORWARDED_FOR) || self.is_ours(peer) {
            return None;
        }
        let mut told = self.forwarders.told.lock().unwrap_or_else(PoisonError::into_inner);
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

const FORWARDED_FOR: &str = "x-forwarded-for";

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

fn digest(carried: &Carried) -> [u8; 32] {
    let text = match carried {
        Carried::Key(key) => format!("key {key}"),
        Carried::Session { id, .. } => format!("session {id}"),
    };
    Sha256::digest(text.as_bytes()).into()
}

/// A carrier that holds something.
fn there(id: String) -> Option<String> {
    Some(id.trim().to_owned()).filter(|id| !id.is_empty())
}

/// The session's cookie, looked for among those that can be read: others are not ours.
fn cookie(request: &HttpRequest) -> Option<String> {
    let lines = request.headers().get_all(header::COOKIE);
    lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b';')).find_map(|pair| {
        let (name, value) = std::str::from_utf8(pair).ok()?.split_once('=')?;
        there(value.trim().trim_matches('"').to_owned()).filter(|_| name.trim() == COOKIE)
    })
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
