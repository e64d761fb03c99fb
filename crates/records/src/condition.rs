//! A [`Filter`] checked against the declarations, as SQL.
//!
//! Every table that a condition touches is limited to what the identity may see there: a filter can't find out by a
//! relation what a read would not show.

use domain::{Identity, when};
use jsonrpc::{Fault, strict};
use serde_json::Value;

use crate::filter::{Filter, Leaf, MAX_PATH, Op, Operand};
use crate::model::{ByName, Field, Kind, Model, clip};
use crate::registry::Registry;
use crate::seen;
use crate::sql::{Bind, Sql};
use crate::values::{self, is_name, is_unset, scalar};

/// How many wildcards a pattern may have: each one multiplies what a match may cost.
const MAX_WILDCARDS: usize = 16;

/// Writes conditions for one statement: hands out table aliases, knows who asks.
pub struct Conditions<'a> {
    /// The models of the service.
    pub registry: &'a Registry,
    /// Who asks.
    pub identity: &'a Identity,
    aliases: usize,
    lists: usize,
    /// Whether what is being written is a rule of ours, which limits others and is not limited itself.
    in_rule: bool,
}

/// A row of a model in the statement that is being written.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    /// Its model.
    pub model: &'a Model,
    /// Its alias.
    pub alias: &'a str,
}

fn bad(message: impl std::fmt::Display) -> Fault {
    Fault::bad_domain(message.to_string())
}

impl<'a> Conditions<'a> {
    /// For one statement.
    pub fn new(registry: &'a Registry, identity: &'a Identity) -> Conditions<'a> {
        Conditions { registry, identity, aliases: 0, lists: 0, in_rule: false }
    }

    /// The next free alias.
    pub fn alias(&mut self) -> String {
        self.aliases += 1;
        format!("t{}", self.aliases)
    }

    /// Notes one more list with fields of its records.
    ///
    /// # Errors
    /// 422 for more than `most`.
    pub fn count_list(&mut self, most: usize) -> Result<(), Fault> {
        self.lists += 1;
        if self.lists > most {
            return Err(Fault::validation(format!(
                "The query asks for more than {most} lists of records' fields: ask in several requests."
            )));
        }
        Ok(())
    }

    /// What a field is in SQL. A user of a bank sees of another service's users nobody but itself; a rule is the declaration's own, and
    /// knows them all.
    pub fn column(&self, row: Row<'_>, field: &Field) -> String {
        if let Some(sql) = self.value_of_subject(row, field) {
            return sql;
        }
        let column = match (&field.computed, field.seen_as) {
            (Some(sql), _) => format!("({})", sql.replace("{t}", row.alias)),
            (None, Some(seen)) if !self.in_rule => format!("({})", seen(self.identity, field).replace("{t}", row.alias)),
            (None, _) => format!("{}.{}", row.alias, field.name),
        };
        match (self.identity.is_trusted(), &field.kind) {
            (false, Kind::Many2one("res.users")) if !self.in_rule => {
                format!("(CASE WHEN {column} = {uid} THEN {column} END)", uid = self.identity.uid)
            }
            _ => column,
        }
    }

    /// That a row exists for this identity: no tombstone, and within its rights.
    ///
    /// # Errors
    /// 403 where it may not read the model at all.
    pub fn visible(&mut self, row: Row<'_>) -> Result<Sql, Fault> {
        let access = (row.model.access)(self.identity);
        if !access.read {
            return Err(denied(row.model, "read"));
        }
        let mut sql = Sql::new(&format!("{}.deleted_at IS NULL", row.alias));
        if let Some(rule) = &access.visible {
            sql.push(" AND ").append(self.rule(row, rule)?);
        }
        if let Some(about) = &row.model.about {
            sql.push(" AND ").append(self.sees_subject(row, about)?);
        }
        Ok(sql)
    }

    /// A filter on a row: what it says, what the identity may see, and, unless the filter names `active`, no archived.
    ///
    /// # Errors
    /// 400 naming the field, operator or value that is wrong.
    pub fn matching(&mut self, row: Row<'_>, filter: &Filter, active_test: bool) -> Result<Sql, Fault> {
        let mut sql = self.visible(row)?;
        if active_test && row.model.archivable() && !filter.names("active") {
            sql.push(&format!(" AND {}.active", row.alias));
        }
        if !filter.is_all() {
            sql.push(" AND ").append(self.tree(row, filter, 0)?);
        }
        Ok(sql)
    }

    /// A rule of the code's own on a row: it may name what the identity can't read.
    ///
    /// # Errors
    /// As [`Conditions::matching`], where the rule itself is wrong.
    pub fn rule(&mut self, row: Row<'_>, rule: &Filter) -> Result<Sql, Fault> {
        let before = std::mem::replace(&mut self.in_rule, true);
        let sql = self.tree(row, rule, 0);
        self.in_rule = before;
        sql
    }

    fn tree(&mut self, row: Row<'_>, filter: &Filter, depth: usize) -> Result<Sql, Fault> {
        match filter {
            Filter::And(items) if items.is_empty() => Ok(Sql::new("TRUE")),
            Filter::Or(items) if items.is_empty() => Ok(Sql::new("FALSE")),
            Filter::And(items) | Filter::Or(items) => {
                let sign = if matches!(filter, Filter::And(_)) { " AND " } else { " OR " };
                let mut sql = Sql::new("(");
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        sql.push(sign);
                    }
                    sql.append(self.tree(row, item, depth)?);
                }
                sql.push(")");
                Ok(sql)
            }
            Filter::Not(item) => {
                let mut sql = Sql::new("(");
                sql.append(self.tree(row, item, depth)?).push(") IS NOT TRUE");
                Ok(sql)
            }
            Filter::Leaf(leaf) => self.leaf(row, leaf, &leaf.path, depth),
        }
    }

    fn leaf(&mut self, row: Row<'_>, leaf: &Leaf, path: &[String], depth: usize) -> Result<Sql, Fault> {
        let Some((name, rest)) = path.split_first() else { return Err(bad("a leaf names no field")) };
        let field = match row.model.any_field(name) {
            Some(field) if self.in_rule || field.is_public() => field,
            Some(field) if field.is_write_only() => {
                return Err(bad(format_args!("Field '{name}' of '{}' can't be searched", row.model.name)));
            }
            _ => {
                let hint = domain::nearest(name, row.model.fields.iter().filter(|f| f.is_public()).map(|f| f.name));
                let hint = hint.map_or(String::new(), |near| format!(" (did you mean '{near}'?)"));
                let value = match &leaf.operand {
                    Operand::Value(value) => clip(&value.to_string()).into_owned(),
                    Operand::Filter(_) => "[…]".to_owned(),
                };
                let (model, path, op) = (row.model.name, clip(&leaf.path.join(".")).into_owned(), leaf.op.as_str());
                return Err(bad(format_args!("Invalid field {model}.{} in leaf ('{path}', '{op}', {value}){hint}", clip(name))));
            }
        };
        if !self.in_rule {
            readable(self.identity, row.model, field.name)?;
        }
        if field.sealed_in.is_some() {
            return Err(sealed(row.model, field));
        }
        if !rest.is_empty() {
            if rest == ["id"] && matches!(field.kind, Kind::Many2one(_)) {
                return self.leaf(row, leaf, std::slice::from_ref(name), depth);
            }
            return self.through(row, field, depth, |this, related| this.leaf(related, leaf, rest, depth + 1));
        }
        match (&leaf.operand, leaf.op) {
            (Operand::Filter(filter), op) => {
                let found = self.through(row, field, depth, |this, related| this.tree(related, filter, depth + 1))?;
                Ok(if op == Op::NotAny { negated(found) } else { found })
            }
            (Operand::Value(value), op) => self.compare(row, field, op, value, depth),
        }
    }

    /// The condition that a related, visible record exists for which `inner` holds.
    fn through(
        &mut self,
        row: Row<'_>,
        field: &Field,
        depth: usize,
        inner: impl FnOnce(&mut Self, Row<'_>) -> Result<Sql, Fault>,
    ) -> Result<Sql, Fault> {
        let Some(comodel) = field.kind.comodel() else {
            return Err(bad(format_args!("Field '{}' of '{}' is no relation: nothing can follow its name", field.name, row.model.name)));
        };
        if depth > MAX_PATH {
            return Err(bad(format_args!("more than {MAX_PATH} relations in one condition")));
        }
        let Some(comodel) = self.registry.get(comodel) else {
            return Err(bad(format_args!("Field '{}' leads to '{comodel}', which another service keeps: filter it by id", field.name)));
        };
        let alias = self.alias();
        let related = Row { model: comodel, alias: &alias };
        let column = self.column(row, field);
        let (before, link) = match &field.kind {
            Kind::Many2one(_) => (format!("{column} IN (SELECT {alias}.id FROM {} {alias} WHERE ", comodel.table), String::new()),
            Kind::One2many { inverse, .. } => {
                (format!("EXISTS (SELECT FROM {} {alias} WHERE ", comodel.table), format!("{alias}.{inverse} = {}.id AND ", row.alias))
            }
            _ => (format!("EXISTS (SELECT FROM {} {alias} WHERE ", comodel.table), format!("{alias}.id = ANY({column}) AND ")),
        };
        let mut sql = Sql::new(&before);
        let exists = if self.in_rule { Sql::new(&format!("{alias}.deleted_at IS NULL")) } else { self.visible(related)? };
        sql.push(&link).append(exists).push(" AND ").append(inner(self, related)?).push(")");
        Ok(sql)
    }

    fn compare(&mut self, row: Row<'_>, field: &Field, op: Op, value: &Value, depth: usize) -> Result<Sql, Fault> {
        let unset = is_unset(value);
        if field.kind == Kind::Binary && !(unset && matches!(op, Op::Eq | Op::Ne | Op::EqIfSet)) {
            return Err(bad(format_args!("Field '{}' is a file: it is compared with false alone", field.name)));
        }
        match op {
            Op::EqIfSet if unset => return Ok(Sql::new("TRUE")),
            Op::EqIfSet => return self.compare(row, field, Op::Eq, value, depth),
            Op::ChildOf | Op::ParentOf => return self.hierarchy(row, field, op, value),
            Op::Eq if value.is_array() => return self.compare(row, field, Op::In, value, depth),
            Op::Ne if value.is_array() => return self.compare(row, field, Op::NotIn, value, depth),
            _ => {}
        }
        if field.kind.comodel().is_some() {
            return self.compare_relation(row, field, op, value, depth);
        }
        let column = self.column(row, field);
        let mut sql = Sql::default();
        match op {
            Op::Eq | Op::Ne if field.kind == Kind::Boolean => {
                let wanted = boolean(field, value)? == (op == Op::Eq);
                sql.push(&format!("({column} IS {}TRUE)", if wanted { "" } else { "NOT " }));
            }
            Op::Eq | Op::Ne if unset => {
                let not = if op == Op::Ne { "NOT " } else { "" };
                match field.kind {
                    Kind::Integer | Kind::Monetary | Kind::Float => sql.push(&format!("({not}coalesce({column}, 0) = 0)")),
                    // Rows of earlier releases hold empty texts
                    Kind::Char(_) | Kind::Text(_) => sql.push(&format!("({not}coalesce({column}, '') = '')")),
                    _ => sql.push(&format!("({column} IS {not}NULL)")),
                };
            }
            Op::Eq => {
                sql.push(&format!("{column} = ")).append(literal(field, value)?);
            }
            Op::Ne => {
                sql.push(&format!("({column} IS DISTINCT FROM ")).append(literal(field, value)?).push(")");
            }
            Op::Gt | Op::Ge | Op::Lt | Op::Le => {
                sql.push(&format!("{column} {} ", op.as_str())).append(literal(field, value)?);
            }
            Op::In | Op::NotIn => {
                sql.append(list(field, &column, op == Op::NotIn, value)?);
            }
            Op::Like | Op::NotLike | Op::ILike | Op::NotILike | Op::EqLike | Op::EqILike => {
                let column = match field.kind {
                    Kind::Char(_) | Kind::Text(_) | Kind::Selection(_) => column,
                    _ => format!("{column}::text"),
                };
                let pattern = pattern(field, op, value)?;
                let negative = matches!(op, Op::NotLike | Op::NotILike);
                let like = if negative { "NOT LIKE" } else { "LIKE" };
                if matches!(op, Op::ILike | Op::NotILike | Op::EqILike) {
                    sql.append(seen::folded(row.alias, field, &column, like, pattern));
                } else {
                    sql.push(&format!("{column} {like} ")).bind(pattern);
                }
                if negative {
                    let mut with_unset = Sql::new(&format!("({column} IS NULL OR "));
                    with_unset.append(sql).push(")");
                    sql = with_unset;
                }
            }
            Op::EqIfSet | Op::ChildOf | Op::ParentOf | Op::Any | Op::NotAny => {
                return Err(bad(format_args!("Operator '{}' does not suit field '{}'", op.as_str(), field.name)));
            }
        }
        Ok(sql)
    }

    /// A relation compared with ids, with nothing (`false`), or, as text, with the related record's name. What the identity
    /// may not see of the other model is no relation.
    fn compare_relation(&mut self, row: Row<'_>, field: &Field, op: Op, value: &Value, depth: usize) -> Result<Sql, Fault> {
        let negative = matches!(op, Op::Ne | Op::NotIn | Op::NotLike | Op::NotILike);
        let positive = match op {
            Op::Ne => Op::Eq,
            Op::NotIn => Op::In,
            Op::NotLike => Op::Like,
            Op::NotILike => Op::ILike,
            other => other,
        };
        let found = match positive {
            Op::Gt | Op::Ge | Op::Lt | Op::Le if matches!(field.kind, Kind::Many2one(_)) => {
                let bound = integer(field, value)?;
                self.related(row, field, depth, |column| {
                    let mut sql = Sql::new(&format!("{column} {} ", op.as_str()));
                    sql.bind(bound);
                    sql
                })?
            }
            Op::Eq | Op::In => {
                let values = match value {
                    Value::Array(items) => items.clone(),
                    single => vec![single.clone()],
                };
                let (unset, set): (Vec<Value>, Vec<Value>) = values.into_iter().partition(is_unset);
                let (names, ids): (Vec<Value>, Vec<Value>) = set.into_iter().partition(|v| is_name(field, v));
                let mut sql = Sql::new("(FALSE");
                if !ids.is_empty() {
                    let ids = ids.iter().map(|v| integer(field, v)).collect::<Result<Vec<_>, _>>()?;
                    sql.push(" OR ").append(self.one_of(row, field, ids, depth)?);
                }
                if !names.is_empty() {
                    sql.push(" OR ")
                        .append(self.through(row, field, depth, |this, related| this.is_named(related, field, names, depth + 1))?);
                }
                if !unset.is_empty() {
                    sql.push(" OR ").append(self.unset(row, field, depth)?);
                }
                sql.push(")");
                sql
            }
            Op::Like | Op::ILike | Op::EqLike | Op::EqILike => self.named(row, field, positive, value, depth)?,
            _ => return Err(bad(format_args!("Operator '{}' does not suit field '{}'", op.as_str(), field.name))),
        };
        Ok(if negative { negated(found) } else { found })
    }

    /// Whether the identity sees some records only, or none, of the model that a field leads to.
    fn is_limited(&self, field: &Field) -> bool {
        let comodel = field.kind.comodel().and_then(|comodel| self.registry.get(comodel));
        let access = comodel.map(|comodel| (comodel.access)(self.identity));
        !self.in_rule && access.is_some_and(|access| !access.read || access.visible.is_some())
    }

    /// Whether another service keeps the records that a field leads to: ids are all there is to compare.
    fn is_away(&self, field: &Field) -> bool {
        field.kind.comodel().is_some_and(|comodel| self.registry.get(comodel).is_none())
    }

    /// A condition on a relation's own id: on the column where that tells no more than may be seen, else on the record.
    fn related(&mut self, row: Row<'_>, field: &Field, depth: usize, inner: impl FnOnce(&str) -> Sql) -> Result<Sql, Fault> {
        if matches!(field.kind, Kind::Many2one(_)) && !self.is_limited(field) {
            return Ok(inner(&self.column(row, field)));
        }
        self.through(row, field, depth, |_, related| Ok(inner(&format!("{}.id", related.alias))))
    }

    fn one_of(&mut self, row: Row<'_>, field: &Field, ids: Vec<i64>, depth: usize) -> Result<Sql, Fault> {
        let mut sql = Sql::default();
        if matches!(field.kind, Kind::Many2many(_)) {
            // The index on an array answers && only
            sql.push(&format!("{} && ", self.column(row, field))).bind(ids.clone());
            if self.in_rule || self.is_away(field) {
                return Ok(sql);
            }
            sql.push(" AND ");
        }
        sql.append(self.related(row, field, depth, |column| {
            let mut sql = Sql::new(column);
            match ids.as_slice() {
                [id] => sql.push(" = ").bind(*id),
                _ => sql.push(" = ANY(").bind(ids.clone()).push(")"),
            };
            sql
        })?);
        Ok(sql)
    }

    fn unset(&mut self, row: Row<'_>, field: &Field, depth: usize) -> Result<Sql, Fault> {
        if matches!(field.kind, Kind::Many2one(_)) && !self.is_limited(field) {
            return Ok(Sql::new(&format!("{} IS NULL", self.column(row, field))));
        }
        if matches!(field.kind, Kind::Many2many(_)) && self.is_away(field) {
            return Ok(Sql::new(&format!("cardinality({}) = 0", self.column(row, field))));
        }
        Ok(negated(self.through(row, field, depth, |_, _| Ok(Sql::new("TRUE")))?))
    }

    fn named(&mut self, row: Row<'_>, field: &Field, op: Op, value: &Value, depth: usize) -> Result<Sql, Fault> {
        self.through(row, field, depth, |this, related| {
            let naming = related.model.any_field(related.model.rec_name).ok_or_else(|| bad("a model without names"))?;
            this.compare(related, naming, op, value, depth + 1)
        })
    }

    /// That a row has one of these names: as a write finds it, where that takes names.
    fn is_named(&mut self, row: Row<'_>, field: &Field, names: Vec<Value>, depth: usize) -> Result<Sql, Fault> {
        if field.by_name == ByName::No {
            let naming = row.model.any_field(row.model.rec_name).ok_or_else(|| bad("a model without names"))?;
            return self.compare(row, naming, Op::In, &Value::Array(names), depth);
        }
        let names: Vec<String> = names.iter().filter_map(Value::as_str).map(|name| name.trim().to_owned()).collect();
        let mut sql = Sql::new("EXISTS (SELECT FROM ");
        sql.append(row.model.names(names)).push(&format!(" WHERE {})", row.model.is_named(row.alias)));
        Ok(sql)
    }

    /// `child_of` and `parent_of`: the records themselves, and all below or above them in their tree.
    fn hierarchy(&mut self, row: Row<'_>, field: &Field, op: Op, value: &Value) -> Result<Sql, Fault> {
        let tree = match (&field.kind, field.kind.comodel()) {
            (Kind::Id, _) => Some(row.model),
            (Kind::Many2one(_) | Kind::Many2many(_), Some(comodel)) => self.registry.get(comodel),
            _ => None,
        };
        let Some((tree, parent)) = tree.and_then(|model| model.parent.map(|parent| (model, parent))) else {
            return Err(bad(format_args!("Operator '{}' needs a field that leads to a tree, '{}' does not", op.as_str(), field.name)));
        };
        let values = match value {
            Value::Array(items) => items.clone(),
            single => vec![single.clone()],
        };
        let (seed, up) = (self.alias(), self.alias());
        let seed_row = Row { model: tree, alias: &seed };
        let mut roots = self.visible(seed_row)?;
        roots.push(" AND ");
        let (names, ids): (Vec<Value>, Vec<Value>) = values.into_iter().partition(|v| is_name(field, v));
        let ids = ids.iter().map(|v| integer(field, v)).collect::<Result<Vec<_>, _>>()?;
        roots.push(&format!("({seed}.id = ANY(")).bind(ids).push(")");
        if !names.is_empty() {
            roots.push(" OR ").append(self.is_named(seed_row, field, names, 0)?);
        }
        roots.push(")");
        let next = self.alias();
        let step = if op == Op::ChildOf { format!("{next}.{parent} = {up}.id") } else { format!("{next}.id = {up}.{parent}") };
        let set = format!("WITH RECURSIVE {up} AS (SELECT {seed}.id, {seed}.{parent} FROM {} {seed} WHERE ", tree.table);
        let mut sql = Sql::new("");
        let column = self.column(row, field);
        match field.kind {
            Kind::Many2many(_) => sql.push(&format!("{column} && ARRAY({set}")),
            _ => sql.push(&format!("{column} IN ({set}")),
        };
        // UNION, not UNION ALL: a circle ends where it began
        sql.append(roots).push(&format!(
            " UNION SELECT {next}.id, {next}.{parent} FROM {} {next} JOIN {up} ON {step} WHERE {next}.deleted_at IS NULL) SELECT id FROM {up})",
            tree.table
        ));
        Ok(sql)
    }
}

/// 403 in Odoo's manner.
pub fn denied(model: &Model, what: &str) -> Fault {
    Fault::access_error(format!("You are not allowed to {what} '{}' ({}) records.", model.label, model.name))
}

/// That an identity may read a field.
///
/// # Errors
/// 403 naming the field.
pub fn readable(identity: &Identity, model: &Model, field: &str) -> Result<(), Fault> {
    let of_the_field = model.any_field(field).and_then(|field| field.readable_by).is_none_or(|rule| rule(identity));
    let of_the_model = (model.access)(identity).fields.is_none_or(|fields| fields.contains(&field));
    if of_the_field && of_the_model {
        return Ok(());
    }
    Err(Fault::access_error(format!("You are not allowed to read the field '{field}' of '{}' ({}).", model.label, model.name)))
}

/// 422 for a sealed field where Postgres would have to know its value.
pub fn sealed(model: &Model, field: &Field) -> Fault {
    Fault::validation(format!("Field '{}' of '{}' is kept encrypted: it can only be read, on the model itself", field.name, model.name))
}

fn negated(sql: Sql) -> Sql {
    let mut not = Sql::new("(");
    not.append(sql).push(") IS NOT TRUE");
    not
}

fn wrong(field: &Field, value: &Value, expected: &str) -> Fault {
    bad(format_args!("Field '{}' is compared with {}: {expected} was expected", field.name, clip(&value.to_string())))
}

fn integer(field: &Field, value: &Value) -> Result<i64, Fault> {
    values::whole(value).ok_or_else(|| wrong(field, value, "a whole number"))
}

/// A boolean's; unset is false.
fn boolean(field: &Field, value: &Value) -> Result<bool, Fault> {
    if is_unset(value) { Ok(false) } else { values::truth(value).ok_or_else(|| wrong(field, value, "true or false")) }
}

/// A plain value as text of the field's type, in the one form that Postgres reads as it was meant; its cast follows in
/// [`cast`].
fn plain(field: &Field, value: &Value) -> Result<String, Fault> {
    match (&field.kind, scalar(field, value)) {
        (_, Some(Value::String(text))) => Ok(text),
        // As Odoo compares a text
        (Kind::Char(_) | Kind::Text(_), None) if *value == Value::Bool(true) => Ok("True".to_owned()),
        (Kind::Monetary | Kind::Float, _) if is_unset(value) => Ok("0".to_owned()),
        (Kind::Date, _) => Err(wrong(field, value, when::DAY_FORMS)),
        (Kind::Datetime, _) => Err(wrong(field, value, when::MOMENT_FORMS)),
        _ => Err(wrong(field, value, field.kind.name())),
    }
}

fn cast(kind: &Kind) -> &'static str {
    match kind {
        Kind::Monetary | Kind::Float => "::numeric",
        Kind::Date => "::date",
        Kind::Datetime => "::timestamptz",
        _ => "",
    }
}

fn literal(field: &Field, value: &Value) -> Result<Sql, Fault> {
    let mut sql = Sql::default();
    match field.kind {
        Kind::Id | Kind::Integer if is_unset(value) => sql.bind(0_i64),
        Kind::Id | Kind::Integer => sql.bind(integer(field, value)?),
        Kind::Boolean => sql.push(if boolean(field, value)? { "TRUE" } else { "FALSE" }),
        _ => sql.bind(plain(field, value)?).push(cast(&field.kind)),
    };
    Ok(sql)
}

/// `in` and `not in`: one array, whatever its length; `false` in it stands for "not set".
fn list(field: &Field, column: &str, negative: bool, value: &Value) -> Result<Sql, Fault> {
    let Value::Array(items) = value else {
        // Odoo takes a single value as a list of one, and true and false as "set" and "not set"
        return list(field, column, negative, &Value::Array(vec![value.clone()]));
    };
    let unset = |value: &&Value| is_unset(value) && field.kind != Kind::Boolean;
    let with_unset = items.iter().any(|value| unset(&value));
    let set = items.iter().filter(|value| !unset(value));
    let mut sql = Sql::new("(");
    match field.kind {
        Kind::Id | Kind::Integer => {
            sql.push(&format!("{column} = ANY(")).bind(set.map(|v| integer(field, v)).collect::<Result<Vec<_>, _>>()?).push(")");
        }
        Kind::Boolean => {
            let truths = set.map(|v| boolean(field, v)).collect::<Result<Vec<_>, _>>()?;
            let parts: Vec<_> = truths.iter().map(|truth| format!("{column} IS {}TRUE", if *truth { "" } else { "NOT " })).collect();
            sql.push(&if parts.is_empty() { "FALSE".to_owned() } else { parts.join(" OR ") });
        }
        _ => {
            let texts = set.map(|v| plain(field, v)).collect::<Result<Vec<_>, _>>()?;
            sql.push(&format!("{column} = ANY(")).bind(texts);
            if !cast(&field.kind).is_empty() {
                sql.push(&format!("{}[]", cast(&field.kind)));
            }
            sql.push(")");
        }
    }
    if with_unset {
        match field.kind {
            Kind::Integer | Kind::Monetary | Kind::Float => sql.push(&format!(" OR coalesce({column}, 0) = 0")),
            Kind::Char(_) | Kind::Text(_) => sql.push(&format!(" OR coalesce({column}, '') = ''")),
            _ => sql.push(&format!(" OR {column} IS NULL")),
        };
    }
    sql.push(")");
    Ok(if negative { negated(sql) } else { sql })
}

fn pattern(field: &Field, op: Op, value: &Value) -> Result<Bind, Fault> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        unset if is_unset(unset) => String::new(),
        other => return Err(bad(format_args!("Field '{}' is searched for {}: a text was expected", field.name, strict::kind(other)))),
    };
    if text.chars().filter(|c| matches!(c, '%' | '_')).count() > MAX_WILDCARDS {
        return Err(bad(format_args!("the pattern for '{}' has more than {MAX_WILDCARDS} wildcards", field.name)));
    }
    let text = if field.lower { text.to_lowercase() } else { text };
    let dangling = text.chars().rev().take_while(|c| *c == '\\').count() % 2 == 1;
    Ok(match op {
        Op::EqLike | Op::EqILike if dangling => {
            return Err(bad(format_args!("the pattern for '{}' ends in an escape character", field.name)));
        }
        Op::EqLike | Op::EqILike => text.into(),
        // "100\" means the character itself at the end of what is searched
        _ if dangling => format!("%{text}\\%").into(),
        _ => format!("%{text}%").into(),
    })
}
