//! `res.users`: who may log in, and as what.

use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use domain::{Identity, Kind as Who, Origin, Role, hex};
use jsonrpc::{Call, Fault};
use records::condition::denied;
use records::tx::Found;
use records::values::{Mode, is_unset, whole};
use records::write::OnConflict;
use records::{Access, Action, Argument, Failure, Field, Filter, Kind, Model, Op, Sql, Tx, Value};
use serde_json::{Map, Value as Json};
use service::owner::Answer;

use crate::{Partners, login, passwords};

/// How long an API key is good for at most, in days.
const MAX_KEY_DAYS: i64 = 3_650;

/// The declaration.
pub fn model() -> Model {
    let fields = vec![
        Field::new("name", Kind::Char(254), "Name").required(),
        Field::new("login", Kind::Char(254), "Login").required(),
        Field::new("password", Kind::Char(passwords::MAX_LENGTH), "Password").write_only().writable_by(is_administrator),
        Field::new("email", Kind::Char(254), "Email").lower().personal(),
        Field::new("phone", Kind::Char(64), "Phone").personal(),
        Field::new("role", Kind::Selection(Role::NAMES), "Role"),
        Field::new("codification", Kind::Char(254), "Code"),
        Field::new("code_pos", Kind::Char(254), "POS code"),
        Field::new("bank_id", Kind::Many2one("res.bank"), "Bank").by_name(),
        Field::new("hub_admin", Kind::Boolean, "Administers the hub").writable_by(is_administrator),
        Field::new("company_id", Kind::Many2one("res.company"), "Company").default("1"),
        Field::new("lang", Kind::Char(8), "Language").default("fr_FR"),
        Field::new("tz", Kind::Char(64), "Time zone").default("Africa/Algiers"),
        Field::new("active", Kind::Boolean, "Active").default("true"),
        Field::internal("post_hash", Kind::Char(200)),
    ];
    Model::new("res.users", "res_users", "User", fields, access).order("name, login")
}

fn is_administrator(identity: &Identity) -> bool {
    identity.kind() == Who::Administrator
}

/// Administrators write; staff reads names; the platform writes its own users; a bank's user reads itself.
fn access(identity: &Identity) -> Access {
    match identity.kind() {
        Who::Administrator => Access::all(),
        Who::Staff => Access { fields: Some(&["id", "name", "display_name"]), ..Access::read() },
        Who::Integration => Access::all().only(Filter::leaf("create_by", Op::Eq, Origin::Ekiclik.as_str())),
        Who::Bank(_) => Access::read().only(Filter::leaf("id", Op::Eq, identity.uid)),
    }
}

/// The fields that the platform never changes of a user that is there.
const NEVER_BY_PUT: &[&str] = &["login", "password", "hub_admin", "bank_id"];

fn refuse_fields(identity: &Identity, model: &Model, data: &Map<String, Json>) -> Result<(), Fault> {
    if identity.kind() == Who::Integration
        && let Some(field) = NEVER_BY_PUT.iter().find(|field| data.contains_key(**field))
    {
        return Err(Fault::access_error(format!(
            "You are not allowed to write the field '{field}' of '{}' ({}).",
            model.label, model.name
        )));
    }
    Ok(())
}

/// Whether the hub's side says of a user that it is the platform's. The platform's own word for itself changes nothing.
fn claims_the_platform(tx: &Tx<'_>) -> bool {
    matches!(tx.identity.kind(), Who::Administrator | Who::Staff) && tx.author.origin == Origin::Ekiclik.as_str()
}

fn other_side(users: &[i64]) -> Fault {
    let users = users.iter().map(i64::to_string).collect::<Vec<_>>().join(", ");
    Fault::validation(format!(
        "create_by: 'ekiclik', but the hub's side made the user {users}. A user's side is set when it is made, and stays: archive it and make another."
    ))
}

fn refuse_role(identity: &Identity, data: &Map<String, Json>) -> Result<(), Fault> {
    match data.get("role").and_then(Json::as_str).and_then(Role::parse) {
        Some(role) if !identity.may_give(role) => Err(Fault::access_error("A role is given up to one's own.")),
        _ => Ok(()),
    }
}

/// Before the transaction: passwords are hashed and checked on threads of their own. A password that the user has already
/// is no change.
///
/// # Errors
/// 401 where the old password is wrong, 422 for a password that is empty or too long.
pub async fn prepare(partners: &Partners, identity: &Identity, call: &Call, data: &mut Map<String, Json>) -> Result<(), Fault> {
    let key = match call.method.as_str() {
        "create" | "write" | "action_set_password" => "password",
        "change_password" => "new_passwd",
        _ => return Ok(()),
    };
    let turn = partners.passwords().turn(&format!("user {}", identity.uid)).await?;
    if call.method == "change_password" {
        let old = data.remove("old_passwd").and_then(|old| old.as_str().map(str::to_owned)).unwrap_or_default();
        let hash = hash_of(partners, "id = ", identity.uid.into()).await?;
        login::prove(partners, &turn, identity.uid, old, hash).await?;
    } else if !is_administrator(identity) {
        // Who may not write it is told so by the declaration
        return Ok(());
    }
    let password = match data.get(key) {
        None if key == "password" && call.method != "action_set_password" => return Ok(()),
        Some(Json::String(password)) if !password.is_empty() && password.len() <= passwords::MAX_LENGTH => password.clone(),
        Some(Json::Null | Json::Bool(false)) if call.method == "create" => {
            data.remove(key);
            return Ok(());
        }
        _ => return Err(Fault::validation(format!("`{key}` must be a text of 1 to {} bytes", passwords::MAX_LENGTH))),
    };
    if call.method == "create" {
        let login = data.get("login").and_then(Json::as_str).unwrap_or_default().trim().to_owned();
        let there = hash_of(partners, "login = ", login.into()).await?;
        if there.is_some() && partners.passwords().verify(&turn, password.clone(), there).await? {
            data.remove(key);
            return Ok(());
        }
    }
    let hash = partners.passwords().hash(&turn, password).await?;
    data.remove(key);
    data.insert("password".to_owned(), hash.into());
    Ok(())
}

async fn hash_of(partners: &Partners, whose: &str, value: records::Bind) -> Result<Option<String>, Fault> {
    let mut sql = Sql::new(&format!("SELECT password FROM res_users WHERE deleted_at IS NULL AND {whose}"));
    sql.bind(value);
    Ok(partners.database().search::<Nullable<Text>, Option<String>>(sql).await?.pop().flatten())
}

/// Stores a user by its login: made, or, where the last POST had other content, changed.
///
/// # Errors
/// 403 for what this identity may not give, 422 with everything that is wrong.
pub async fn create(tx: &mut Tx<'_>, model: &Model, data: Map<String, Json>) -> Result<i64, Failure> {
    refuse_role(tx.identity, &data)?;
    let claims_the_platform = claims_the_platform(tx);
    let mut problems = tx.problems();
    // The password has no part in what makes two POSTs the same: one that is here differs from the one that is kept
    let mut sent = data.clone();
    let password = sent.remove("password");
    let mut values = tx.check(model, Mode::Create, data, &mut problems).await?;
    problems.check()?;
    let of_a_bank = matches!(values.get("bank_id"), Some(Value::Plain(Json::Number(_))));
    if of_a_bank {
        // A user of a bank is of the platform, whoever makes it
        tx.author.origin = Origin::Ekiclik.as_str();
    } else if let (Some(bank), Who::Integration) = (tx.author.bank, tx.identity.kind()) {
        values.set("bank_id", bank);
    }
    values.set("post_hash", tx.posted.hash());
    if let Some(id) = tx.insert_unless_taken(model, &values, OnConflict::Skip).await? {
        return Ok(id);
    }
    let mut there = Sql::new("SELECT id, post_hash, create_by, active FROM res_users WHERE deleted_at IS NULL AND login = ");
    there.bind(values.text("login").unwrap_or_default()).push(" FOR UPDATE");
    let there = there.load::<(BigInt, Nullable<Text>, Text, Bool), (i64, Option<String>, String, bool)>(tx.conn).await?;
    let Some((id, last, origin, active)) = there.into_iter().next() else { return Err(Fault::busy().into()) };
    if claims_the_platform && origin != Origin::Ekiclik.as_str() {
        return Err(other_side(&[id]).into());
    }
    if tx.identity.kind() == Who::Integration && origin != Origin::Ekiclik.as_str() {
        return Err(Fault::conflict("Another 'User' (res.users) record has the same login.").into());
    }
    if !tx.is_same(last.as_deref()) || password.is_some() {
        values.remove("login");
        let mut written = sent;
        written.remove("login");
        // Nothing new in a field that may not change is no change of it
        let bank_stays = match (values.get("bank_id"), written.contains_key("bank_id")) {
            (Some(Value::Plain(bank)), true) => bank.as_i64() == tx.ids(bank_of(id)).await?.first().copied(),
            _ => true,
        };
        if bank_stays {
            written.remove("bank_id");
            values.remove("bank_id");
        }
        refuse_fields(tx.identity, model, &written)?;
    } else {
        values = records::Values::default();
    }
    if !active {
        values.set("active", true);
    }
    update(tx, model, vec![id], &values).await?;
    Ok(id)
}

fn bank_of(user: i64) -> Sql {
    let mut sql = Sql::new("SELECT coalesce(bank_id, 0) FROM res_users WHERE id = ");
    sql.bind(user);
    sql
}

/// Changes users.
///
/// # Errors
/// 403 for what this identity may not change, 422 with everything that is wrong, 409 where the login is taken.
pub async fn write(tx: &mut Tx<'_>, model: &Model, found: Found, mut data: Map<String, Json>) -> Result<(), Failure> {
    if claims_the_platform(tx) {
        let mut others = Sql::new("SELECT id FROM res_users WHERE create_by <> 'ekiclik' AND id = ANY(");
        others.bind(found.ids.clone()).push(") ORDER BY id LIMIT 20");
        let others = tx.ids(others).await?;
        if !others.is_empty() {
            return Err(other_side(&others).into());
        }
    }
    if tx.identity.kind() == Who::Integration {
        tx.drop_unchanged(model, &found.ids, &mut data, |field| NEVER_BY_PUT.contains(&field.name)).await?;
    }
    refuse_fields(tx.identity, model, &data)?;
    refuse_role(tx.identity, &data)?;
    let mut problems = tx.problems();
    let values = tx.check(model, Mode::Write, data, &mut problems).await?;
    problems.check()?;
    update(tx, model, found.ids, &values).await
}

/// Changes users, and ends the sessions of those who now are, or may do, something else: a session knows who it was made for.
async fn update(tx: &mut Tx<'_>, model: &Model, users: Vec<i64>, values: &records::Values) -> Result<(), Failure> {
    let before = rights(tx, &users).await?;
    tx.update(model, users.clone(), values).await?;
    let after = rights(tx, &users).await?;
    let others: Vec<i64> = before.iter().filter(|row| !after.contains(row)).map(|(id, _)| *id).collect();
    if others.is_empty() {
        return Ok(());
    }
    let mut sql = Sql::new("DELETE FROM session WHERE user_id = ANY(");
    sql.bind(others).push(") RETURNING user_id");
    tx.ids(sql).await.map(drop)
}

async fn rights(tx: &mut Tx<'_>, users: &[i64]) -> Result<Vec<(i64, String)>, Failure> {
    let mut sql = Sql::new("SELECT id, ROW(login, password, role, bank_id, hub_admin, active)::text FROM res_users WHERE id = ANY(");
    sql.bind(users.to_vec()).push(")");
    Ok(sql.load::<(BigInt, Text), (i64, String)>(tx.conn).await?)
}

/// Before users are removed: the hub keeps itself and who asks, and their sessions and keys end.
///
/// # Errors
/// 409 for the user who asks and the hub's own.
pub async fn unlink(tx: &mut Tx<'_>, found: &Found) -> Result<(), Failure> {
    if found.ids.contains(&1) || found.ids.contains(&tx.identity.uid) {
        return Err(Fault::conflict("The hub's own user and the one who asks can't be removed.").into());
    }
    for table in ["session", "api_key"] {
        let mut sql = Sql::new(&format!("DELETE FROM {table} WHERE user_id = ANY("));
        sql.bind(found.ids.clone()).push(") RETURNING user_id");
        tx.ids(sql).await?;
    }
    Ok(())
}

/// The public methods.
pub const ACTIONS: &[Action] = &[
    Action {
        model: "res.users",
        method: "action_new_api_key",
        arguments: &[
            Argument::needed("name", r#"{"type": "string", "minLength": 1, "maxLength": 254}"#),
            Argument::optional("days", r#"{"type": "integer", "minimum": 1, "maximum": 3650}"#),
        ],
        on_record: false,
        about: "Makes an API key for oneself, or, by an administrator, for another user. Answers it, this once.",
    },
    Action {
        model: "res.users",
        method: "action_set_password",
        arguments: &[Argument::needed("password", PASSWORD)],
        on_record: true,
        about: "Gives a user a password. Administrators only; the user's sessions end.",
    },
    Action {
        model: "res.users",
        method: "change_password",
        arguments: &[Argument::needed("old_passwd", PASSWORD), Argument::needed("new_passwd", PASSWORD)],
        on_record: false,
        about: "Changes one's own password; the sessions end.",
    },
];
const PASSWORD: &str = r#"{"type": "string", "minLength": 1, "maxLength": 1024, "format": "password"}"#;

/// A public method: for oneself, or, by an administrator, for another user.
///
/// # Errors
/// 403 for another user's key or password.
pub async fn action(tx: &mut Tx<'_>, model: &Model, call: &Call, data: Map<String, Json>) -> Answer {
    let ids = call.params.get::<Vec<i64>>("ids")?.unwrap_or_default();
    let user = match ids.as_slice() {
        [] => tx.identity.uid,
        [one] => *one,
        _ => return Err(Fault::validation("One user at a time.").into()),
    };
    let administers = is_administrator(tx.identity);
    if (user != tx.identity.uid && (!administers || call.method == "change_password"))
        || (call.method == "action_set_password" && !administers)
    {
        return Err(denied(model, "modify").into());
    }
    let mut lock = Sql::new("SELECT id FROM res_users WHERE deleted_at IS NULL AND id = ");
    lock.bind(user).push(" FOR UPDATE");
    let Some(found) = tx.ids(lock).await?.pop() else { return Err(Fault::missing(model.name, user).into()) };
    if call.method == "action_new_api_key" {
        return new_api_key(tx, found, &data).await;
    }
    let mut values = records::Values::default();
    values.set("password", data.get("password").cloned().unwrap_or_default());
    update(tx, model, vec![found], &values).await?;
    Ok(true.into())
}

/// A key for programs: shown this once, kept as a hash.
async fn new_api_key(tx: &mut Tx<'_>, user: i64, data: &Map<String, Json>) -> Answer {
    let name = data.get("name").and_then(Json::as_str).map(str::trim).filter(|name| !name.is_empty() && name.chars().count() <= 254);
    let days = data.get("days").filter(|days| !is_unset(days)).map_or(Some(90), whole).filter(|days| (1..=MAX_KEY_DAYS).contains(days));
    let (Some(name), Some(days)) = (name, days) else {
        return Err(Fault::validation(format!(
            "`name` must be a text of 1 to 254 characters, `days` a whole number from 1 to {MAX_KEY_DAYS}"
        ))
        .into());
    };
    let key = hex(&rand::random::<[u8; 20]>());
    let mut sql = Sql::new("INSERT INTO api_key (key_sha256, user_id, name, expires_at) VALUES (sha256(convert_to(");
    sql.bind(key.as_str()).push(", 'UTF8')), ").bind(user).push(", ").bind(name);
    sql.push(", now() + make_interval(days => ").bind(days).push("::int)) RETURNING id");
    tx.ids(sql).await?;
    Ok(key.into())
}
