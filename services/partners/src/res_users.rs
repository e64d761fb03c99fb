//! `res.users`: who may log in, and as what.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use domain::{Identity, Kind as Who, Origin, Role};
use jsonrpc::{Call, Fault};
use records::condition::denied;
use records::tx::Found;
use records::values::Mode;
use records::write::OnConflict;
use records::{Access, Action, Argument, Body, Failure, Field, Filter, Kind, Model, Op, Shape, Statement, Tx, Value, sql};
use serde_json::{Map, Value as Json, json};
use service::owner::Answer;
use service::{Asked, Behaviour, Changing, Owner};

mod preferences;

use crate::{Partners, api_keys, filters, jobs, login, passwords, rights};

/// The declaration.
pub fn model(_: &Partners) -> Model {
    let fields = vec![
        Field::new("name", Kind::Char(254), "Name").required().personal(),
        Field::new("login", Kind::Char(254), "Login").required(),
        Field::new("password", Kind::Char(passwords::MAX_LENGTH), "Password").write_only().writable_by(gives_passwords),
        Field::new("email", Kind::Char(254), "Email").lower().personal(),
        Field::new("phone", Kind::Char(64), "Phone").personal(),
        Field::new("role", Kind::Selection(Role::NAMES), "Role"),
        Field::new("codification", Kind::Char(254), "Code"),
        Field::new("code_pos", Kind::Char(254), "POS code"),
        Field::new("bank_id", Kind::Many2one("res.bank"), "Bank").by_name(),
        Field::new("hub_admin", Kind::Boolean, "Administers the hub").writable_by(is_administrator),
        Field::new("integration", Kind::Boolean, "Integration user of the platform")
            .writable_by(is_administrator)
            .help("Reads and writes for all banks. A user of the platform with neither this nor a bank sees itself and the catalogue."),
        Field::new("integration_confirmed", Kind::Boolean, "Mark confirmed")
            .readonly()
            .help("False where a migration, and no administrator yet, has said whether the user is an integration user."),
        Field::new("company_id", Kind::Many2one("res.company"), "Company").default("1"),
        Field::new("lang", Kind::Char(8), "Language").default("fr_FR"),
        Field::new("tz", Kind::Char(64), "Time zone").default("Africa/Algiers"),
        Field::new("active", Kind::Boolean, "Active").default("true"),
        Field::internal("post_hash", Kind::Char(200)),
    ];
    Model::new("res.users", "res_users", "User", fields, access).order("name, login").publishes::<partners_contract::ResUsers>()
}

/// A user who is made or changed.
#[derive(Default)]
pub struct ResUsers;

impl Behaviour<Partners> for ResUsers {
    const ACTIONS: &'static [Action] = &[
        Action {
            method: "action_new_api_key",
            arguments: &[
                Argument::needed("name", r#"{"type": "string", "minLength": 1, "maxLength": 254}"#),
                Argument::optional("days", r#"{"type": "integer", "minimum": 1, "maximum": 365}"#),
            ],
            on_record: false,
            about: "Makes an API key for oneself, or, by an administrator, for another user. Answers it, this once. Not for who came with a key.",
        },
        Action {
            method: "action_set_password",
            arguments: &[Argument::needed("password", PASSWORD)],
            on_record: true,
            about: "Gives a user a password: by an administrator, or by a bank's ROLE_ADMIN to users of its bank. The user's sessions and keys end.",
        },
        Action {
            method: "change_password",
            arguments: &[Argument::needed("old_passwd", PASSWORD), Argument::needed("new_passwd", PASSWORD)],
            on_record: false,
            about: "Changes one's own password; the sessions and keys end.",
        },
        preferences::ACTION,
    ];

    async fn prepare(asked: Asked<'_, Partners>, data: &mut Map<String, Json>) -> Result<ResUsers, Fault> {
        prepare(&asked.owner.service, asked.identity, asked.call, data).await?;
        Ok(ResUsers)
    }

    async fn create(&self, change: Changing<'_, '_, Partners>, data: Map<String, Json>) -> Result<i64, Failure> {
        create(change.tx, change.model, data).await
    }

    async fn write(&self, change: Changing<'_, '_, Partners>, found: Found, data: Map<String, Json>) -> Result<(), Failure> {
        write(change.tx, change.model, found, data).await
    }

    async fn unlink(&self, change: Changing<'_, '_, Partners>, found: Found) -> Result<(), Failure> {
        unlink(change.tx, change.model, found).await
    }

    async fn act(&self, change: Changing<'_, '_, Partners>, call: &Call, data: Map<String, Json>) -> Answer {
        action(change.tx, change.model, call, data).await
    }

    fn body(_: &Owner<Partners>, model: &Model, mode: Mode) -> Option<Body> {
        let body = Body::of(model, mode);
        Some(match mode {
            Mode::Create => body,
            Mode::Write => body.example(json!({"name": "BNA", "codification": "A-17", "phone": "0667777777", "create_by": "ekiclik"})),
        })
    }

    fn shape<'a>(_: &'a Owner<Partners>, model: &'a Model) -> Shape<'a> {
        // A password that is here differs from the one that is kept
        Shape::of(model).without("password")
    }

    fn example_filter() -> Option<Json> {
        Some(json!([["login", "=", "bna"]]))
    }
}

pub(crate) fn is_administrator(identity: &Identity) -> bool {
    identity.kind() == Who::Administrator
}

/// Administrators write; staff reads names; the platform writes its own users; a bank's ROLE_ADMIN and above its bank's, up to
/// its own role; everybody else reads itself.
fn access(identity: &Identity) -> Access {
    match (identity.kind(), identity.manages()) {
        (Who::Administrator, _) => Access::all(),
        (Who::Staff, _) => Access { fields: Some(&["id", "name", "display_name"]), ..Access::read() },
        (Who::Integration, _) => Access::all().only(Filter::leaf("create_by", Op::Eq, Origin::Ekiclik.as_str())),
        (Who::Bank(_), Some(bank)) => {
            Access { writable: Some(rights::up_to_own_role(identity, "role")), ..Access::all() }.only(Filter::leaf("bank_id", Op::Eq, bank))
        }
        (Who::Bank(_) | Who::Clerk { .. } | Who::Outsider, _) => Access::read().only(Filter::leaf("id", Op::Eq, identity.uid)),
    }
}

/// Who gives others a password: administrators, and who manages a bank's users.
fn gives_passwords(identity: &Identity) -> bool {
    is_administrator(identity) || identity.manages().is_some()
}

/// The fields that others than administrators never change of a user that is there.
fn never_by_put(identity: &Identity) -> &'static [&'static str] {
    match identity.kind() {
        Who::Administrator => &[],
        Who::Bank(_) => &["login", "hub_admin", "integration", "bank_id"],
        Who::Staff | Who::Integration | Who::Clerk { .. } | Who::Outsider => &["login", "password", "hub_admin", "integration", "bank_id"],
    }
}

fn refuse_fields(identity: &Identity, model: &Model, data: &Map<String, Json>) -> Result<(), Fault> {
    if let Some(field) = never_by_put(identity).iter().find(|field| data.contains_key(**field)) {
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
async fn prepare(partners: &Partners, identity: &Identity, call: &Call, data: &mut Map<String, Json>) -> Result<(), Fault> {
    let key = match call.method.as_str() {
        "create" | "write" | "action_set_password" => "password",
        "change_password" => "new_passwd",
        _ => return Ok(()),
    };
    let turn = partners.passwords().turn(&format!("user {}", identity.uid)).await?;
    if call.method == "change_password" {
        let old = data.remove("old_passwd").and_then(|old| old.as_str().map(str::to_owned)).unwrap_or_default();
        let hash = hash_of(partners, sql!("res_users/password_of.sql", identity.uid)).await?;
        login::prove(partners, &turn, identity.uid, old, hash).await?;
    } else if !gives_passwords(identity) {
        // Who may not write it is told so by the declaration
        return Ok(());
    }
    let password = match data.get(key) {
        None if key == "password" && call.method != "action_set_password" => return Ok(()),
        Some(Json::String(password)) => partners.login().fits(key, password).map(|()| password.clone())?,
        Some(Json::Null | Json::Bool(false)) if call.method == "create" => {
            data.remove(key);
            return Ok(());
        }
        None | Some(_) => return Err(Fault::validation(format!("`{key}` must be a text"))),
    };
    if call.method == "create" {
        let login = data.get("login").and_then(Json::as_str).unwrap_or_default().trim().to_owned();
        let there = hash_of(partners, sql!("res_users/password_of_login.sql", login)).await?;
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

async fn hash_of(partners: &Partners, password: Statement) -> Result<Option<String>, Fault> {
    Ok(partners.database().search::<Nullable<Text>, Option<String>>(password).await?.pop().flatten())
}

/// Stores a user by its login: made, or, where the last POST had other content, changed.
///
/// # Errors
/// 403 for what this identity may not give, 422 with everything that is wrong.
async fn create(tx: &mut Tx<'_>, model: &Model, data: Map<String, Json>) -> Result<i64, Failure> {
    refuse_role(tx.identity, &data)?;
    let claims_the_platform = claims_the_platform(tx);
    let mut problems = tx.problems();
    // The password has no part in what makes two POSTs the same: one that is here differs from the one that is kept
    let mut sent = data.clone();
    let password = sent.remove("password");
    let mut values = tx.check(model, Mode::Create, data, &mut problems).await?;
    problems.check()?;
    if let Some(own) = tx.identity.manages() {
        match values.get("bank_id") {
            Some(Value::Plain(bank)) if bank.as_i64().is_some_and(|bank| bank != own) => {
                return Err(Fault::access_error("A user of a bank can't make users of another bank.").into());
            }
            _ => values.set("bank_id", own),
        }
    }
    let of_a_bank = matches!(values.get("bank_id"), Some(Value::Plain(Json::Number(_))));
    if of_a_bank {
        // A user of a bank is of the platform, whoever makes it
        tx.author.origin = Origin::Ekiclik.as_str();
    } else if let (Some(bank), Who::Integration) = (tx.author.bank, tx.identity.kind()) {
        values.set("bank_id", bank);
    }
    values.set("post_hash", tx.posted.hash());
    refuse_by_key(tx, &[], &values).await?;
    if let Some(id) = tx.insert_unless_taken(model, &values, OnConflict::Skip).await? {
        return Ok(id);
    }
    let there = sql!("res_users/of_login.sql", values.text("login").unwrap_or_default());
    let there = tx.rows::<There>(there).await?.pop().ok_or_else(Fault::busy)?;
    let id = there.id;
    if claims_the_platform && there.create_by != Origin::Ekiclik.as_str() {
        return Err(other_side(&[id]).into());
    }
    // 403 where it is seen and not to be changed
    if tx.find_locked(model, &Filter::leaf("id", Op::Eq, id), false, false).await?.ids.is_empty() {
        return Err(Fault::conflict("Another 'User' (res.users) record has the same login.").into());
    }
    tx.refuse_taken(model, "login", values.text("login").unwrap_or_default(), id)?;
    if !tx.is_same(there.post_hash.as_deref()) || password.is_some() {
        values.remove("login");
        let mut written = sent;
        written.remove("login");
        // Nothing new in a field that may not change is no change of it
        let bank_stays = match (values.get("bank_id"), written.contains_key("bank_id")) {
            (Some(Value::Plain(bank)), true) => bank.as_i64() == there.bank_id,
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
    if !there.active {
        values.set("active", true);
    }
    update(tx, model, vec![id], &values).await?;
    Ok(id)
}

/// A row of `of_login.sql`.
#[derive(QueryableByName)]
struct There {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Nullable<Text>)]
    post_hash: Option<String>,
    #[diesel(sql_type = Text)]
    create_by: String,
    #[diesel(sql_type = Bool)]
    active: bool,
    #[diesel(sql_type = Nullable<BigInt>)]
    bank_id: Option<i64>,
}

/// Changes users.
///
/// # Errors
/// 403 for what this identity may not change, 422 with everything that is wrong, 409 where the login is taken.
async fn write(tx: &mut Tx<'_>, model: &Model, found: Found, mut data: Map<String, Json>) -> Result<(), Failure> {
    if claims_the_platform(tx) {
        let others = tx.ids(sql!("res_users/of_the_hubs_side.sql", found.ids.clone())).await?;
        if !others.is_empty() {
            return Err(other_side(&others).into());
        }
    }
    let never = never_by_put(tx.identity);
    if !never.is_empty() {
        tx.drop_unchanged(model, &found.ids, &mut data, |field| never.contains(&field.name)).await?;
    }
    refuse_fields(tx.identity, model, &data)?;
    refuse_role(tx.identity, &data)?;
    let mut problems = tx.problems();
    let values = tx.check(model, Mode::Write, data, &mut problems).await?;
    problems.check()?;
    update(tx, model, found.ids, &values).await
}

/// Changes users, and ends the sessions and keys of those who now are, or may do, something else: they were made for who the user
/// was. A user who was of a bank stays a bank's.
async fn update(tx: &mut Tx<'_>, model: &Model, users: Vec<i64>, values: &records::Values) -> Result<(), Failure> {
    let mut values = values.clone();
    if values.get("bank_id") == Some(&Value::Plain(Json::Null))
        && let Some(user) = tx.ids(sql!("res_users/of_a_bank.sql", users.clone())).await?.pop()
    {
        return Err(Fault::validation(format!("The user {user} is a bank's: `bank_id` may become another bank, not none.")).into());
    }
    if values.get("integration").is_some() {
        values.set("integration_confirmed", true);
    }
    refuse_by_key(tx, &users, &values).await?;
    let before = rights(tx, &users).await?;
    let staying = administrators(tx, &users).await?;
    tx.update(model, users.clone(), &values).await?;
    let after = rights(tx, &users).await?;
    let others: Vec<i64> = before.iter().filter(|row| !after.contains(row)).map(|row| row.id).collect();
    if others.is_empty() {
        return Ok(());
    }
    end_access(tx, others).await?;
    staying.check(tx).await
}

/// Else a key of a day would be one for ever: who has an administrator's makes no other administrator by it, takes no
/// administrator's password, nor its own user's.
async fn refuse_by_key(tx: &mut Tx<'_>, users: &[i64], values: &records::Values) -> Result<(), Failure> {
    if tx.identity.session {
        return Ok(());
    }
    let whose = sql!("res_users/of_power.sql", users.to_vec());
    let is_power = values.get("password").is_some() && (users.contains(&tx.identity.uid) || !tx.ids(whose).await?.is_empty());
    if is_power || values.is_true("hub_admin") {
        return Err(
            Fault::access_error("An API key makes no administrators and sets no password of one, nor its own user's: log in.").into()
        );
    }
    Ok(())
}

async fn end_access(tx: &mut Tx<'_>, users: Vec<i64>) -> Result<(), Failure> {
    tx.run(sql!("res_users/end_sessions.sql", users.clone())).await?;
    api_keys::end_all(tx, users).await
}

/// A row of `rights.sql`.
#[derive(PartialEq, QueryableByName)]
struct Rights {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    rights: String,
}

async fn rights(tx: &mut Tx<'_>, users: &[i64]) -> Result<Vec<Rights>, Failure> {
    tx.rows(sql!("res_users/rights.sql", users.to_vec())).await
}

/// Whether administrators are among the users that are about to change: then one who can log in must be left.
struct Staying(bool);

async fn administrators(tx: &mut Tx<'_>, users: &[i64]) -> Result<Staying, Failure> {
    let staying = Staying(!tx.ids(sql!("res_users/administrators.sql", users.to_vec())).await?.is_empty());
    if staying.0 {
        tx.run(sql!("res_users/one_change_of_administrators.sql")).await?;
    }
    Ok(staying)
}

impl Staying {
    async fn check(self, tx: &mut Tx<'_>) -> Result<(), Failure> {
        if self.0 && tx.ids(sql!("res_users/administrator.sql")).await?.is_empty() {
            return Err(Fault::conflict("Somebody must stay: this is the only administrator of the hub who can log in.").into());
        }
        Ok(())
    }
}

/// Removes users, with their sessions, keys, filters and jobs: the hub keeps itself, who asks, and an administrator.
///
/// # Errors
/// 409 for the user who asks, the hub's own, and the last administrator.
async fn unlink(tx: &mut Tx<'_>, model: &Model, found: Found) -> Result<(), Failure> {
    if found.ids.contains(&1) || found.ids.contains(&tx.identity.uid) {
        return Err(Fault::conflict("The hub's own user and the one who asks can't be removed.").into());
    }
    let staying = administrators(tx, &found.ids).await?;
    end_access(tx, found.ids.clone()).await?;
    filters::remove_of(tx, &found.ids).await?;
    jobs::end_all(tx, found.ids.clone()).await?;
    tx.unlink(model, found).await?;
    staying.check(tx).await
}

const PASSWORD: &str = r#"{"type": "string", "minLength": 1, "maxLength": 1024, "format": "password", "description": "12 characters at least, but for the demo."}"#;

/// A public method: for oneself, or, by an administrator, for another user.
///
/// # Errors
/// 403 for another user's key or password.
async fn action(tx: &mut Tx<'_>, model: &Model, call: &Call, data: Map<String, Json>) -> Answer {
    let ids = call.params.get::<Vec<i64>>("ids")?.unwrap_or_default();
    let user = match ids.as_slice() {
        [] => tx.identity.uid,
        [one] => *one,
        _ => return Err(Fault::validation("One user at a time.").into()),
    };
    let own = user == tx.identity.uid;
    let may = match call.method.as_str() {
        "action_new_api_key" => own || is_administrator(tx.identity),
        "action_set_password" => gives_passwords(tx.identity),
        _ => own,
    };
    if !may {
        return Err(denied(model, "modify").into());
    }
    if !tx.identity.session && call.method == "action_new_api_key" {
        return Err(Fault::access_error("An API key makes no keys: log in.").into());
    }
    let found = match own && call.method != "action_set_password" {
        true => user,
        // Of the users that one manages
        false => tx.find_ids(model, vec![user]).await?.ids.into_iter().next().unwrap_or(user),
    };
    let locked = tx.ids(sql!("res_users/lock.sql", found)).await?.pop();
    let found = locked.ok_or_else(|| Fault::missing(model.name, user))?;
    if call.method == preferences::ACTION.method {
        return preferences::set(tx, model, found, &data).await;
    }
    if call.method == "action_new_api_key" {
        return api_keys::make(tx, found, &data).await;
    }
    let mut values = records::Values::default();
    let password = data.get("password").ok_or_else(|| service::our_fault("partners", "a password was not prepared", &call.method))?;
    values.set("password", password.clone());
    update(tx, model, vec![found], &values).await?;
    Ok(true.into())
}
