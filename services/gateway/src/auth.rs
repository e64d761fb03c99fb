//! From what a request carries to who asks: a session's id or an API key becomes a signed identity.
//!
//! What partners said of a session is kept for [`KEPT`]: longer would keep a session alive that was ended elsewhere.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::http::header::{self, HOST, HeaderValue, ORIGIN};
use jsonrpc::{Call, Fault};
use moka::future::Cache;
use partners_contract::{LoggedIn, OfKey, OfSession};
use process::Keyring;
use process::directory::{is_everywhere, owner_of};
use process::http::bearer;
use process::shares::Shares;
use sha2::{Digest, Sha256};

use crate::callers::Callers;
use crate::query::parameters;
use crate::services::Services;

/// How long a session's owner is remembered: a withdrawal holds everywhere after that.
const KEPT: Duration = Duration::from_secs(20);
/// How long it is remembered that there is no such session.
const KEPT_NONE: Duration = Duration::from_secs(3);
/// How many of either.
const MOST: u64 = 50_000;
/// Longer than any id or key of ours.
const MAX_ID: usize = 256;

/// How many sessions and keys are looked for at a time, and how many of them for one address: strangers make up new ones.
const LOOKUPS: (usize, usize) = (64, 16);
/// How long one waits for such a look.
const LOOKUP_WAITS: Duration = Duration::from_secs(5);

/// Who asks: sessions and keys as they were last seen, by the hash of what the request carried.
pub struct Sessions {
    services: Services,
    callers: Arc<Callers>,
    /// Whether a session may come as a parameter.
    by_parameter: bool,
    /// Origins whose pages may change something by a cookie alone.
    origins: Vec<String>,
    known: Cache<[u8; 32], Arc<Session>>,
    none: Cache<[u8; 32], ()>,
    lookups: Shares<String>,
}

/// Someone who is logged in.
pub struct Session {
    /// Who.
    pub who: LoggedIn,
    keyring: Keyring,
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
    pub(crate) fn of(who: LoggedIn, keyring: Keyring) -> Session {
        Session { who, keyring, tokens: Mutex::default() }
    }

    /// A call as this user, of the service that keeps the model; where several do, nobody's yet.
    ///
    /// # Errors
    /// 404 for a model that nobody keeps.
    pub fn call(&self, model: &str, method: &str) -> Result<Call, Fault> {
        if is_everywhere(model) {
            return Ok(Call::new(model, method, Arc::from("")));
        }
        let service = owner_of(model).ok_or_else(|| Fault::no_such_model(&model.chars().take(80).collect::<String>()))?;
        Ok(Call::new(model, method, self.token(service)?))
    }

    /// The identity for a service, signed once.
    pub(crate) fn token(&self, service: &'static str) -> Result<Arc<str>, Fault> {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, token)) = tokens.iter().find(|(of, _)| *of == service) {
            return Ok(token.clone());
        }
        let token = self.keyring.user_token(service, &self.who.identity)?;
        tokens.push((service, token.clone()));
        Ok(token)
    }
}

/// The cookie that holds the session's id.
pub const COOKIE: &str = "session_id";

impl Sessions {
    /// None seen yet.
    pub fn new(services: Services, callers: Arc<Callers>, by_parameter: bool, origins: Vec<String>) -> Sessions {
        let known = Cache::builder().max_capacity(MOST).time_to_live(KEPT).build();
        let none = Cache::builder().max_capacity(MOST).time_to_live(KEPT_NONE).build();
        let lookups = Shares::new("looks for a session", LOOKUPS.0, LOOKUPS.1);
        Sessions { services, callers, by_parameter, origins, known, none, lookups }
    }

    /// What the request carries, in the order of the contract: key, header, the two parameters, cookie. What is empty, or can't be
    /// read, carries nothing, and hides nothing that comes after it.
    pub fn carried(&self, request: &HttpRequest, in_params: Option<&str>) -> Option<Carried> {
        if let Some(key) = bearer(request).filter(|key| !key.is_empty()) {
            return Some(Carried::Key(key.to_owned()));
        }
        let in_header = process::http::header(request, "x-openerp-session-id");
        let by_parameter = || in_params.and_then(there).or_else(|| in_query(request)).filter(|_| self.by_parameter);
        match in_header.and_then(there).or_else(by_parameter) {
            Some(id) => Some(Carried::Session { id, by_cookie: false }),
            None => cookie(request).map(|id| Carried::Session { id, by_cookie: true }),
        }
    }

    /// The session that a body names, where one may.
    pub fn named_in_body(&self, id: Option<String>) -> Option<Carried> {
        id.filter(|_| self.by_parameter).map(|id| Carried::Session { id, by_cookie: false })
    }

    /// Who asks.
    ///
    /// # Errors
    /// 401 without a live session or key; 403 for a change that a page of another site may have had a browser send.
    pub async fn who_asks(&self, request: &HttpRequest, in_params: Option<&str>) -> Result<Arc<Session>, Fault> {
        let carried = self.carried(request, in_params).ok_or_else(Fault::session_expired)?;
        if matches!(carried, Carried::Session { by_cookie: true, .. }) {
            self.refuse_foreign(request)?;
        }
        let session = self.look_up(request, &carried).await?;
        process::http::note_user(request, session.who.identity.uid);
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
        if let Some(session) = self.known.get(&digest).await {
            return Ok(session);
        }
        if self.none.contains_key(&digest) {
            return Err(Fault::session_expired());
        }
        let seen = self.known.try_get_with(digest, async {
            let _place = self.lookups.take(self.callers.address(request), LOOKUP_WAITS).await?;
            let (text, forwarder) = (text.clone(), self.callers.untrusted_forwarder(request));
            let who = match carried {
                Carried::Key(_) => self.services.ask(&OfKey { key: text, forwarder }, None).await?,
                Carried::Session { .. } => {
                    self.services.ask(&OfSession { session_id: text, forwarder, unattended: is_unattended(request) }, None).await?
                }
            };
            Ok::<_, Fault>(Arc::new(Session::of(who, self.services.keyring.clone())))
        });
        match seen.await {
            Ok(session) => Ok(session),
            Err(fault) => {
                if fault.status == 401 {
                    self.none.insert(digest, ()).await;
                }
                Err(Fault::clone(&fault))
            }
        }
    }

    /// Forgets a session that has ended here.
    pub async fn forget(&self, carried: &Carried) {
        self.known.invalidate(&digest(carried)).await;
    }

    /// A cookie goes along with whatever a browser sends, also for another site's page: then it must not change anything.
    pub fn refuse_foreign(&self, request: &HttpRequest) -> Result<(), Fault> {
        if matches!(*request.method(), Method::GET | Method::HEAD) {
            return Ok(());
        }
        // As bytes: what can't be read is another site's
        let value = |name| request.headers().get(name).map(HeaderValue::as_bytes);
        let (site, origin, host) = (value("sec-fetch-site"), value(ORIGIN.as_str()), value(HOST.as_str()));
        let listed = origin.is_some_and(|origin| self.origins.iter().any(|known| known.as_bytes() == origin));
        let own = origin.is_none_or(|origin| host.is_some_and(|host| authority(origin) == Some(host)));
        let near = site.is_none_or(|site| matches!(site, b"same-origin" | b"none"));
        if listed || (own && near) {
            Ok(())
        } else {
            Err(Fault::access_error("A session in a cookie alone can't change anything for a page of another site."))
        }
    }
}

/// Whether a page asks by itself: it listens to changes, or fetches what has changed.
fn is_unattended(request: &HttpRequest) -> bool {
    request.path() == "/events" || request.headers().contains_key("x-live")
}

fn digest(carried: &Carried) -> [u8; 32] {
    let text = match carried {
        Carried::Key(key) => format!("key {key}"),
        Carried::Session { id, .. } => format!("session {id}"),
    };
    Sha256::digest(text.as_bytes()).into()
}

/// A carrier that holds something.
fn there(id: &str) -> Option<String> {
    Some(id.trim().to_owned()).filter(|id| !id.is_empty())
}

/// What stands behind an origin's scheme.
fn authority(origin: &[u8]) -> Option<&[u8]> {
    let at = origin.windows(3).position(|bytes| bytes == b"://")?;
    origin.get(at + 3..)
}

/// A session's id among the query string's parameters.
fn in_query(request: &HttpRequest) -> Option<String> {
    let mut readable = parameters(request.query_string()).filter_map(Result::ok);
    readable.find_map(|parameter| there(&parameter.text().ok()?).filter(|_| parameter.name == COOKIE))
}

/// The session's cookie, looked for among those that can be read: others are not ours.
fn cookie(request: &HttpRequest) -> Option<String> {
    let lines = request.headers().get_all(header::COOKIE);
    lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b';')).find_map(|pair| {
        let (name, value) = std::str::from_utf8(pair).ok()?.split_once('=')?;
        there(value.trim().trim_matches('"')).filter(|_| name.trim() == COOKIE)
    })
}
