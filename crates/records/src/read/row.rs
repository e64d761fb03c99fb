//! A row's place in an order, and its object: what is read of it as JSON text.

use jsonrpc::Fault;

use super::{Beside, MAX_LEVELS, Reader, Wire, too_deep, too_much};
use crate::binary;
use crate::condition::{Conditions, Row, readable, sealed};
use crate::filter::Filter;
use crate::model::{Field, Kind, Model, clip};
use crate::selection::{Item, Selection};
use crate::sql::Sql;

/// How many fields an order may name.
const MAX_ORDER: usize = 8;
/// Postgres takes 100 arguments a call.
const MAX_ARGUMENTS: usize = 90;
/// How many lists of records' fields a query may ask for: each is held until the answer is whole.
const MAX_LISTS: usize = 8;
/// How many records a list within an answer may have, and how much text.
const MAX_LIST: (usize, usize) = (10_000, 16 << 20);

impl Reader<'_> {
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
    pub(crate) fn object(
        self,
        conditions: &mut Conditions<'_>,
        row: Row<'_>,
        selection: &Selection,
        beside: &mut Beside,
    ) -> Result<Sql, Fault> {
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
                    Some(kept) => binary::value(row.alias, field, &column, kept, self.as_sizes),
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
                if nested.is_none() && in_pairs {
                    // A name may cost more than its row: as a subquery of the id PostgreSQL keeps what it has made for another row
                    let (name, pair) = (conditions.alias(), pair(conditions, related));
                    let table = comodel.table;
                    let join = format!(" LEFT JOIN LATERAL (SELECT {pair} AS text FROM {table} {alias} WHERE {alias}.id = {column} AND ");
                    beside.joins.push(&join).append(visible).push(&format!(" OFFSET 0) {name} ON TRUE"));
                    return Ok(Sql::new(&format!("coalesce({name}.text, 'false')")));
                }
                beside.joins.push(&format!(" LEFT JOIN {} {alias} ON {alias}.id = {column} AND ", comodel.table)).append(visible);
                let Some(selection) = nested else { return Ok(Sql::new(&format!("coalesce({alias}.id::text, 'false')"))) };
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
