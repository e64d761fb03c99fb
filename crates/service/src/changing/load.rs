//! `load`, Odoo's method for rows of texts: each makes a record or changes one, by its external id (`id`) or its number (`.id`). All
//! rows in one transaction or none, and what is wrong with each is told.
//!
//! `field/id` is the external id of the record that a relation leads to, `field/.id` its number. An empty cell says nothing of a new
//! record, and unsets the field of one that is there.

use std::collections::{BTreeMap, BTreeSet};

use diesel_async::SimpleAsyncConnection;
use domain::Identity;
use jsonrpc::{Call, Dialect, Fault, Reply, strict};
use process::our_fault;
use records::model::clip;
use records::request::{ListRequest, Window};
use records::values::truth;
use records::{Failure, Field, Filter, Kind, Model, Op, Selection, Tx};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value as Json, json};

use super::{Draft, Earlier, Once, Part, earlier, keep_answer};
use crate::behaviour::{Behaviour, Changing};
use crate::external_ids::{self, ExternalId, own_module};
use crate::owner::{Owner, Service};
use crate::transaction::{Broken, For, Step};

/// How many rows one call may have.
const MAX_ROWS: usize = 2_000;
/// How many columns.
const MAX_COLUMNS: usize = 200;
/// How long a cell may be, in bytes.
const MAX_CELL: usize = 32 << 10;
/// How many records a list in a cell may name.
const MAX_NAMED: usize = 1_000;

/// What a column says.
enum Column<'m> {
    /// `id`
    ExternalId,
    /// `.id`
    Number,
    /// `field`
    Plain(&'m Field),
    /// `field/id`, with the model there
    ByExternalId(&'m Field, &'m Model),
    /// `field/.id`
    ByNumber(&'m Field),
}

/// A line of the answer.
fn message(row: usize, field: Option<&str>, text: &str) -> Json {
    json!({"type": "error", "record": row, "rows": {"from": row, "to": row}, "message": text, "field": field})
}

/// A row before its transaction.
struct Row<S: Service> {
    /// Its number, from 0.
    at: usize,
    /// The record that is changed; none: one is made.
    id: Option<i64>,
    /// The name that a new record gets.
    name: Option<(String, String)>,
    call: Call,
    part: Part<S>,
}

/// All of them.
struct Loading<'a, S: Service> {
    owner: &'a Owner<S>,
    model: &'a Model,
    fields: &'a [String],
    rows: Vec<Row<S>>,
    early: Vec<Json>,
    is_dry: bool,
    once: Option<Once>,
}

/// What comes of them.
struct Loaded {
    ids: Vec<i64>,
    messages: Vec<Json>,
    kept: Option<Reply>,
}

/// Whose name a record has.
#[derive(Deserialize)]
struct Named {
    complete_name: String,
    res_id: i64,
}

impl<S: Service> Loading<'_, S> {
    async fn run(&self, tx: &mut Tx<'_>) -> Result<Step<Loaded>, Failure> {
        match earlier(tx, self.once.as_ref()).await? {
            Earlier::Answered(reply) => return Ok(Step::Nothing(Loaded { ids: Vec::new(), messages: Vec::new(), kept: Some(reply) })),
            Earlier::Running => return Ok(Step::Wait),
            Earlier::None => {}
        }
        let (mut ids, mut messages) = (Vec::with_capacity(self.rows.len()), self.early.clone());
        for row in &self.rows {
            // What one row breaks off must not keep the others from being looked at
            tx.conn.batch_execute("SAVEPOINT line").await?;
            match self.row(tx, row).await {
                Ok(id) => ids.push(id),
                Err(Failure::Database(error)) if crate::database::is_transient(&error) || crate::database::is_closed(&error) => {
                    return Err(error.into());
                }
                Err(failure) => {
                    tx.conn.batch_execute("ROLLBACK TO SAVEPOINT line").await?;
                    messages.push(self.refused(row.at, &self.owner.refusal(failure)));
                }
            }
            tx.conn.batch_execute("RELEASE SAVEPOINT line").await?;
        }
        messages.sort_by_key(|message| message.get("record").and_then(Json::as_u64));
        let done = Loaded { ids, messages, kept: None };
        if self.is_dry || !done.messages.is_empty() {
            return Ok(Step::Nothing(done));
        }
        if let Some(once) = &self.once {
            keep_answer(tx, once, &answer(&done).to_string(), None).await?;
        }
        Ok(Step::Commit(done))
    }

    async fn row(&self, tx: &mut Tx<'_>, row: &Row<S>) -> Result<i64, Failure> {
        let (service, model, part) = (&self.owner.service, self.model, &row.part);
        tx.must_be_new = row.call.dialect == Dialect::Odoo;
        tx.early.clone_from(&part.early);
        tx.posted.clone_from(&part.posted);
        tx.is_repeated = false;
        let Some(id) = row.id else {
            let id = part.prepared.create(Changing { service, tx, model }, part.data.clone()).await?;
            if !tx.is_repeated {
                self.owner.relate(tx, model, &[id], part.related.clone()).await?;
            }
            if let Some((module, name)) = &row.name {
                let named = self.owner.registry.model(external_ids::MODEL)?;
                let data = json!({"module": module, "name": name, "model": model.name, "res_id": id});
                let data = data.as_object().cloned().unwrap_or_default();
                tx.early.clear();
                Behaviour::<S>::create(&ExternalId, Changing { service, tx, model: named }, data).await?;
            }
            return Ok(id);
        };
        let found = tx.find_ids(model, vec![id]).await?;
        let mut data = part.data.clone();
        tx.drop_unchanged(model, &[id], &mut data, |field| field.readonly).await?;
        part.prepared.write(Changing { service, tx, model }, found, data).await?;
        self.owner.relate(tx, model, &[id], part.related.clone()).await?;
        Ok(id)
    }

    /// A refusal as the message of its row, with the column that it names.
    fn refused(&self, row: usize, fault: &Fault) -> Json {
        let is_named = |field: &&String| {
            fault.message.contains(&format!("{}.{field}:", self.model.name)) || fault.message.contains(&format!("'{field}'"))
        };
        message(row, self.fields.iter().find(is_named).map(String::as_str), &fault.message)
    }
}

/// The answer in Odoo's words.
fn answer(done: &Loaded) -> Json {
    let ids = if done.messages.is_empty() { json!(done.ids) } else { false.into() };
    json!({"ids": ids, "messages": done.messages, "nextrow": 0})
}

/// A cell as text; none: it says nothing at all.
fn text(cell: &Json) -> Option<String> {
    match cell {
        Json::Null => None,
        Json::String(text) => Some(text.trim().to_owned()),
        Json::Bool(false) => Some(String::new()),
        other => Some(other.to_string()),
    }
}

impl<S: Service> Owner<S> {
    /// Loads rows.
    pub(crate) async fn load(&self, identity: &Identity, model: &Model, call: &Call) -> Result<Reply, Fault> {
        let params = &call.params;
        let fields: Vec<String> = params.need("fields")?;
        let raws: Vec<Box<RawValue>> = params.need("data")?;
        let is_dry = params.get::<Json>("dry_run")?.as_ref().and_then(truth) == Some(true);
        if raws.len() > MAX_ROWS {
            return Err(Fault::validation(format!("{} rows are too many for one call: {MAX_ROWS} at most", raws.len())));
        }
        let access = (model.access)(identity);
        if !access.create && !access.write {
            return Err(records::condition::denied(model, "create"));
        }
        let columns = self.columns(model, &fields)?;
        let mut rows = Vec::with_capacity(raws.len());
        for (at, raw) in raws.iter().enumerate() {
            let Json::Array(row) = strict::value("data", raw)? else {
                return Err(Fault::validation(format!("`data`: row {at} is not a list of cells")));
            };
            if row.len() > fields.len() {
                return Err(Fault::validation(format!("`data`: row {at} has {} cells, and there are {} columns", row.len(), fields.len())));
            }
            if let Some(long) = row.iter().position(|cell| cell.as_str().is_some_and(|text| text.len() > MAX_CELL)) {
                let column = fields.get(long).map_or("", String::as_str);
                return Err(Fault::validation(format!("`data`: row {at}, '{}': a cell has more than {MAX_CELL} bytes", clip(column))));
            }
            rows.push(row);
        }
        let once = match is_dry {
            true => None,
            false => self.once(identity, model, call, &json!([fields, rows]), (None, None), String::new())?,
        };
        if let Some(kept) = self.kept(once.as_ref()).await? {
            return Ok(kept);
        }
        let found = self.names(identity, model, &columns, &rows).await?;

        let mut loading =
            Loading { owner: self, model, fields: &fields, rows: Vec::with_capacity(rows.len()), early: Vec::new(), is_dry, once };
        let mut whose = None;
        for (at, row) in rows.iter().enumerate() {
            match self.meant(identity, model, call, &columns, row, &found).await {
                Ok((id, name, call, draft)) => {
                    let own = (draft.claimed, draft.bank);
                    if *whose.get_or_insert(own) != own {
                        let text = "The records of one request are of one bank and one side: send the others by themselves.";
                        loading.early.push(message(at, None, text));
                        continue;
                    }
                    match self.part(identity, model, &call, draft).await {
                        Ok(part) => loading.rows.push(Row { at, id, name, call, part }),
                        // Who is away or broken is so for every row
                        Err(fault) if fault.status >= 500 => return Err(fault),
                        Err(fault) => loading.early.push(loading.refused(at, &fault)),
                    }
                }
                Err((fault, _)) if fault.status >= 500 => return Err(fault),
                Err((fault, field)) => loading.early.push(match field {
                    Some(field) => message(at, Some(&field), &fault.message),
                    None => loading.refused(at, &fault),
                }),
            }
        }
        let (claimed, bank) = whose.unwrap_or_default();
        let whose = For { identity, claimed, bank, traceparent: call.traceparent.as_ref() };
        match self.transaction(&whose, &loading, |loading, tx| Box::pin(loading.run(tx))).await {
            Ok(Loaded { kept: Some(reply), .. }) => Ok(reply),
            Ok(done) if is_dry => Ok(Reply::value(&json!({"ids": false, "messages": done.messages, "nextrow": 0}))),
            Ok(done) => Ok(Reply::value(&answer(&done))),
            Err(Broken::Undone(failure)) => Err(self.refusal(failure)),
            Err(Broken::Unknown(error)) => Err(self.unknown_outcome(error)),
        }
    }

    fn columns<'m>(&'m self, model: &'m Model, names: &[String]) -> Result<Vec<Column<'m>>, Fault> {
        if names.len() > MAX_COLUMNS {
            return Err(Fault::validation(format!("{} columns are too many: {MAX_COLUMNS} at most", names.len())));
        }
        if let Some(twice) = names.iter().enumerate().find_map(|(at, name)| names.get(..at)?.contains(name).then_some(name)) {
            return Err(Fault::validation(format!("The column '{}' stands there twice", clip(twice))));
        }
        let column = |name: &String| {
            let (field, by) = match name.as_str() {
                "id" => return Ok(Column::ExternalId),
                ".id" => return Ok(Column::Number),
                path => path.split_once('/').map_or((path, None), |(field, by)| (field, Some(by))),
            };
            let unknown = || Fault::validation(model.unknown_field(name));
            if by.is_none() && matches!(field, "source" | "order_source" | "create_by") {
                // Who sends it, as every body says it
                return model.field("create_by").map(Column::Plain).ok_or_else(unknown);
            }
            let field = model.field(field).ok_or_else(unknown)?;
            match (by, &field.kind) {
                (None, Kind::One2many { .. }) => {
                    Err(Fault::validation(format!("The column '{name}' is a list: load its records by themselves")))
                }
                (None, _) => Ok(Column::Plain(field)),
                (Some(".id"), Kind::Many2one(_) | Kind::Many2many(_)) => Ok(Column::ByNumber(field)),
                (Some("id"), Kind::Many2one(comodel) | Kind::Many2many(comodel)) => match self.registry.get(comodel) {
                    Some(comodel) => Ok(Column::ByExternalId(field, comodel)),
                    None => Err(Fault::validation(format!(
                        "The column '{name}' leads to '{comodel}', which another service keeps: give its number in '{}/.id'",
                        field.name
                    ))),
                },
                (Some(_), _) => Err(unknown()),
            }
        };
        names.iter().map(column).collect()
    }

    /// What all external ids in the rows stand for, by model.
    async fn names(
        &self,
        identity: &Identity,
        model: &Model,
        columns: &[Column<'_>],
        rows: &[Vec<Json>],
    ) -> Result<BTreeMap<(&'static str, String), i64>, Fault> {
        let mut wanted: BTreeMap<&'static str, BTreeSet<String>> = BTreeMap::new();
        for row in rows {
            for (column, cell) in columns.iter().zip(row) {
                let of = match column {
                    Column::ExternalId => model.name,
                    Column::ByExternalId(_, comodel) => comodel.name,
                    Column::Number | Column::Plain(_) | Column::ByNumber(_) => continue,
                };
                let names = text(cell).into_iter().flat_map(|cell| parts(&cell).map(|name| complete(identity, name)).collect::<Vec<_>>());
                wanted.entry(of).or_default().extend(names);
            }
        }
        let named = self.registry.model(external_ids::MODEL)?;
        let mut found = BTreeMap::new();
        for (of, names) in wanted {
            let names: Vec<String> = names.into_iter().collect();
            for names in names.chunks(MAX_ROWS) {
                let request = ListRequest {
                    filter: Filter::And(vec![Filter::leaf("complete_name", Op::In, names.to_vec()), Filter::leaf("model", Op::Eq, of)]),
                    selection: Selection::fields(["complete_name", "res_id"]),
                    order: Some("id desc".to_owned()),
                    active_test: false,
                    window: Window::First(None),
                };
                let rows = self.page(identity, named, &request, self.most()).await?.read::<Named>();
                let rows = rows.map_err(|error| our_fault(S::NAME, "external ids can't be read", &error))?;
                found.extend(rows.into_iter().map(|row| ((of, row.complete_name), row.res_id)));
            }
        }
        Ok(found)
    }

    /// What a row says: which record, its name where it is new, and its values.
    async fn meant(
        &self,
        identity: &Identity,
        model: &Model,
        call: &Call,
        columns: &[Column<'_>],
        row: &[Json],
        found: &BTreeMap<(&'static str, String), i64>,
    ) -> Result<(Option<i64>, Option<(String, String)>, Call, Draft), (Fault, Option<String>)> {
        let names: Vec<String> = call.params.need("fields").map_err(|fault| (fault, None))?;
        let (mut id, mut name, mut data) = (None, None, Map::new());
        let mut unset = Vec::new();
        for ((column, cell), title) in columns.iter().zip(row).zip(&names) {
            let Some(cell_text) = text(cell) else { continue };
            let wrong = |why: String| (Fault::validation(why), Some(title.clone()));
            if cell_text.is_empty() {
                if let Column::Plain(field) | Column::ByExternalId(field, _) | Column::ByNumber(field) = column {
                    unset.push(if matches!(column, Column::Plain(_)) { title.as_str() } else { field.name });
                }
                continue;
            }
            match column {
                Column::ExternalId => {
                    let complete = complete(identity, &cell_text);
                    id = id.or_else(|| found.get(&(model.name, complete.clone())).copied());
                    let (module, own) = complete.split_once('.').unwrap_or_default();
                    if own.contains('.') {
                        return Err(wrong(format!("'{}' is not an external id: module.name was expected", clip(&cell_text))));
                    }
                    name = Some((module.to_owned(), own.to_owned()));
                }
                Column::Number => {
                    let number = cell_text.parse().map_err(|_unread| wrong(format!("'{}' is not a number", clip(&cell_text))))?;
                    id = Some(number);
                }
                Column::Plain(field) => {
                    let is_list = matches!(field.kind, Kind::Many2many(_));
                    let cell = if is_list && cell.is_string() { parts(&cell_text).map(Json::from).collect() } else { cell.clone() };
                    data.insert(title.clone(), cell);
                }
                Column::ByNumber(field) => {
                    let numbers = parts(&cell_text).map(str::parse::<i64>).collect::<Result<Vec<_>, _>>();
                    let numbers = numbers.map_err(|_unread| wrong(format!("'{}' is not a number", clip(&cell_text))))?;
                    data.insert(field.name.to_owned(), related(field, numbers));
                }
                Column::ByExternalId(field, comodel) => {
                    let mut numbers = Vec::new();
                    for part in parts(&cell_text) {
                        let id = found.get(&(comodel.name, complete(identity, part))).copied();
                        numbers.push(id.ok_or_else(|| {
                            wrong(format!("No matching record found for external id '{}' in field '{}'", clip(part), field.label))
                        })?);
                    }
                    data.insert(field.name.to_owned(), related(field, numbers));
                }
            }
            if data.values().any(|value| value.as_array().is_some_and(|list| list.len() > MAX_NAMED)) {
                return Err(wrong(format!("More than {MAX_NAMED} records are named in one cell")));
            }
        }
        let access = (model.access)(identity);
        let (method, may) = if id.is_some() { ("write", access.write) } else { ("create", access.create) };
        if !may {
            return Err((records::condition::denied(model, if id.is_some() { "modify" } else { "create" }), None));
        }
        if id.is_some() {
            data.extend(unset.into_iter().map(|field| (field.to_owned(), false.into())));
        }
        let mut call = Call { method: method.to_owned(), params: Default::default(), idempotency: None, ..call.clone() };
        call = call.with("data", &data);
        if let Some(id) = id {
            // The one in the add-on's words, and in the ORM's
            call = call.with("id", &id).with("ids", &[id]);
        }
        let draft = self.draft(identity, model, &call, data).await.map_err(|fault| (fault, None))?;
        Ok((id, name, call, draft))
    }
}

/// What a cell lists.
fn parts(cell: &str) -> impl Iterator<Item = &str> {
    cell.split(',').map(str::trim).filter(|part| !part.is_empty())
}

/// An external id with its module: one's own where it has none.
fn complete(identity: &Identity, name: &str) -> String {
    if name.contains('.') { name.to_owned() } else { format!("{}.{name}", own_module(identity)) }
}

/// A relation's value.
fn related(field: &Field, ids: Vec<i64>) -> Json {
    match (&field.kind, ids.as_slice()) {
        (Kind::Many2many(_), _) => json!(ids),
        (_, [one]) => (*one).into(),
        (_, several) => json!(several),
    }
}
