//! A question about records as one statement whose answer is the JSON text itself.

#[cfg(feature = "postgres")]
use diesel::sql_types::{BigInt, Nullable, Text};
use domain::Identity;
use jsonrpc::Fault;
use serde::de::DeserializeOwned;

use crate::binary;
use crate::condition::{Conditions, Row, readable, sealed};
use crate::filter::Filter;
use crate::model::{Field, Kind, Model, clip};
use crate::registry::Registry;
use crate::request::{ListRequest, Window};
use crate::selection::{Item, Selection};
use crate::sql::Sql;

/// How many fields an order may name.
const MAX_ORDER: usize = 8;
/// Postgres takes 100 arguments a call.
const MAX_ARGUMENTS: usize = 90;
/// How many lists may stand in one another: each multiplies what is in it.
pub const MAX_LEVELS: usize = 2;
/// How many lists of records' fields a query may ask for: each is held until the answer is whole.
const MAX_LISTS: usize = 8;
/// How many records a list within an answer may have, and how much text.
const MAX_LIST: (usize, usize) = (10_000, 16 << 20);
/// How many records an answer may have, those in its lists included.
pub const MAX_ELEMENTS: usize = 100_000;
/// How much text an answer may have, in bytes. What is streamed has none of these two bounds: nobody holds it.
pub const MAX_BYTES: usize = 32 << 20;

/// How values are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// As the REST add-on has them.
    AddOn,
    /// As Odoo's RPC has them.
    Odoo {
        /// Whether a many2one is its id with its name; of another service's record the gateway adds the name.
        pairs: bool,
    },
}

/// Who asks which service's models.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    /// The models of the service.
    pub registry: &'a Registry,
    /// Who asks.
    pub identity: &'a Identity,
    /// How they are answered.
    pub wire: Wire,
    /// Whether of a file its size is told in place of the file (`context.bin_size`).
    pub as_sizes: bool,
}

/// A statement that reads one record, whichever.
#[derive(Clone, Debug)]
pub struct One {
    before: Sql,
    after: Sql,
}

/// What the object of a row needs beside the row.
#[derive(Default)]
pub(crate) struct Beside {
    pub(crate) joins: Sql,
    /// Where the numbers of its lists' records stand.
    counts: Vec<String>,
    /// In how many lists the row stands.
    levels: usize,
}

impl Beside {
    /// SQL for how many records an object is, itself included.
    fn count(&self) -> String {
        let counts = self.counts.iter().map(|count| format!(" + {count}"));
        format!("(1{})::int", counts.collect::<String>())
    }
}

/// A list in too many others.
pub fn too_deep(list: &str) -> Fault {
    Fault::validation(format!(
        "'{list}' is a list in {MAX_LEVELS} others: at most {MAX_LEVELS} may stand in one another. Ask for the inner records in a request \
         of their own, with a filter; below {MAX_LEVELS} lists, name the fields in place of '*'."
    ))
}

/// SQL that ends the statement, told as 422.
fn too_much(what: &str) -> String {
    format!("too_much('{}')", what.replace('\'', "''"))
}

/// What an answer that is too much is told.
fn answer_too_much() -> String {
    let what = format!(
        "The answer has more than {MAX_ELEMENTS} records, those in its lists included, or {} MB: ask for fewer records at a time with \
         `page_size` or `after`, for fewer fields, or for the lists in requests of their own.",
        MAX_BYTES >> 20
    );
    too_much(&what)
}

/// What stands around the rows of a page, so that it ends as soon as it is too much: `object`, `n`, `id` of each row.
fn bounded() -> (String, &'static str) {
    let begin = format!(
        "(SELECT r.object, r.id, CASE WHEN sum(r.n) OVER w > {MAX_ELEMENTS} OR sum(octet_length(r.object)) OVER w > {MAX_BYTES} \
         THEN {} ELSE TRUE END AS fits FROM (SELECT ",
        answer_too_much()
    );
    (begin, ") r WINDOW w AS (ROWS UNBOUNDED PRECEDING)) r WHERE r.fits")
}

impl One {
    /// The statement for this record.
    pub fn of(&self, id: i64) -> Sql {
        let mut sql = self.before.clone();
        sql.bind(id).append(self.after.clone());
        sql
    }
}

/// A page's rows, and what the envelope around them tells.
#[derive(Debug)]
#[cfg_attr(feature = "postgres", derive(diesel::QueryableByName))]
pub struct Page {
    /// JSON objects, joined by commas.
    #[cfg_attr(feature = "postgres", diesel(sql_type = Text))]
    pub rows: String,
    /// How many they are.
    #[cfg_attr(feature = "postgres", diesel(sql_type = BigInt))]
    pub count: i64,
    /// How many match in all, where a page size was given.
    #[cfg_attr(feature = "postgres", diesel(sql_type = Nullable<BigInt>))]
    pub total: Option<i64>,
    /// The last row's id, for walks.
    #[cfg_attr(feature = "postgres", diesel(sql_type = Nullable<BigInt>))]
    pub last_id: Option<i64>,
}

impl Page {
    /// Its records.
    ///
    /// # Errors
    /// One that is not what is expected.
    pub fn read<T: DeserializeOwned>(&self) -> serde_json::Result<Vec<T>> {
        serde_json::from_str(&format!("[{}]", self.rows))
    }
}

/// Which of these records are there, whoever asks.
pub fn existing(model: &Model, ids: Vec<i64>) -> Sql {
    let mut sql = Sql::new(&format!("SELECT t.id FROM {} t WHERE t.deleted_at IS NULL AND t.id = ANY(", model.table));
    sql.bind(ids).push(")");
    sql
}

/// The names of the keys under which the newest records of a model keep what was sent.
pub fn hash_keys(model: &Model) -> Sql {
    Sql::new(&format!(
        "SELECT DISTINCT split_part(post_hash, '.', 1) FROM \
         (SELECT post_hash FROM {} WHERE post_hash LIKE '%.%' ORDER BY id DESC LIMIT 1000) h",
        model.table
    ))
}

impl<'a> Reader<'a> {
    fn conditions(self) -> Conditions<'a> {
        Conditions::new(self.registry, self.identity)
    }

    /// One record's object; no row where it does not exist for the identity. Rows are one text.
    ///
    /// # Errors
    /// 400 for the selection, 403 for the model.
    pub fn one(self, model: &Model, selection: &Selection) -> Result<One, Fault> {
        let mut conditions = self.conditions();
        let alias = conditions.alias();
        let row = Row { model, alias: &alias };
        let visible = conditions.visible(row)?;
        let mut beside = Beside::default();
        let object = self.object(&mut conditions, row, selection, &mut beside)?;
        let is_bounded = beside.counts.is_empty();
        let mut before = Sql::new("SELECT ");
        if !is_bounded {
            before.push(&format!(
                "CASE WHEN r.n > {MAX_ELEMENTS} OR octet_length(r.object) > {MAX_BYTES} THEN {}::text ELSE r.object END FROM (SELECT ",
                answer_too_much()
            ));
        }
        before.append(object);
        if !is_bounded {
            before.push(&format!(" AS object, {} AS n", beside.count()));
        }
        before.push(&format!(" FROM {} {alias}", model.table)).append(beside.joins);
        before.push(&format!(" WHERE {alias}.id = "));
        let mut after = Sql::new(" AND ");
        after.append(visible).push(if is_bounded { "" } else { ") r" });
        Ok(One { before, after })
    }

    /// A page, in one row: the objects joined by commas, their number, the number of all matches or null, the last id.
    ///
    /// # Errors
    /// 400 for filter, selection and order, 403 for the model.
    pub fn page(self, model: &Model, request: &ListRequest, at_most: i64) -> Result<Sql, Fault> {
        self.page_of(model, request, at_most, |conditions, row, beside| self.object(conditions, row, &request.selection, beside))
    }

    /// The same with the records' ids in place of objects.
    ///
    /// # Errors
    /// As [`Reader::page`].
    pub fn ids(self, model: &Model, request: &ListRequest, at_most: i64) -> Result<Sql, Fault> {
        self.page_of(model, request, at_most, |_, row, _| Ok(Sql::new(&format!("{}.id::text", row.alias))))
    }

    /// The same with each record's id and name.
    ///
    /// # Errors
    /// As [`Reader::page`].
    pub fn named(self, model: &Model, request: &ListRequest, at_most: i64) -> Result<Sql, Fault> {
        self.page_of(model, request, at_most, |conditions, row, _| Ok(Sql::new(&pair(conditions, row))))
    }

    /// Those of these records that are there for the identity, in the order in which they are asked for, as a page.
    ///
    /// # Errors
    /// As [`Reader::page`].
    pub fn these(self, model: &Model, selection: &Selection, ids: Vec<i64>) -> Result<Sql, Fault> {
        let mut conditions = self.conditions();
        let alias = conditions.alias();
        let row = Row { model, alias: &alias };
        let visible = conditions.visible(row)?;
        let mut beside = Beside::default();
        let object = self.object(&mut conditions, row, selection, &mut beside)?;
        let (bounded, bounded_end) = bounded();
        let mut sql = Sql::new("SELECT coalesce(string_agg(r.object, ','), '') AS rows, count(*) AS count, NULL::bigint AS total, ");
        sql.push("max(r.id) AS last_id FROM ").push(&bounded).append(object);
        sql.push(&format!(" AS object, {} AS n, {alias}.id FROM unnest(", beside.count())).bind(ids);
        sql.push(&format!(") WITH ORDINALITY k(id, at) JOIN {} {alias} ON {alias}.id = k.id", model.table)).append(beside.joins);
        sql.push(" WHERE ").append(visible).push(" ORDER BY k.at").push(bounded_end);
        Ok(sql)
    }

    fn page_of(
        self,
        model: &Model,
        request: &ListRequest,
        at_most: i64,
        object: impl FnOnce(&mut Conditions<'a>, Row<'_>, &mut Beside) -> Result<Sql, Fault>,
    ) -> Result<Sql, Fault> {
        let mut conditions = self.conditions();
        let alias = conditions.alias();
        let row = Row { model, alias: &alias };
        let matching = conditions.matching(row, &request.filter, request.active_test)?;
        let (limit, after, with_total) = match request.window {
            Window::First(limit) | Window::From { limit, .. } => (limit.unwrap_or(at_most), None, false),
            Window::Page { size, limit, .. } => (limit.unwrap_or(size).min(size), None, true),
            Window::After { id, limit } => (limit, Some(id), false),
        };
        let offset = request.window.offset();
        let order = match after {
            Some(_) => vec![(Sql::new(&format!("{alias}.id")), false)],
            None => self.order(&mut conditions, row, request.order.as_deref())?,
        };
        let mut beside = Beside::default();
        let object = object(&mut conditions, row, &mut beside)?;
        let count = beside.count();

        let mut from = Sql::new(&format!("FROM {} {alias} WHERE ", model.table));
        from.append(matching);
        if let Some(id) = after {
            from.push(&format!(" AND {alias}.id > ")).bind(id);
        }
        let (bounded, bounded_end) = bounded();
        let mut sql = Sql::default();
        let window = |sql: &mut Sql| {
            // Not bound: the planner must know that it is small
            sql.push(&format!(" LIMIT {limit}"));
            if offset > 0 {
                sql.push(" OFFSET ").bind(offset);
            }
        };
        if request.filter.searches_text() {
            // Text is searched first, by its own index, whatever the order: else the planner walks the order's index and
            // tries every row
            sql.push(&format!("WITH found AS MATERIALIZED (SELECT {alias}.id"));
            for (at, (key, _)) in order.iter().enumerate() {
                sql.push(", ").append(key.clone()).push(&format!(" AS o{at}"));
            }
            sql.push(" ").append(from).push("), page AS (SELECT * FROM found ORDER BY ");
            let keys = |prefix: &str| {
                let keys = order.iter().enumerate().map(|(at, (_, desc))| format!("{prefix}o{at}{}", if *desc { " DESC" } else { "" }));
                keys.collect::<Vec<_>>().join(", ")
            };
            sql.push(&keys(""));
            window(&mut sql);
            sql.push(") SELECT coalesce(string_agg(r.object, ','), '') AS rows, count(*) AS count, ");
            sql.push(if with_total { "(SELECT count(*) FROM found)" } else { "NULL::bigint" });
            sql.push(" AS total, max(r.id) AS last_id FROM ")
                .push(&bounded)
                .append(object)
                .push(&format!(" AS object, {count} AS n, page.id FROM page "));
            sql.push(&format!("JOIN {} {alias} ON {alias}.id = page.id", model.table)).append(beside.joins);
            sql.push(&format!(" ORDER BY {}", keys("page."))).push(bounded_end);
        } else {
            sql.push("SELECT coalesce(string_agg(r.object, ','), '') AS rows, count(*) AS count, ");
            if with_total {
                sql.push("(SELECT count(*) ").append(from.clone()).push(")");
            } else {
                sql.push("NULL::bigint");
            }
            sql.push(" AS total, max(r.id) AS last_id FROM ").push(&bounded).append(object);
            sql.push(&format!(" AS object, {count} AS n, {alias}.id FROM (SELECT {alias}.* ")).append(from);
            sql.push(" ORDER BY ").append(ordering(&order));
            window(&mut sql);
            sql.push(&format!(") {alias}")).append(beside.joins).push(" ORDER BY ").append(ordering(&order)).push(bounded_end);
        }
        Ok(sql)
    }

    /// Every match, one object a row: for exports.
    ///
    /// # Errors
    /// As [`Reader::page`].
    pub fn rows(self, model: &Model, request: &ListRequest) -> Result<Sql, Fault> {
        let mut conditions = self.conditions();
        let alias = conditions.alias();
        let row = Row { model, alias: &alias };
        let matching = conditions.matching(row, &request.filter, request.active_test)?;
        let order = self.order(&mut conditions, row, request.order.as_deref())?;
        let mut beside = Beside::default();
        let object = self.object(&mut conditions, row, &request.selection, &mut beside)?;
        let mut sql = Sql::new("SELECT ");
        sql.append(object).push(&format!(" FROM {} {alias}", model.table)).append(beside.joins);
        sql.push(" WHERE ").append(matching).push(" ORDER BY ").append(ordering(&order));
        sql.push(" OFFSET ").bind(request.window.offset());
        Ok(sql)
    }

    /// The first list of a selection that many records would each repeat: one behind a relation by which several lead to the same.
    /// Lists that are not repeated have together no more records than there are.
    pub fn repeated(self, model: &Model, selection: &Selection) -> Option<String> {
        self.repeated_behind(model, selection, false)
    }

    fn repeated_behind(self, model: &Model, selection: &Selection, shared: bool) -> Option<String> {
        self.selected(model, selection).ok()?.into_iter().find_map(|(field, nested)| {
            let is_one2many = matches!(field.kind, Kind::One2many { .. });
            if shared && field.kind.is_list() {
                return Some(field.name.to_owned());
            }
            let inner = self.repeated_behind(self.registry.get(field.kind.comodel()?)?, nested?, shared || !is_one2many)?;
            Some(format!("{}.{inner}", field.name))
        })
    }

    /// How many match in the window, counted up to `most`.
    ///
    /// # Errors
    /// As [`Reader::page`].
    pub fn count(self, model: &Model, request: &ListRequest, most: i64) -> Result<Sql, Fault> {
        let mut conditions = self.conditions();
        let alias = conditions.alias();
        let matching = conditions.matching(Row { model, alias: &alias }, &request.filter, request.active_test)?;
        let mut sql = Sql::new(&format!("SELECT count(*) FROM (SELECT FROM {} {alias} WHERE ", model.table));
        sql.append(matching).push(" OFFSET ").bind(request.window.offset()).push(" LIMIT ").bind(most).push(") counted");
        Ok(sql)
    }

    /// The ids that a change's filter finds, at most so many, locked in one fixed order. A second column tells whether the
    /// identity may change the record.
    ///
    /// # Errors
    /// 400 for the filter, 403 for the model.
    pub fn locked(self, model: &Model, filter: &Filter, active_test: bool, most: i64) -> Result<Sql, Fault> {
        let mut conditions = self.conditions();
        let alias = conditions.alias();
        let row = Row { model, alias: &alias };
        let matching = conditions.matching(row, filter, active_test)?;
        let writable = match (model.access)(self.identity).writable {
            None => Sql::new("TRUE"),
            Some(rule) => conditions.rule(row, &rule)?,
        };
        let mut sql = Sql::new(&format!("SELECT {alias}.id, ("));
        sql.append(writable).push(&format!(") FROM {} {alias} WHERE ", model.table)).append(matching);
        sql.push(&format!(" ORDER BY {alias}.id LIMIT ")).bind(most).push(&format!(" FOR UPDATE OF {alias}"));
        Ok(sql)
    }

    /// The order as SQL keys; every order ends in the id, so that no page repeats a record of another.
    pub(crate) fn order(self, conditions: &mut Conditions<'_>, row: Row<'_>, order: Option<&str>) -> Result<Vec<(Sql, bool)>, Fault> {
        let bad = |what: String| Fault::validation(format!("`order`: {what}"));
        let mut keys = Vec::new();
        let mut ends_in_id = false;
        for key in order.unwrap_or(row.model.order).split(',') {
            let mut words = key.split_whitespace();
            let (name, direction, more) = (words.next().unwrap_or_default(), words.next(), words.next());
            let desc = match direction.map(str::to_ascii_lowercase).as_deref() {
                None | Some("asc") => false,
                Some("desc") => true,
                Some(_) => return Err(bad(format!("'{}' is neither asc nor desc", clip(key.trim())))),
            };
            if more.is_some() {
                return Err(bad(format!("'{}' is more than a field and asc or desc", clip(key.trim()))));
            }
            let field = row.model.field(name).filter(|f| f.is_public()).ok_or_else(|| bad(row.model.unknown_field(name)))?;
            if order.is_some() {
                readable(self.identity, row.model, name)?;
            }
            if field.sealed_in.is_some() {
                return Err(sealed(row.model, field));
            }
            if field.kind == Kind::Binary {
                return Err(bad(format!("'{name}' is a file")));
            }
            let column = conditions.column(row, field);
            let key = match &field.kind {
                Kind::Many2one(comodel) => match self.registry.get(comodel) {
                    // By the related record's name, as far as it is visible
                    Some(comodel) => {
                        let alias = conditions.alias();
                        let related = Row { model: comodel, alias: &alias };
                        let naming = naming(conditions, related);
                        let mut sql =
                            Sql::new(&format!("(SELECT {naming} FROM {} {alias} WHERE {alias}.id = {column} AND ", comodel.table));
                        sql.append(conditions.visible(related)?).push(")");
                        sql
                    }
                    None => return Err(bad(format!("'{name}' leads to '{comodel}', which another service keeps"))),
                },
                Kind::One2many { .. } | Kind::Many2many(_) => return Err(bad(format!("'{name}' has several values"))),
                _ => Sql::new(&column),
            };
            keys.push((key, desc));
            ends_in_id |= field.kind == Kind::Id;
        }
        if keys.len() > MAX_ORDER {
            return Err(bad(format!("more than {MAX_ORDER} fields")));
        }
        if !ends_in_id {
            keys.push((Sql::new(&format!("{}.id", row.alias)), false));
        }
        Ok(keys)
    }

    /// The fields that a selection asks for, each once, in its order.
    pub(crate) fn selected<'s>(self, model: &'s Model, selection: &'s Selection) -> Result<Vec<(&'s Field, Option<&'s Selection>)>, Fault> {
        let allowed = (model.access)(self.identity).fields;
        let seen = |field: &Field| {
            field.is_public()
                && field.sealed_in.is_none()
                && field.kind != Kind::Binary
                && field.readable_by.is_none_or(|rule| rule(self.identity))
                && allowed.is_none_or(|fields| fields.contains(&field.name))
        };
        let mut chosen: Vec<(&Field, Option<&Selection>)> = Vec::new();
        let mut choose =
            |field: &'s Field, nested: Option<&'s Selection>| match chosen.iter_mut().find(|(there, _)| there.name == field.name) {
                Some(there) if nested.is_some() => there.1 = nested,
                Some(_) => {}
                None => chosen.push((field, nested)),
            };
        let known = |name: &str| model.field(name).ok_or_else(|| Fault::bad_query(model.unknown_field(name)));
        let excludes = selection.items.iter().any(|item| matches!(item, Item::Except(_)));
        for item in &selection.items {
            match item {
                Item::Field(name, nested) => {
                    let field = known(name)?;
                    readable(self.identity, model, name)?;
                    choose(field, nested.as_ref());
                }
                Item::Except(name) => {
                    known(name)?;
                }
                Item::All => model.fields.iter().filter(|field| seen(field)).for_each(|field| choose(field, None)),
            }
        }
        if excludes {
            model.fields.iter().filter(|field| seen(field)).for_each(|field| choose(field, None));
            chosen.retain(|(field, _)| !selection.items.iter().any(|item| matches!(item, Item::Except(name) if name == field.name)));
        }
        Ok(chosen)
    }

    /// SQL for the JSON object of a row. What it needs beside the row goes to `beside`.
    fn object(self, conditions: &mut Conditions<'_>, row: Row<'_>, selection: &Selection, beside: &mut Beside) -> Result<Sql, Fault> {
        let mut arguments: Vec<Sql> = Vec::new();
        let mut literal = String::from("{");
        let fields = self.selected(row.model, selection)?;
        for (at, (field, nested)) in fields.into_iter().enumerate() {
            literal.push_str(&format!("{}\"{}\":", if at == 0 { "" } else { "," }, field.name));
            arguments.push(Sql::new(&format!("'{literal}'")));
            literal.clear();
            arguments.push(self.value(conditions, row, field, nested, beside)?);
        }
        literal.push('}');
        arguments.push(Sql::new(&format!("'{literal}'")));
        let mut sql = Sql::new("concat(");
        for (at, argument) in arguments.into_iter().enumerate() {
            if at > 0 {
                sql.push(if at % MAX_ARGUMENTS == 0 { ") || concat(" } else { ", " });
            }
            sql.append(argument);
        }
        sql.push(")");
        Ok(sql)
    }

    /// SQL for the JSON text of one field's value. Unset is `false`, as Odoo has it; an unset number is 0.
    pub(crate) fn value(
        self,
        conditions: &mut Conditions<'_>,
        row: Row<'_>,
        field: &Field,
        nested: Option<&Selection>,
        beside: &mut Beside,
    ) -> Result<Sql, Fault> {
        if field.is_write_only() {
            return Ok(Sql::new("'false'"));
        }
        if let Some(blob) = field.sealed_in {
            // For the service's code, which opens it: the record's number and the encrypted text
            let alias = row.alias;
            return Ok(Sql::new(&format!("concat('[', {alias}.id, ',', coalesce(to_json({alias}.{blob})::text, 'null'), ']')")));
        }
        let column = conditions.column(row, field);
        let Some(comodel) = field.kind.comodel() else {
            if nested.is_some() {
                return Err(Fault::bad_query(format!(
                    "Field '{}' of '{}' is no relation: it can't have a block",
                    field.name, row.model.name
                )));
            }
            return Ok(Sql::new(&match field.kind {
                Kind::Binary => match field.kept {
                    Some(kept) => binary::value(row.alias, field, kept, self.as_sizes),
                    None => "'false'".to_owned(),
                },
                Kind::Id => column,
                Kind::Integer => format!("coalesce({column}, 0)"),
                // As Odoo prints a float
                Kind::Monetary | Kind::Float => format!("to_char(coalesce({column}, 0), 'FM999999999999999999990.099999')"),
                Kind::Boolean => format!("CASE WHEN {column} THEN 'true' ELSE 'false' END"),
                Kind::Date => format!("coalesce('\"' || {column} || '\"', 'false')"),
                Kind::Datetime => {
                    let format = if self.wire == Wire::AddOn { "YYYY-MM-DD-HH24-MI" } else { "YYYY-MM-DD HH24:MI:SS" };
                    format!("coalesce('\"' || to_char({column}, '{format}') || '\"', 'false')")
                }
                _ => format!("coalesce(to_json({column})::text, 'false')"),
            }));
        };
        let Some(comodel) = self.registry.get(comodel) else {
            if nested.is_some() {
                return Err(Fault::bad_query(format!(
                    "Field '{}' leads to '{comodel}', which another service keeps: read it from there by its id",
                    field.name
                )));
            }
            return Ok(Sql::new(&match field.kind {
                Kind::Many2many(_) => format!("to_json({column})::text"),
                _ => format!("coalesce({column}::text, 'false')"),
            }));
        };
        if let Some(field) = nested.and_then(|nested| nested.names(|name| comodel.field(name).filter(|field| field.is_sealed()))) {
            return Err(sealed(comodel, field));
        }
        let access = (comodel.access)(self.identity);
        if nested.is_none() && !access.read {
            // Of records that are not there for the identity it has no number either
            return Ok(Sql::new(if matches!(field.kind, Kind::Many2one(_)) { "'false'" } else { "'[]'" }));
        }
        let alias = conditions.alias();
        let related = Row { model: comodel, alias: &alias };
        let limited = access.visible.is_some();
        match &field.kind {
            Kind::Many2one(_) => {
                let in_pairs = self.wire == Wire::Odoo { pairs: true };
                if nested.is_none() && !limited && !in_pairs {
                    return Ok(Sql::new(&format!("coalesce({column}::text, 'false')")));
                }
                let visible = conditions.visible(related)?;
                beside.joins.push(&format!(" LEFT JOIN {} {alias} ON {alias}.id = {column} AND ", comodel.table)).append(visible);
                let Some(selection) = nested else {
                    return Ok(Sql::new(&match in_pairs {
                        true => format!("CASE WHEN {alias}.id IS NULL THEN 'false' ELSE {} END", pair(conditions, related)),
                        false => format!("coalesce({alias}.id::text, 'false')"),
                    }));
                };
                let object = self.object(conditions, related, selection, beside)?;
                if self.wire != Wire::AddOn {
                    let mut sql = Sql::new(&format!("CASE WHEN {alias}.id IS NULL THEN 'false' ELSE "));
                    sql.append(object).push(" END");
                    return Ok(sql);
                }
                // What is not set, field for field
                let fields = self.selected(comodel, selection)?;
                let empty = fields.iter().map(|(field, _)| format!("\"{}\":false", field.name)).collect::<Vec<_>>().join(",");
                let mut sql = Sql::new(&format!("CASE WHEN {alias}.id IS NULL THEN '{{{empty}}}' ELSE "));
                sql.append(object).push(" END");
                Ok(sql)
            }
            kind => {
                if beside.levels == MAX_LEVELS {
                    return Err(too_deep(field.name));
                }
                let (link, where_else) = match kind {
                    Kind::One2many { inverse, .. } => {
                        (format!("{alias}.{inverse} = {}.id", row.alias), format!(", with a filter on '{inverse}'"))
                    }
                    _ => (format!("{alias}.id = ANY({column})"), String::new()),
                };
                let too_much = too_much(&format!(
                    "'{}' of a '{}' has more than {} records or {} MB: leave it out (`{{-{}}}`), and read '{}' by pages{where_else}.",
                    field.name,
                    row.model.name,
                    MAX_LIST.0,
                    MAX_LIST.1 >> 20,
                    field.name,
                    comodel.name
                ));
                let order = self.order(conditions, related, None)?;
                let mut from = Sql::new(&format!("(SELECT {alias}.* FROM {} {alias} WHERE {link} AND ", comodel.table));
                from.append(conditions.matching(related, &Filter::all(), true)?);
                from.push(&format!(" LIMIT {}) {alias}", MAX_LIST.0 + 1));
                let list = conditions.alias();
                let joins = match nested {
                    None => {
                        let mut sql =
                            Sql::new(&format!(" LEFT JOIN LATERAL (SELECT CASE WHEN count(*) > {} THEN {too_much}::text ", MAX_LIST.0));
                        sql.push(&format!("ELSE concat('[', string_agg({alias}.id::text, ',' ORDER BY ")).append(ordering(&order));
                        sql.push("), ']') END AS text, count(*) AS n FROM ").append(from);
                        sql
                    }
                    Some(selection) => {
                        conditions.count_list(MAX_LISTS)?;
                        let mut inner = Beside { levels: beside.levels + 1, ..Beside::default() };
                        let element = self.object(conditions, related, selection, &mut inner)?;
                        let keys = order.iter().enumerate().map(|(at, (_, desc))| format!("e.o{at}{}", if *desc { " DESC" } else { "" }));
                        let mut sql = Sql::new(" LEFT JOIN LATERAL (SELECT concat('[', string_agg(e.text, ',' ORDER BY ");
                        sql.push(&keys.collect::<Vec<_>>().join(", "))
                            .push("), ']') AS text, coalesce(sum(e.n), 0) AS n FROM (SELECT o.*, ");
                        // Ends as soon as it is too much
                        sql.push(&format!(
                            "CASE WHEN count(*) OVER w > {} OR sum(octet_length(o.text)) OVER w > {} THEN {too_much} ELSE TRUE END AS fits ",
                            MAX_LIST.0, MAX_LIST.1
                        ));
                        sql.push("FROM (SELECT ").append(element).push(&format!(" AS text, {} AS n", inner.count()));
                        for (at, (key, _)) in order.into_iter().enumerate() {
                            sql.push(", ").append(key).push(&format!(" AS o{at}"));
                        }
                        sql.push(" FROM ").append(from).append(inner.joins);
                        sql.push(") o WINDOW w AS (ROWS UNBOUNDED PRECEDING)) e WHERE e.fits");
                        sql
                    }
                };
                beside.joins.append(joins).push(&format!(") {list} ON TRUE"));
                beside.counts.push(format!("{list}.n"));
                Ok(Sql::new(&format!("{list}.text")))
            }
        }
    }
}

/// SQL for the name of a row.
pub(crate) fn naming(conditions: &Conditions<'_>, row: Row<'_>) -> String {
    row.model.any_field("display_name").map_or_else(|| format!("{}.id::text", row.alias), |field| conditions.column(row, field))
}

/// SQL for the JSON text of a row's id with its name.
pub(crate) fn pair(conditions: &Conditions<'_>, row: Row<'_>) -> String {
    format!("concat('[', {}.id, ',', to_json(coalesce({}, '')), ']')", row.alias, naming(conditions, row))
}

pub(crate) fn ordering(order: &[(Sql, bool)]) -> Sql {
    let mut sql = Sql::default();
    for (at, (key, desc)) in order.iter().enumerate() {
        if at > 0 {
            sql.push(", ");
        }
        sql.append(key.clone()).push(if *desc { " DESC" } else { "" });
    }
    sql
}
