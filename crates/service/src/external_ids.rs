//! `ir.model.data`: external ids, by which clients find the records that they have made or brought.
//!
//! A module is whose who first put a name into it: the hub's staff's together, an integration user's, a bank's. Others' names are
//! refused there, but that a bank is not told of other banks' names: a bank's stand beside everybody's, and two banks may use the same.
//! Nobody's are `base`, what begins with `hub`, `echange` or `__`; `user_7` is user 7's alone. A schema can hold no more than what is its
//! own: the same module may be somebody else's in another service.
//!
//! | who | finds | makes | changes and removes |
//! |---|---|---|---|
//! | administrator | of records that are there | of records that they may write, in a module of the hub's | all |
//! | staff, integration user | of records that they may read | the same, in a module of their own | those of their own |
//! | a bank's user, a clerk | of records that they may read, but of another bank's | the same | those of their bank |
//! | outsider | of records that they may read, but of banks' | the same | those of their own |
//!
//! A name finds nothing once its record is gone, and is then free again.

use std::collections::BTreeMap;

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};
use domain::{Identity, Kind as Who};
use jsonrpc::{Fault, Reply};
use process::{directory, our_fault};
use records::about::never;
use records::condition::{denied, readable};
use records::read::existing;
use records::request::{ListRequest, Window};
use records::tx::Found;
use records::values::Mode;
use records::{About, Access, Failure, Field, Filter, Kind, Model, Op, Selection, Tx, Value, Values, sql, write};
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

use crate::behaviour::{Behaviour, Changing};
use crate::owner::{Owner, Service};
// circle: owner, behaviour: a model that every owner has

pub(crate) const MODEL: &str = "ir.model.data";
/// How long either part of an external id may be, in characters.
const LONGEST: usize = 128;

/// The declaration.
pub fn model<S>(_: &S) -> Model {
    let fields = vec![
        Field::new("module", Kind::Char(LONGEST), "Module").required(),
        Field::new("name", Kind::Char(LONGEST), "External identifier").required(),
        Field::computed("complete_name", Kind::Char(2 * LONGEST + 1), "Complete id", "{t}.module || '.' || {t}.name"),
        Field::new("model", Kind::Char(LONGEST), "Model name").required(),
        Field::new("res_id", Kind::Integer, "Record id").required(),
        Field::new("noupdate", Kind::Boolean, "Non updatable").default("false"),
        Field::computed("reference", Kind::Char(254), "Reference", "concat({t}.model, ',', {t}.res_id)"),
        Field::computed("date_init", Kind::Datetime, "Init date", "{t}.create_date"),
        Field::computed("date_update", Kind::Datetime, "Update date", "{t}.write_date"),
        Field::internal("owner", Kind::Char(64)),
        Field::internal("bank", Kind::Integer),
    ];
    let about = About { model: "model", record: "res_id", regardless: never, values: &[], named_by: "" };
    let model = Model::new(MODEL, "ir_model_data", "External id", fields, access).rec_name("complete_name").about(about);
    model.order(directory::order_of(MODEL).unwrap_or("id"))
}

/// Whose names somebody makes.
fn owner_of(identity: &Identity) -> String {
    match (identity.kind(), identity.bank) {
        (Who::Administrator | Who::Staff, _) => "hub".to_owned(),
        (_, Some(bank)) => format!("bank {bank}"),
        (_, None) => format!("user {}", identity.uid),
    }
}

fn access(identity: &Identity) -> Access {
    let of_nobody = vec![
        Filter::leaf("module", Op::Eq, "base"),
        Filter::leaf("module", Op::EqLike, r"\_\_%"),
        Filter::leaf("module", Op::EqLike, "hub%"),
        Filter::leaf("module", Op::EqLike, "echange%"),
    ];
    let mut writable = vec![Filter::Not(Box::new(Filter::Or(of_nobody)))];
    if identity.kind() != Who::Administrator {
        writable.push(Filter::leaf("owner", Op::Eq, owner_of(identity)));
    }
    let access = Access { writable: Some(Filter::And(writable)), ..Access::all() };
    let of_no_bank = Filter::leaf("bank", Op::Eq, false);
    match (identity.kind(), identity.bank) {
        (Who::Administrator | Who::Staff | Who::Integration, _) => access,
        (_, Some(bank)) => access.only(Filter::Or(vec![Filter::leaf("bank", Op::Eq, bank), of_no_bank])),
        (_, None) => access.only(of_no_bank),
    }
}

/// Whether a text may be a part of an external id: the dot parts them.
fn is_part(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| !c.is_control() && !c.is_whitespace() && !matches!(c, '.' | ',' | ';' | '"' | '\''))
}

/// That a module is one that the identity may use at all.
///
/// # Errors
/// 403 for one of nobody's or of somebody else.
fn refuse_module(identity: &Identity, module: &str) -> Result<(), Fault> {
    let lower = module.to_lowercase();
    let is_anothers = lower.strip_prefix("user_").is_some_and(|of| of != identity.uid.to_string());
    if lower == "base" || ["__", "hub", "echange"].iter().any(|begins| lower.starts_with(begins)) || is_anothers {
        return Err(not_ones_own(module));
    }
    Ok(())
}

fn not_ones_own(module: &str) -> Fault {
    Fault::access_error(format!(
        "You are not allowed to make external ids in the module '{}': use one of your own, such as your program's name.",
        records::model::clip(module)
    ))
}

/// The module of names that are given without one.
pub(crate) fn own_module(identity: &Identity) -> String {
    format!("user_{}", identity.uid)
}

/// What a name stands for.
#[derive(QueryableByName)]
struct Named {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    model: String,
    #[diesel(sql_type = BigInt)]
    res_id: i64,
}

/// An external id that is made, changed or removed.
#[derive(Default)]
pub struct ExternalId;

impl<S: Service> Behaviour<S> for ExternalId {
    async fn create(&self, change: Changing<'_, '_, S>, data: Map<String, Json>) -> Result<i64, Failure> {
        let Changing { tx, model, .. } = change;
        let mut problems = tx.problems();
        let mut values = tx.check(model, Mode::Create, data, &mut problems).await?;
        let text = |name: &str| values.text(name).unwrap_or_default().to_owned();
        let (module, name, of, id) = (text("module"), text("name"), text("model"), number(&values, "res_id"));
        for (field, part) in [("module", &module), ("name", &name)] {
            if !part.is_empty() && !is_part(part) {
                problems.add(format!(
                    "Wrong value for {MODEL}.{field}: '{}'; a name without dots and spaces was expected",
                    records::model::clip(part)
                ));
            }
        }
        problems.check()?;
        may_name(tx, &of, id).await?;
        refuse_module(tx.identity, &module)?;
        let (owner, bank) = (owner_of(tx.identity), tx.identity.bank);
        tx.run(sql!("external_ids/lock.sql", module.as_str())).await?;
        if !tx.ids(sql!("external_ids/others.sql", module.as_str(), owner.as_str(), bank)).await?.is_empty() {
            return Err(not_ones_own(&module).into());
        }
        for named in tx.rows::<Named>(sql!("external_ids/named.sql", module.as_str(), name.as_str(), bank)).await? {
            let is_there = match tx.registry.get(&named.model) {
                Some(model) => !tx.ids(existing(model, vec![named.res_id])).await?.is_empty(),
                None => false,
            };
            if !is_there {
                // What it named is gone
                tx.ids(write::tombstone(model, &tx.author, vec![named.id])).await?;
            } else if (named.model.as_str(), named.res_id) == (of.as_str(), id) && !tx.must_be_new {
                tx.is_repeated = true;
                return Ok(named.id);
            } else {
                return Err(Fault::taken(MODEL, "complete_name", &format!("{module}.{name}"), named.id).into());
            }
        }
        values.set("owner", owner);
        values.set("bank", bank);
        tx.insert(model, &values).await
    }

    async fn write(&self, change: Changing<'_, '_, S>, found: Found, mut data: Map<String, Json>) -> Result<(), Failure> {
        let Changing { tx, model, .. } = change;
        tx.drop_unchanged(model, &found.ids, &mut data, |field| matches!(field.name, "module" | "name" | "model" | "res_id")).await?;
        if let Some(field) = ["module", "name", "model", "res_id"].into_iter().find(|field| data.contains_key(*field)) {
            return Err(Fault::validation(format!(
                "Field '{field}' of {MODEL} stays as it was made: remove the external id, and make another."
            ))
            .into());
        }
        tx.write(model, found, data).await
    }
}

fn number(values: &Values, field: &str) -> i64 {
    match values.get(field) {
        Some(Value::Plain(json)) => json.as_i64().unwrap_or_default(),
        _ => 0,
    }
}

/// That the identity may write a record, which is what it takes to name it.
///
/// # Errors
/// 422 for a model that this service does not keep, 403 and 404 for the record.
pub(crate) async fn may_name(tx: &mut Tx<'_>, of: &str, id: i64) -> Result<(), Failure> {
    let Some(model) = tx.registry.get(of).filter(|model| model.about.is_none()) else {
        return Err(Fault::validation(format!("Unknown reference in {MODEL}.model: '{}'", records::model::clip(of))).into());
    };
    if !(model.access)(tx.identity).write {
        return Err(denied(model, "modify").into());
    }
    tx.find_ids(model, vec![id]).await.map(drop)
}

/// An external id of a record.
#[derive(Deserialize)]
struct Name {
    complete_name: String,
    res_id: i64,
    noupdate: bool,
}

impl<S: Service> Owner<S> {
    /// The external ids of these records that the user finds, in the order in which they were made.
    async fn external_ids(&self, identity: &Identity, of: &Model, ids: &[i64]) -> Result<BTreeMap<i64, Vec<Name>>, Fault> {
        let model = self.registry.model(MODEL)?;
        let about = vec![Filter::leaf("model", Op::Eq, of.name), Filter::leaf("res_id", Op::In, ids.to_vec())];
        let request = ListRequest {
            filter: Filter::And(about),
            selection: Selection::fields(["complete_name", "res_id", "noupdate"]),
            order: Some("id".to_owned()),
            active_test: false,
            window: Window::First(None),
        };
        let names = self.page(identity, model, &request, self.most()).await?.read::<Name>();
        let mut all: BTreeMap<i64, Vec<Name>> = BTreeMap::new();
        for name in names.map_err(|error| our_fault(S::NAME, "external ids can't be read", &error))? {
            all.entry(name.res_id).or_default().push(name);
        }
        Ok(all)
    }

    /// `get_external_id`: of each record the first, or an empty text.
    pub(crate) async fn get_external_id(&self, identity: &Identity, model: &Model, ids: Vec<i64>) -> Result<Reply, Fault> {
        let names = self.external_ids(identity, model, &ids).await?;
        let first = |id: &i64| names.get(id).and_then(|names| names.first()).map(|name| name.complete_name.as_str());
        Ok(Reply::value(&ids.iter().map(|id| (id.to_string(), first(id).unwrap_or_default())).collect::<BTreeMap<_, _>>()))
    }

    /// `get_metadata`: who made and changed each record, when, and what it is called.
    pub(crate) async fn get_metadata(&self, identity: &Identity, model: &Model, ids: Vec<i64>) -> Result<Reply, Fault> {
        const WHO_AND_WHEN: [&str; 4] = ["create_uid", "create_date", "write_uid", "write_date"];
        let told = WHO_AND_WHEN.into_iter().filter(|field| readable(identity, model, field).is_ok());
        let selection = Selection::fields(["id"].into_iter().chain(told));
        let sql = self.in_odoos(identity, true).these(model, &selection, ids.clone())?;
        let rows = self.one_page(model, sql).await?.read::<Map<String, Json>>();
        let names = self.external_ids(identity, model, &ids).await?;
        let mut all = rows.map_err(|error| our_fault(S::NAME, "a record can't be read", &error))?;
        for row in &mut all {
            for field in WHO_AND_WHEN {
                row.entry(field).or_insert(false.into());
            }
            let own = row.get("id").and_then(Json::as_i64).and_then(|id| names.get(&id)).map(Vec::as_slice).unwrap_or_default();
            let first = own.first();
            row.insert("xmlid".to_owned(), first.map_or(Json::Bool(false), |name| name.complete_name.as_str().into()));
            row.insert("noupdate".to_owned(), first.is_some_and(|name| name.noupdate).into());
            let xmlids = own.iter().map(|name| json!({"xmlid": name.complete_name, "noupdate": name.noupdate}));
            row.insert("xmlids".to_owned(), xmlids.collect());
        }
        Ok(Reply::value(&all))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_of_the_hubs_and_of_other_users_are_nobodys() {
        let identity = Identity { uid: 7, hub_admin: false, ..Identity::system() };
        for module in ["base", "BASE", "__import__", "__ekiclik__", "hub", "hub_2", "echange", "user_8", "user_"] {
            assert_eq!(refuse_module(&identity, module).unwrap_err().status, 403, "{module}");
        }
        for module in ["user_7", "my_connector", "basement"] {
            refuse_module(&identity, module).unwrap();
        }
        assert!(is_part("client_2590") && is_part("é-1") && !is_part("a.b") && !is_part("a b") && !is_part(""));
    }
}
