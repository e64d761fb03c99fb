//! `/web/{model}`: the list of any model, made of its declaration.

use actix_web::{HttpResponse, web};
use askama::Template;
use serde_json::{Value, json};

use crate::asked::{Asked, How};
use crate::cells::{Cell, cells};
use crate::declared::{Field, Model};
use crate::hub::encode;
use crate::page::{Page, entry_of};
use crate::quick::{Quick, offered, quick};
use crate::refused::Refused;
use crate::saved::{Saved, may_share, saved};
use crate::shown;
use crate::views;
use crate::visit::Visit;

/// How many records a page of a list has.
pub const PAGE: u64 = 80;
/// How many records of a relation are offered to choose from.
const OFFERED: usize = 50;

/// Actions that want a look at each record, though they may be asked for without an argument.
const BY_ITSELF: &[&str] = &["action_reverse", "action_return"];

/// A way to narrow a list down, as it stands beside the box.
pub struct Narrow {
    /// The field.
    pub name: String,
    /// What people call it.
    pub label: String,
    /// What there is to choose, with whether it is chosen; none: a day from and a day to, or a text.
    pub choices: Vec<(String, String, bool)>,
    /// Whether it is a day or a moment.
    pub is_day: bool,
    /// What was chosen.
    pub chosen: String,
    /// From which day.
    pub from: String,
    /// Up to which day.
    pub to: String,
}

/// A column's head.
pub struct Head {
    /// The field.
    pub name: String,
    /// What people call it.
    pub label: String,
    /// Whether its values are numbers.
    pub is_number: bool,
    /// The list ordered by it; nothing where it can't be.
    pub sort: String,
    /// How it is ordered now.
    pub sorted: &'static str,
    /// Whether its values are amounts of money, which are added up.
    pub is_money: bool,
    /// What the column comes to.
    pub sum: String,
}

/// A row of a list.
pub struct Row {
    /// The record.
    pub id: i64,
    /// Where it leads.
    pub href: String,
    /// Whether it is archived.
    pub is_archived: bool,
    /// What stands in it.
    pub cells: Vec<Cell>,
}

/// A group of a list.
pub struct Group {
    /// What its records have in common.
    pub label: String,
    /// How many they are.
    pub count: String,
    /// Their sums.
    pub sums: Vec<String>,
    /// The list of them.
    pub href: String,
}

/// A list, made.
#[derive(Template)]
#[template(path = "list.html")]
pub struct ListPage<'v> {
    /// Its frame.
    pub page: Page<'v>,
    /// Its model.
    pub model: &'v Model,
    /// What was asked for.
    pub asked: Asked,
    /// Where the list is, without what is asked.
    pub base: String,
    /// What the columns are.
    pub heads: Vec<Head>,
    /// Its records.
    pub rows: Vec<Row>,
    /// Its groups, in the place of records.
    pub groups: Vec<Group>,
    /// What stands beside the box.
    pub narrows: Vec<Narrow>,
    /// What stands over the list.
    pub quick: Vec<Quick>,
    /// How many there are in all, from which, up to which.
    pub count: u64,
    /// The number of the first.
    pub first: u64,
    /// The number of the last.
    pub last: u64,
    /// Fields that groups may be made of, with their labels.
    pub groupable: Vec<(String, String)>,
    /// All fields that may be columns: name, label, whether it is one.
    pub choosable: Vec<(String, String, bool)>,
    /// The file of all that match.
    pub export: String,
    /// The same for people.
    pub readable: String,
    /// Actions that the chosen records may be given to: method, words, what it does.
    pub actions: Vec<(String, String, String)>,
    /// Filters that were saved.
    pub saved: Vec<Saved>,
    /// What the list is narrowed down by, as a filter is saved.
    pub domain: String,
    /// Whether this user shares filters.
    pub may_share: bool,
    /// Whether records can be printed from here: the report's name.
    pub report: &'static str,
    /// What a new record begins with, in its address.
    pub preset: String,
}

impl ListPage<'_> {
    pub(crate) fn first_page(&self) -> bool {
        self.asked.page <= 1
    }

    fn here(&self) -> String {
        self.asked.with(|_| {})
    }

    pub(crate) fn previous(&self) -> String {
        self.asked.with(|asked| asked.page = asked.page.saturating_sub(1))
    }

    pub(crate) fn next(&self) -> String {
        self.asked.with(|asked| asked.page += 1)
    }

    fn may_save(&self) -> bool {
        self.is_narrowed() && self.page.visit.declared.model("ir.filters").is_some_and(|model| model.create)
    }

    pub(crate) fn is_narrowed(&self) -> bool {
        !self.asked.q.is_empty() || !self.asked.filters.is_empty() || !self.asked.domain.is_empty()
    }

    fn archived_toggle(&self) -> String {
        self.asked.with(|asked| {
            asked.archived = !asked.archived;
            asked.page = 1;
        })
    }

    /// Whether records are made by themselves, and not with others.
    fn has_new(&self) -> bool {
        self.model.create && !views::comes_with_another(&self.model.name)
    }

    /// What was chosen over the list, or on the page before, and not beside the box: it is sent along with a search.
    fn kept(&self) -> impl Iterator<Item = (String, &str)> {
        let kept = self.asked.filters.iter().filter(|(field, _, _)| !self.narrows.iter().any(|narrow| narrow.name == *field));
        kept.map(|(field, how, value)| (format!("{}.{field}", how.prefix()), value.as_str()))
    }

    /// Whether something of that is shown nowhere.
    fn is_from_elsewhere(&self) -> bool {
        let quick = format!("f.{}", views::view(&self.model.name).quick);
        !self.asked.domain.is_empty() || self.kept().any(|(name, _)| name != quick)
    }

    fn has_sums(&self) -> bool {
        self.heads.iter().any(|head| !head.sum.is_empty())
    }
}

/// `GET /web/{model}`
pub async fn list(visit: Visit, model: web::Path<String>) -> HttpResponse {
    visit.told(page(&visit, &model).await)
}

async fn page(visit: &Visit, name: &str) -> Result<HttpResponse, Refused> {
    let model = visit.model(name)?;
    let title = visit.console.words.model(visit.lang, model, true).into_owned();
    let asked = Asked::read(visit.query());
    let made = made(visit, model, asked, Page::new(visit, entry_of(name), title), Fixed::default()).await?;
    Ok(visit.html(&made))
}

/// What a list that is part of a page of its own has fixed.
#[derive(Default)]
pub struct Fixed {
    /// Its address; else the model's own.
    pub base: Option<String>,
    /// What its records must be, as a list of terms.
    pub domain: Vec<Value>,
    /// Its columns; none: the view's.
    pub columns: &'static [&'static str],
    /// What stands beside its box; none: the view's.
    pub filters: &'static [&'static str],
    /// What a new record begins with, as the form's address has it.
    pub preset: &'static str,
    /// How many match and what its columns of money come to, where whoever makes the page knows that already.
    pub known: Option<Value>,
}

/// Makes a list of what was asked for.
///
/// # Errors
/// What the hub refuses.
pub async fn made<'v>(visit: &'v Visit, model: &'v Model, asked: Asked, page: Page<'v>, fixed: Fixed) -> Result<ListPage<'v>, Refused> {
    let fields = if asked.columns.is_empty() && !fixed.columns.is_empty() {
        fixed.columns.iter().filter_map(|name| model.field(name)).filter(|field| field.is_plain()).collect()
    } else {
        views::columns(model, &asked.columns)
    };
    let mut domain = asked.domain(visit, model)?;
    let own_domain = domain.to_string();
    if let Value::Array(terms) = &mut domain {
        terms.extend(fixed.domain.iter().cloned());
    }
    let summed: Vec<&str> = fields.iter().filter(|field| adds_up(field)).map(|field| field.name.as_str()).collect();
    let filter = domain.to_string();
    // What is offered over a list is counted and added up anyway, with what the list has of it
    let offered = offered(model);
    let is_offered = offered.is_some() && asked.group.is_empty();
    // Whoever adds up knows how many there are too
    let is_counted = is_offered || !summed.is_empty() && asked.group.is_empty();
    // What is known is of the list as it comes by itself
    let known = fixed.known.filter(|_| asked.columns.is_empty() && asked.group.is_empty() && !asked.archived);
    let (listed, sums, groups, narrows, saved, quick) = futures_util::join!(
        records(visit, model, &asked, &fields, &filter, is_counted),
        async {
            match known {
                Some(known) => Ok(known),
                None => sums(visit, model, &asked, if is_offered { &[] } else { &summed }, &filter).await,
            }
        },
        groups(visit, model, &asked, &summed, &filter),
        narrows(visit, model, &asked, fixed.filters),
        saved(visit, &model.name),
        quick(visit, model, &asked, offered, &summed, &fixed.domain),
    );
    let (listed, sums, groups, quick) = (listed?, sums?, groups?, quick?);
    let (count, sums) = match (is_offered, is_counted) {
        (true, _) => (quick.count, quick.sums),
        (false, true) => (sums.get("count").and_then(Value::as_u64).unwrap_or_default(), sums),
        (false, false) => (listed.count, sums),
    };
    let rows = listed.result.iter().map(|record| row(visit, model, &fields, record)).collect::<Vec<_>>();
    let first = if rows.is_empty() { 0 } else { (asked.page - 1) * PAGE + 1 };
    let last = first + u64::try_from(rows.len()).unwrap_or(PAGE).saturating_sub(u64::from(!rows.is_empty()));
    let words = &visit.console.words;
    let label = |field: &Field| words.field(visit.lang, &model.name, field).into_owned();
    let heads = fields.iter().map(|field| head(visit, model, &asked, field, &sums)).collect();
    let choosable = model.fields.iter().filter(|field| field.is_plain());
    let choosable = choosable.map(|field| (field.name.clone(), label(field), fields.iter().any(|column| column.name == field.name)));
    let groupable = model
        .fields
        .iter()
        .filter(|field| field.groupable && field.name != "id" && !matches!(field.kind.as_str(), "text" | "float" | "monetary"));
    let groupable = groupable.map(|field| (field.name.clone(), label(field))).collect();
    let actions = if model.write {
        let plain = model.actions.iter().filter(|action| {
            action.on_record && action.arguments.iter().all(|argument| !argument.required) && !BY_ITSELF.contains(&action.method.as_str())
        });
        plain
            .map(|action| {
                (
                    action.method.clone(),
                    words.action(visit.lang, &model.name, action).into_owned(),
                    words.about(visit.lang, &model.name, action).into_owned(),
                )
            })
            .collect()
    } else {
        Vec::new()
    };
    let query = fields.iter().map(|field| field.name.as_str()).collect::<Vec<_>>().join(", ");
    let mut export = format!("/api/{}?query={}&filter={}", encode(&model.name), encode(&format!("{{id, {query}}}")), encode(&filter));
    if !asked.order.is_empty() {
        export.push_str(&format!("&order={}", encode(&asked.order)));
    }
    let readable = asked.with(|asked| {
        asked.page = 1;
        asked.group.clear();
        asked.columns = fields.iter().map(|field| field.name.clone()).collect();
        // What the list has fixed goes along
        asked.domain = crate::asked::fixed_with(&asked.domain, &fixed.domain);
    });
    Ok(ListPage {
        readable: format!("/web/{}/export{readable}", model.name),
        base: fixed.base.unwrap_or_else(|| format!("/web/{}", model.name)),
        report: views::view(&model.name).reports.first().copied().unwrap_or_default(),
        preset: fixed.preset.to_owned(),
        page,
        model,
        heads,
        rows,
        groups,
        narrows,
        quick: quick.values,
        count,
        first,
        last,
        groupable,
        choosable: choosable.collect(),
        export,
        actions,
        saved,
        domain: own_domain,
        may_share: may_share(visit),
        asked,
    })
}

/// Whether a column is amounts that come to something together: prices of one piece do not, nor rates.
fn adds_up(field: &Field) -> bool {
    let is_of_one = field.name.ends_with("_price") || field.name.starts_with("price_unit") || field.name.ends_with("rate");
    field.kind == "monetary" && field.searchable && !is_of_one
}

/// The records of a page, and how many there are in all where that `is_counted` nowhere else.
async fn records(
    visit: &Visit,
    model: &Model,
    asked: &Asked,
    fields: &[&Field],
    filter: &str,
    is_counted: bool,
) -> Result<crate::hub::Listed, Refused> {
    if !asked.group.is_empty() {
        return Ok(crate::hub::Listed::default());
    }
    let mut query = fields.iter().map(|field| field.asked()).collect::<Vec<_>>();
    if model.is_archivable() && !fields.iter().any(|field| field.name == "active") {
        query.push("active".to_owned());
    }
    let query = format!("{{id, display_name, {}}}", query.join(", "));
    let mut parameters = vec![("query", query), ("filter", filter.to_owned())];
    if is_counted {
        let offset = asked.page.saturating_sub(1).saturating_mul(PAGE);
        parameters.extend([("limit", PAGE.to_string()), ("offset", offset.to_string())]);
    } else {
        parameters.extend([("page_size", PAGE.to_string()), ("page", asked.page.to_string())]);
    }
    if !asked.order.is_empty() {
        parameters.push(("order", asked.order.clone()));
    }
    parameters.extend(asked.context());
    visit.list(&model.name, &parameters).await
}

/// What the columns of money come to, of all that match.
async fn sums(visit: &Visit, model: &Model, asked: &Asked, summed: &[&str], filter: &str) -> Result<Value, Refused> {
    if summed.is_empty() || !asked.group.is_empty() {
        return Ok(Value::Null);
    }
    let mut parameters = vec![("sum", summed.join(",")), ("filter", filter.to_owned())];
    parameters.extend(asked.context());
    let listed = visit.list(&model.name, &parameters).await?;
    Ok(listed.result.into_iter().next().unwrap_or_default())
}

async fn groups(visit: &Visit, model: &Model, asked: &Asked, summed: &[&str], filter: &str) -> Result<Vec<Group>, Refused> {
    if asked.group.is_empty() {
        return Ok(Vec::new());
    }
    let name = asked.group.split(':').next().unwrap_or_default();
    let field = model.field(name).ok_or_else(|| Refused::of(422, &format!("Invalid field '{name}' on model '{}'", model.name)))?;
    let zone = json!({"tz": visit.zone.name(), "active_test": !asked.archived}).to_string();
    let mut parameters =
        vec![("group_by", asked.group.clone()), ("filter", filter.to_owned()), ("context", zone), ("limit", "500".to_owned())];
    if !summed.is_empty() {
        parameters.push(("sum", summed.join(",")));
    }
    let listed = visit.list(&model.name, &parameters).await?;
    let ids = listed.result.iter().filter_map(|group| group.get(&asked.group)?.as_i64()).collect::<Vec<_>>();
    let names = match field.relation.as_deref().filter(|_| field.kind == "many2one" && !ids.is_empty()) {
        Some(comodel) => visit.names(comodel, &ids).await?,
        None => Default::default(),
    };
    let grain = asked.group.split(':').nth(1).unwrap_or("month");
    let made = listed.result.iter().map(|group| {
        let value = group.get(&asked.group).unwrap_or(&Value::Null);
        let text = shown::text(value);
        let label = match (field.kind.as_str(), text.is_empty()) {
            ("boolean", empty) => visit.t(if empty { "no" } else { "yes" }),
            (_, true) => visit.t("unset"),
            ("many2one", _) => value.as_i64().and_then(|id| names.get(&id).cloned()).unwrap_or(text.clone()),
            ("selection", _) => visit.console.words.value(visit.lang, &model.name, name, &text),
            ("date" | "datetime", _) => shown::day(text.get(..10).unwrap_or(&text)),
            _ => text.clone(),
        };
        let href = asked.with(|asked| {
            asked.group.clear();
            asked.page = 1;
            let mut narrow = |how, value: String| asked.filters.push((name.to_owned(), how, value));
            match field.kind.as_str() {
                "boolean" => narrow(How::Is, (!text.is_empty()).to_string()),
                _ if text.is_empty() => narrow(How::Is, "unset".to_owned()),
                "date" | "datetime" => {
                    let (from, to) = period(text.get(..10).unwrap_or(&text), grain);
                    narrow(How::From, from);
                    narrow(How::To, to);
                }
                _ => narrow(How::Is, text.clone()),
            }
        });
        let count = shown::text_of(group, "count");
        let sums = summed.iter().map(|name| shown::money(visit.lang, &group.get(*name).map(shown::text).unwrap_or_default())).collect();
        Group { label, count: shown::number(visit.lang, &count, None), sums, href }
    });
    Ok(made.collect())
}

/// The first and the last day of a period that begins on a day.
fn period(first: &str, grain: &str) -> (String, String) {
    let Ok(day) = chrono::NaiveDate::parse_from_str(first, "%Y-%m-%d") else { return (first.to_owned(), first.to_owned()) };
    let months = |months| day.checked_add_months(chrono::Months::new(months));
    let next = match grain {
        "hour" | "day" => day.succ_opt(),
        "week" => day.checked_add_days(chrono::Days::new(7)),
        "quarter" => months(3),
        "year" => months(12),
        _ => months(1),
    };
    let last = next.and_then(|next| next.pred_opt()).unwrap_or(day);
    (first.to_owned(), last.to_string())
}

pub(crate) fn row(visit: &Visit, model: &Model, fields: &[&Field], record: &Value) -> Row {
    let id = record.get("id").and_then(Value::as_i64).unwrap_or_default();
    let is_archived = model.is_archivable() && record.get("active") == Some(&Value::Bool(false));
    Row { id, href: format!("/web/{}/{id}", model.name), is_archived, cells: cells(visit, model, fields, record) }
}

fn head(visit: &Visit, model: &Model, asked: &Asked, field: &Field, sums: &Value) -> Head {
    let (order, is_down) = asked.order.split_once(' ').map_or((asked.order.as_str(), false), |(order, way)| (order, way == "desc"));
    let is_sorted = order == field.name;
    let sorted = match (is_sorted, is_down) {
        (false, _) => "none",
        (true, false) => "ascending",
        (true, true) => "descending",
    };
    let next = if is_sorted && !is_down { format!("{} desc", field.name) } else { field.name.clone() };
    // By the name of what another service keeps nothing is ordered
    let elsewhere = field.kind == "many2one"
        && field.relation.as_deref().is_some_and(|of| process::directory::owner_of(of) != process::directory::owner_of(&model.name));
    let sort = if field.sortable && !elsewhere {
        asked.with(|asked| {
            asked.order = next;
            asked.page = 1;
        })
    } else {
        String::new()
    };
    let sum = sums.get(&field.name).map(|sum| shown::money(visit.lang, &shown::text(sum))).unwrap_or_default();
    let label = column(visit, model, field);
    Head { name: field.name.clone(), label, is_number: field.is_number(), is_money: adds_up(field), sort, sorted, sum }
}

/// What a column is called: shorter than the field, where it is written so.
fn column(visit: &Visit, model: &Model, field: &Field) -> String {
    let id = format!("column-{}-{}", model.name.replace('.', "_"), field.name);
    let short = Some(visit.t(&id)).filter(|label| *label != id);
    short.unwrap_or_else(|| visit.console.words.field(visit.lang, &model.name, field).into_owned())
}

/// The records that a relation may lead to, where they are few.
async fn offered_of(visit: &Visit, field: &Field) -> Vec<(String, String)> {
    let offered = visit.offered(field.relation.as_deref().unwrap_or_default(), OFFERED).await;
    offered.unwrap_or_else(|refused| {
        tracing::warn!(field = field.name, %refused, "nothing can be offered to choose from");
        Vec::new()
    })
}

/// What stands beside the box. Banks and the like are few, and are offered by their names.
async fn narrows(visit: &Visit, model: &Model, asked: &Asked, fixed: &[&str]) -> Vec<Narrow> {
    let fields: Vec<&Field> = match fixed.is_empty() {
        true => views::filters(model),
        false => fixed.iter().filter_map(|name| model.field(name)).filter(|field| field.searchable).collect(),
    };
    let made = fields.into_iter().map(async |field| {
        let chosen = asked.chosen(&field.name, How::Is).to_owned();
        let mut choices: Vec<(String, String)> = match field.kind.as_str() {
            "selection" => field
                .selection
                .iter()
                .map(|(value, _)| (value.clone(), visit.console.words.value(visit.lang, &model.name, &field.name, value)))
                .collect(),
            "boolean" => vec![("true".to_owned(), visit.t("yes")), ("false".to_owned(), visit.t("no"))],
            "float" | "monetary" => vec![("positive".to_owned(), visit.t("positive"))],
            // What can't be offered is typed
            "many2one" | "many2many" => offered_of(visit, field).await,
            _ => Vec::new(),
        };
        if matches!(field.kind.as_str(), "many2one" | "many2many") && !choices.is_empty() {
            choices.push(("unset".to_owned(), visit.t("unset")));
        }
        let choices = choices
            .into_iter()
            .map(|(value, label)| {
                let is = value == chosen;
                (value, label, is)
            })
            .collect();
        Narrow {
            label: visit.console.words.field(visit.lang, &model.name, field).into_owned(),
            choices,
            is_day: matches!(field.kind.as_str(), "date" | "datetime"),
            from: asked.chosen(&field.name, How::From).to_owned(),
            to: asked.chosen(&field.name, How::To).to_owned(),
            name: field.name.clone(),
            chosen,
        }
    });
    futures_util::future::join_all(made).await
}
