//! `ir.filters`: what somebody searches for again and again, under a name. One's own, or shared: with everybody by an administrator of
//! the hub, with the users of a bank by who manages them.

mod literal;

use domain::{Identity, Kind as Who};
use jsonrpc::Fault;
use records::tx::Found;
use records::values::{Mode, is_unset};
use records::{Access, Failure, Field, Filter, Kind, Model, Op, Tx, Value, Values, sql};
use serde_json::{Map, Value as Json};
use service::{Asked, Behaviour, Changing, directory};

use crate::Partners;

/// The longest filter, in characters.
const MAX_DOMAIN: usize = 4_000;
/// The longest context, in characters.
const MAX_CONTEXT: usize = 2_000;

/// The declaration. What somebody searches for may be a person.
pub fn model(_: &Partners) -> Model {
    let fields = vec![
        Field::new("name", Kind::Char(254), "Name").required().personal(),
        Field::new("model_id", Kind::Char(64), "Model").required().help("The name of the model that it is for."),
        Field::new("domain", Kind::Text(MAX_DOMAIN), "Filter")
            .default("[]")
            .personal()
            .help("A list of conditions as text, JSON or as Odoo's clients write it; kept as JSON."),
        Field::new("context", Kind::Text(MAX_CONTEXT), "Context")
            .default("{}")
            .personal()
            .help("An object as text, `{\"group_by\": [\"state\"]}`; kept as JSON."),
        Field::new("sort", Kind::Char(254), "Sort"),
        Field::new("user_id", Kind::Many2one("res.users"), "User").help("By default who makes it. Unset it is shared."),
        Field::new("bank_id", Kind::Many2one("res.bank"), "Shared with the bank").help("Of a shared one: for this bank's users alone."),
        // A user of a bank does not read whose another's filter is: by user_id alone it would look shared
        Field::computed("is_shared", Kind::Boolean, "Shared", "{t}.user_id IS NULL"),
        Field::new("is_default", Kind::Boolean, "Default filter").help("One for a model, of those of the same people."),
        Field::new("active", Kind::Boolean, "Active").default("true"),
    ];
    Model::new("ir.filters", "ir_filters", "Filter", fields, access).order("model_id, name")
}

/// One's own; those that are shared with all, and with one's bank. An administrator sees whatever is shared.
fn access(identity: &Identity) -> Access {
    let own = || Filter::leaf("user_id", Op::Eq, identity.uid);
    let shared = || Filter::leaf("is_shared", Op::Eq, true);
    let with = |bank: Json| Filter::And(vec![shared(), Filter::leaf("bank_id", Op::Eq, bank)]);
    let mut visible = vec![own()];
    let mut writable = vec![own()];
    if identity.kind() == Who::Administrator {
        visible.push(shared());
        writable.push(shared());
    } else {
        visible.push(with(false.into()));
        visible.extend(identity.bank.map(|bank| with(bank.into())));
        writable.extend(identity.manages().map(|bank| with(bank.into())));
    }
    Access { writable: Some(Filter::Or(writable)), ..Access::all() }.only(Filter::Or(visible))
}

/// A filter that is made or changed.
#[derive(Default)]
pub struct IrFilters;

impl Behaviour<Partners> for IrFilters {
    async fn prepare(asked: Asked<'_, Partners>, data: &mut Map<String, Json>) -> Result<IrFilters, Fault> {
        if let Some(name) = data.get("model_id").and_then(Json::as_str).map(str::trim)
            && !name.is_empty()
            && directory::known(name).is_none()
        {
            asked.problems.push(format!("`model_id`: there is no model '{}'", records::model::clip(name)));
        }
        let is_domain = |value: Json| Filter::from_value(value).map(drop).map_err(|fault| fault.message);
        let is_object = |value: Json| if value.is_object() { Ok(()) } else { Err(format!("an object was expected, not {value}")) };
        as_json(data, "domain", MAX_DOMAIN, is_domain, asked.problems);
        as_json(data, "context", MAX_CONTEXT, is_object, asked.problems);
        Ok(IrFilters)
    }

    async fn create(&self, Changing { tx, model, .. }: Changing<'_, '_, Partners>, mut data: Map<String, Json>) -> Result<i64, Failure> {
        data.entry("user_id").or_insert_with(|| tx.identity.uid.into());
        let mut problems = tx.problems();
        let mut values = tx.check(model, Mode::Create, data, &mut problems).await?;
        problems.check()?;
        whose(tx.identity, &mut values)?;
        // The others are none any more before it is one: there is one at a time
        let is_default = values.remove("is_default").is_some_and(|value| value == Value::Plain(true.into()));
        let id = tx.insert(model, &values).await?;
        if is_default {
            make_default(tx, model, vec![id]).await?;
        }
        Ok(id)
    }

    async fn write(
        &self,
        Changing { tx, model, .. }: Changing<'_, '_, Partners>,
        found: Found,
        data: Map<String, Json>,
    ) -> Result<(), Failure> {
        let mut problems = tx.problems();
        let mut values = tx.check(model, Mode::Write, data, &mut problems).await?;
        problems.check()?;
        whose(tx.identity, &mut values)?;
        let is_default = values.is_true("is_default");
        if is_default {
            values.remove("is_default");
        }
        tx.update(model, found.ids.clone(), &values).await?;
        if is_default { make_default(tx, model, found.ids).await } else { Ok(()) }
    }
}

/// Reads a text of the data as a value, and puts its JSON in its place; what is wrong goes to the request's problems.
fn as_json(data: &mut Map<String, Json>, field: &str, most: usize, fits: impl Fn(Json) -> Result<(), String>, problems: &mut Vec<String>) {
    let Some(Json::String(text)) = data.get_mut(field) else { return };
    // A longer one is refused by the declaration
    if is_unset(&Json::from(text.as_str())) || text.chars().count() > most {
        return;
    }
    match literal::read(text).and_then(|value| fits(value.clone()).map(|()| value)) {
        Ok(value) => *text = value.to_string(),
        Err(problem) => problems.push(format!("`{field}`: {problem}")),
    }
}

/// Whose a filter is to be: one's own, or shared by who may share it.
fn whose(identity: &Identity, values: &mut Values) -> Result<(), Fault> {
    let given = |name: &str| values.get(name).and_then(Value::plain).cloned();
    let (user, bank) = (given("user_id"), given("bank_id").filter(|bank| !bank.is_null()));
    let names_bank = values.get("bank_id").is_some();
    match user.as_ref().map(Json::as_i64) {
        Some(Some(user)) if user == identity.uid => {
            values.set("bank_id", Json::Null);
            return Ok(());
        }
        Some(Some(_)) => return Err(Fault::access_error("A filter is one's own, or shared: it is made for no other user.")),
        Some(None) => {}
        None if names_bank => {}
        None => return Ok(()),
    }
    match (identity.kind(), identity.manages()) {
        (Who::Administrator, _) => Ok(()),
        (_, Some(own)) if bank.is_none_or(|bank| bank == own) && user.is_some() => {
            values.set("bank_id", own);
            Ok(())
        }
        // As it is: the bank of a shared one stays, and one's own has none
        (_, own) if user.is_none() && given("bank_id").is_some_and(|bank| bank.as_i64() == own) => Ok(()),
        _ => Err(Fault::access_error(
            "Filters are shared with everybody by an administrator of the hub, with a bank's users by who manages them.",
        )),
    }
}

/// Makes these the defaults of their models, in the place of those that are.
async fn make_default(tx: &mut Tx<'_>, model: &Model, ids: Vec<i64>) -> Result<(), Failure> {
    let others = tx.ids(sql!("filters/defaults.sql", ids.clone())).await?;
    for (ids, is_default) in [(others, false), (ids, true)] {
        let mut values = Values::default();
        values.set("is_default", is_default);
        tx.update(model, ids, &values).await?;
    }
    Ok(())
}

/// Removes the filters of users who are removed.
///
/// # Errors
/// The database's own.
pub async fn remove_of(tx: &mut Tx<'_>, users: &[i64]) -> Result<(), Failure> {
    let ids = tx.ids(sql!("filters/of_users.sql", users.to_vec())).await?;
    let model = tx.registry.model("ir.filters")?;
    tx.unlink(model, Found { ids }).await
}
