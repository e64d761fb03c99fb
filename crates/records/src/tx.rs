//! A changing request's transaction, and what every model's create, write and unlink have in common.

use std::collections::HashMap;

use diesel::QueryableByName;
use diesel::pg::Pg;
use diesel::result::DatabaseErrorKind;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use diesel_async::AsyncPgConnection;
use domain::Identity;
use jsonrpc::Fault;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};

use crate::condition::{Conditions, Row, denied};
use crate::filter::{Filter, Op};
use crate::model::{ByName, Field, Kind, Model, clip};
use crate::posted::Posted;
use crate::read::{Reader, Wire};
use crate::registry::Registry;
use crate::sql::Sql;
use crate::statement::Statement;
use crate::values::{Mode, Problems, Value, Values};
use crate::write::{self, Author, OnConflict};

/// How many records one change may touch unless `context.bulk` is true.
const MAX_MATCHES: usize = 1_000;
/// How many with it.
const MAX_BULK: usize = 100_000;

/// Why a transaction's work stopped.
#[derive(Debug)]
pub enum Failure {
    /// Something that the client can act on.
    Fault(Fault),
    /// A natural key that another record has.
    Taken {
        /// The field that the key is named by.
        field: String,
        /// As it is told where nothing more can be said.
        fault: Fault,
    },
    /// The database's own error.
    Database(diesel::result::Error),
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Failure {
        Failure::Fault(fault)
    }
}

impl From<diesel::result::Error> for Failure {
    fn from(error: diesel::result::Error) -> Failure {
        Failure::Database(error)
    }
}

/// One open transaction, and for whom.
pub struct Tx<'a> {
    /// The connection that is in the transaction.
    pub conn: &'a mut AsyncPgConnection,
    /// The service's models.
    pub registry: &'a Registry,
    /// Who asks.
    pub identity: &'a Identity,
    /// By whom events and audit say that it was.
    pub author: Author,
    /// What was found wrong before the transaction, to be told with the rest.
    pub early: Vec<String>,
    /// What a create came with, to be compared with what was kept of those before it.
    pub posted: Posted,
    /// Whether a create found that its key came last with the same: nothing more is to be done for it.
    pub is_repeated: bool,
    /// Whether a create makes a record or fails, whatever has its key.
    pub must_be_new: bool,
}

/// What a change's filter found.
#[derive(Debug, Default)]
pub struct Found {
    /// Locked, in rising order.
    pub ids: Vec<i64>,
}

impl Tx<'_> {
    /// What is wrong with the request so far; to be added to, and checked when everything has been looked at.
    pub fn problems(&self) -> Problems {
        let mut problems = Problems::default();
        self.early.iter().for_each(|problem| problems.add(problem.as_str()));
        problems
    }

    /// Rows of a statement, read by the names of their columns.
    ///
    /// # Errors
    /// The database's own.
    pub async fn rows<T: QueryableByName<Pg> + Send + 'static>(&mut self, statement: Statement) -> Result<Vec<T>, Failure> {
        Ok(statement.load(self.conn).await?)
    }

    /// Rows of a statement whose one column is JSON text. Quantities and amounts stand in it as texts, so that they stay exact.
    ///
    /// # Errors
    /// The database's own; a row that is not what is expected.
    pub async fn read<T: DeserializeOwned>(&mut self, statement: impl Into<Sql>) -> Result<Vec<T>, Failure> {
        let rows = statement.into().load::<Text, String>(self.conn).await?;
        let read = rows.iter().map(|row| serde_json::from_str(row)).collect::<Result<Vec<T>, _>>();
        read.map_err(|error| diesel::result::Error::DeserializationError(Box::new(error)).into())
    }

    /// Runs a statement; answers how many rows it changed.
    ///
    /// # Errors
    /// The database's own.
    pub async fn run(&mut self, statement: Statement) -> Result<usize, Failure> {
        Ok(statement.run(self.conn).await?)
    }

    /// The one column of a statement's rows.
    ///
    /// # Errors
    /// The database's own.
    pub async fn ids(&mut self, sql: impl Into<Sql>) -> Result<Vec<i64>, Failure> {
        Ok(sql.into().load::<BigInt, i64>(self.conn).await?)
    }

    /// Runs an insert; answers the ids that it made.
    ///
    /// # Errors
    /// The database's own.
    pub async fn ids_of_new(&mut self, insert: Sql) -> Result<Vec<i64>, Failure> {
        let rows = insert.load::<(BigInt, Nullable<Text>), (i64, Option<String>)>(self.conn).await?;
        Ok(rows.into_iter().map(|(id, _)| id).collect())
    }

    /// Locks the records that a filter finds, and refuses when the identity may not change one of them.
    ///
    /// # Errors
    /// 422 for a filter that is empty or finds too many, 403 for records that are seen but not to be changed.
    pub async fn find_locked(&mut self, model: &Model, filter: &Filter, active_test: bool, bulk: bool) -> Result<Found, Failure> {
        if filter.is_all() {
            return Err(Fault::validation("`filter` is required, and must not be empty: it says which records are meant.").into());
        }
        let most = if bulk { MAX_BULK } else { MAX_MATCHES };
        let limit = i64::try_from(most + 1).unwrap_or(i64::MAX);
        let reader = Reader { registry: self.registry, identity: self.identity, wire: Wire::AddOn, as_sizes: false };
        let rows = reader.locked(model, filter, active_test, limit)?.load::<(BigInt, Bool), (i64, bool)>(self.conn).await?;
        if rows.len() > most {
            let hint = if bulk { "" } else { "; `context.bulk` allows more" };
            return Err(Fault::validation(format!("the filter finds more than {most} records{hint}.")).into());
        }
        if rows.iter().any(|(_, writable)| !writable) {
            return Err(denied(model, "modify").into());
        }
        Ok(Found { ids: rows.into_iter().map(|(id, _)| id).collect() })
    }

    /// Locks the records of these ids: what an action begins with.
    ///
    /// # Errors
    /// 404 for one that is not there, 403 for one that is seen but not to be changed.
    pub async fn find_ids(&mut self, model: &Model, ids: Vec<i64>) -> Result<Found, Failure> {
        let found = self.find_locked(model, &Filter::leaf("id", Op::In, ids.clone()), false, false).await?;
        match ids.iter().find(|id| !found.ids.contains(id)) {
            Some(missing) => Err(Fault::missing(model.name, *missing).into()),
            None => Ok(found),
        }
    }

    /// Checks data against a model and resolves its references: what every create and write begins with.
    ///
    /// # Errors
    /// 403 for a field that may not be written. Everything else goes to `problems`.
    pub async fn check(&mut self, model: &Model, mode: Mode, data: Map<String, Json>, problems: &mut Problems) -> Result<Values, Failure> {
        let mut values = Values::check(model, self.identity, mode, data, problems)?;
        self.resolve(model, std::slice::from_mut(&mut values), problems).await?;
        Ok(values)
    }

    /// Turns names into ids, and makes sure that ids are there: one statement for all rows and fields, one more for what a
    /// name makes.
    ///
    /// # Errors
    /// The database's own. Unknown references go to `problems`.
    pub async fn resolve(&mut self, model: &Model, rows: &mut [Values], problems: &mut Problems) -> Result<(), Failure> {
        let registry = self.registry;
        let mut wanted: Vec<Wanted<'_>> = Vec::new();
        for values in rows.iter() {
            for (name, value) in values.iter() {
                let Some((field, comodel)) = model.any_field(name).and_then(|f| Some((f, registry.get(f.kind.comodel()?)?))) else {
                    continue;
                };
                let entry = match wanted.iter().position(|w| w.field == field.name) {
                    Some(at) => wanted.get_mut(at),
                    None => {
                        wanted.push(Wanted {
                            field: field.name,
                            comodel,
                            or_new: field.by_name == ByName::OrNew,
                            ids: vec![],
                            names: vec![],
                        });
                        wanted.last_mut()
                    }
                };
                let Some(entry) = entry else { continue };
                match value {
                    Value::Name(name) => entry.names.push(name.clone()),
                    Value::Plain(Json::Array(ids)) => entry.ids.extend(ids.iter().filter_map(Json::as_i64)),
                    Value::Plain(id) => entry.ids.extend(id.as_i64()),
                    Value::Change { push, .. } => entry.ids.extend(push),
                }
            }
        }
        wanted.retain(|w| !w.ids.is_empty() || !w.names.is_empty());
        // Many rows name the same few, and each name is compared with all there are
        for want in &mut wanted {
            want.ids.sort_unstable();
            want.ids.dedup();
            want.names.sort_unstable();
            want.names.dedup();
        }
        let mut known = if wanted.is_empty() { HashMap::new() } else { self.look_up(&wanted).await? };
        let mut made = false;
        for want in wanted.iter().filter(|want| want.or_new) {
            let mut new: Vec<&String> = want.names.iter().filter(|name| !known.contains_key(&(want.field, (*name).clone()))).collect();
            new.sort_unstable();
            new.dedup();
            if !new.is_empty() {
                let rows: Vec<_> =
                    new.iter().map(|name| Map::from_iter([(want.comodel.rec_name.to_owned(), (*name).clone().into())])).collect();
                let sql = write::insert(want.comodel, &self.author, &[want.comodel.rec_name], &rows, OnConflict::Skip, "NULL");
                self.ids_of_new(sql).await?;
                made = true;
            }
        }
        if made {
            // Another request may have made the same names meanwhile: whoever did, they are there now
            known = self.look_up(&wanted).await?;
        }
        for values in rows.iter_mut() {
            let mut texts = Vec::new();
            for (name, value) in values.iter_mut() {
                let Some(field) = model.any_field(name).filter(|f| f.kind.comodel().is_some_and(|m| registry.get(m).is_some())) else {
                    continue;
                };
                let keys: Vec<String> = match &*value {
                    Value::Name(text) => vec![text.clone()],
                    Value::Plain(Json::Array(ids)) => ids.iter().map(Json::to_string).collect(),
                    Value::Plain(Json::Number(id)) => vec![id.to_string()],
                    Value::Change { push, .. } => push.iter().map(i64::to_string).collect(),
                    Value::Plain(_) => Vec::new(),
                };
                if let ByName::OrText(text) = field.by_name {
                    let unknown = match &*value {
                        Value::Name(name) if !known.contains_key(&(field.name, name.clone())) => Some(name.clone()),
                        _ => None,
                    };
                    texts.push((text, unknown.clone()));
                    if unknown.is_some() {
                        *value = Value::Plain(Json::Null);
                        continue;
                    }
                }
                for key in keys {
                    match known.get(&(field.name, key.clone())) {
                        Some(id) if matches!(value, Value::Name(_)) => *value = Value::Plain((*id).into()),
                        Some(_) => {}
                        None => problems.add(format!("Unknown reference in {}.{}: '{}'", model.name, field.name, clip(&key))),
                    }
                }
            }
            for (field, text) in texts {
                values.set(field, text);
            }
        }
        Ok(())
    }

    /// The ids of what is wanted, by (field, name or id as text); each row is kept from being removed meanwhile.
    async fn look_up<'w>(&mut self, wanted: &'w [Wanted<'_>]) -> Result<HashMap<(&'w str, String), i64>, Failure> {
        let mut conditions = Conditions::new(self.registry, self.identity);
        let mut sql = Sql::new("WITH ");
        let mut parts = Vec::new();
        for (at, want) in wanted.iter().enumerate() {
            let table = want.comodel.table;
            let named = want.comodel.is_named("x");
            // What the identity may not see is no reference for it
            let visible = conditions.visible(Row { model: want.comodel, alias: "x" })?;
            sql.push(if at == 0 { "" } else { ", " });
            sql.push(&format!("i{at} AS (SELECT x.id, x.id::text AS name FROM {table} x WHERE x.id = ANY(")).bind(want.ids.clone());
            sql.push(") AND ").append(visible.clone());
            sql.push(&format!(" ORDER BY x.id FOR KEY SHARE), n{at} AS (SELECT x.id, r.name FROM "));
            sql.append(want.comodel.names(want.names.clone()));
            sql.push(&format!(" JOIN {table} x ON {named} WHERE ")).append(visible).push(" ORDER BY x.id FOR KEY SHARE OF x)");
            for source in ["i", "n"] {
                parts.push(format!("SELECT '{}' AS field, name, min(id) FROM {source}{at} GROUP BY name", want.field));
            }
        }
        sql.push(" ").push(&parts.join(" UNION ALL "));
        let found = sql.load::<(Text, Text, BigInt), (String, String, i64)>(self.conn).await?;
        let field = |name: &str| wanted.iter().map(|want| want.field).find(|field| *field == name).unwrap_or_default();
        Ok(found.into_iter().map(|(name, key, id)| ((field(&name), key), id)).collect())
    }

    /// Makes one record of checked values.
    ///
    /// # Errors
    /// 409 where a key is taken.
    pub async fn insert(&mut self, model: &Model, values: &Values) -> Result<i64, Failure> {
        match self.insert_unless_taken(model, values, OnConflict::Fail).await? {
            Some(id) => Ok(id),
            None => Err(Fault::busy().into()),
        }
    }

    /// Makes one record of checked values, or none where its key is taken.
    ///
    /// # Errors
    /// 409 where a key is taken and that is an error.
    pub async fn insert_unless_taken(&mut self, model: &Model, values: &Values, on_conflict: OnConflict) -> Result<Option<i64>, Failure> {
        let mut row = Map::new();
        let mut columns: Vec<&str> = Vec::new();
        for (name, value) in values.iter() {
            if let Value::Plain(json) = value {
                row.insert(name.to_owned(), json.clone());
            } else if let Value::Change { push, .. } = value {
                row.insert(name.to_owned(), push.clone().into());
            } else {
                continue;
            }
            columns.push(name);
        }
        write::with_empty_arrays(model, &mut columns, &mut row);
        // One text of the statement for the same fields in whatever order
        columns.sort_unstable();
        let sql = write::insert(model, &self.author, &columns, &[row], on_conflict, "NULL");
        let rows = sql.load::<(BigInt, Nullable<Text>), (i64, Option<String>)>(self.conn).await;
        Ok(rows.map_err(|error| taken(model, error))?.first().map(|(id, _)| *id))
    }

    /// Stores rows that the service makes itself: structs whose fields are columns. Answers the new ids; a row whose key is taken has none
    /// where that is no error.
    ///
    /// # Errors
    /// 409 where a key is taken and that is an error; 500 for a field that is no column.
    pub async fn insert_rows<R: Serialize>(&mut self, model: &Model, rows: &[R], on_conflict: OnConflict) -> Result<Vec<i64>, Failure> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let rows = write::rows(rows)?;
        let sql = write::insert(model, &self.author, &write::columns(model, &rows)?, &rows, on_conflict, "NULL");
        let stored = sql.load::<(BigInt, Nullable<Text>), (i64, Option<String>)>(self.conn).await;
        Ok(stored.map_err(|error| taken(model, error))?.into_iter().map(|(id, _)| id).collect())
    }

    /// Gives each of these locked records its own values: structs of its `id` and of columns. Answers those that changed.
    ///
    /// # Errors
    /// As [`Tx::insert_rows`].
    pub async fn update_rows<R: Serialize>(&mut self, model: &Model, rows: &[R]) -> Result<Vec<i64>, Failure> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let rows = write::rows(rows)?;
        let mut columns = write::columns(model, &rows)?;
        columns.retain(|column| *column != "id");
        let sql = write::update_each(model, &self.author, &columns, &rows);
        sql.load::<BigInt, i64>(self.conn).await.map_err(|error| taken(model, error))
    }

    /// Gives locked records checked values; answers those that changed.
    ///
    /// # Errors
    /// 409 where a key is taken.
    pub async fn update(&mut self, model: &Model, ids: Vec<i64>, values: &Values) -> Result<Vec<i64>, Failure> {
        if ids.is_empty() || values.is_empty() {
            return Ok(Vec::new());
        }
        let mut entries: Vec<_> = values.iter().collect();
        entries.sort_unstable_by_key(|(name, _)| *name);
        let sql = write::update(model, &self.author, ids, &entries);
        sql.load::<BigInt, i64>(self.conn).await.map_err(|error| taken(model, error))
    }

    /// Where a create must make a record, refuses a natural key that a record has already.
    ///
    /// # Errors
    /// 422 naming the field, the value and the record.
    pub fn refuse_taken(&self, model: &Model, field: &str, value: &str, id: i64) -> Result<(), Failure> {
        if self.must_be_new { Err(Fault::taken(model.name, field, value, id).into()) } else { Ok(()) }
    }

    /// Whether what was kept of a key's last POST is of this one; notes that this one is repeated.
    pub fn is_same(&mut self, kept: Option<&str>) -> bool {
        self.is_repeated = self.posted.is_same(kept) == Some(true);
        self.is_repeated
    }

    /// Takes out of the data of a write, of the fields that `counts` names, those that say what each of these records has
    /// already: that is no change, whether or not the field may be changed.
    ///
    /// # Errors
    /// The database's own.
    pub async fn drop_unchanged(
        &mut self,
        model: &Model,
        ids: &[i64],
        data: &mut Map<String, Json>,
        counts: impl Fn(&Field) -> bool,
    ) -> Result<(), Failure> {
        let mut conditions = Conditions::new(self.registry, self.identity);
        let alias = conditions.alias();
        let row = Row { model, alias: &alias };
        let mut sql = Sql::new("SELECT concat(");
        let mut names = Vec::new();
        for field in model.fields.iter().filter(|field| field.is_public() && counts(field)) {
            let Some(value) = data.get(field.name).filter(|value| !value.is_array() && !value.is_object()) else { continue };
            // What can't be compared, or not by this user, stays to be refused
            let Ok(same) = conditions.matching(row, &Filter::leaf(field.name, Op::Eq, value.clone()), false) else { continue };
            sql.push(if names.is_empty() { "" } else { ", " }).push("CASE WHEN bool_and(coalesce((").append(same);
            sql.push("), false)) THEN 1 ELSE 0 END");
            names.push(field.name);
        }
        if names.is_empty() || ids.is_empty() {
            return Ok(());
        }
        sql.push(&format!(") FROM {} {alias} WHERE {alias}.id = ANY(", model.table)).bind(ids.to_vec()).push(")");
        let same = sql.load::<Text, String>(self.conn).await?.pop().unwrap_or_default();
        for (name, _) in names.iter().zip(same.chars()).filter(|(_, same)| *same == '1') {
            data.remove(*name);
        }
        Ok(())
    }

    /// A plain model's create.
    ///
    /// # Errors
    /// 422 with everything that is wrong, 409 where a key is taken.
    pub async fn create(&mut self, model: &Model, data: Map<String, Json>) -> Result<i64, Failure> {
        let mut problems = self.problems();
        let values = self.check(model, Mode::Create, data, &mut problems).await?;
        problems.check()?;
        self.insert(model, &values).await
    }

    /// A plain model's write.
    ///
    /// # Errors
    /// 422 with everything that is wrong, 409 where a key is taken.
    pub async fn write(&mut self, model: &Model, found: Found, data: Map<String, Json>) -> Result<(), Failure> {
        let mut problems = self.problems();
        let values = self.check(model, Mode::Write, data, &mut problems).await?;
        problems.check()?;
        self.update(model, found.ids, &values).await.map(drop)
    }

    /// Makes tombstones of locked records, unless something of this service refers to them.
    ///
    /// # Errors
    /// 409 naming what refers to them.
    pub async fn unlink(&mut self, model: &Model, found: Found) -> Result<(), Failure> {
        if found.ids.is_empty() {
            return Ok(());
        }
        let referring = self.referring(model.name, found.ids.clone()).await?;
        refuse_referred(model.name, referring)?;
        self.ids(write::tombstone(model, &self.author, found.ids)).await.map(drop)
    }

    /// Which of this service's records refer to records of a model, as "model.field (one id of them)".
    ///
    /// # Errors
    /// The database's own.
    pub async fn referring(&mut self, model: &str, ids: Vec<i64>) -> Result<Vec<String>, Failure> {
        let mut sql = Sql::default();
        for (referring, field) in self.registry.references_to(model) {
            if !sql.is_empty() {
                sql.push(" UNION ALL ");
            }
            let points = if matches!(field.kind, Kind::Many2many(_)) { "&& " } else { "= ANY(" };
            sql.push(&format!(
                "(SELECT '{}.{}', x.id FROM {} x WHERE x.{} {points}",
                referring.name, field.name, referring.table, field.name
            ));
            sql.bind(ids.clone());
            sql.push(if matches!(field.kind, Kind::Many2many(_)) { "" } else { ")" });
            sql.push(" AND x.deleted_at IS NULL");
            if referring.name == model {
                sql.push(" AND x.id <> ALL(").bind(ids.clone()).push(")");
            }
            sql.push(" LIMIT 1)");
        }
        if sql.is_empty() {
            return Ok(Vec::new());
        }
        let rows = sql.load::<(Text, BigInt), (String, i64)>(self.conn).await?;
        Ok(rows.into_iter().map(|(what, id)| format!("{what} (of record {id})")).collect())
    }
}

/// 409 where something refers to what is to be removed.
///
/// # Errors
/// That.
pub fn refuse_referred(model: &str, referring: Vec<String>) -> Result<(), Fault> {
    if referring.is_empty() {
        return Ok(());
    }
    Err(Fault::conflict(format!("The {model} record can't be removed: {} refers to it. Archive it instead.", referring.join(", "))))
}

struct Wanted<'m> {
    field: &'static str,
    comodel: &'m Model,
    or_new: bool,
    ids: Vec<i64>,
    names: Vec<String>,
}

/// What a model's constraints refuse, as the client's error. Their names tell what: `<table>_<what>_key` is unique,
/// `<table>_<rule in words>` is a check.
pub fn taken(model: &Model, error: diesel::result::Error) -> Failure {
    let diesel::result::Error::DatabaseError(kind, info) = &error else { return error.into() };
    if let (DatabaseErrorKind::NotNullViolation, Some(column)) = (kind, info.column_name()) {
        return Fault::validation(format!("Field '{column}' of {} is required", model.name)).into();
    }
    let name = info.constraint_name().unwrap_or_default();
    let Some(what) = name.strip_prefix(model.table).map(|name| name.trim_matches('_')) else { return error.into() };
    match kind {
        DatabaseErrorKind::UniqueViolation => {
            let field = what.trim_end_matches("_key").to_owned();
            let fault = Fault::conflict(format!("Another '{}' ({}) record has the same {field}.", model.label, model.name));
            Failure::Taken { field, fault }
        }
        DatabaseErrorKind::CheckViolation => {
            Fault::validation(format!("Not possible for '{}' ({}): {}.", model.label, model.name, what.replace('_', " "))).into()
        }
        _ => error.into(),
    }
}
