//! A question about records as one statement whose answer is the JSON text itself.

mod row;

#[cfg(feature = "postgres")]
use diesel::sql_types::{BigInt, Nullable, Text};
use domain::Identity;
use jsonrpc::Fault;
use serde::de::DeserializeOwned;

use crate::condition::{Conditions, Row};
use crate::filter::Filter;
use crate::model::{Kind, Model};
use crate::registry::Registry;
use crate::request::{ListRequest, Window};
use crate::selection::Selection;
use crate::sql::Sql;

pub(crate) use self::row::{naming, ordering, pair};

/// How many lists may stand in one another: each multiplies what is in it.
pub const MAX_LEVELS: usize = 2;
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
        // A comparison with what is unset is neither true nor false
        let mut sql = Sql::new(&format!("SELECT {alias}.id, coalesce("));
        sql.append(writable).push(&format!(", FALSE) FROM {} {alias} WHERE ", model.table)).append(matching);
        sql.push(&format!(" ORDER BY {alias}.id LIMIT ")).bind(most).push(&format!(" FOR UPDATE OF {alias}"));
        Ok(sql)
    }
}
