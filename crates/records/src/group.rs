//! Groups of records, and what is told of each: one statement, whose rows are the groups.
//!
//! What a group is made by is what the identity would read of the field: a record that it may not see is no group of its own, and is
//! counted among those that are unset.

use domain::Identity;
use jsonrpc::Fault;

use crate::condition::{Conditions, Row, readable, sealed};
use crate::filter::Filter;
use crate::model::{Field, Kind, Model, clip};
use crate::read::{MAX_BYTES, MAX_ELEMENTS, Reader, Wire, naming, pair};
use crate::sql::Sql;

/// How many groups one answer may have.
pub const MAX_GROUPS: i64 = 10_000;
/// By how many fields records may be grouped at once.
pub const MAX_BY: usize = 8;
/// How many aggregates may be told of each group.
pub const MAX_AGGREGATES: usize = 40;

/// As Odoo prints a float.
const FLOAT: &str = "'FM999999999999999999990.099999'";
/// A moment, as every period of a group tells its beginning.
const MOMENT: &str = "'YYYY-MM-DD HH24:MI:SS'";

macro_rules! named {
    ($(#[$about:meta])* $name:ident { $($variant:ident $text:literal),+ $(,)? }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[expect(missing_docs, reason = "named after what they say")]
        pub enum $name { $($variant),+ }

        impl $name {
            /// Every one of them.
            pub const ALL: &[$name] = &[$($name::$variant),+];

            /// As Odoo writes it.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text),+ }
            }

            fn parse(text: &str) -> Option<$name> {
                $name::ALL.iter().copied().find(|one| one.as_str() == text)
            }

            fn all_names() -> String {
                $name::ALL.iter().map(|one| one.as_str()).collect::<Vec<_>>().join(", ")
            }
        }
    };
}

named! {
    /// What days and moments are grouped by.
    Period { Hour "hour", Day "day", Week "week", Month "month", Quarter "quarter", Year "year" }
}

named! {
    /// What is told of a field's values in a group.
    Function {
        Sum "sum", Avg "avg", Min "min", Max "max", Count "count", CountDistinct "count_distinct", BoolAnd "bool_and", BoolOr "bool_or",
        ArrayAgg "array_agg",
    }
}

/// What records are grouped by: `date_order:month`.
#[derive(Clone, Debug)]
pub struct By<'m> {
    /// As it was said.
    pub spec: String,
    /// The field.
    pub field: &'m Field,
    /// For days and moments.
    pub period: Option<Period>,
}

/// What is told of each group: `amount_total:sum`.
#[derive(Clone, Debug)]
pub struct Aggregate<'m> {
    /// What it is called in the answer.
    pub name: String,
    /// What is made of the values.
    pub function: Function,
    /// The field.
    pub field: &'m Field,
}

/// What groups are ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// How many records they have.
    Count,
    /// The field of this place in [`GroupRequest::by`].
    By(usize),
    /// The aggregate of this place in [`GroupRequest::aggregates`].
    Aggregate(usize),
}

/// What groups a client asked for.
#[derive(Clone, Debug)]
pub struct GroupRequest<'m> {
    /// Of which records.
    pub filter: Filter,
    /// Whether archived ones are left out.
    pub active_test: bool,
    /// What makes a group; nothing: all records are one.
    pub by: Vec<By<'m>>,
    /// What is told of each.
    pub aggregates: Vec<Aggregate<'m>>,
    /// In which order, each key with whether it falls; what makes the groups follows.
    pub order: Vec<(Key, bool)>,
    /// How many groups are left out.
    pub offset: i64,
    /// How many follow at most.
    pub limit: Option<i64>,
    /// The time zone in which days begin, by a name of PostgreSQL's.
    pub zone: String,
}

fn bad(message: impl Into<String>) -> Fault {
    Fault::validation(message)
}

/// A field whose values the identity may put together.
fn usable<'m>(identity: &Identity, model: &'m Model, name: &str) -> Result<&'m Field, Fault> {
    let field = model.field(name).ok_or_else(|| Fault::value_error(model.unknown_field(name)))?;
    readable(identity, model, field.name)?;
    if field.sealed_in.is_some() {
        return Err(sealed(model, field));
    }
    if !field.is_public() || field.kind.is_list() {
        let why = if field.is_public() { "has several values" } else { "is never read" };
        return Err(bad(format!("Field '{}' of '{}' {why}: groups can't be made or told by it", field.name, model.name)));
    }
    Ok(field)
}

impl<'m> By<'m> {
    /// Reads `field` or `field:period`; days and moments without a period are grouped by month.
    ///
    /// # Errors
    /// 422 for what is unknown or can't be grouped, 403 for what the identity may not read.
    pub fn parse(identity: &Identity, model: &'m Model, spec: &str) -> Result<By<'m>, Fault> {
        let (name, period) = spec.split_once(':').map_or((spec, None), |(name, period)| (name, Some(period)));
        let field = usable(identity, model, name)?;
        let period = match (&field.kind, period) {
            (Kind::Date | Kind::Datetime, None) => Some(Period::Month),
            (Kind::Date | Kind::Datetime, Some(text)) => {
                let known = Period::parse(text).filter(|period| (field.kind == Kind::Datetime) || *period != Period::Hour);
                let wrong = || bad(format!("'{}' is no period: one of {} was expected", clip(spec), Period::all_names()));
                Some(known.ok_or_else(wrong)?)
            }
            (_, None) => None,
            (kind, Some(_)) => {
                let kind = kind.name();
                return Err(bad(format!("'{}': '{name}' is a {kind}, and only days and moments have periods", clip(spec))));
            }
        };
        Ok(By { spec: spec.to_owned(), field, period })
    }
}

impl<'m> Aggregate<'m> {
    /// Reads `field:function`, `name:function(field)`, or `field`, which is its sum; none where a field without a function has none.
    ///
    /// # Errors
    /// 422 for what is unknown or does not suit the field, 403 for what the identity may not read.
    pub fn parse(identity: &Identity, model: &'m Model, spec: &str) -> Result<Option<Aggregate<'m>>, Fault> {
        let Some((name, rest)) = spec.split_once(':') else {
            let field = model.field(spec).ok_or_else(|| Fault::value_error(model.unknown_field(spec)))?;
            readable(identity, model, field.name)?;
            return Ok(Aggregate::usual(identity, model, field));
        };
        let (function, of) = match rest.strip_suffix(')').and_then(|rest| rest.split_once('(')) {
            Some((function, of)) => (function, of),
            None => (rest, name),
        };
        Ok(Some(Aggregate::of(identity, model, name, function, of)?))
    }

    /// The sum of a field that has one, which the identity may read.
    pub fn usual(identity: &Identity, model: &'m Model, field: &'m Field) -> Option<Aggregate<'m>> {
        let is_added = field.has_column() && matches!(field.kind, Kind::Integer | Kind::Monetary | Kind::Float);
        let field = usable(identity, model, field.name).ok().filter(|_| is_added)?;
        Some(Aggregate { name: field.name.to_owned(), function: Function::Sum, field })
    }

    /// This function of a field, called `name` in the answer.
    ///
    /// # Errors
    /// As [`Aggregate::parse`].
    pub fn of(identity: &Identity, model: &'m Model, name: &str, function: &str, of: &str) -> Result<Aggregate<'m>, Fault> {
        let field = usable(identity, model, of)?;
        let known = Function::parse(&function.to_ascii_lowercase());
        let wrong = || bad(format!("Invalid aggregation function '{}'. ({} expected)", clip(function), Function::all_names()));
        let function = known.ok_or_else(wrong)?;
        let suits = match function {
            Function::Sum | Function::Avg => matches!(field.kind, Kind::Integer | Kind::Monetary | Kind::Float),
            Function::Min | Function::Max => !matches!(field.kind, Kind::Boolean | Kind::Many2one(_)),
            Function::BoolAnd | Function::BoolOr => field.kind == Kind::Boolean,
            Function::Count | Function::CountDistinct | Function::ArrayAgg => true,
        };
        if !suits {
            let (function, kind) = (function.as_str(), field.kind.name());
            return Err(bad(format!("'{function}' does not suit field '{}' of '{}', a {kind}", field.name, model.name)));
        }
        if name.is_empty() || name.len() > 64 || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == ':') {
            return Err(bad(format!("'{}' can't be the name of an aggregate", clip(name))));
        }
        Ok(Aggregate { name: name.to_owned(), function, field })
    }
}

impl GroupRequest<'_> {
    /// What it is called in an order.
    fn key(&self, name: &str) -> Option<Key> {
        let by = |by: &By<'_>| by.spec == name || by.field.name == name;
        let told = |told: &Aggregate<'_>| {
            told.name == name
                || name.split_once(':').is_some_and(|(of, function)| (of, function) == (told.field.name, told.function.as_str()))
        };
        let counts = ["__count", "count"].contains(&name)
            || name.strip_suffix("_count").is_some_and(|of| self.by.first().is_some_and(|by| by.field.name == of));
        // An aggregate may bear a field's name, and is what is meant then
        (self.aggregates.iter().position(told).map(Key::Aggregate))
            .or_else(|| self.by.iter().position(by).map(Key::By))
            .or_else(|| counts.then_some(Key::Count))
    }

    /// Reads an order: `amount_total desc, date_order:month`. With `lenient`, fields of the model by which groups can't be ordered are left
    /// out, as Odoo's `read_group` does.
    ///
    /// # Errors
    /// 422 for what can't be read, and for what the groups do not have.
    pub fn ordered(&mut self, model: &Model, order: &str, lenient: bool) -> Result<(), Fault> {
        for part in order.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let mut words = part.split_whitespace();
            let (name, direction) = (words.next().unwrap_or_default(), words.next().map(str::to_ascii_lowercase));
            let desc = match (direction.as_deref(), words.next()) {
                (None | Some("asc"), None) => false,
                (Some("desc"), None) => true,
                _ => return Err(bad(format!("`order`: '{}' is not a field and asc or desc", clip(part)))),
            };
            match self.key(name) {
                Some(key) => self.order.push((key, desc)),
                None if model.field(name.split(':').next().unwrap_or_default()).is_none() => {
                    return Err(Fault::value_error(model.unknown_field(name)));
                }
                None if lenient => {}
                None => {
                    return Err(bad(format!("`order`: '{}' is neither what makes the groups nor what is told of them", clip(name))));
                }
            }
        }
        if self.order.len() > MAX_BY + MAX_AGGREGATES {
            return Err(bad("`order`: too many fields"));
        }
        Ok(())
    }

    /// That it asks for no more than may be answered.
    ///
    /// # Errors
    /// 422.
    pub fn check(&self) -> Result<(), Fault> {
        if self.by.len() > MAX_BY {
            return Err(bad(format!("Records are grouped by at most {MAX_BY} fields at once")));
        }
        if self.aggregates.len() > MAX_AGGREGATES {
            return Err(bad(format!("At most {MAX_AGGREGATES} aggregates are told of a group")));
        }
        let names = || self.aggregates.iter().map(|told| told.name.as_str()).chain(self.by.iter().map(|by| by.spec.as_str()));
        let twice = names().enumerate().find(|(at, name)| names().skip(at + 1).any(|other| other == *name));
        twice.map_or(Ok(()), |(_, name)| Err(bad(format!("Output name '{}' is used twice.", clip(name)))))
    }
}

impl Reader<'_> {
    /// The groups, a row of one JSON text each: how many records, then the aggregates, then what makes the group. A many2one of this
    /// service is its id with its name where the wire has pairs, a period `[begin there, begin in UTC, end in UTC]`, unset is `false`. One
    /// row more than [`MAX_GROUPS`] tells that there are too many.
    ///
    /// # Errors
    /// 400 for the filter, 403 for the model.
    pub fn groups(self, model: &Model, request: &GroupRequest<'_>) -> Result<Sql, Fault> {
        let mut conditions = Conditions::new(self.registry, self.identity);
        let alias = conditions.alias();
        let row = Row { model, alias: &alias };
        let matching = conditions.matching(row, &request.filter, request.active_test)?;

        // The values, then the groups, then their names: a name is looked for once a group
        let (mut values, mut joins) = (Sql::new("SELECT NULL"), Sql::default());
        for (at, by) in request.by.iter().enumerate() {
            let value = self.groupable(&mut conditions, row, by.field, &mut joins)?;
            match by.period {
                None => values.push(&format!(", {value} AS g{at}")),
                Some(period) if by.field.kind == Kind::Datetime => {
                    values.push(&format!(", date_trunc('{}', {value} AT TIME ZONE ", period.as_str())).bind(request.zone.as_str());
                    values.push(&format!("::text) AS g{at}"))
                }
                Some(period) => values.push(&format!(", date_trunc('{}', {value}::timestamp) AS g{at}", period.as_str())),
            };
        }
        for (at, told) in request.aggregates.iter().enumerate() {
            let value = self.groupable(&mut conditions, row, told.field, &mut joins)?;
            values.push(&format!(", {value} AS a{at}"));
        }
        values.push(&format!(" FROM {} {alias}", model.table)).append(joins).push(" WHERE ").append(matching);
        let holds_all = request.aggregates.iter().any(|told| told.function == Function::ArrayAgg);
        if holds_all {
            values.push(&format!(" LIMIT {}", MAX_ELEMENTS + 1));
        }

        let keys: Vec<String> = (0..request.by.len()).map(|at| format!("v.g{at}")).collect();
        let mut groups = Sql::new("SELECT count(*) AS n");
        for key in &keys {
            groups.push(&format!(", {key}"));
        }
        for (at, told) in request.aggregates.iter().enumerate() {
            groups.push(&format!(", {} AS s{at}", aggregated(told, &format!("v.a{at}"))));
        }
        groups.push(" FROM (").append(values).push(") v");
        if !keys.is_empty() {
            groups.push(&format!(" GROUP BY {}", keys.join(", ")));
        }

        let mut cells = Sql::new("r.n");
        for (at, told) in request.aggregates.iter().enumerate() {
            cells.push(", ").push(&self.told(told, &format!("r.s{at}")));
        }
        let (mut names, mut order_of) = (Sql::default(), Vec::new());
        for (at, by) in request.by.iter().enumerate() {
            let key = format!("r.g{at}");
            let mut order_by = vec![key.clone()];
            cells.push(", ");
            let here = by.field.kind.comodel().and_then(|comodel| self.registry.get(comodel)).filter(|of| (of.access)(self.identity).read);
            match (by.period, here) {
                (Some(period), _) if by.field.kind == Kind::Datetime => {
                    let zone = request.zone.as_str();
                    cells.push(&format!("CASE WHEN {key} IS NULL THEN 'false' ELSE concat('[\"', to_char({key}, {MOMENT}), '\",\"', "));
                    cells.push(&format!("to_char({key} AT TIME ZONE ")).bind(zone).push(&format!("::text, {MOMENT}), '\",\"', "));
                    cells.push(&format!("to_char(({key} + interval '{}') AT TIME ZONE ", lasts(period))).bind(zone);
                    cells.push(&format!("::text, {MOMENT}), '\"]') END"));
                }
                (Some(period), _) => {
                    let end = format!("({key} + interval '{}')::date", lasts(period));
                    cells.push(&format!(
                        "CASE WHEN {key} IS NULL THEN 'false' ELSE concat('[\"', to_char({key}, {MOMENT}), '\",\"', {key}::date, '\",\"', \
                         {end}, '\"]') END"
                    ));
                }
                (None, Some(comodel)) => {
                    let alias = conditions.alias();
                    let related = Row { model: comodel, alias: &alias };
                    let visible = conditions.visible(related)?;
                    names.push(&format!(" LEFT JOIN {} {alias} ON {alias}.id = {key} AND ", comodel.table)).append(visible);
                    order_by.insert(0, naming(&conditions, related));
                    match self.wire {
                        Wire::Odoo { pairs: true } => {
                            let pair = pair(&conditions, related);
                            cells.push(&format!("CASE WHEN {alias}.id IS NULL THEN 'false' ELSE {pair} END"))
                        }
                        Wire::Odoo { pairs: false } | Wire::AddOn => cells.push(&format!("coalesce({key}::text, 'false')")),
                    };
                }
                (None, None) => {
                    cells.push(&self.printed(&by.field.kind, &key));
                }
            }
            order_of.push(order_by);
        }

        let mut order: Vec<String> = Vec::new();
        let said = request.order.iter().copied();
        for (key, desc) in said.chain((0..request.by.len()).map(|at| (Key::By(at), false))) {
            let direction = if desc { " DESC" } else { "" };
            match key {
                Key::Count => order.push(format!("r.n{direction}")),
                Key::Aggregate(at) => order.push(format!("r.s{at}{direction}")),
                Key::By(at) => order.extend(order_of.get(at).into_iter().flatten().map(|key| format!("{key}{direction}"))),
            }
        }

        let too_much = |what: &str| format!("too_much('{}')::text", what.replace('\'', "''"));
        let mut sql = Sql::new(&format!(
            "SELECT CASE WHEN sum(octet_length(q.cells)) OVER (ROWS UNBOUNDED PRECEDING) > {MAX_BYTES} THEN {} ",
            too_much(&format!("The groups have more than {} MB: ask for fewer with `limit`, or tell less of each.", MAX_BYTES >> 20))
        ));
        if holds_all {
            let what = format!("'array_agg' of more than {MAX_ELEMENTS} records: narrow the filter down.");
            sql.push(&format!("WHEN sum(q.n) OVER () > {MAX_ELEMENTS} THEN {} ", too_much(&what)));
        }
        sql.push("ELSE q.cells END FROM (SELECT concat('[', concat_ws(',', ").append(cells);
        sql.push("), ']') AS cells, r.n FROM (").append(groups).push(") r").append(names);
        if !order.is_empty() {
            sql.push(&format!(" ORDER BY {}", order.join(", ")));
        }
        sql.push(&format!(" LIMIT {}", request.limit.unwrap_or(i64::MAX).min(MAX_GROUPS + 1)));
        if request.offset > 0 {
            sql.push(" OFFSET ").bind(request.offset);
        }
        sql.push(") q");
        Ok(sql)
    }

    /// SQL for what a field of a row is grouped and put together by: unset is NULL where it reads `false`.
    fn groupable(self, conditions: &mut Conditions<'_>, row: Row<'_>, field: &Field, joins: &mut Sql) -> Result<String, Fault> {
        let column = conditions.column(row, field);
        Ok(match &field.kind {
            Kind::Char(_) | Kind::Text(_) | Kind::Selection(_) => format!("nullif({column}, '')"),
            Kind::Boolean => format!("coalesce({column}, FALSE)"),
            Kind::Integer | Kind::Monetary | Kind::Float => format!("coalesce({column}, 0)"),
            Kind::Many2one(comodel) => {
                let Some(comodel) = self.registry.get(comodel) else { return Ok(column) };
                let access = (comodel.access)(self.identity);
                if !access.read {
                    return Ok("NULL::bigint".to_owned());
                }
                if access.visible.is_none() {
                    return Ok(column);
                }
                let alias = conditions.alias();
                let visible = conditions.visible(Row { model: comodel, alias: &alias })?;
                joins.push(&format!(" LEFT JOIN {} {alias} ON {alias}.id = {column} AND ", comodel.table)).append(visible);
                format!("{alias}.id")
            }
            Kind::Binary => return Err(bad(format!("'{}' is a file: it is in no group and no sum", field.name))),
            Kind::Id | Kind::Date | Kind::Datetime | Kind::One2many { .. } | Kind::Many2many(_) => column,
        })
    }

    /// SQL for the JSON text of an aggregate.
    fn told(self, told: &Aggregate<'_>, column: &str) -> String {
        match told.function {
            Function::Count | Function::CountDistinct => column.to_owned(),
            Function::Avg => format!("coalesce(to_char({column}, {FLOAT}), 'false')"),
            Function::BoolAnd | Function::BoolOr => self.printed(&Kind::Boolean, column),
            Function::ArrayAgg => format!("coalesce({column}::text, '[]')"),
            Function::Sum | Function::Min | Function::Max => self.printed(&told.field.kind, column),
        }
    }

    /// SQL for the JSON text of a value, as a read has it, but that NULL is `false` whatever it is of.
    fn printed(self, kind: &Kind, column: &str) -> String {
        match kind {
            Kind::Id | Kind::Integer | Kind::Many2one(_) | Kind::One2many { .. } | Kind::Many2many(_) => {
                format!("coalesce({column}::text, 'false')")
            }
            Kind::Monetary | Kind::Float => format!("coalesce(to_char({column}, {FLOAT}), 'false')"),
            Kind::Boolean => format!("CASE WHEN {column} THEN 'true' ELSE 'false' END"),
            Kind::Date => format!("coalesce('\"' || {column} || '\"', 'false')"),
            Kind::Datetime if self.wire == Wire::AddOn => {
                format!("coalesce('\"' || to_char({column}, 'YYYY-MM-DD-HH24-MI') || '\"', 'false')")
            }
            Kind::Datetime => format!("coalesce('\"' || to_char({column}, {MOMENT}) || '\"', 'false')"),
            Kind::Char(_) | Kind::Text(_) | Kind::Selection(_) | Kind::Binary => format!("coalesce(to_json({column})::text, 'false')"),
        }
    }
}

/// SQL for an aggregate over a column.
fn aggregated(told: &Aggregate<'_>, column: &str) -> String {
    match told.function {
        Function::CountDistinct => format!("count(DISTINCT {column})"),
        Function::ArrayAgg => format!("json_agg({column} ORDER BY {column})"),
        other => format!("{}({column})", other.as_str()),
    }
}

/// How long a period lasts.
fn lasts(period: Period) -> &'static str {
    match period {
        Period::Hour => "1 hour",
        Period::Day => "1 day",
        Period::Week => "7 days",
        Period::Month => "1 month",
        Period::Quarter => "3 months",
        Period::Year => "1 year",
    }
}
