//! A real Odoo, asked over the network: by its JSON-RPC door (14 to 18) or by JSON-2 (19), throttled, within bounds, and again where
//! what went wrong passes by itself.

use std::fmt;
use std::time::Duration;

use reqwest::header::AUTHORIZATION;
use reqwest::{Client, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value as Json, json};
use service::address::Reach;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// How long an answer may take: Odoo itself tries for up to two minutes where records are contended.
const ANSWERING: Duration = Duration::from_secs(130);
/// How long an answer may be, in bytes.
const MAX_ANSWER: usize = 64 * 1024 * 1024;
/// How much of an error's text is kept, in characters.
const MAX_MESSAGE: usize = 500;
/// How often a call is made before it is given up.
const TRIES: u32 = 6;

/// Where an Odoo is, and as whom it is asked.
#[derive(Clone, Debug)]
pub struct Account {
    /// Without what follows `/jsonrpc`.
    pub base_url: String,
    /// The database's name.
    pub db: String,
    /// Who asks. The case counts.
    pub login: String,
    /// The user's API key, or password.
    pub secret: SecretString,
    /// How many calls a second at most.
    pub per_second: u32,
    /// How long is waited before a call is made again; twice as long each time.
    pub patience: Duration,
}

/// By which door an Odoo is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// `/jsonrpc`, 14 to 18.
    JsonRpc,
    /// `/json/2`, from 19 on.
    Json2,
}

impl Protocol {
    /// Its names, as they are kept.
    pub const NAMES: &'static [&'static str] = &["json-rpc", "json-2"];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Protocol::JsonRpc => "json-rpc",
            Protocol::Json2 => "json-2",
        }
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The login, its password or its key is not taken (any more). Never tried again.
    Denied(String),
    /// It can't be, however often it is tried.
    Impossible(String),
    /// Odoo answered with an error of its own.
    Odoo {
        /// The exception's name: its text is in anybody's language.
        name: String,
        /// Its text, cut.
        message: String,
    },
    /// What was asked for is more than that Odoo can answer at a time: less is to be asked for.
    TooLarge,
    /// It did not answer, or not well, again and again.
    Away(String),
    /// Somebody called it off.
    Cancelled,
}

impl Stop {
    /// Whether it is an Odoo's refusal to show something.
    pub fn is_access(&self) -> bool {
        matches!(self, Stop::Odoo { name, .. } if name.ends_with("AccessError"))
    }

    /// Whether there is no such model there: its module is not installed.
    pub fn is_absent(&self) -> bool {
        matches!(self, Stop::Odoo { name, .. } if name.ends_with("UserError") || name.ends_with("KeyError") || name == "404")
    }

    /// Whether a field that was asked for is not there.
    pub fn is_unknown_field(&self) -> bool {
        matches!(self, Stop::Odoo { name, .. } if name.ends_with("ValueError"))
    }

    /// Whether it is over by itself, some time.
    pub fn passes(&self) -> bool {
        matches!(self, Stop::Away(_))
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stop::Denied(why) | Stop::Impossible(why) | Stop::Away(why) => f.write_str(why),
            Stop::Odoo { name, message } => write!(f, "Odoo answered {name}: {message}"),
            Stop::TooLarge => f.write_str("Odoo can't answer as little as one record at a time within its limits"),
            Stop::Cancelled => f.write_str("It was called off"),
        }
    }
}

impl std::error::Error for Stop {}

/// An Odoo that has let us in.
pub struct Odoo {
    http: Client,
    account: Account,
    /// What it says of its version.
    pub version: Version,
    uid: i64,
    context: Json,
    /// When the next call may begin.
    next: Mutex<Instant>,
}

/// Which Odoo it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// In its words.
    pub text: String,
    /// Its first number.
    pub major: u32,
    /// The door for it.
    pub protocol: Protocol,
}

/// One request, as often as it is made.
enum Request {
    /// What there is at a path.
    Look(&'static str),
    /// A call of `/jsonrpc`, its body.
    JsonRpc(String),
    /// A call of JSON-2: its path and body.
    Json2(String, String),
}

/// What came of one try.
enum Tried {
    Answer(Json),
    Failed(Stop),
    /// Again, after a while; why, and whether less should be asked for instead.
    Again(String, bool),
}

impl Odoo {
    /// Finds out which Odoo it is and logs in.
    ///
    /// # Errors
    /// An address that may not be reached, an Odoo of another version, a login that is not taken.
    pub async fn connect(reach: &Reach, account: Account) -> Result<Odoo, Stop> {
        if let Some(problem) = reach.problem(&account.base_url) {
            return Err(Stop::Impossible(format!("The address of the Odoo: {problem}")));
        }
        let http = reach.client(ANSWERING).map_err(|error| Stop::Impossible(format!("no HTTP client: {error}")))?;
        let version = Version { text: String::new(), major: 0, protocol: Protocol::JsonRpc };
        let mut odoo = Odoo { http, account, version, uid: 0, context: json!({}), next: Mutex::new(Instant::now()) };
        odoo.version = odoo.find_version().await?;
        if odoo.version.protocol == Protocol::JsonRpc {
            odoo.uid = odoo.authenticate().await?;
        }
        let own = odoo.call("res.users", "context_get", &[], &[]).await?;
        let lang = own.get("lang").and_then(Json::as_str).unwrap_or("en_US").to_owned();
        odoo.uid = own.get("uid").and_then(Json::as_i64).unwrap_or(odoo.uid);
        // Without a language names are English, not the user's; without the other archived records are not found
        odoo.context = json!({"lang": lang, "active_test": false});
        Ok(odoo)
    }

    /// Who asks.
    pub fn uid(&self) -> i64 {
        self.uid
    }

    /// The language that names are read in.
    pub fn lang(&self) -> &str {
        self.context.get("lang").and_then(Json::as_str).unwrap_or("en_US")
    }

    async fn find_version(&self) -> Result<Version, Stop> {
        let asked = self.rpc("common", "version", json!([]), false).await;
        let told = match asked {
            // From 20 on there may be no such door
            Err(Stop::Odoo { name, .. }) if name == "404" => self.again(Request::Look("/web/version"), false).await?,
            other => other?,
        };
        let text = ["server_version", "version"].iter().find_map(|name| told.get(*name)?.as_str()).unwrap_or_default().to_owned();
        // `saas~17.4` is on its way to 18
        let digits = |c: &char| c.is_ascii_digit();
        let major: String = text.trim_start_matches(|c: char| !c.is_ascii_digit()).chars().take_while(digits).collect();
        let protocol = match major.parse::<u32>() {
            Ok(14..=18) => Protocol::JsonRpc,
            Ok(19..) => Protocol::Json2,
            Ok(_) => return Err(Stop::Impossible(format!("This is Odoo {text}: 14 to 19 can come over"))),
            Err(_) => return Err(Stop::Impossible("What answers there is no Odoo: it does not tell its version".to_owned())),
        };
        Ok(Version { major: major.parse().unwrap_or(0), text, protocol })
    }

    async fn authenticate(&self) -> Result<i64, Stop> {
        let account = &self.account;
        let told = self.rpc("common", "authenticate", json!([account.db, account.login, account.secret.expose_secret(), {}]), false).await;
        match told {
            Ok(uid) => uid.as_i64().filter(|uid| *uid > 0).ok_or_else(|| self.denied()),
            // Its text tells where the database is
            Err(Stop::Odoo { name, .. }) if name == "psycopg2.OperationalError" => {
                Err(Stop::Impossible(format!("That Odoo has no database '{}'", account.db)))
            }
            Err(other) => Err(other),
        }
    }

    fn denied(&self) -> Stop {
        Stop::Denied(format!(
            "Odoo does not take the login '{}' with this password or key (the case of a login counts)",
            self.account.login
        ))
    }

    /// Calls a method: `positional` stand in their order, where a door knows no order by their names.
    ///
    /// # Errors
    /// Why there is no answer.
    pub async fn call(&self, model: &str, method: &str, positional: &[(&str, Json)], named: &[(&str, Json)]) -> Result<Json, Stop> {
        self.ask(model, method, positional, named, false).await
    }

    /// The same, of a page that may be shorter.
    async fn ask(
        &self,
        model: &str,
        method: &str,
        positional: &[(&str, Json)],
        named: &[(&str, Json)],
        may_shrink: bool,
    ) -> Result<Json, Stop> {
        let mut by_name: Map<String, Json> = named.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        // What is asked of no records takes no context of ours
        if method != "context_get" {
            by_name.insert("context".to_owned(), self.context.clone());
        }
        match self.version.protocol {
            Protocol::JsonRpc => {
                let args: Vec<&Json> = positional.iter().map(|(_, value)| value).collect();
                let secret = self.account.secret.expose_secret();
                let params = json!([self.account.db, self.uid, secret, model, method, args, by_name]);
                self.rpc("object", "execute_kw", params, may_shrink).await
            }
            Protocol::Json2 => {
                by_name.extend(positional.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
                let request = Request::Json2(format!("/json/2/{model}/{method}"), Json::from(by_name).to_string());
                self.again(request, may_shrink).await
            }
        }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.account.base_url.trim_end_matches('/'))
    }

    async fn rpc(&self, service: &str, method: &str, args: Json, may_shrink: bool) -> Result<Json, Stop> {
        let body = json!({"jsonrpc": "2.0", "method": "call", "id": 1, "params": {"service": service, "method": method, "args": args}});
        self.again(Request::JsonRpc(body.to_string()), may_shrink).await
    }

    /// Makes a request once.
    async fn try_once(&self, request: &Request) -> Tried {
        match request {
            Request::Look(path) => self.fetch(self.http.get(self.url(path))).await,
            Request::Json2(path, body) => {
                let post = self.http.post(self.url(path)).header("X-Odoo-Database", &self.account.db);
                let key = format!("bearer {}", self.account.secret.expose_secret());
                self.fetch(post.header(AUTHORIZATION, key).body(body.clone())).await
            }
            Request::JsonRpc(body) => match self.fetch(self.http.post(self.url("/jsonrpc")).body(body.clone())).await {
                Tried::Answer(Json::Object(mut envelope)) => match envelope.remove("error") {
                    None => Tried::Answer(envelope.remove("result").unwrap_or_default()),
                    Some(error) => self.of_error(error.get("data").unwrap_or(&error)),
                },
                Tried::Answer(_) => Tried::Failed(Stop::Impossible("What answers there is no Odoo: its answer is no JSON-RPC".to_owned())),
                other => other,
            },
        }
    }

    /// Asks until there is an answer, or it was tried often enough.
    async fn again(&self, request: Request, may_shrink: bool) -> Result<Json, Stop> {
        let mut wait = self.account.patience;
        let (mut tried, mut too_large) = (0, 0);
        loop {
            self.throttle().await;
            tried += 1;
            match self.try_once(&request).await {
                Tried::Answer(answer) => return Ok(answer),
                Tried::Failed(stop) => return Err(stop),
                // Once may be an accident
                Tried::Again(_, true) if may_shrink && too_large > 0 => return Err(Stop::TooLarge),
                Tried::Again(why, _) if tried >= TRIES => return Err(Stop::Away(format!("{why}; tried {tried} times"))),
                Tried::Again(why, is_too_large) => {
                    too_large += u32::from(is_too_large);
                    tracing::warn!(%why, tried, "an Odoo is asked again");
                    tokio::time::sleep(wait).await;
                    wait *= 2;
                }
            }
        }
    }

    /// Waits for this call's turn.
    async fn throttle(&self) {
        let gap = Duration::from_secs(1) / self.account.per_second.clamp(1, 1_000);
        let mut next = self.next.lock().await;
        let turn = (*next).max(Instant::now());
        *next = turn + gap;
        drop(next);
        tokio::time::sleep_until(turn).await;
    }

    /// One request; its answer as JSON.
    async fn fetch(&self, request: reqwest::RequestBuilder) -> Tried {
        let sent = request.header(reqwest::header::CONTENT_TYPE, "application/json").send().await;
        let mut response = match sent {
            Ok(response) => response,
            // A server that is at its limits closes the connection without an answer: that may be this page's fault
            Err(error) => return Tried::Again(words(&error), !error.is_connect() && !error.is_timeout()),
        };
        let status = response.status();
        let mut body = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() <= MAX_ANSWER => body.extend_from_slice(&chunk),
                Ok(Some(_)) => return Tried::Again("Odoo's answer is too long".to_owned(), true),
                Ok(None) => break,
                Err(error) => return Tried::Again(words(&error), !error.is_timeout()),
            }
        }
        let read = serde_json::from_slice::<Json>(&body);
        match (status, read) {
            (
                StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT | StatusCode::TOO_MANY_REQUESTS,
                _,
            ) => Tried::Again(format!("Odoo answered {}", status.as_u16()), false),
            (StatusCode::UNAUTHORIZED, _) => Tried::Failed(self.denied()),
            (StatusCode::OK, Ok(answer)) => Tried::Answer(answer),
            (StatusCode::OK, Err(_)) => Tried::Again("Odoo's answer is no whole JSON".to_owned(), true),
            // No such door, or by JSON-2 no such model
            (StatusCode::NOT_FOUND, _) => Tried::Failed(Stop::Odoo { name: "404".to_owned(), message: "Not Found".to_owned() }),
            // JSON-2 tells the exception as it is
            (_, Ok(error)) if error.get("name").is_some_and(Json::is_string) => self.of_error(&error),
            (status, _) => {
                let name = status.as_u16().to_string();
                Tried::Failed(Stop::Odoo { name, message: status.canonical_reason().unwrap_or("no reason").to_owned() })
            }
        }
    }

    /// What an exception of Odoo's means. Its name tells: its text is in anybody's language.
    fn of_error(&self, error: &Json) -> Tried {
        let name = error.get("name").and_then(Json::as_str).unwrap_or_default();
        let message: String = error.get("message").and_then(Json::as_str).unwrap_or_default().chars().take(MAX_MESSAGE).collect();
        let message = message.trim().to_owned();
        match name.rsplit('.').next().unwrap_or_default() {
            "AccessDenied" | "Unauthorized" => Tried::Failed(self.denied()),
            "SerializationFailure" | "LockNotAvailable" | "DeadlockDetected" | "TransactionRollbackError" | "QueryCanceled" => {
                Tried::Again(format!("Odoo answered {name}"), false)
            }
            "MemoryError" => Tried::Again("That Odoo has no memory for it".to_owned(), true),
            _ => Tried::Failed(Stop::Odoo { name: name.to_owned(), message }),
        }
    }

    /// How many records a domain finds, archived ones too.
    ///
    /// # Errors
    /// As [`Odoo::call`].
    pub async fn count(&self, model: &str, domain: &Json) -> Result<u64, Stop> {
        let many = self.call(model, "search_count", &[("domain", domain.clone())], &[]).await?;
        many.as_u64().ok_or_else(|| Stop::Impossible(format!("Odoo's number of {model} is none: {many}")))
    }

    /// The greatest id that a model has, archived records' too.
    ///
    /// # Errors
    /// As [`Odoo::call`].
    pub async fn greatest(&self, model: &str) -> Result<i64, Stop> {
        let named = [("fields", json!(["id"])), ("order", json!("id desc")), ("limit", json!(1))];
        let rows = self.call(model, "search_read", &[("domain", json!([]))], &named).await?;
        Ok(id_of(rows.get(0).and_then(|row| row.get("id"))).unwrap_or(0))
    }

    /// Some fields of the records that a domain finds after an id, in the order of their ids.
    ///
    /// # Errors
    /// As [`Odoo::call`].
    pub async fn page(&self, model: &str, domain: &[Json], fields: &[&str], after: i64, limit: usize) -> Result<Vec<Json>, Stop> {
        let mut whole = vec![json!(["id", ">", after])];
        whole.extend_from_slice(domain);
        let named = [("fields", json!(fields)), ("order", json!("id")), ("limit", json!(limit))];
        match self.ask(model, "search_read", &[("domain", whole.into())], &named, limit > 1).await? {
            Json::Array(rows) => Ok(rows),
            other => Err(Stop::Impossible(format!("Odoo's page of {model} is no list: {}", shortened(&other)))),
        }
    }
}

fn shortened(value: &Json) -> String {
    value.to_string().chars().take(100).collect()
}

/// Why a call was not answered, without its address.
fn words(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "Odoo did not answer in time".to_owned();
    }
    if error.is_connect() {
        let first: &(dyn std::error::Error + 'static) = error;
        let chain = std::iter::successors(Some(first), |error| error.source());
        let last = chain.last().map(ToString::to_string).unwrap_or_default();
        return format!("Odoo can't be reached: {last}");
    }
    "The connection broke off before there was an answer".to_owned()
}

/// The id of a many2one as it is read: `[id, text]`, the bare id, or false.
pub fn id_of(value: Option<&Json>) -> Option<i64> {
    match value? {
        Json::Array(pair) => pair.first()?.as_i64(),
        other => other.as_i64(),
    }
}

/// A text that is set.
pub fn text_of(value: Option<&Json>) -> Option<&str> {
    value?.as_str().filter(|text| !text.trim().is_empty())
}
