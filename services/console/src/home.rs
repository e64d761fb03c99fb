//! `/web`: the dashboard, today and the last thirty days, each number leading to its list; `/web/models`: every model there is.

use std::collections::HashMap;

use actix_web::HttpResponse;
use askama::Template;
use chrono::{Days, NaiveDate, Utc};
use serde_json::{Value, json};

use crate::asked::{Asked, How};
use crate::chart::{self, Day};
use crate::hub::Listed;
use crate::page::Page;
use crate::refused::Refused;
use crate::shown;
use crate::visit::Visit;

/// How many days the dashboard looks back.
const DAYS: u64 = 30;
/// How many platforms and products it names.
const NAMED: usize = 6;

/// A number, and where it leads.
struct Figure {
    label: String,
    value: String,
    about: String,
    href: String,
    /// How it looks: `good`, `bad`, `plain`.
    tone: &'static str,
}

/// A part of a whole.
struct Part {
    label: String,
    href: String,
    count: String,
    amount: String,
    /// Of the largest, in percent.
    share: u64,
}

/// A chart with its numbers.
struct Chart {
    title: String,
    svg: String,
    days: Vec<Day>,
    heads: [String; 3],
}

#[derive(Template)]
#[template(path = "home.html")]
struct Home<'v> {
    page: Page<'v>,
    figures: Vec<Figure>,
    charts: Vec<Chart>,
    parts: Vec<(String, Vec<Part>)>,
}

/// `GET /web`
pub async fn home(visit: Visit) -> HttpResponse {
    visit.told(made(&visit).await)
}

async fn made(visit: &Visit) -> Result<HttpResponse, Refused> {
    let today = Utc::now().with_timezone(&visit.zone).date_naive();
    let first = today.checked_sub_days(Days::new(DAYS - 1)).unwrap_or(today);
    let since =
        |field: &str| json!([[field, ">=", shown::moment_from_input(visit.zone, &format!("{first}T00:00:00")).unwrap_or_default()]]);
    let groups = async |model: &str, field: &str, by: &str, sum: &str| -> Result<Vec<Value>, Refused> {
        if visit.declared.model(model).and_then(|of| of.field(field)).is_none() {
            return Ok(Vec::new());
        }
        let context = json!({"tz": visit.zone.name()}).to_string();
        let mut query =
            vec![("group_by", by.to_owned()), ("filter", since(field).to_string()), ("context", context), ("limit", "500".to_owned())];
        if !sum.is_empty() {
            query.push(("sum", sum.to_owned()));
        }
        visit.list(model, &query).await.map(|listed| listed.result)
    };
    let (days, states, banks, refused, platforms, shortages) = futures_util::join!(
        groups("sale.order", "date_order", "date_order:day", "amount_total"),
        groups("sale.order", "date_order", "ek_state", "amount_total"),
        groups("sale.order", "date_order", "bank_id", "amount_total"),
        groups("ek.request", "at", "at:day", ""),
        platforms(visit),
        shortages(visit),
    );
    let (days, states, banks, refused) = (days?, states?, banks?, refused?);
    let (platforms, shortages) = (platforms?, shortages?);
    let mut figures = Vec::new();
    let orders = visit.may_read("sale.order");
    if orders {
        figures.extend(sales(visit, &days, today));
    }
    figures.extend(shortages);
    if visit.may_read("ek.request") {
        figures.push(of_refused(visit, &refused, today));
    }
    figures.extend(platforms);
    let mut charts = Vec::new();
    if orders {
        charts.push(by_day(visit, "sale.order", "date_order", &days, (first, today), true)?);
    }
    if visit.may_read("ek.request") {
        charts.push(by_day(visit, "ek.request", "at", &refused, (first, today), false)?);
    }
    let mut parts = Vec::new();
    if orders {
        let named = |group: &Value| {
            let state = shown::text_of(group, "ek_state");
            (visit.console.words.value(visit.lang, "sale.order", "ek_state", &state), state)
        };
        parts.push((visit.t("home-by-state"), shares(visit, "ek_state", &states, first, named)));
        let ids: Vec<i64> = banks.iter().filter_map(|group| group.get("bank_id")?.as_i64()).collect();
        let names = if ids.is_empty() || !visit.may_read("res.bank") { HashMap::new() } else { visit.names("res.bank", &ids).await? };
        let named = |group: &Value| {
            let id = group.get("bank_id").and_then(Value::as_i64);
            (
                id.and_then(|id| names.get(&id).cloned()).unwrap_or_else(|| visit.t("unset")),
                id.map(|id| id.to_string()).unwrap_or_else(|| "unset".to_owned()),
            )
        };
        parts.push((visit.t("home-by-bank"), shares(visit, "bank_id", &banks, first, named)));
    }
    Ok(visit.html(&Home { page: Page::new(visit, "/web", visit.t("menu-home")), figures, charts, parts }))
}

fn count(group: &Value) -> u64 {
    group.get("count").and_then(Value::as_u64).unwrap_or_default()
}

fn amount(group: &Value) -> f64 {
    group.get("amount_total").map(shown::text).and_then(|text| text.parse().ok()).unwrap_or_default()
}

fn money(visit: &Visit, amount: f64) -> String {
    shown::money(visit.lang, &format!("{amount:.2}"))
}

fn number(visit: &Visit, count: u64) -> String {
    shown::number(visit.lang, &count.to_string(), None)
}

/// A list from a day to a day.
fn between(model: &str, field: &str, from: NaiveDate, to: NaiveDate) -> String {
    let asked = Asked { page: 1, ..Asked::default() };
    let query = asked.with(|asked| {
        asked.filters.push((field.to_owned(), How::From, from.to_string()));
        asked.filters.push((field.to_owned(), How::To, to.to_string()));
    });
    format!("/web/{model}{query}")
}

fn on(groups: &[Value], by: &str, day: NaiveDate) -> (u64, f64) {
    let day = day.to_string();
    let found = groups.iter().find(|group| group.get(by).map(shown::text).is_some_and(|text| text.starts_with(&day)));
    found.map(|group| (count(group), amount(group))).unwrap_or_default()
}

/// Today's orders, and those of the thirty days.
fn sales(visit: &Visit, days: &[Value], today: NaiveDate) -> [Figure; 2] {
    let (many, much) = on(days, "date_order:day", today);
    let (all, sum) = days.iter().fold((0, 0.0), |(all, sum), group| (all + count(group), sum + amount(group)));
    let first = today.checked_sub_days(Days::new(DAYS - 1)).unwrap_or(today);
    let figure = |label: &str, many: u64, much: f64, from: NaiveDate| Figure {
        label: visit.t(label),
        value: number(visit, many),
        about: money(visit, much),
        href: between("sale.order", "date_order", from, today),
        tone: "plain",
    };
    [figure("home-today", many, much, today), figure("home-month", all, sum, first)]
}

fn of_refused(visit: &Visit, refused: &[Value], today: NaiveDate) -> Figure {
    let (many, _) = on(refused, "at:day", today);
    let all: u64 = refused.iter().map(count).sum();
    Figure {
        label: visit.t("home-refused"),
        value: number(visit, many),
        about: visit.t_with("home-in-month", &[("count", &number(visit, all))]),
        href: between("ek.request", "at", today, today),
        tone: if many > 0 { "bad" } else { "good" },
    }
}

/// How far each platform is behind.
async fn platforms(visit: &Visit) -> Result<Vec<Figure>, Refused> {
    let Some(model) = visit.declared.model("ek.platform") else { return Ok(Vec::new()) };
    let wanted = ["name", "waiting", "oldest_waiting", "dead", "breaker", "paused", "active"];
    let asked: Vec<&str> = wanted.into_iter().filter(|name| model.field(name).is_some()).collect();
    let query = [("query", format!("{{id, {}}}", asked.join(", "))), ("page_size", NAMED.to_string()), ("page", "1".to_owned())];
    let listed: Listed = visit.list("ek.platform", &query).await?;
    let made = listed.result.iter().map(|platform| {
        let text = |name: &str| shown::text_of(platform, name);
        let whole = |name: &str| platform.get(name).and_then(Value::as_u64).unwrap_or_default();
        let lag = shown::read_moment(&text("oldest_waiting")).map(|at| (Utc::now().naive_utc() - at).num_minutes().max(0));
        let dead = whole("dead");
        let is_open = text("breaker") == "open";
        let about = match (lag, dead) {
            (Some(minutes), 0) => visit.t_with("home-lag", &[("minutes", &minutes.to_string())]),
            (None, 0) => visit.t("home-no-lag"),
            (_, dead) => visit.t_with("home-dead", &[("count", &dead.to_string())]),
        };
        Figure {
            label: visit.t_with("home-platform", &[("name", &text("name"))]),
            value: number(visit, whole("waiting")),
            about,
            href: format!("/web/ek.platform/{}", shown::text_of(platform, "id")),
            tone: if is_open || dead > 0 {
                "bad"
            } else if lag.is_some_and(|minutes| minutes > 5) {
                "going"
            } else {
                "good"
            },
        }
    });
    Ok(made.collect())
}

/// How many moves of orders wait for goods.
async fn shortages(visit: &Visit) -> Result<Option<Figure>, Refused> {
    let is_known = visit.declared.model("stock.move").and_then(|model| model.field("short")).is_some();
    if !is_known {
        return Ok(None);
    }
    // Counted with what they lack: a page of one record is walked to through all that lack nothing
    let query = [("sum", "short".to_owned()), ("filter", json!([["short", ">", 0]]).to_string())];
    let many = visit.list("stock.move", &query).await?.result.first().map(count).unwrap_or_default();
    Ok(Some(Figure {
        label: visit.t("home-short"),
        value: number(visit, many),
        about: visit.t("home-short-about"),
        href: "/web/shortages".to_owned(),
        tone: if many > 0 { "going" } else { "good" },
    }))
}

/// Bars of a model's records, one a day: as high as their amounts, or as they are many.
fn by_day(
    visit: &Visit,
    model: &str,
    field: &str,
    groups: &[Value],
    (first, last): (NaiveDate, NaiveDate),
    is_money: bool,
) -> Result<Chart, Refused> {
    let by = format!("{field}:day");
    let days = first.iter_days().take_while(|day| *day <= last).map(|day| {
        let (many, much) = on(groups, &by, day);
        Day {
            label: day.format("%d/%m").to_string(),
            height: if is_money { much } else { f64::from(u32::try_from(many).unwrap_or(u32::MAX)) },
            shown: if is_money { money(visit, much) } else { String::new() },
            count: number(visit, many),
            href: between(model, field, day, day),
        }
    });
    let days: Vec<Day> = days.collect();
    let svg = chart::bars(&days, if is_money { short_money } else { |height| format!("{height:.0}") }).map_err(|error| {
        tracing::error!(%error, "a chart can't be drawn");
        Refused::of(500, "The chart can't be drawn. The log tells more.")
    })?;
    let heads = [visit.t("day"), visit.t("group-count"), if is_money { visit.t("amount") } else { String::new() }];
    Ok(Chart { title: visit.t(&format!("home-chart-{}", model.replace('.', "-"))), svg, days, heads })
}

/// An amount short enough for an axis.
fn short_money(amount: f64) -> String {
    if amount >= 1e6 {
        format!("{} M", (amount / 1e5).round() / 10.0)
    } else if amount >= 1e3 {
        format!("{:.0} k", amount / 1e3)
    } else {
        format!("{amount:.0}")
    }
}

fn shares(visit: &Visit, field: &str, groups: &[Value], first: NaiveDate, named: impl Fn(&Value) -> (String, String)) -> Vec<Part> {
    let most = groups.iter().map(count).max().unwrap_or_default().max(1);
    let mut parts: Vec<(u64, Part)> = groups
        .iter()
        .map(|group| {
            let (label, value) = named(group);
            let asked = Asked { page: 1, ..Asked::default() };
            let query = asked.with(|asked| {
                asked.filters.push((field.to_owned(), How::Is, value));
                asked.filters.push(("date_order".to_owned(), How::From, first.to_string()));
            });
            let many = count(group);
            let part = Part {
                label,
                href: format!("/web/sale.order{query}"),
                count: number(visit, many),
                amount: money(visit, amount(group)),
                share: many * 100 / most,
            };
            (many, part)
        })
        .collect();
    parts.sort_by_key(|(many, _)| std::cmp::Reverse(*many));
    parts.into_iter().map(|(_, part)| part).collect()
}

#[derive(Template)]
#[template(path = "models.html")]
struct Models<'v> {
    page: Page<'v>,
    models: Vec<(String, String)>,
}

/// `GET /web/models`
pub async fn models(visit: Visit) -> HttpResponse {
    let named = |model| (visit.console.words.model(visit.lang, model, true).into_owned(), model.name.clone());
    let mut models: Vec<(String, String)> = visit.declared.models.values().map(named).collect();
    models.sort();
    visit.html(&Models { page: Page::new(&visit, "/web/models", visit.t("menu-models")), models })
}
