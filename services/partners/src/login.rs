//! Log-in, sessions and API keys, as the gateway asks for them.
//!
//! Only failures count: by (login, address), and by address. Whoever logged in from an address within 30 days has a
//! budget of their own there, which no stranger can use up: nobody can lock a user out. A try counts as failed before it is
//! judged, or many at once would each find the budget as it was.

use std::time::Duration;

use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use domain::{Identity, Origin, Role, hex};
use jsonrpc::Fault;
use partners_contract::{Authenticate, Destroy, LoggedIn, OfKey, OfSession, SESSION_SECONDS};
use records::Sql;
use records::write::{self, Author, OnConflict, Told};
use service::doctor::Finding;
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
/// Who somebody is; what they are told; what proves it.
type Columns =
    ((BigInt, Text, Text, Nullable<Text>, Nullable<BigInt>, Bool, Nullable<Text>, Bool), (Text, Text, Text, BigInt, Text), Nullable<Text>);
type Row =
    ((i64, String, String, Option<String>, Option<i64>, bool, Option<String>, bool), (String, String, String, i64, String), Option<String>);
const SELECT: &str = "SELECT u.id, u.login, u.create_by, u.role, u.bank_id, u.hub_admin, u.code_pos, u.integration, \
    u.name, u.lang, u.tz, u.company_id, c.name, u.password FROM res_users u JOIN res_company c ON c.id = u.company_id ";

/// `session`: whether it was their password that they logged in with.
fn logged_in(row: Row, session: bool) -> (LoggedIn, Option<String>) {
    let ((uid, login, origin, role, bank, hub_admin, code_pos, integration), (name, lang, tz, company_id, company), password) = row;
    let origin = Origin::parse(&origin).unwrap_or(Origin::Ekiclik);
    let role = role.as_deref().and_then(Role::parse);
    let identity = Identity { uid, login, origin, role, bank, hub_admin, code_pos, integration: Some(integration), session };
    (LoggedIn { identity, name, lang, tz, company_id, company, session_id: None }, password)
}

impl Answers<Authenticate> for Partners {
    async fn answer(owner: &Owner<Self>, question: Authenticate, _: Option<&String>) -> Result<LoggedIn, Fault> {
        note_forwarder(owner.service.doors(), question.forwarder).await?;
        authenticate(owner, question.login.trim(), question.password, &question.address).await
    }
}

impl Answers<OfSession> for Partners {
    async fn answer(owner: &Owner<Self>, question: OfSession, _: Option<&String>) -> Result<LoggedIn, Fault> {
        note_forwarder(owner.service.doors(), question.forwarder).await?;
        by_session(owner.service.doors(), &question.session_id).await
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
fn scope(database: &Database, kind: &str, parts: &[&str]) -> String {
    let hash = database.hashing().hashes("log-in", &parts.join("\n")).into_iter().next().unwrap_or_default();
    format!("{kind}:{hash}")
}

/// What may fail so often within the window.
struct Budget<'a> {
    scope: &'a str,
    most: i64,
}

/// Counts a try as failed in all of the budgets; in none, and false, where one of them is spent.
async fn spend(database: &Database, budgets: &[Budget<'_>]) -> Result<bool, Fault> {
    let scopes: Vec<String> = budgets.iter().map(|budget| budget.scope.to_owned()).collect();
    let mut sql = Sql::new("WITH budget AS (SELECT * FROM unnest(");
    sql.bind(scopes).push("::text[], ").bind(budgets.iter().map(|budget| budget.most).collect::<Vec<_>>()).push(&format!(
        "::bigint[]) AS b(scope, most)), \
         spent AS (SELECT FROM login_failure f JOIN budget b USING (scope) WHERE f.failures >= b.most AND f.since > now() - interval '{WINDOW} seconds'), \
         counted AS (INSERT INTO login_failure AS f (scope, failures, since) SELECT scope, 1, now() FROM budget WHERE NOT EXISTS (SELECT FROM spent) \
         ORDER BY scope ON CONFLICT (scope) DO UPDATE SET \
         failures = CASE WHEN f.since > now() - interval '{WINDOW} seconds' THEN f.failures + 1 ELSE 1 END, \
         since = CASE WHEN f.since > now() - interval '{WINDOW} seconds' THEN f.since ELSE now() END RETURNING f.scope, f.failures), \
         {SWEEP} SELECT count(*) FROM counted JOIN budget USING (scope) WHERE failures <= most"
    ));
    // Tries at once wait for one another's row, and each finds what the others have counted
    let counted = database.store::<BigInt, i64>(sql).await?.pop().unwrap_or_default();
    Ok(usize::try_from(counted) == Ok(budgets.len()))
}

/// Failures that count no more go with others' tries, so that strangers fill no table.
const SWEEP: &str = "swept_failures AS (DELETE FROM login_failure WHERE scope IN (SELECT scope FROM login_failure \
    WHERE since < now() - interval '1 hour' AND scope NOT IN (SELECT scope FROM budget) LIMIT 10 FOR UPDATE SKIP LOCKED))";

/// SQL that gives a try back in these scopes, as they are locked: in one order.
fn give_back(sql: &mut Sql, scopes: &[&str], forgiven: &str) {
    sql.push("UPDATE login_failure f SET failures = CASE WHEN f.scope = ").bind(forgiven);
    sql.push(" THEN 0 ELSE greatest(f.failures - 1, 0) END FROM (SELECT scope FROM login_failure WHERE scope = ANY(");
    sql.bind(scopes.iter().map(|scope| (*scope).to_owned()).collect::<Vec<_>>());
    sql.push(") ORDER BY scope FOR UPDATE) l WHERE f.scope = l.scope RETURNING f.failures");
}

/// Whether a password is right, where the budgets still have a try. Unless it is wrong the try is given back.
async fn judge(partners: &Partners, turn: &Turn, budgets: &[Budget<'_>], password: String, hash: Option<String>) -> Result<bool, Fault> {
    let right = if password.len() <= passwords::MAX_LENGTH { partners.passwords().verify(turn, password, hash).await } else { Ok(false) };
    if !matches!(right, Ok(false)) {
        let scopes: Vec<&str> = budgets.iter().map(|budget| budget.scope).collect();
        let mut sql = Sql::default();
        // A log-in forgives what failed before it
        let forgiven = if right.is_ok() { budgets.first().map_or("", |budget| budget.scope) } else { "" };
        give_back(&mut sql, &scopes, forgiven);
        partners.doors().store::<BigInt, i64>(sql).await?;
    }
    right
}

/// That a user who is logged in knows their password: failures count here too, or a stolen session could guess.
///
/// # Errors
/// 401 for a wrong one, 429 after too many.
pub async fn prove(partners: &Partners, turn: &Turn, user: i64, password: String, hash: Option<String>) -> Result<(), Fault> {
    let scope = scope(partners.database(), "user", &[&user.to_string()]);
    let budgets = [Budget { scope: &scope, most: partners.login().login_failures }];
    if !spend(partners.doors(), &budgets).await? {
        return Err(Fault::too_many("Too many wrong passwords. Try again later.", WINDOW));
    }
    if judge(partners, turn, &budgets, password, hash).await? { Ok(()) } else { Err(Fault::access_denied()) }
}

async fn authenticate(owner: &Owner<Partners>, login: &str, password: String, address: &str) -> Result<LoggedIn, Fault> {
    let partners = &owner.service;
    let database = partners.doors();
    let pair = scope(database, "pair", &[login, address]);
    let address = scope(database, "address", &[address]);
    let turn = partners.passwords().turn(&pair).await?;
    let asking = partners.asking().take(address.clone(), STRANGER_WAITS).await?;
    let mut known = Sql::new("SELECT EXISTS (SELECT FROM login_known WHERE scope = ");
    known.bind(pair.as_str()).push(&format!(" AND at > now() - interval '{KNOWN_DAYS} days')"));
    let known = database.search::<Bool, bool>(known).await?.contains(&true);
    drop(asking);
    // Who never logged in from here leaves the threads to those who did
    let _stranger = if known { None } else { Some(partners.strangers().take(address.clone(), STRANGER_WAITS).await?) };

    let most = if known { i64::MAX } else { partners.login().address_failures };
    let budgets = [Budget { scope: &pair, most: partners.login().login_failures }, Budget { scope: &address, most }];
    if !spend(database, &budgets).await? {
        return Err(Fault::too_many("Too many failed log-ins. Try again later.", WINDOW));
    }
    let mut user = Sql::new(SELECT);
    user.push("WHERE u.deleted_at IS NULL AND u.active AND u.login = ").bind(login);
    let row = database.search::<Columns, Row>(user).await?.pop().map(|row| logged_in(row, true));
    let hash = row.as_ref().and_then(|(_, hash)| hash.clone());
    let right = judge(partners, &turn, &budgets, password, hash).await?;
    let Some((mut who, _)) = row.filter(|_| right) else { return Err(Fault::access_denied()) };

    // A new id at every log-in; what is kept is its hash
    let session_id = hex(&rand::random::<[u8; 20]>());
    let mut session = Sql::new("WITH known AS (INSERT INTO login_known AS k (scope, at) VALUES (");
    session.bind(pair.as_str()).push(", now()) ON CONFLICT (scope) DO UPDATE SET at = now() WHERE k.at < now() - interval '1 day'), ");
    session.push(
        "swept AS (DELETE FROM session WHERE token_sha256 IN (SELECT token_sha256 FROM session WHERE expires_at < now() LIMIT 10)), ",
    );
    session.push(&format!(
        "strange AS (DELETE FROM login_known WHERE scope IN (SELECT scope FROM login_known WHERE at < now() - interval '{KNOWN_DAYS} days' LIMIT 10)) "
    ));
    session.push("INSERT INTO session (token_sha256, user_id, expires_at) VALUES (sha256(convert_to(").bind(session_id.as_str());
    session.push(", 'UTF8')), ").bind(who.identity.uid);
    session.push(&format!(", now() + interval '{SESSION_SECONDS} seconds') RETURNING user_id"));
    database.store::<BigInt, i64>(session).await?;
    who.session_id = Some(session_id);
    Ok(who)
}

/// Keeps which peer of the gateway names callers' addresses without being trusted to.
async fn note_forwarder(database: &Database, peer: Option<String>) -> Result<(), Fault> {
    let Some(peer) = peer else { return Ok(()) };
    let mut sql = Sql::new("INSERT INTO login_forwarder (peer, at) VALUES (");
    sql.bind(peer.chars().take(64).collect::<String>().as_str());
    sql.push(", now()) ON CONFLICT (is_the_only) DO UPDATE SET peer = excluded.peer, at = now() RETURNING 1::bigint");
    database.store::<BigInt, i64>(sql).await.map(drop)
}

/// What is wrong with how callers' addresses are known.
pub async fn examine(owner: &Owner<Partners>) -> Vec<Finding> {
    let sql = Sql::new("SELECT peer, to_char(at, 'YYYY-MM-DD HH24:MI') FROM login_forwarder WHERE at > now() - interval '1 day'");
    let finding = match owner.database.search::<(Text, Text), (String, String)>(sql).await.map(|mut rows| rows.pop()) {
        Ok(None) => Finding::well("callers' addresses come from trusted proxies, or from the callers themselves"),
        Ok(Some((peer, at))) => Finding::ill(format!(
            "{peer} told the gateway of callers' addresses at {at} UTC, and TRUSTED_PROXIES does not name it: all whom it speaks for count \
             as one address, and ten wrong passwords of anybody lock a user out; name it there if it is a proxy of yours"
        )),
        Err(fault) => Finding::ill(format!("how callers' addresses are known can't be looked at: {}", fault.message)),
    };
    vec![finding]
}

/// Who a session is of; used at least once an hour, it goes on.
async fn by_session(database: &Database, session_id: &str) -> Result<LoggedIn, Fault> {
    let mut sql = Sql::new("WITH used AS (UPDATE session SET expires_at = now() ");
    sql.push(&format!("+ interval '{SESSION_SECONDS} seconds' WHERE token_sha256 = sha256(convert_to("));
    sql.bind(session_id)
        .push(&format!(", 'UTF8')) AND expires_at > now() AND expires_at < now() + interval '{} seconds') ", SESSION_SECONDS - 3_600));
    sql.push(SELECT).push("JOIN session s ON s.user_id = u.id WHERE s.expires_at > now() AND u.active AND u.deleted_at IS NULL ");
    sql.push("AND s.token_sha256 = sha256(convert_to(").bind(session_id).push(", 'UTF8'))");
    found(database, sql, true).await
}

async fn by_api_key(database: &Database, key: &str) -> Result<LoggedIn, Fault> {
    let mut sql = Sql::new(SELECT);
    sql.push("JOIN api_key k ON k.user_id = u.id WHERE k.expires_at > now() AND u.active AND u.deleted_at IS NULL ");
    sql.push("AND k.key_sha256 = sha256(convert_to(").bind(key).push(", 'UTF8'))");
    found(database, sql, false).await
}

async fn found(database: &Database, sql: Sql, session: bool) -> Result<LoggedIn, Fault> {
    let row = database.search::<Columns, Row>(sql).await?.pop();
    row.map(|row| logged_in(row, session).0).ok_or_else(Fault::session_expired)
}

async fn destroy(database: &Database, session_id: &str) -> Result<bool, Fault> {
    let mut sql = Sql::new("DELETE FROM session WHERE token_sha256 = sha256(convert_to(");
    sql.bind(session_id).push(", 'UTF8')) RETURNING user_id");
    database.search::<BigInt, i64>(sql).await?;
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
    let there = Sql::new("SELECT id FROM res_users WHERE hub_admin AND id <> 1 AND deleted_at IS NULL LIMIT 1");
    if !owner.database.search::<BigInt, i64>(there).await?.is_empty() {
        return Ok(false);
    }
    let turn = partners.passwords().turn("the first administrator").await?;
    let hash = partners.passwords().hash(&turn, password.expose_secret().to_owned()).await?;
    let row = serde_json::json!({"name": "Administrator", "login": partners.login().admin_login, "password": hash, "hub_admin": true});
    let rows: Vec<_> = row.as_object().cloned().into_iter().collect();
    let author = Author { origin: Origin::Odoo.as_str(), bank: None, uid: 1, traceparent: None, told: Told::default() };
    let model = owner.registry.model("res.users")?;
    let sql = write::insert(model, &author, &["name", "login", "password", "hub_admin"], &rows, OnConflict::Skip, "NULL");
    let made = owner.database.store::<(BigInt, Nullable<Text>), (i64, Option<String>)>(sql).await?;
    owner.feed.written();
    Ok(!made.is_empty())
}
