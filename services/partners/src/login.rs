//! Log-in, sessions and API keys, as the gateway asks for them.
//!
//! Only failures count: by (login, address), and by address. Whoever logged in from an address within 30 days has a
//! budget of their own there, which no stranger can use up: nobody can lock a user out. A try counts as failed before it is
//! judged, or many at once would each find the budget as it was.

use std::time::Duration;

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use domain::{Identity, Origin, Role, hex};
use jsonrpc::Fault;
use partners_contract::{Authenticate, Claimed, Destroy, LoggedIn, OfKey, OfSession, Prove, SESSION_SECONDS};
use records::write::OnConflict;
use records::{Statement, Values, sql};
use service::findings::Finding;
use service::{Answers, Database, Owner};

use crate::passwords::Turn;
use crate::{Partners, passwords};

/// How long failures count, in seconds.
const WINDOW: u32 = 900;
/// How long a log-in from an address is remembered, in days.
const KNOWN_DAYS: i64 = 30;
/// How many log-ins of those who never logged in from where they are are judged at a time, and how many of them from one address.
pub const STRANGERS: (usize, usize) = (32, 8);
/// How many are looked up at a time, and how many of them from one address.
pub const ASKING: (usize, usize) = (64, 32);
/// How long one waits for either.
const STRANGER_WAITS: Duration = Duration::from_secs(5);

/// A row of `user.sql`, `by_session.sql` and `by_api_key.sql`: who somebody is, what they are told, what proves it.
#[derive(QueryableByName)]
struct User {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    login: String,
    #[diesel(sql_type = Text)]
    create_by: String,
    #[diesel(sql_type = Nullable<Text>)]
    role: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    bank_id: Option<i64>,
    #[diesel(sql_type = Bool)]
    hub_admin: bool,
    #[diesel(sql_type = Nullable<Text>)]
    code_pos: Option<String>,
    #[diesel(sql_type = Bool)]
    integration: bool,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    lang: String,
    #[diesel(sql_type = Text)]
    tz: String,
    #[diesel(sql_type = BigInt)]
    company_id: i64,
    #[diesel(sql_type = Text)]
    company: String,
    #[diesel(sql_type = Nullable<Text>)]
    password: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    session_number: Option<i64>,
}

impl User {
    /// `session`: whether it was their password that they logged in with.
    fn logged_in(self, session: bool) -> Result<LoggedIn, Fault> {
        let unread = |what: &str| service::our_fault("partners", "a user can't be read", &format!("res.users {}: {what}", self.id));
        let origin = Origin::parse(&self.create_by).ok_or_else(|| unread(&format!("create_by '{}'", self.create_by)))?;
        let role = match &self.role {
            Some(role) => Some(Role::parse(role).ok_or_else(|| unread(&format!("role '{role}'")))?),
            None => None,
        };
        let User {
            id: uid,
            login,
            bank_id: bank,
            hub_admin,
            code_pos,
            integration,
            name,
            lang,
            tz,
            company_id,
            company,
            session_number,
            ..
        } = self;
        let identity = Identity { uid, login, origin, role, bank, hub_admin, code_pos, integration: Some(integration), session };
        Ok(LoggedIn { identity, name, lang, tz, company_id, company, session_id: None, session_number })
    }
}

impl Answers<Authenticate> for Partners {
    async fn answer(owner: &Owner<Self>, question: Authenticate, _: Option<&String>) -> Result<LoggedIn, Fault> {
        note_forwarder(owner.service.doors(), question.forwarder.clone()).await?;
        authenticate(owner, question).await
    }
}

impl Answers<Prove> for Partners {
    async fn answer(owner: &Owner<Self>, question: Prove, _: Option<&String>) -> Result<LoggedIn, Fault> {
        note_forwarder(owner.service.doors(), question.forwarder).await?;
        by_password_or_key(owner, question.who, question.password, &question.address).await
    }
}

impl Answers<OfSession> for Partners {
    async fn answer(owner: &Owner<Self>, question: OfSession, _: Option<&String>) -> Result<LoggedIn, Fault> {
        note_forwarder(owner.service.doors(), question.forwarder.clone()).await?;
        by_session(owner.service.doors(), &question).await
    }
}

impl Answers<OfKey> for Partners {
    async fn answer(owner: &Owner<Self>, question: OfKey, _: Option<&String>) -> Result<LoggedIn, Fault> {
        note_forwarder(owner.service.doors(), question.forwarder).await?;
        by_api_key(owner.service.doors(), &question.key).await
    }
}

impl Answers<Destroy> for Partners {
    async fn answer(owner: &Owner<Self>, question: Destroy, _: Option<&String>) -> Result<bool, Fault> {
        destroy(owner.service.doors(), &question.session_id).await
    }
}

/// What failures are counted by. An address and a log-in are personal: what is kept of them is keyed.
fn scope(database: &Database, kind: &str, parts: &[&str]) -> Result<String, Fault> {
    let hash = database.hashing().hashes("log-in", &parts.join("\n")).into_iter().next();
    let hash = hash.ok_or_else(|| service::our_fault("partners", "a log-in can't be hashed", &"there is no key"))?;
    Ok(format!("{kind}:{hash}"))
}

/// What may fail so often within the window.
struct Budget<'a> {
    scope: &'a str,
    most: i64,
}

/// Counts a try as failed in all of the budgets; in none, and false, where one of them is spent.
async fn spend(database: &Database, budgets: &[Budget<'_>]) -> Result<bool, Fault> {
    let most: Vec<i64> = budgets.iter().map(|budget| budget.most).collect();
    let in_time = database.store::<Bool, bool>(sql!("login/spend.sql", scopes(budgets), most, i64::from(WINDOW))).await?;
    Ok(in_time == [true])
}

fn scopes(budgets: &[Budget<'_>]) -> Vec<String> {
    budgets.iter().map(|budget| budget.scope.to_owned()).collect()
}

/// Whether a password is right, where the budgets still have a try. Unless it is wrong the try is given back.
async fn judge(partners: &Partners, turn: &Turn, budgets: &[Budget<'_>], password: String, hash: Option<String>) -> Result<bool, Fault> {
    let right = if password.len() <= passwords::MAX_LENGTH { partners.passwords().verify(turn, password, hash).await } else { Ok(false) };
    if !matches!(right, Ok(false)) {
        // A log-in forgives what failed before it
        let forgiven = budgets.first().filter(|_| right.is_ok()).map(|budget| budget.scope.to_owned());
        partners.doors().run(sql!("login/give_back.sql", scopes(budgets), forgiven)).await?;
    }
    right
}

/// That a user who is logged in knows their password: failures count here too, or a stolen session could guess.
///
/// # Errors
/// 401 for a wrong one, 429 after too many.
pub async fn prove(partners: &Partners, turn: &Turn, user: i64, password: String, hash: Option<String>) -> Result<(), Fault> {
    let scope = scope(partners.database(), "user", &[&user.to_string()])?;
    let budgets = [Budget { scope: &scope, most: partners.login().login_failures }];
    if !spend(partners.doors(), &budgets).await? {
        return Err(Fault::too_many("Too many wrong passwords. Try again later.", WINDOW));
    }
    if judge(partners, turn, &budgets, password, hash).await? { Ok(()) } else { Err(Fault::access_denied()) }
}

async fn authenticate(owner: &Owner<Partners>, question: Authenticate) -> Result<LoggedIn, Fault> {
    let Authenticate { login, password, address, console, .. } = question;
    let (user, pair) = judged(owner, login.trim(), password, &address).await?;
    let mut who = user.logged_in(true)?;
    // A new id at every log-in; what is kept is its hash
    let session_id = hex(&rand::random::<[u8; 20]>());
    let (token, uid) = (session_id.as_str(), who.identity.uid);
    let settings = owner.service.login();
    let (idle, longest) = (console.then_some(settings.console_idle_seconds), console.then_some(settings.console_longest_seconds));
    let begin = sql!("login/begin_session.sql", pair, KNOWN_DAYS, token, uid, SESSION_SECONDS, address, idle, longest);
    owner.service.doors().run(begin).await?;
    who.session_id = Some(session_id);
    Ok(who)
}

/// The user of a login whose password is right, and what their log-ins from this address are counted by.
async fn judged(owner: &Owner<Partners>, login: &str, password: String, address: &str) -> Result<(User, String), Fault> {
    let partners = &owner.service;
    let database = partners.doors();
    let pair = scope(database, "pair", &[login, address])?;
    let address = scope(database, "address", &[address])?;
    let turn = partners.passwords().turn(&pair).await?;
    let asking = partners.asking().take(address.clone(), STRANGER_WAITS).await?;
    let known = sql!("login/known.sql", pair.as_str(), KNOWN_DAYS);
    let known = database.search::<Bool, bool>(known).await?.contains(&true);
    drop(asking);
    // Who never logged in from here leaves the threads to those who did
    let _stranger = if known { None } else { Some(partners.strangers().take(address.clone(), STRANGER_WAITS).await?) };

    let most = if known { i64::MAX } else { partners.login().address_failures };
    let budgets = [Budget { scope: &pair, most: partners.login().login_failures }, Budget { scope: &address, most }];
    if !spend(database, &budgets).await? {
        return Err(Fault::too_many("Too many failed log-ins. Try again later.", WINDOW));
    }
    let user = database.rows::<User>(sql!("login/user.sql", login)).await?.pop();
    let hash = user.as_ref().and_then(|user| user.password.clone());
    let right = judge(partners, &turn, &budgets, password, hash).await?;
    let user = user.filter(|_| right).ok_or_else(Fault::access_denied)?;
    Ok((user, pair))
}

/// A key is its own user's password only. Whoever claims to be a user by their number is judged as by their login, and an unknown number
/// as an unknown login.
async fn by_password_or_key(owner: &Owner<Partners>, who: Claimed, password: String, address: &str) -> Result<LoggedIn, Fault> {
    let database = owner.service.doors();
    let is_key = password.len() == 40 && password.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_key && let Some(user) = database.rows::<User>(sql!("login/by_api_key.sql", password.as_str())).await?.pop() {
        let is_own = match &who {
            Claimed::Login(login) => user.login == *login,
            Claimed::Uid(uid) => user.id == *uid,
        };
        if is_own {
            return user.logged_in(false);
        }
    }
    let login = match who {
        Claimed::Login(login) => login.trim().to_owned(),
        Claimed::Uid(uid) => {
            let login = database.search::<Text, String>(sql!("login/of_uid.sql", uid)).await?.pop();
            // No login holds a line's end
            login.unwrap_or_else(|| format!("\nuid {uid}"))
        }
    };
    let (user, pair) = judged(owner, &login, password, address).await?;
    database.run(sql!("login/note_known.sql", pair)).await?;
    user.logged_in(true)
}

/// Keeps which peer of the gateway names callers' addresses without being trusted to.
async fn note_forwarder(database: &Database, peer: Option<String>) -> Result<(), Fault> {
    match peer {
        Some(peer) => database.run(sql!("login/note_forwarder.sql", peer)).await.map(drop),
        None => Ok(()),
    }
}

/// A row of `forwarder.sql`.
#[derive(QueryableByName)]
struct Forwarder {
    #[diesel(sql_type = Text)]
    peer: String,
    #[diesel(sql_type = Text)]
    at: String,
}

/// What is wrong with how callers' addresses are known.
pub async fn examine(owner: &Owner<Partners>) -> Vec<Finding> {
    let forwarder = owner.database.rows::<Forwarder>(sql!("login/forwarder.sql")).await;
    let finding = match forwarder.map(|mut rows| rows.pop()) {
        Ok(None) => Finding::well("callers' addresses come from trusted proxies, or from the callers themselves"),
        Ok(Some(Forwarder { peer, at })) => Finding::ill(format!(
            "{peer} told the gateway of callers' addresses at {at} UTC, and TRUSTED_PROXIES does not name it: all whom it speaks for count \
             as one address, and ten wrong passwords of anybody lock a user out; name it there if it is a proxy of yours"
        )),
        Err(fault) => Finding::ill(format!("how callers' addresses are known can't be looked at: {}", fault.message)),
    };
    vec![finding]
}

async fn by_session(database: &Database, of: &OfSession) -> Result<LoggedIn, Fault> {
    found(database, sql!("login/by_session.sql", of.session_id.as_str(), SESSION_SECONDS, i64::from(of.unattended)), true).await
}

async fn by_api_key(database: &Database, key: &str) -> Result<LoggedIn, Fault> {
    found(database, sql!("login/by_api_key.sql", key), false).await
}

async fn found(database: &Database, statement: Statement, session: bool) -> Result<LoggedIn, Fault> {
    let user = database.rows::<User>(statement).await?.pop();
    user.ok_or_else(Fault::session_expired)?.logged_in(session)
}

async fn destroy(database: &Database, session_id: &str) -> Result<bool, Fault> {
    database.search::<BigInt, i64>(sql!("login/end_session.sql", session_id)).await?;
    Ok(true)
}

/// Makes the first administrator, user 2 as in Odoo, where there is none and the configuration has a password for it.
///
/// # Errors
/// The database's own.
pub async fn first_administrator(owner: &Owner<Partners>) -> Result<bool, Fault> {
    use secrecy::ExposeSecret;
    let partners = &owner.service;
    let Some(password) = &partners.login().admin_password else { return Ok(false) };
    if !owner.database.search::<BigInt, i64>(sql!("login/administrator.sql")).await?.is_empty() {
        return Ok(false);
    }
    let turn = partners.passwords().turn("the first administrator").await?;
    let hash = partners.passwords().hash(&turn, password.expose_secret().to_owned()).await?;
    let mut values = Values::default();
    values.set("name", "Administrator");
    values.set("login", partners.login().admin_login.as_str());
    values.set("password", hash);
    values.set("hub_admin", true);
    let made = owner.transact(None, |tx| {
        let values = values.clone();
        Box::pin(async move {
            let registry = tx.registry;
            tx.insert_unless_taken(registry.model("res.users")?, &values, OnConflict::Skip).await
        })
    });
    Ok(made.await?.is_some())
}
