//! Groups as clients get them: Odoo's `read_group` and `formatted_read_group`, and the REST list with `group_by`.
// circle: owner, orm, reading: an Owner answers by what these do, and they do it with an Owner

use chrono::{Datelike, NaiveDateTime};
use diesel::sql_types::Text;
use domain::Identity;
use jsonrpc::{Fault, Params, Reply};
use process::our_fault;
use records::group::{Aggregate, By, Function, GroupRequest, MAX_GROUPS, Period};
use records::model::clip;
use records::read::{MAX_BYTES, Reader, Wire};
use records::request::MAX_OFFSET;
use records::values::truth;
use records::{Filter, Kind, Model};
use serde_json::value::RawValue;
use serde_json::{Value as Json, json};

use crate::orm::{in_context, number};
use crate::owner::{Owner, Service};

/// The parameters of a REST list that make groups of it, each with the function of the fields that it names.
const FUNCTIONS: &[(&str, Function)] = &[
    ("sum", Function::Sum),
    ("avg", Function::Avg),
    ("min", Function::Min),
    ("max", Function::Max),
    ("count_distinct", Function::CountDistinct),
];

/// Names of months as babel shortens and writes them out, in English and in French.
const MONTHS: [[(&str, &str); 12]; 2] = [
    [
        ("Jan", "January"),
        ("Feb", "February"),
        ("Mar", "March"),
        ("Apr", "April"),
        ("May", "May"),
        ("Jun", "June"),
        ("Jul", "July"),
        ("Aug", "August"),
        ("Sep", "September"),
        ("Oct", "October"),
        ("Nov", "November"),
        ("Dec", "December"),
    ],
    [
        ("janv.", "janvier"),
        ("févr.", "février"),
        ("mars", "mars"),
        ("avr.", "avril"),
        ("mai", "mai"),
        ("juin", "juin"),
        ("juil.", "juillet"),
        ("août", "août"),
        ("sept.", "septembre"),
        ("oct.", "octobre"),
        ("nov.", "novembre"),
        ("déc.", "décembre"),
    ],
];

/// Whether a list's parameters ask for groups.
pub(crate) fn is_grouped(params: &Params) -> bool {
    params.raw("group_by").is_some() || FUNCTIONS.iter().any(|(name, _)| params.raw(name).is_some())
}

/// Names as a client gives them: one, or a list of them.
fn names(params: &Params, name: &str) -> Result<Vec<String>, Fault> {
    match params.given::<Json>(name)? {
        None => Ok(Vec::new()),
        Some(Json::String(one)) if one.is_empty() => Ok(Vec::new()),
        Some(Json::String(one)) => Ok(vec![one]),
        Some(Json::Array(all)) => {
            let text = |one: Json| match one {
                Json::String(text) => Ok(text),
                other => Err(Fault::validation(format!("`{name}`: {other} is no field's name"))),
            };
            all.into_iter().map(text).collect()
        }
        Some(_) => Err(Fault::validation(format!("`{name}`: a list of fields was expected"))),
    }
}

/// Names after one another, as a query string has them.
fn separated(params: &Params, name: &str) -> Result<Vec<String>, Fault> {
    let text = params.get::<String>(name)?.unwrap_or_default();
    Ok(text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect())
}

/// What the call's context says of all groups: whether archived records are left out, where days begin, and in French or not.
struct Told {
    active_test: bool,
    zone: String,
    is_french: bool,
}

fn told(params: &Params) -> Result<Told, Fault> {
    let text = |name: &str| Ok::<_, Fault>(in_context(params, name)?.and_then(|json| json.as_str().map(str::to_owned)));
    let zone = text("tz")?.filter(|zone| !zone.is_empty()).unwrap_or_else(|| "UTC".to_owned());
    if zone.len() > 64 || !zone.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '+' | '-')) {
        return Err(Fault::validation(format!(
            "`context.tz` is '{}': the name of a time zone was expected, as Africa/Algiers",
            clip(&zone)
        )));
    }
    Ok(Told {
        active_test: in_context(params, "active_test")?.as_ref().and_then(truth) != Some(false),
        zone,
        is_french: text("lang")?.is_some_and(|lang| lang.starts_with("fr")),
    })
}

/// What the three ways of asking for groups say alike.
fn asked<'m>(params: &Params, by: Vec<By<'m>>, aggregates: Vec<Aggregate<'m>>, said: Told, most: i64) -> Result<GroupRequest<'m>, Fault> {
    Ok(GroupRequest {
        filter: params.raw("filter").map_or_else(|| Ok(Filter::all()), Filter::parse)?,
        active_test: said.active_test,
        by,
        aggregates,
        order: Vec::new(),
        offset: number(params, "offset", MAX_OFFSET)?.unwrap_or_default(),
        limit: number(params, "limit", most)?,
        zone: said.zone,
    })
}

/// What makes a group, as the statement has it.
enum Made<'a> {
    /// Nothing is set.
    Unset,
    /// A value that stands for itself.
    Plain(&'a str),
    /// A record: its number, and the number with its name.
    Record(i64, &'a str),
    /// A period: its beginning there, and from when to when it is.
    Period(NaiveDateTime, String, String),
}

fn unread(error: impl std::fmt::Display) -> Fault {
    our_fault("service", "a group can't be read", &error)
}

fn made<'a>(by: &By<'_>, raw: &'a RawValue) -> Result<Made<'a>, Fault> {
    let text = raw.get();
    match (by.period, text) {
        (_, "false") if by.field.kind != Kind::Boolean => Ok(Made::Unset),
        (Some(_), text) => {
            let (begin, from, to): (String, String, String) = serde_json::from_str(text).map_err(unread)?;
            let begin = NaiveDateTime::parse_from_str(&begin, "%Y-%m-%d %H:%M:%S").map_err(unread)?;
            Ok(Made::Period(begin, from, to))
        }
        (None, text) if text.starts_with('[') => {
            let (id, _): (i64, &RawValue) = serde_json::from_str(text).map_err(unread)?;
            Ok(Made::Record(id, text))
        }
        (None, text) => Ok(Made::Plain(text)),
    }
}

/// A condition that finds a group's records, as part of a JSON list.
fn condition(by: &By<'_>, made: &Made<'_>) -> String {
    let name = by.field.name;
    match made {
        Made::Unset => format!(r#"["{name}","=",false]"#),
        Made::Plain(value) => format!(r#"["{name}","=",{value}]"#),
        Made::Record(id, _) => format!(r#"["{name}","=",{id}]"#),
        Made::Period(_, from, to) => format!(r#""&",["{name}",">=","{from}"],["{name}","<","{to}"]"#),
    }
}

/// Conditions that all hold, in Odoo's order of signs.
fn all_of(conditions: &[String]) -> String {
    let signs = r#""&","#.repeat(conditions.len().saturating_sub(1));
    format!("[{signs}{}]", conditions.join(","))
}

/// A period as babel names it. A week begins on Monday and has ISO's number.
fn label(period: Period, begin: NaiveDateTime, is_french: bool) -> String {
    let month = usize::try_from(begin.month0()).ok().and_then(|at| MONTHS.get(usize::from(is_french))?.get(at));
    let (short, long) = month.copied().unwrap_or_default();
    let year = begin.year();
    match period {
        Period::Hour => format!("{} {short}", begin.format("%I:00 %d")),
        Period::Day => format!("{} {short} {year:04}", begin.format("%d")),
        Period::Week => format!("W{} {:04}", begin.iso_week().week(), begin.iso_week().year()),
        Period::Month => format!("{long} {year:04}"),
        Period::Quarter => format!("{}{} {year:04}", if is_french { 'T' } else { 'Q' }, begin.month0() / 3 + 1),
        Period::Year => format!("{year:04}"),
    }
}

/// The groups of an answer as one JSON text, each as `write` has it, within what an answer may have.
fn written(request: &GroupRequest<'_>, rows: &[String], mut write: impl FnMut(&Group<'_>) -> String) -> Result<String, Fault> {
    let mut out = String::new();
    for row in rows {
        let cells: Vec<&RawValue> = serde_json::from_str(row).map_err(unread)?;
        if !out.is_empty() {
            out.push(',');
        }
        out.push_str(&write(&group(request, &cells)?));
        if out.len() > MAX_BYTES {
            return Err(Fault::validation(format!(
                "The groups have more than {} MB with their domains: ask for fewer with `limit`.",
                MAX_BYTES >> 20
            )));
        }
    }
    Ok(out)
}

/// A row of the statement, in its parts.
struct Group<'a> {
    count: &'a str,
    told: &'a [&'a RawValue],
    made: Vec<Made<'a>>,
}

fn group<'a>(request: &GroupRequest<'_>, cells: &'a [&'a RawValue]) -> Result<Group<'a>, Fault> {
    let missing = || unread("a cell is missing");
    let (count, rest) = cells.split_first().ok_or_else(missing)?;
    let (told, groups) = rest.split_at_checked(request.aggregates.len()).ok_or_else(missing)?;
    let made = request.by.iter().zip(groups).map(|(by, raw)| made(by, raw)).collect::<Result<Vec<_>, _>>()?;
    Ok(Group { count: count.get(), told, made })
}

impl<S: Service> Owner<S> {
    /// Odoo's `read_group`: of the first group only where it is lazy.
    pub(crate) async fn read_group(&self, identity: &Identity, model: &Model, params: &Params) -> Result<Reply, Fault> {
        let specs = names(params, "groupby")?;
        let is_lazy = params.given::<Json>("lazy")?.as_ref().and_then(truth) == Some(true) || params.raw("lazy").is_none();
        let now = if is_lazy { specs.get(..1).unwrap_or_default() } else { &specs };
        let later = specs.get(now.len()..).unwrap_or_default();
        let fields = names(params, "fields")?;
        let context = told(params)?;
        let is_french = context.is_french;
        // What is not grouped now must be possible all the same
        let by = specs.iter().map(|spec| By::parse(identity, model, spec)).collect::<Result<Vec<_>, _>>()?.into_iter().take(now.len());
        let by: Vec<By<'_>> = by.collect();
        let mut aggregates = Vec::new();
        let is_grouped = |name: &str| by.iter().any(|by| by.field.name == name);
        if fields.is_empty() {
            aggregates.extend(model.fields.iter().filter_map(|field| Aggregate::usual(identity, model, field)));
            aggregates.retain(|told| !is_grouped(told.field.name));
            aggregates.truncate(records::group::MAX_AGGREGATES);
        }
        for spec in fields.iter().filter(|spec| *spec != "__count") {
            // As in Odoo an aggregate that is called `id` is not told
            let told = Aggregate::parse(identity, model, spec)?.filter(|told| !is_grouped(told.field.name) && told.name != "id");
            aggregates.extend(told);
        }
        let mut request = asked(params, by, aggregates, context, i64::MAX)?;
        if let Some(order) = params.given::<String>("orderby")? {
            request.ordered(model, &order, true)?;
        }
        let rows = self.groups(identity, Wire::Odoo { pairs: true }, model, &request).await?;

        // What the client said, where the gateway has put ids in place of what leads to other services
        let said = params.raw("said").map_or_else(|| Ok(request.filter.clone()), Filter::parse)?;
        let said = Some(said).filter(|said| !said.is_all()).map(|said| said.to_value().to_string());
        let said = said.as_deref().and_then(|said| said.strip_prefix('[')?.strip_suffix(']'));
        let count = match request.by.first().filter(|_| is_lazy) {
            Some(by) => format!("{}_count", by.field.name),
            None => "__count".to_owned(),
        };
        let groups = written(&request, &rows, |group| {
            let mut one = format!(r#"{{"{count}":{}"#, group.count);
            for (told, value) in request.aggregates.iter().zip(group.told) {
                one.push_str(&format!(r#","{}":{value}"#, told.name));
            }
            let mut ranges = Vec::new();
            for (by, made) in request.by.iter().zip(&group.made) {
                let (value, range) = match (made, by.period) {
                    (Made::Period(begin, from, to), Some(period)) => {
                        (Json::from(label(period, *begin, is_french)).to_string(), Some(format!(r#"{{"from":"{from}","to":"{to}"}}"#)))
                    }
                    (Made::Record(_, pair), _) => ((*pair).to_owned(), None),
                    (Made::Plain(value), _) => ((*value).to_owned(), None),
                    (Made::Unset | Made::Period(..), period) => ("false".to_owned(), period.map(|_| "false".to_owned())),
                };
                one.push_str(&format!(r#","{}":{value}"#, by.spec));
                let Some(range) = range else { continue };
                // Odoo 15 has it under the field, 16 and later under what was asked for
                if by.spec != by.field.name {
                    ranges.push(format!(r#""{}":{range}"#, by.field.name));
                }
                ranges.push(format!(r#""{}":{range}"#, by.spec));
            }
            let conditions = request.by.iter().zip(&group.made).map(|(by, made)| condition(by, made));
            let conditions: Vec<String> = conditions.chain(said.map(str::to_owned)).collect();
            one.push_str(&format!(r#","__domain":{}"#, all_of(&conditions)));
            if !ranges.is_empty() {
                one.push_str(&format!(r#","__range":{{{}}}"#, ranges.join(",")));
            }
            if !later.is_empty() {
                one.push_str(&format!(r#","__context":{}"#, json!({"group_by": later})));
            }
            one.push('}');
            one
        })?;
        Ok(Reply::json(format!("[{groups}]")))
    }

    /// `formatted_read_group`, as later Odoos have it: every field of a group at once, and only the aggregates that are asked for.
    pub(crate) async fn formatted_read_group(&self, identity: &Identity, model: &Model, params: &Params) -> Result<Reply, Fault> {
        if params.given::<Json>("having")?.is_some_and(|having| having.as_array().is_none_or(|having| !having.is_empty())) {
            return Err(Fault::validation("`having` is not possible here: leave out the groups that are not wanted after reading them."));
        }
        let context = told(params)?;
        let is_french = context.is_french;
        let specs = names(params, "groupby")?;
        let functions = names(params, "aggregates")?;
        let mut aggregates = Vec::new();
        for spec in functions.iter().filter(|spec| *spec != "__count") {
            let (field, function) = spec
                .split_once(':')
                .ok_or_else(|| Fault::value_error(format!("Invalid aggregate '{}': field:function or __count was expected", clip(spec))))?;
            aggregates.push(Aggregate::of(identity, model, spec, function, field)?);
        }
        let by = specs.iter().map(|spec| By::parse(identity, model, spec)).collect::<Result<_, _>>()?;
        let mut request = asked(params, by, aggregates, context, i64::MAX)?;
        if let Some(order) = params.given::<String>("order")? {
            request.ordered(model, &order, false)?;
        }
        let rows = self.groups(identity, Wire::Odoo { pairs: true }, model, &request).await?;
        let groups = written(&request, &rows, |group| {
            let mut members = Vec::new();
            for (by, made) in request.by.iter().zip(&group.made) {
                let value = match (made, by.period) {
                    (Made::Period(begin, from, _), Some(period)) => json!([from, label(period, *begin, is_french)]).to_string(),
                    (Made::Record(_, pair), _) => (*pair).to_owned(),
                    (Made::Plain(value), _) => (*value).to_owned(),
                    (Made::Unset | Made::Period(..), _) => "false".to_owned(),
                };
                members.push(format!(r#""{}":{value}"#, by.spec));
            }
            let conditions: Vec<String> = request.by.iter().zip(&group.made).map(|(by, made)| condition(by, made)).collect();
            members.push(format!(r#""__extra_domain":{}"#, all_of(&conditions)));
            let mut told = request.aggregates.iter().zip(group.told);
            for spec in &functions {
                let value = if spec == "__count" { Some(group.count) } else { told.next().map(|(_, value)| value.get()) };
                members.push(format!(r#""{spec}":{}"#, value.unwrap_or("false")));
            }
            format!("{{{}}}", members.join(","))
        })?;
        Ok(Reply::json(format!("[{groups}]")))
    }

    /// A REST list with `group_by` or sums: `{count, result}`, values as the add-on writes them. A period is the day on which it begins.
    pub(crate) async fn grouped(&self, identity: &Identity, model: &Model, params: &Params) -> Result<Reply, Fault> {
        let beside = ["query", "page", "page_size", "after", "format"].into_iter().find(|name| params.raw(name).is_some());
        if let Some(name) = beside {
            return Err(Fault::validation(format!("`{name}` and groups don't go together: give `limit`, `offset` and `order` at most.")));
        }
        let mut aggregates = Vec::new();
        for (name, function) in FUNCTIONS {
            for field in separated(params, name)? {
                let called = if *function == Function::Sum { field.clone() } else { format!("{field}:{name}") };
                aggregates.push(Aggregate::of(identity, model, &called, name, &field)?);
            }
        }
        let by = separated(params, "group_by")?.iter().map(|spec| By::parse(identity, model, spec)).collect::<Result<_, _>>()?;
        let mut request = asked(params, by, aggregates, told(params)?, MAX_GROUPS)?;
        if let Some(order) = params.get::<String>("order")? {
            request.ordered(model, &serde_json::from_str::<String>(&order).unwrap_or(order), false)?;
        }
        let rows = self.groups(identity, Wire::AddOn, model, &request).await?;
        let groups = written(&request, &rows, |group| {
            let mut members = Vec::new();
            for (by, made) in request.by.iter().zip(&group.made) {
                let value = match made {
                    Made::Period(begin, ..) if by.period == Some(Period::Hour) => format!(r#""{}""#, begin.format("%Y-%m-%d-%H-%M")),
                    Made::Period(begin, ..) => format!(r#""{}""#, begin.format("%Y-%m-%d")),
                    Made::Plain(value) | Made::Record(_, value) => (*value).to_owned(),
                    Made::Unset => "false".to_owned(),
                };
                members.push(format!(r#""{}":{value}"#, by.spec));
            }
            members.push(format!(r#""count":{}"#, group.count));
            members.extend(request.aggregates.iter().zip(group.told).map(|(told, value)| format!(r#""{}":{value}"#, told.name)));
            format!("{{{}}}", members.join(","))
        })?;
        Ok(Reply::json(format!(r#"{{"count":{},"result":[{groups}]}}"#, rows.len())))
    }

    /// The groups' rows.
    async fn groups(&self, identity: &Identity, wire: Wire, model: &Model, request: &GroupRequest<'_>) -> Result<Vec<String>, Fault> {
        request.check()?;
        let reader = Reader { wire, ..self.reader(identity) };
        let rows = self.database.search::<Text, String>(reader.groups(model, request)?).await?;
        if i64::try_from(rows.len()).unwrap_or(i64::MAX) > MAX_GROUPS {
            return Err(Fault::validation(format!(
                "There are more than {MAX_GROUPS} groups: narrow the filter down, or read them by `limit` and `offset`."
            )));
        }
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_named_as_babel_names_them() {
        let begin = |text: &str| NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").unwrap();
        for (period, at, english, french) in [
            (Period::Month, "2026-10-01 00:00:00", "October 2026", "octobre 2026"),
            (Period::Month, "2026-02-01 00:00:00", "February 2026", "février 2026"),
            (Period::Week, "2026-10-26 00:00:00", "W44 2026", "W44 2026"),
            (Period::Week, "2026-12-28 00:00:00", "W53 2026", "W53 2026"),
            (Period::Day, "2026-10-01 00:00:00", "01 Oct 2026", "01 oct. 2026"),
            (Period::Quarter, "2026-10-01 00:00:00", "Q4 2026", "T4 2026"),
            (Period::Year, "2026-01-01 00:00:00", "2026", "2026"),
            (Period::Hour, "2026-11-26 15:00:00", "03:00 26 Nov", "03:00 26 nov."),
        ] {
            assert_eq!((label(period, begin(at), false).as_str(), label(period, begin(at), true).as_str()), (english, french));
        }
    }

    #[test]
    fn conditions_stand_in_odoos_order_of_signs() {
        assert_eq!(all_of(&[]), "[]");
        assert_eq!(all_of(&["[1]".to_owned()]), "[[1]]");
        assert_eq!(all_of(&["\"&\",[1],[2]".to_owned(), "[3]".to_owned(), "[4]".to_owned()]), r#"["&","&","&",[1],[2],[3],[4]]"#);
    }
}
